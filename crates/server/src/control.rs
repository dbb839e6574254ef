//! The server: accepts, admits, owns the connections.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ostler_api::{ApiError, ErrorCode};
use ostler_engine::EngineHandle;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Draining, ListenError, Listener, Peer,
    connection::{self, Shared},
    connections::Connections,
    encode,
    events::{self, Hub},
    limits::{ACCEPT_PAUSE_MAX, ACCEPT_PAUSE_MIN, CONNECTIONS_MAX, LONG_LINES_MAX},
    listen::{AcceptError, Arrival},
    registry::{Activity, Registry},
};

/// What may be chosen.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Connections at once; [`CONNECTIONS_MAX`], or fewer.
    pub connections_max: usize,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { connections_max: CONNECTIONS_MAX }
    }
}

/// The control plane of one engine. Clones are the same server.
#[derive(Clone, Debug)]
pub struct ControlServer {
    shared: Arc<Shared>,
    connections_max: usize,
    refused: Arc<AtomicU64>,
}

impl ControlServer {
    /// A server for an engine; it serves nobody yet.
    pub fn new(engine: EngineHandle, options: ServerOptions) -> Self {
        let shared = Shared {
            clients: Arc::default(),
            operations: Arc::default(),
            long_lines: Arc::new(Semaphore::new(LONG_LINES_MAX)),
            closing: CancellationToken::new(),
            connections: Connections::new(engine.clone()),
            hub: Hub::new(engine.clone()),
            engine,
        };
        Self {
            shared: Arc::new(shared),
            connections_max: options.connections_max.min(CONNECTIONS_MAX),
            refused: Arc::default(),
        }
    }

    /// Binds a Unix socket with mode 0600 in a directory of our own; must be called within a runtime and under
    /// the instance lock, as a socket that an engine left behind is removed.
    ///
    /// # Errors
    /// The path is too long or occupied, or the directory is not ours alone.
    pub fn listen_unix(path: &std::path::Path) -> Result<Listener, ListenError> {
        Listener::bind(path)
    }

    /// Peers of other users that were turned away.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Serves a stream that exists already, until either side ends it.
    pub async fn serve_stream<S>(&self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        connection::serve(stream, peer, Arc::clone(&self.shared), Activity::default()).await;
    }

    /// Accepts until `shutdown` resolves, then ends all connections: what was asked is answered, within
    /// [`crate::limits::DRAIN_DEADLINE`], and the socket is removed.
    pub async fn run(&self, listener: Listener, shutdown: impl Future<Output = ()>) {
        let stop = CancellationToken::new();
        let stopping = async {
            shutdown.await;
            stop.cancel();
        };
        let (draining, ()) = tokio::join!(self.accept_local(listener, stop.clone()), stopping);
        self.close();
        draining.finish().await;
    }

    /// Accepts at a socket until told to stop; then it is removed, and what was asked is being answered.
    pub async fn accept_local(&self, mut listener: Listener, stop: CancellationToken) -> Draining {
        let closing = self.shared.closing.child_token();
        let shared = Arc::new(Shared { closing: closing.clone(), ..Shared::clone(&self.shared) });
        let mut tasks = JoinSet::new();
        let max = self.connections_max.min(listener.connections_max());
        let mut registry = Registry::new(max);
        let mut pause = ACCEPT_PAUSE_MIN;
        let mut exhausted = 0u64;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = closing.cancelled() => break,
                Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => reap(&mut registry, ended),
                arrival = listener.accept() => match arrival {
                    Ok(arrival) => {
                        pause = ACCEPT_PAUSE_MIN;
                        self.admit(arrival, max, &shared, &mut tasks, &mut registry).await;
                    }
                    Err(AcceptError::Aborted) => {}
                    Err(AcceptError::Exhausted(error)) => {
                        exhausted += 1;
                        // A crowd that stays fills neither log nor audit.
                        if exhausted.is_power_of_two() {
                            tracing::warn!(%error, exhausted, "no connection can be accepted");
                            let text = format!("{error}; {exhausted} connections could not be accepted so far");
                            shared.engine.fault("no-descriptors", "control socket", text);
                        }
                        // Those who are connected are served meanwhile, by their own tasks.
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(ACCEPT_PAUSE_MAX);
                    }
                },
            }
        }
        drop(listener);
        closing.cancel();
        Draining::of(tasks)
    }

    /// Has the event stream tell what the engine does, until the engine has ended or it is told to end; costs nothing
    /// as long as nobody listens. And takes in the events of other sources.
    pub async fn broadcast(&self, ending: CancellationToken) {
        let (engine, hub) = (&self.shared.engine, &self.shared.hub);
        tokio::join!(events::pump(engine, hub, ending.clone()), events::ingest(engine, hub, ending));
    }

    /// Waits until most of many connections have ended: what they needed can be given back.
    pub async fn crowd_left(&self) {
        self.shared.connections.crowd_left().await;
    }

    /// Ends all connections, those over streams too; what was asked is answered.
    pub fn close(&self) {
        self.shared.closing.cancel();
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    async fn admit(
        &self,
        arrival: Arrival,
        max: usize,
        shared: &Arc<Shared>,
        tasks: &mut JoinSet<()>,
        registry: &mut Registry,
    ) {
        match arrival {
            Arrival::Stranger { uid, pid } => {
                let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
                // One who knocks forever does not fill the log.
                if refused.is_power_of_two() {
                    tracing::warn!(target: "ostler::audit", ?uid, ?pid, refused, "another user was refused");
                }
            }
            Arrival::Peer(stream, peer) => {
                if !registry.make_room() {
                    turn_away(stream, max).await;
                    return;
                }
                let activity = Activity::default();
                let shared = Arc::clone(shared);
                let task = tasks.spawn(connection::serve(stream, peer, shared, activity.clone()));
                registry.add(task, activity);
            }
        }
    }
}

pub(crate) fn reap(registry: &mut Registry, ended: Result<(tokio::task::Id, ()), tokio::task::JoinError>) {
    match ended {
        Ok((task, ())) => registry.remove(task),
        Err(error) => {
            if error.is_panic() {
                tracing::error!(%error, "a connection failed inside; the others go on");
            }
            registry.remove(error.id());
        }
    }
}

async fn turn_away(mut stream: impl AsyncWrite + Unpin, max: usize) {
    let error = ApiError::new(ErrorCode::Busy, format!("{max} clients are connected already"))
        .hint("close one of them and try again");
    let line = encode::error(&Value::Null, error);
    // A fresh socket takes a line at once; one that does not is closed without a word.
    let _ = tokio::time::timeout(ACCEPT_PAUSE_MIN, stream.write_all(&line)).await;
}
