//! What can go wrong between a client and its engine.

use std::{io, path::PathBuf, time::Duration};

use ostler_api::{ApiError, ErrorCode};

/// Why a client has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nothing listens there.
    #[error("no engine runs")]
    NoEngine {
        /// Where was looked.
        tried: Vec<PathBuf>,
    },
    /// What listens there is not ours, and was told nothing.
    #[error("{} {problem}; it was told nothing", path.display())]
    NotOurs {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The system refused to connect.
    #[error("cannot connect to {}", path.display())]
    Connect {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nothing listens at a port, or it cannot be reached.
    #[error("no engine answers at {address}")]
    ConnectTcp {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What listens at a port has not shown that it is the engine, and was told nothing.
    #[error("what listens at {address} is not proven to be the engine: {reason}; it was told nothing")]
    NotProven {
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
    /// The connection ended before the answer came.
    #[error("the connection to the engine was lost")]
    Lost,
    /// No answer in time.
    #[error("the engine did not answer `{method}` within {} s", after.as_secs())]
    Timeout {
        /// What was asked.
        method: &'static str,
        /// How long was waited.
        after: Duration,
    },
    /// The request does not fit into a line.
    #[error("the request is longer than {} MiB", ostler_api::REQUEST_MAX / 1024 / 1024)]
    TooLarge,
    /// The request or the answer is not what it should be.
    #[error("the answer to `{method}` makes no sense")]
    Nonsense {
        /// What was asked.
        method: &'static str,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The engine says no.
    #[error(transparent)]
    Refused(#[from] ApiError),
}

/// What is wrong with a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It is a file, a link, …
    #[error("is no socket")]
    NotASocket,
    /// It belongs to somebody else.
    #[error("belongs to user {uid}")]
    Owner {
        /// To whom.
        uid: u32,
    },
    /// It is ours, but somebody else listens on it.
    #[error("is served by user {uid}")]
    Server {
        /// Who.
        uid: u32,
    },
    /// It is ours, but another user, who has no number here, listens on it.
    #[error("is served by another user")]
    Stranger,
}

impl From<ClientError> for ApiError {
    fn from(error: ClientError) -> Self {
        let (code, hint) = match &error {
            ClientError::Refused(refusal) => return refusal.clone(),
            ClientError::NoEngine { .. } => (ErrorCode::NoEngine, "start one: ostler up"),
            ClientError::Lost => (ErrorCode::NoEngine, "if it does not come back: ostler up"),
            ClientError::NotOurs { .. } => {
                (ErrorCode::NotPermitted, "remove it if you know what it is, or set OSTLER_SOCKET")
            }
            ClientError::ConnectTcp { .. } => (
                ErrorCode::NoEngine,
                "check --host and --port; the engine listens there with [control] tcp = true",
            ),
            ClientError::NotProven { .. } => (
                ErrorCode::Unauthenticated,
                "check the port, and the token: OSTLER_TOKEN, --token-file, `ostler token`",
            ),
            ClientError::Connect { .. } => (ErrorCode::NoEngine, "see `ostler doctor`"),
            ClientError::Timeout { .. } => (ErrorCode::Timeout, "try again, or see `ostler doctor`"),
            ClientError::TooLarge => (ErrorCode::TooLarge, "send less at once"),
            ClientError::Nonsense { .. } => {
                (ErrorCode::Internal, "the engine may be of another version: ostler version")
            }
        };
        let mut answer = Self::new(code, error.to_string()).hint(hint);
        if let Some(source) = std::error::Error::source(&error) {
            answer = answer.caused_by(source);
        }
        answer
    }
}
