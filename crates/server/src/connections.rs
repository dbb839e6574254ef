//! Who is connected: the list that `connections` shows, and the way to send one of them away.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use ostler_api::{
    ApiError, ConnectionKind, ConnectionStatus, ConnectionsReply, DropConnectionParams, DropConnectionReply,
    ErrorCode, EventKind,
};
use ostler_engine::EngineHandle;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

use crate::{Peer, outbox::Backlog};

/// Connections that are told as events at once; each takes a place for [`EVENT_EVERY`].
const EVENTS_BURST: u32 = 10;
/// So many at once are a crowd, which has left when a quarter of them is left.
const CROWD: usize = 256;
/// After this long one more may be told.
const EVENT_EVERY: Duration = Duration::from_secs(2);

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
    since: Timestamp,
    client: Mutex<String>,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    backlog: Backlog,
    is_told: AtomicBool,
    is_websocket: AtomicBool,
    dropped: CancellationToken,
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
            since: Timestamp::now(),
            client: Mutex::default(),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            backlog,
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

    fn lock(&self) -> std::sync::MutexGuard<'_, Table> {
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
        let mut name = self.entry.client.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = name.is_empty();
        client.clone_into(&mut name);
        drop(name);
        if !is_first || self.entry.kind == ConnectionKind::Desktop {
            return;
        }
        let is_allowed = self.connections.lock().allowance.take(Instant::now());
        let kind = EventKind::ConnectionOpened { id: self.entry.id, client: client.to_owned() };
        if is_allowed && self.connections.engine.note(kind) {
            self.entry.is_told.store(true, Ordering::Relaxed);
        }
    }

    /// How the one calls itself who asks now; nobody is told, as such connections come and go.
    pub(crate) fn introduced(&self, client: &str) {
        let mut name = self.entry.client.lock().unwrap_or_else(PoisonError::into_inner);
        if *name != client {
            client.clone_into(&mut name);
        }
    }

    /// All connections, this one marked.
    pub(crate) fn list(&self) -> ConnectionsReply {
        let entries: Vec<Arc<Entry>> = self.connections.lock().entries.values().cloned().collect();
        ConnectionsReply {
            connections: entries.iter().map(|entry| entry.status(entry.id == self.entry.id)).collect(),
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
        let reason = params.reason.as_deref().unwrap_or("none given");
        tracing::info!(target: "ostler::audit", id, peer = entry.peer, reason, "connection dropped");
        entry.dropped.cancel();
        Ok(DropConnectionReply { dropped: id })
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.connections.remove(self.entry.id);
        if self.entry.is_told.load(Ordering::Relaxed) {
            // Without room the list still says it.
            self.connections.engine.note(EventKind::ConnectionClosed { id: self.entry.id });
        }
    }
}

impl Entry {
    fn status(&self, is_own: bool) -> ConnectionStatus {
        ConnectionStatus {
            id: self.id,
            kind: if self.is_websocket.load(Ordering::Relaxed) {
                ConnectionKind::Websocket
            } else {
                self.kind
            },
            peer: self.peer.clone(),
            client: self.client.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            since: format!("{:.3}", self.since),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            lag: self.backlog.bytes(),
            session: None,
            is_own,
        }
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
