//! Keepers will speak over private named pipes; that comes with the Windows port.

use std::{io, path::Path, process::Child};

use ostler_core::InstanceId;

use super::Nursery;
use crate::terminal::Descriptors;

/// A connection to a keeper.
pub(crate) type Stream = tokio::net::windows::named_pipe::NamedPipeClient;

/// A connection that does not belong to a runtime yet.
#[derive(Debug)]
pub(crate) struct Blocking;

impl Blocking {
    pub(super) fn into_async(self) -> io::Result<Stream> {
        Err(not_yet())
    }
}

pub(super) fn launch(_nursery: &Nursery, _instance: &InstanceId) -> io::Result<(Blocking, Child)> {
    Err(not_yet())
}

pub(super) async fn connect(_path: &Path) -> io::Result<Stream> {
    Err(not_yet())
}

pub(super) async fn receive(
    stream: &mut Stream,
    buffer: &mut [u8],
    _fds: &mut Descriptors,
) -> io::Result<usize> {
    use tokio::io::AsyncReadExt as _;
    stream.read(buffer).await
}

fn not_yet() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "keepers are not available on Windows yet")
}
