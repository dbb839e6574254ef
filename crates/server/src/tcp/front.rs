//! The port.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream, lookup_host},
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
    registry::{Activity, Registry},
};

/// Ports after one that is taken that are looked at for a free one.
const NEXT_PORTS_MAX: usize = 100;

/// A bound port, and who may speak there.
#[derive(Debug)]
pub struct TcpFront {
    listener: TcpListener,
    address: SocketAddr,
    admission: Admission,
}

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum TcpError {
    /// The name has no address.
    #[error("the host {host:?} has no address")]
    NoAddress {
        /// The name.
        host: String,
    },
    /// Other machines could reach it.
    #[error("{address} can be reached from other machines")]
    Remote {
        /// Where.
        address: IpAddr,
    },
    /// Whoever can reach it could speak.
    #[error("tcp_auth = \"none\" is for this machine only, not for {address}")]
    Open {
        /// Where.
        address: IpAddr,
    },
    /// The port is taken.
    #[error("port {port} is in use by {owner}")]
    Busy {
        /// Which.
        port: u16,
        /// By whom.
        owner: String,
    },
    /// The system refused.
    #[error("cannot listen at {address}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl TcpError {
    /// How to mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoAddress { .. } => "set control.host = \"127.0.0.1\"".to_owned(),
            Self::Remote { .. } => {
                "set control.host = \"127.0.0.1\"; if others shall reach it, start the engine with --allow-remote".to_owned()
            }
            Self::Open { .. } => "set control.tcp_auth = \"token\", or control.host = \"127.0.0.1\"".to_owned(),
            Self::Busy { .. } => "stop that process, or set another control.port; it is tried again".to_owned(),
            Self::Bind { .. } => "set another control.host or control.port".to_owned(),
        }
    }
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
    ) -> Result<Self, TcpError> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found = lookup_host((bare, port)).await.map(Iterator::collect::<Vec<_>>).unwrap_or_default();
        // Those who type `127.0.0.1` are the most.
        let first = found.iter().min_by_key(|address| address.is_ipv6());
        let Some(address) = first.copied() else { return Err(TcpError::NoAddress { host: host.to_owned() }) };
        if !is_loopback(address.ip()) {
            if matches!(admission, Admission::SameUser(_)) {
                return Err(TcpError::Open { address: address.ip() });
            }
            if !allow_remote {
                return Err(TcpError::Remote { address: address.ip() });
            }
        }
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(busy(port).await),
            Err(source) => return Err(TcpError::Bind { address, source }),
        };
        let address = listener.local_addr().unwrap_or(address);
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
        let peer = Peer::Tcp { address: self.peer, greeting };
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
    let own = stream.local_addr().unwrap_or(own);
    let looked = tokio::task::spawn_blocking(move || ostler_engine::port::user_of_peer(peer, own)).await;
    let user = looked.ok().flatten();
    is_loopback(peer.ip()) && user.is_some() && user == own_user()
}

async fn busy(port: u16) -> TcpError {
    let (owner, _) = owner_of(port).await;
    TcpError::Busy { port, owner }
}

/// Who has a port, and the next one that is free.
pub(crate) async fn owner_of(port: u16) -> (String, Option<u16>) {
    let look = move || {
        let free = (port.saturating_add(1)..=u16::MAX)
            .take(NEXT_PORTS_MAX)
            .find(|port| ostler_engine::port::is_free(*port));
        (ostler_engine::port::owner(port), free)
    };
    let (owner, free) = tokio::task::spawn_blocking(look).await.unwrap_or_default();
    (owner.map_or_else(|| "another process".to_owned(), |owner| owner.to_string()), free)
}

pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(unix)]
fn own_user() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

#[cfg(windows)]
fn own_user() -> Option<u32> {
    // The table of sockets comes with a later issue; until then nobody is known.
    None
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
