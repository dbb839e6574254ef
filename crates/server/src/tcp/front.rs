//! The port.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use ostler_engine::port::Ends;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    Admission,
    auth::{Admitted, Door},
    replay::Replay,
};
use crate::{
    ControlServer, Peer,
    connection::{self, Shared},
    dispatch,
    limits::{
        ACCEPT_PAUSE_MAX, ACCEPT_PAUSE_MIN, DRAIN_DEADLINE, FIRST_LINE_DEADLINE, TCP_CONNECTIONS_MAX,
        WRITE_DEADLINE,
    },
    port::{PortError, PortKeys, PortRules, bind, is_loopback},
    registry::{Activity, Registry},
};

/// What the configuration says of it.
const KEYS: PortKeys = PortKeys { host: "control.host", port: "control.port", auth: "control.tcp_auth" };

/// A bound port, and who may speak there.
#[derive(Debug)]
pub struct TcpFront {
    listener: TcpListener,
    address: SocketAddr,
    admission: Admission,
}

impl TcpFront {
    /// Binds a port.
    ///
    /// # Errors
    /// The host is no address of this machine, can be reached from others without `allow_remote`, or is taken.
    pub async fn bind(
        host: &str,
        port: u16,
        allow_remote: bool,
        admission: Admission,
    ) -> Result<Self, PortError> {
        let needs_token = !matches!(admission, Admission::SameUser(_));
        let rules = PortRules { host, port, keys: KEYS, needs_token, allow_remote };
        let (listener, address) = bind(&rules).await?;
        Ok(Self { listener, address, admission })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether other machines can reach it.
    pub fn is_remote(&self) -> bool {
        !is_loopback(self.address.ip())
    }
}

/// Connections of a port that is closed; what was asked is still answered.
#[derive(Debug)]
pub struct Draining {
    tasks: JoinSet<()>,
}

impl Draining {
    pub(crate) fn of(tasks: JoinSet<()>) -> Self {
        Self { tasks }
    }

    /// Waits for the last answers, for a bounded time.
    pub async fn finish(mut self) {
        let limit = DRAIN_DEADLINE + WRITE_DEADLINE + Duration::from_secs(1);
        let drained = async { while self.tasks.join_next().await.is_some() {} };
        // Whoever is still there is dropped with the set.
        let _ = timeout(limit, drained).await;
    }
}

impl ControlServer {
    /// Accepts at a port until told to stop; then the port is free, and what was asked is being answered.
    pub async fn accept_tcp(&self, front: TcpFront, stop: CancellationToken) -> Draining {
        let TcpFront { listener, address, admission } = front;
        let closing = self.shared().closing.child_token();
        let shared = Arc::new(Shared { closing: closing.clone(), ..Shared::clone(self.shared()) });
        let hello = shared.engine.hello(dispatch::capabilities());
        let door = Door { admission, hello, failures: Arc::default() };
        let mut tasks = JoinSet::new();
        let mut registry = Registry::new(TCP_CONNECTIONS_MAX);
        let mut pause = ACCEPT_PAUSE_MIN;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = closing.cancelled() => break,
                Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => crate::control::reap(&mut registry, ended),
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        pause = ACCEPT_PAUSE_MIN;
                        // The oldest that has not shown who it is makes room, so that strangers lock nobody out.
                        // When all have, this one is closed without a word: nobody knows who it is.
                        if registry.make_room() {
                            let activity = Activity::default();
                            let visit = Visit { door: door.clone(), shared: Arc::clone(&shared), peer, own: address };
                            let task = tasks.spawn(visit.run(stream, activity.clone()));
                            registry.add(task, activity);
                        }
                    }
                    Err(error) if is_out_of_room(&error) => {
                        tracing::warn!(%error, "no connection can be accepted over TCP");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(ACCEPT_PAUSE_MAX);
                    }
                    Err(_) => {}
                },
            }
        }
        drop(listener);
        closing.cancel();
        Draining::of(tasks)
    }
}

/// One who came.
struct Visit {
    door: Door,
    shared: Arc<Shared>,
    peer: SocketAddr,
    own: SocketAddr,
}

impl Visit {
    async fn run(self, mut stream: TcpStream, activity: Activity) {
        if matches!(self.door.admission, Admission::SameUser(_)) && !self.is_same_user(&stream).await {
            return;
        }
        // Answers are lines that somebody waits for.
        let _ = stream.set_nodelay(true);
        let closing = self.shared.closing.clone();
        let heard = tokio::select! {
            () = closing.cancelled() => return,
            heard = timeout(FIRST_LINE_DEADLINE, self.door.hear(&mut stream)) => heard,
        };
        let Ok(Ok(Some(Admitted { greeting, begun }))) = heard else { return };
        activity.spoke();
        let own = stream.local_addr().unwrap_or(self.own);
        let peer = Peer::Tcp { ends: Ends { peer: self.peer, own }, greeting };
        connection::serve(Replay::new(begun, stream), peer, self.shared, activity).await;
    }

    async fn is_same_user(&self, stream: &TcpStream) -> bool {
        let peer = self.peer;
        let is_ours = is_same_user(stream, peer, self.own).await;
        if !is_ours {
            let refused = self.door.failures.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            if refused.is_power_of_two() {
                tracing::warn!(target: "ostler::audit", %peer, refused, "another user was refused over TCP");
            }
        }
        is_ours
    }
}

/// Whether the system's table of sockets says that the other end is this user's, on this machine.
pub(crate) async fn is_same_user(stream: &TcpStream, peer: SocketAddr, own: SocketAddr) -> bool {
    // Bound to a wildcard, the listener's address is not the connection's.
    is_own_user(peer, stream.local_addr().unwrap_or(own)).await
}

/// The same for a connection between these two addresses.
pub(crate) async fn is_own_user(peer: SocketAddr, own: SocketAddr) -> bool {
    if !is_loopback(peer.ip()) {
        return false;
    }
    let looked = tokio::task::spawn_blocking(move || ostler_engine::port::is_peer_ours(peer, own)).await;
    looked.unwrap_or(false)
}

#[cfg(unix)]
pub(crate) fn is_out_of_room(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}

#[cfg(windows)]
pub(crate) fn is_out_of_room(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory
}
