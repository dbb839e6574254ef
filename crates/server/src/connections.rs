//! Who is connected: the list that `connections` shows, and the way to send one of them away.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use ostler_api::{
    ApiError, ConnectionKind, ConnectionStatus, ConnectionsReply, DropConnectionParams, DropConnectionReply,
    ErrorCode, EventKind,
};
use ostler_engine::{
    EngineHandle,
    port::{Ends, pids_of_peers},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Peer,
    events::{Hub, Seat},
    limits::{DROP_REASON_MAX, ROUTE_SHOWN_MAX},
    outbox::Backlog,
};

/// Connections that are told as events at once; each takes a place for [`EVENT_EVERY`].
const EVENTS_BURST: u32 = 10;
/// After this long one more may be told.
const EVENT_EVERY: Duration = Duration::from_secs(2);
/// So many at once are a crowd, which has left when a quarter of them is left.
const CROWD: usize = 256;

/// All connections of a server.
#[derive(Debug)]
pub(crate) struct Connections {
    engine: EngineHandle,
    table: Mutex<Table>,
    crowd_left: Notify,
}

#[derive(Debug)]
struct Table {
    entries: BTreeMap<u64, Arc<Entry>>,
    next: u64,
    /// The most there were since a crowd left.
    peak: usize,
    allowance: Allowance,
}

/// What is known of a connection.
#[derive(Debug)]
pub(crate) struct Entry {
    id: u64,
    kind: ConnectionKind,
    peer: String,
    /// The ends of a connection within this machine, until the system has been asked who has the other one.
    ends: Option<Ends>,
    pid: OnceLock<Option<u32>>,
    since: Timestamp,
    known: Mutex<Known>,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    backlog: Backlog,
    /// Bytes of the pieces of endless answers that are being written.
    held: AtomicU64,
    /// Endless answers on it.
    streams: AtomicU32,
    is_told: AtomicBool,
    is_websocket: AtomicBool,
    dropped: CancellationToken,
}

/// What comes to be known of a connection.
#[derive(Debug, Default)]
struct Known {
    client: String,
    route: Option<Box<str>>,
    /// Where its streams of events are.
    seats: Vec<Weak<Seat>>,
    /// Why somebody sent it away.
    reason: Option<String>,
}

/// An endless answer on a connection, as long as this lives.
#[derive(Debug)]
pub(crate) struct Streaming {
    entry: Arc<Entry>,
    held: AtomicU64,
}

/// A connection that is listed as long as this lives.
#[derive(Debug)]
pub(crate) struct Listed {
    entry: Arc<Entry>,
    connections: Arc<Connections>,
}

/// Bounds events, so that clients that come and go do not push others out of the journal.
#[derive(Debug)]
struct Allowance {
    left: u32,
    since: Instant,
}

