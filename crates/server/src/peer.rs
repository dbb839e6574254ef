//! Who is at the other end.

use ostler_api::{ConnectionKind, HelloParams};
use ostler_engine::{Actor, LocalClient, port::Ends};

use crate::limits::CLIENT_NAME_MAX;

/// Who is at the other end of a stream, as the operating system or the host says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A process of the same user (or of root) on this machine.
    Local {
        /// The process, where the system says.
        pid: Option<u32>,
        /// The user.
        uid: Option<u32>,
    },
    /// The desktop app, in the same process.
    Desktop,
    /// One over TCP that has shown who it is.
    Tcp {
        /// Where it comes from, and to.
        ends: Ends,
        /// How it has shown it.
        greeting: Greeting,
    },
    /// One over HTTP.
    Http {
        /// Where it comes from, and to.
        ends: Ends,
    },
}

/// How one over TCP has shown that it may speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// `token TOKEN`.
    Words,
    /// `hello {token}`, which is answered next.
    Hello,
    /// `{"type":"Hello","token"}`, which is answered next.
    Typed,
    /// The mutual proof, by a client of this name.
    Proven(String),
    /// The system's table of sockets says that it is ours.
    SameUser,
}

impl Peer {
    /// Who asks, before it has said its name.
    pub(crate) fn actor(&self) -> Actor {
        match self {
            Self::Local { pid, uid } => {
                Actor::Local(LocalClient { name: "nc".to_owned(), pid: *pid, uid: *uid })
            }
            Self::Desktop => Actor::Desktop,
            Self::Tcp { greeting: Greeting::Proven(client), .. } => remote(&shortened(client)),
            Self::Tcp { greeting: Greeting::Typed, .. } => remote("editor"),
            Self::Tcp { greeting: Greeting::Words | Greeting::Hello | Greeting::SameUser, .. } => {
                remote("nc")
            }
            Self::Http { .. } => Actor::Remote("http".to_owned()),
        }
    }

    /// Who asks, as it says of itself.
    pub(crate) fn named(&self, hello: &HelloParams) -> Actor {
        let name = client_name(hello);
        match self {
            Self::Local { .. } if name.is_empty() => self.actor(),
            Self::Local { pid, uid } => Actor::Local(LocalClient { name, pid: *pid, uid: *uid }),
            Self::Desktop => Actor::Desktop,
            Self::Tcp { .. } | Self::Http { .. } if name.is_empty() => self.actor(),
            Self::Tcp { .. } => remote(&name),
            Self::Http { .. } => Actor::Remote(format!("http:{name}")),
        }
    }

    /// How it came.
    pub(crate) fn kind(&self) -> ConnectionKind {
        match self {
            Self::Local { .. } => ConnectionKind::Local,
            Self::Desktop => ConnectionKind::Desktop,
            Self::Tcp { .. } => ConnectionKind::Tcp,
            Self::Http { .. } => ConnectionKind::Http,
        }
    }

    /// Who it is, as the system says.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Local { pid: Some(pid), uid: Some(uid) } => format!("pid {pid}, user {uid}"),
            Self::Local { uid: Some(uid), .. } => format!("user {uid}"),
            Self::Local { .. } => "this machine".to_owned(),
            Self::Desktop => "this process".to_owned(),
            Self::Tcp { ends, .. } | Self::Http { ends } => ends.peer.to_string(),
        }
    }

    /// The ends of a connection whose other end may be on this machine, if the system has not said who it is.
    pub(crate) fn ends(&self) -> Option<Ends> {
        match self {
            Self::Tcp { ends, .. } | Self::Http { ends } => {
                ends.peer.ip().to_canonical().is_loopback().then_some(*ends)
            }
            Self::Local { .. } | Self::Desktop => None,
        }
    }

    /// Whether silence may end the connection.
    pub(crate) fn may_time_out(&self) -> bool {
        match self {
            Self::Local { .. } | Self::Tcp { .. } | Self::Http { .. } => true,
            Self::Desktop => false,
        }
    }
}

/// The name that a client gives itself, short and printable.
pub(crate) fn client_name(hello: &HelloParams) -> String {
    shortened(&hello.client)
}

/// A name that somebody gives itself, short and printable.
pub(crate) fn shortened(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(CLIENT_NAME_MAX).collect()
}

/// Said so that nobody takes it for a client on the local socket.
fn remote(name: &str) -> Actor {
    Actor::Remote(format!("tcp:{name}"))
}
