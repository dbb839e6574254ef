//! Where an engine may be found.

pub(crate) mod tcp;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::path::PathBuf;

use ostler_api::Token;

#[cfg(unix)]
pub(crate) use unix::connect;
#[cfg(windows)]
pub(crate) use windows::connect;

/// Where an engine may be found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Endpoint {
    /// A Unix socket.
    Unix(PathBuf),
    /// A port, where both sides prove that they know the token.
    Tcp {
        /// An address or a name.
        host: String,
        /// The port.
        port: u16,
        /// The token; it is never sent.
        token: Token,
    },
}