impl Allowance {
    fn take(&mut self, now: Instant) -> bool {
        let gained = now.duration_since(self.since).as_millis() / EVENT_EVERY.as_millis();
        if gained > 0 {
            self.left =
                u32::try_from(gained).unwrap_or(EVENTS_BURST).saturating_add(self.left).min(EVENTS_BURST);
            self.since = now;
        }
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

impl Connections {
    pub(crate) fn new(engine: EngineHandle) -> Arc<Self> {
        let allowance = Allowance { left: EVENTS_BURST, since: Instant::now() };
        let table = Table { entries: BTreeMap::new(), next: 1, peak: 0, allowance };
        Arc::new(Self { engine, table: Mutex::new(table), crowd_left: Notify::new() })
    }

    /// Lists a new connection.
    pub(crate) fn open(self: &Arc<Self>, peer: &Peer, backlog: Backlog) -> Listed {
        let mut table = self.lock();
        let id = table.next;
        table.next += 1;
        let entry = Arc::new(Entry {
            id,
            kind: peer.kind(),
            peer: peer.text(),
            ends: peer.ends(),
            pid: OnceLock::new(),
            since: Timestamp::now(),
            known: Mutex::default(),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            backlog,
            held: AtomicU64::new(0),
            streams: AtomicU32::new(0),
            is_told: AtomicBool::new(false),
            is_websocket: AtomicBool::new(false),
            dropped: CancellationToken::new(),
        });
        table.entries.insert(id, Arc::clone(&entry));
        table.peak = table.peak.max(table.entries.len());
        drop(table);
        Listed { entry, connections: Arc::clone(self) }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.lock().entries.len()
    }

    /// Waits until most of a crowd have left.
    pub(crate) async fn crowd_left(&self) {
        self.crowd_left.notified().await;
    }

    fn remove(&self, id: u64) {
        let mut table = self.lock();
        table.entries.remove(&id);
        let left = table.entries.len();
        if table.peak >= CROWD && left <= table.peak / 4 {
            table.peak = left;
            self.crowd_left.notify_one();
        }
    }

    /// Asks the system who has the other ends, where that has not been asked.
    async fn look_up(&self, entries: &[Arc<Entry>]) {
        let unknown: Vec<(Arc<Entry>, Ends)> = entries
            .iter()
            .filter(|entry| entry.pid.get().is_none())
            .filter_map(|entry| Some((Arc::clone(entry), entry.ends?)))
            .collect();
        if unknown.is_empty() {
            return;
        }
        // Whoever does not get to know shows the address alone.
        let _ = tokio::task::spawn_blocking(move || {
            let ends: Vec<Ends> = unknown.iter().map(|(_, ends)| *ends).collect();
            for ((entry, _), pid) in unknown.iter().zip(pids_of_peers(&ends)) {
                let _ = entry.pid.set(pid);
            }
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listed {
    /// What counts its bytes.
    pub(crate) fn meter<S>(&self, stream: S) -> Metered<S> {
        Metered { stream: Box::pin(stream), entry: Arc::clone(&self.entry) }
    }

    /// Set once somebody sends it away.
    pub(crate) fn dropped(&self) -> CancellationToken {
        self.entry.dropped.clone()
    }

    /// It has become a WebSocket.
    pub(crate) fn became_websocket(&self) {
        self.entry.is_websocket.store(true, Ordering::Relaxed);
    }

    /// It has said its name; those who watch are told of it the first time.
    pub(crate) fn named(&self, client: &str) {
        let mut known = self.entry.known();
        let is_first = known.client.is_empty();
        client.clone_into(&mut known.client);
        drop(known);
        if !is_first || self.entry.kind == ConnectionKind::Desktop {
            return;
        }
        let is_allowed = self.connections.lock().allowance.take(Instant::now());
        let kind = EventKind::ConnectionOpened { id: self.entry.id, client: client.to_owned() };
        if is_allowed && self.connections.engine.note(kind) {
            self.entry.is_told.store(true, Ordering::Relaxed);
        }
    }

    /// How the one calls itself who asks now, and for what; nobody is told, as such connections come and go.
    pub(crate) fn asked(&self, client: &str, path: &str) {
        let mut known = self.entry.known();
        if known.client != client {
            client.clone_into(&mut known.client);
        }
        let shown = path.char_indices().nth(ROUTE_SHOWN_MAX).map_or(path, |(end, _)| &path[..end]);
        if known.route.as_deref() != Some(shown) {
            known.route = Some(shown.into());
        }
    }

    /// An endless answer begins on it. Nobody is told: whoever listens would push what it listens for out of the ring.
    pub(crate) fn streams(&self) -> Streaming {
        self.entry.streams.fetch_add(1, Ordering::Relaxed);
        Streaming { entry: Arc::clone(&self.entry), held: AtomicU64::new(0) }
    }

    /// Events are read on it from this place on.
    pub(crate) fn follows(&self, seat: &Arc<Seat>) {
        let mut known = self.entry.known();
        known.seats.retain(|seat| seat.strong_count() > 0);
        known.seats.push(Arc::downgrade(seat));
    }

    /// All connections, this one marked.
    pub(crate) async fn list(&self, hub: &Hub) -> ConnectionsReply {
        let entries: Vec<Arc<Entry>> = self.connections.lock().entries.values().cloned().collect();
        self.connections.look_up(&entries).await;
        let is_own = |entry: &Entry| entry.id == self.entry.id;
        ConnectionsReply {
            connections: entries.iter().map(|entry| entry.status(hub, is_own(entry))).collect(),
        }
    }

    /// Ends another connection.
    pub(crate) fn send_away(&self, params: &DropConnectionParams) -> Result<DropConnectionReply, ApiError> {
        let id = params.id;
        if id == self.entry.id {
            let message = format!("connection {id} is the one that asks");
            return Err(ApiError::new(ErrorCode::Conflict, message).hint("close it yourself"));
        }
        let found = self.connections.lock().entries.get(&id).cloned();
        let Some(entry) = found else {
            let mut error = ApiError::new(ErrorCode::InvalidParams, format!("there is no connection {id}"))
                .hint("`ostler connections` lists them");
            error.path = Some("id".to_owned());
            return Err(error);
        };
        if entry.kind == ConnectionKind::Desktop {
            let message = "the desktop app lives in the engine's own process";
            return Err(ApiError::new(ErrorCode::Conflict, message).hint("quit the app instead"));
        }
        let reason = params.reason.as_deref().unwrap_or("no reason given");
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(DROP_REASON_MAX).collect();
        tracing::info!(target: "ostler::audit", id, peer = entry.peer, reason, "connection dropped");
        entry.known().reason = Some(reason);
        entry.dropped.cancel();
        Ok(DropConnectionReply { dropped: id })
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.connections.remove(self.entry.id);
        let mut known = self.entry.known();
        let (client, reason) = (std::mem::take(&mut known.client), known.reason.take());
        if reason.is_some() || self.entry.is_told.load(Ordering::Relaxed) {
            // Without room the list still says it.
            self.connections.engine.note(EventKind::ConnectionClosed { id: self.entry.id, client, reason });
        }
    }
}

impl Entry {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kind(&self) -> ConnectionKind {
        if self.is_websocket.load(Ordering::Relaxed) {
            ConnectionKind::Websocket
        } else if self.streams.load(Ordering::Relaxed) > 0 {
            ConnectionKind::Sse
        } else {
            self.kind
        }
    }

    fn status(&self, hub: &Hub, is_own: bool) -> ConnectionStatus {
        let known = self.known();
        let (client, route) = (known.client.clone(), known.route.as_deref().map(str::to_owned));
        let seats: Vec<Arc<Seat>> = known.seats.iter().filter_map(Weak::upgrade).collect();
        drop(known);
        let unread: u64 = seats.iter().map(|seat| hub.unread(seat)).sum();
        ConnectionStatus {
            id: self.id,
            kind: self.kind(),
            peer: match self.pid.get() {
                Some(Some(pid)) => format!("{}, pid {pid}", self.peer),
                Some(None) | None => self.peer.clone(),
            },
            client,
            route,
            since: format!("{:.3}", self.since),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            lag: self.backlog.bytes() + self.held.load(Ordering::Relaxed) + unread,
            session: None,
            is_own,
        }
    }
}

impl Streaming {
    /// So many bytes of it are being written.
    pub(crate) fn holds(&self, bytes: usize) {
        let bytes = bytes as u64;
        let before = self.held.swap(bytes, Ordering::Relaxed);
        self.entry.held.fetch_add(bytes.wrapping_sub(before), Ordering::Relaxed);
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.holds(0);
        self.entry.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream whose bytes are counted.
#[derive(Debug)]
pub(crate) struct Metered<S> {
    stream: Pin<Box<S>>,
    entry: Arc<Entry>,
}

impl<S: AsyncRead> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let result = self.stream.as_mut().poll_read(ctx, buffer);
        self.entry.bytes_in.fetch_add((buffer.filled().len() - before) as u64, Ordering::Relaxed);
        result
    }
}

impl<S: AsyncWrite> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let result = self.stream.as_mut().poll_write(ctx, bytes);
        if let Poll::Ready(Ok(count)) = result {
            self.entry.bytes_out.fetch_add(count as u64, Ordering::Relaxed);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.stream.as_mut().poll_flush(ctx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.stream.as_mut().poll_shutdown(ctx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_come_and_go_are_told_at_a_bounded_rate() {
        let start = Instant::now();
        let mut allowance = Allowance { left: EVENTS_BURST, since: start };
        let told = |allowance: &mut Allowance, at| (0..1000).filter(|_| allowance.take(at)).count();
        assert_eq!(told(&mut allowance, start), EVENTS_BURST as usize);
        assert_eq!(told(&mut allowance, start + EVENT_EVERY), 1);
        assert_eq!(told(&mut allowance, start + EVENT_EVERY * 1000), EVENTS_BURST as usize);
    }
}
