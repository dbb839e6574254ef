//! The one task of a host: it serves until the engine has ended.

use std::process;

use ostler_api::{OnQuit, ShutdownParams};
use ostler_engine::{Actor, Ended, Ending, Engine, EngineHandle, PowerNews};
use ostler_server::{ControlServer, Peer};
use tokio::{
    io::DuplexStream,
    sync::mpsc,
    task::{JoinError, JoinSet},
    time::{Duration, sleep},
};

use tokio_util::sync::CancellationToken;

use crate::{
    OnSignal,
    front::keep,
    http::Http,
    log, notify,
    os::{self, Heard, Signals},
    socket::Socket,
    tcp::Tcp,
};

/// Bytes that may be on their way within the process, each way.
const STREAM_BYTES_MAX: usize = 256 * 1024;
/// Streams within the process that may wait to be served.
pub(crate) const STREAMS_WAITING_MAX: usize = 8;
/// After this long, what a burst needed is not needed any more.
const BURST: Duration = Duration::from_secs(5);
const ASK_AGAIN: Duration = Duration::from_millis(20);
const ASKS_MAX: usize = 100;

/// Opens streams to the control plane within this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connector {
    pub(crate) streams: mpsc::Sender<DuplexStream>,
}

impl Connector {
    /// A stream that speaks the control protocol; its other end is served like any client's, as the desktop app.
    /// Once the engine has ended it is closed.
    pub fn connect(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(STREAM_BYTES_MAX);
        // Refused, the other end is dropped, and the stream is closed.
        let _ = self.streams.try_send(theirs);
        ours
    }
}

/// What is served.
pub(crate) struct Serving {
    pub(crate) engine: Engine,
    pub(crate) server: ControlServer,
    pub(crate) tcp: Tcp,
    pub(crate) http: Http,
    pub(crate) socket: Socket,
    pub(crate) signals: Signals,
    pub(crate) on_signal: OnSignal,
    pub(crate) streams: mpsc::Receiver<DuplexStream>,
}

impl Serving {
    /// Serves until the engine has ended.
    pub(crate) async fn run(self) -> Ended {
        let Self { engine, server, tcp, http, socket, mut signals, on_signal, mut streams } = self;
        let handle = engine.handle();
        let mut tasks = JoinSet::new();
        let ending = CancellationToken::new();
        let at_socket = tasks.spawn(keep(socket, handle.clone(), server.clone(), ending.clone()));
        tasks.spawn(keep(tcp, handle.clone(), server.clone(), ending.clone()));
        tasks.spawn(keep(http, handle.clone(), server.clone(), ending.clone()));
        tasks.spawn({
            let (server, ending) = (server.clone(), ending.clone());
            async move { server.broadcast(ending).await }
        });
        tasks.spawn({
            let (ending, settings) = (ending.clone(), handle.settings());
            async move {
                ending.run_until_cancelled(log::keep_level(settings)).await;
            }
        });
        #[cfg(target_os = "linux")]
        tasks.spawn({
            let (ending, handle) = (ending.clone(), handle.clone());
            async move {
                ending.run_until_cancelled(crate::logind::heed(&handle)).await;
            }
        });
        tasks.spawn({
            let (server, ending) = (server.clone(), ending.clone());
            async move {
                ending.run_until_cancelled(give_memory_back(server)).await;
            }
        });
        let mut ended = std::pin::pin!(engine.join());
        let ended = loop {
            tokio::select! {
                ended = &mut ended => break ended,
                Some(stream) = streams.recv() => {
                    let server = server.clone();
                    tasks.spawn(async move { server.serve_stream(stream, Peer::Desktop).await });
                }
                Heard { name, ends } = signals.next() => {
                    tracing::info!(signal = name, "asked to end");
                    handle.fault("signal", name, "asked to end");
                    notify::tell("STOPPING=1");
                    tasks.spawn(end(handle.clone(), on_signal, ends));
                }
                Some(ended) = tasks.join_next_with_id() => {
                    let is_closed = ended.as_ref().is_err_and(|error| error.id() == at_socket.id());
                    heed(ended);
                    if is_closed {
                        give_up("nobody looks after the control socket any more");
                    }
                }
            }
        };
        // The last answers go out before the connections end.
        ending.cancel();
        server.close();
        while let Some(ended) = tasks.join_next().await {
            heed(ended);
        }
        ended
    }
}

/// Says that a task has failed, if it has; the others go on.
pub(crate) fn heed<T>(ended: Result<T, JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a task of the host failed inside; the others go on");
    }
}

/// Ends the process at once, as a crash would: services go on under their keepers, which bring an engine back.
pub(crate) fn give_up(why: &str) -> ! {
    tracing::error!(why, "the host failed");
    process::abort();
}

/// Once the burst of the start is over, its memory goes back; later that of many connections that have ended.
async fn give_memory_back(server: ControlServer) {
    loop {
        sleep(BURST).await;
        // A runtime that ends meanwhile needs no memory back.
        let _ = tokio::task::spawn_blocking(os::trim_memory).await;
        server.crowd_left().await;
    }
}

/// Has the engine end, and tells it how much time there is, if that is known.
async fn end(handle: EngineHandle, on_signal: OnSignal, ends: Option<(Ending, Duration)>) {
    match ends {
        // All is stopped anyway, so nobody needs to wish for it.
        Some((Ending::Machine | Ending::Session, _)) => {}
        Some((Ending::Engine, _)) | None => quit(handle.clone(), on_signal).await,
    }
    let Some((what, within)) = ends else { return };
    if let Err(error) = handle.power(PowerNews::Ends { what, within }).await {
        tracing::warn!(%error, ?what, "the engine does not hear what ends");
    }
}

/// Asks the engine to end until it has heard; the second time it kills.
async fn quit(handle: EngineHandle, on_signal: OnSignal) {
    let services = match on_signal {
        OnSignal::Quit => None,
        OnSignal::Stop => Some(OnQuit::Stop),
    };
    for _ in 0..ASKS_MAX {
        match handle.shutdown(&Actor::Supervisor, ShutdownParams { services }).await {
            Ok(_) => return,
            Err(error) if error.code == ostler_api::ErrorCode::Busy => sleep(ASK_AGAIN).await,
            Err(_) => return,
        }
    }
    tracing::error!("the engine does not take the wish to end");
}
