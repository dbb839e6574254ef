//! Where clients come from.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{io, path::PathBuf};

#[cfg(unix)]
pub use unix::Listener;
#[cfg(unix)]
pub(crate) use unix::{Stream, room_for};
#[cfg(windows)]
pub use windows::Listener;
#[cfg(windows)]
pub(crate) use windows::{Stream, room_for};

use crate::Peer;

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The path does not fit into a socket address.
    #[error("the socket's path {} is {length} bytes long; {max} are possible", path.display())]
    PathTooLong {
        /// Which.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// What is possible here.
        max: usize,
    },
    /// The directory cannot be looked at.
    #[error("the socket's directory {} cannot be used", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The directory is not ours alone.
    #[error("the socket's directory {} {problem}", path.display())]
    NotPrivate {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: Problem,
    },
    /// Something else is there.
    #[error("{} is there already and is no socket of ours; it was left alone", path.display())]
    Occupied {
        /// Where.
        path: PathBuf,
    },
    /// The system refused.
    #[error("the socket {} cannot be made", path.display())]
    Bind {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What is wrong with a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is a link or a file.
    #[error("is not a directory (or a link to one)")]
    NotADirectory,
    /// It belongs to somebody else.
    #[error("belongs to user {uid}")]
    Owner {
        /// To whom.
        uid: u32,
    },
    /// Others may enter it.
    #[error("may be entered by others (mode {mode:04o}); `chmod 700` mends it")]
    Mode {
        /// Its mode.
        mode: u32,
    },
}

/// Who came.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// One who may speak.
    Peer(Stream, Peer),
    /// Another user; closed already, nothing was read.
    Stranger { uid: Option<u32>, pid: Option<u32> },
}

/// Why nobody came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcceptError {
    /// The peer went away before it was accepted.
    #[error("the peer went away")]
    Aborted,
    /// The system has no room.
    #[error(transparent)]
    Exhausted(io::Error),
}
