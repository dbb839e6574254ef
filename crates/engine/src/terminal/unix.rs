//! Streams are pipes, whose ends a keeper passes over its socket.

use std::{io, os::fd::OwnedFd, sync::Arc};

use tokio::net::unix::pipe;

/// What travels beside the messages of a keeper.
pub(crate) type Descriptors = Vec<OwnedFd>;

/// Standard input (to write) and standard output (to read) of a run.
pub(crate) type Pair = [OwnedFd; 2];

/// Standard input and output of a `stdio = "stream"` run. The kernel holds the bytes that nobody has read yet,
/// and the run waits when that is full; nothing of it is logged. One holder at a time; after the engine's end the
/// next one is handed the same pipes, and goes on with the next byte.
#[derive(Debug)]
pub struct Streams {
    /// Which run they belong to.
    pub run: u64,
    /// What the run reads; none once its input was closed.
    pub stdin: Option<pipe::Sender>,
    /// What the run writes.
    pub stdout: pipe::Receiver,
    _lease: Arc<()>,
}

impl Streams {
    pub(super) fn new(run: u64, [stdin, stdout]: Pair, lease: Arc<()>) -> io::Result<Self> {
        // In place of an input that was closed the keeper hands over what is no pipe.
        let stdin = pipe::Sender::from_owned_fd(stdin).ok();
        Ok(Self { run, stdin, stdout: pipe::Receiver::from_owned_fd(stdout)?, _lease: lease })
    }
}
