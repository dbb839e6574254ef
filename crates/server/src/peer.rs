//! Who is at the other end.

use ostler_api::HelloParams;
use ostler_engine::Actor;

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
}

impl Peer {
    /// Who asks, before it has said its name.
    pub(crate) fn actor(&self) -> Actor {
        match self {
            Self::Local { .. } => Actor::Local("nc".to_owned()),
            Self::Desktop => Actor::Desktop,
        }
    }

    /// Who asks, as it says of itself.
    pub(crate) fn named(&self, hello: &HelloParams) -> Actor {
        let name: String = hello.client.chars().filter(|c| !c.is_control()).take(CLIENT_NAME_MAX).collect();
        match self {
            Self::Local { .. } if name.is_empty() => self.actor(),
            Self::Local { .. } => Actor::Local(name),
            Self::Desktop => Actor::Desktop,
        }
    }

    /// Whether silence may end the connection.
    pub(crate) fn may_time_out(&self) -> bool {
        match self {
            Self::Local { .. } => true,
            Self::Desktop => false,
        }
    }
}
