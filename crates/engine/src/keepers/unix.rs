//! Keepers speak over Unix sockets: a socket pair with the engine that started them, a named one with later ones.

use std::{
    io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    process::{Child, Command, Stdio},
};

use ostler_core::InstanceId;

use super::Nursery;

/// A connection to a keeper.
pub(crate) type Stream = tokio::net::UnixStream;

/// A connection that does not belong to a runtime yet.
#[derive(Debug)]
pub(crate) struct Blocking(UnixStream);

impl Blocking {
    pub(super) fn into_async(self) -> io::Result<Stream> {
        self.0.set_nonblocking(true)?;
        Stream::from_std(self.0)
    }
}

pub(super) fn launch(nursery: &Nursery, instance: &InstanceId) -> io::Result<(Blocking, Child)> {
    let (ours, theirs) = UnixStream::pair()?;
    let child = Command::new(&nursery.program)
        .arg("--dir")
        .arg(&nursery.dir)
        .arg("--key")
        .arg(Nursery::key(instance))
        .arg("--instance")
        .arg(instance.to_string())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok((Blocking(ours), child))
}

pub(super) async fn connect(path: &Path) -> io::Result<Stream> {
    Stream::connect(path).await
}
