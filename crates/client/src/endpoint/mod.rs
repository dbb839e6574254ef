//! Where an engine may be found.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::path::PathBuf;

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
}
