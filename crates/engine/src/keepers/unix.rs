//! Keepers speak over Unix sockets: a socket pair with the engine that started them, a named one with later ones.

use std::{
    io::{self, IoSliceMut},
    mem::MaybeUninit,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ostler_core::InstanceId;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use tokio::io::Interest;

use super::Nursery;
use crate::terminal::Descriptors;

/// No child inherits what comes; elsewhere that is said afterwards.
#[cfg(target_os = "linux")]
const RECEIVE: RecvFlags = RecvFlags::CMSG_CLOEXEC;
#[cfg(not(target_os = "linux"))]
const RECEIVE: RecvFlags = RecvFlags::empty();

/// Descriptors that one message brings.
const DESCRIPTORS_MAX: usize = 2;

/// A connection to a keeper.
pub(crate) type Stream = tokio::net::UnixStream;

/// The process of a keeper that was started.
pub(super) type Child = std::process::Child;

/// A connection that does not belong to a runtime yet.
#[derive(Debug)]
pub(crate) struct Blocking(UnixStream);

impl Blocking {
    pub(super) fn into_async(self) -> io::Result<Stream> {
        self.0.set_nonblocking(true)?;
        Stream::from_std(self.0)
    }
}

/// A program that runs can be replaced, so it needs no copy.
pub(super) fn lasting(program: &Path, _dir: &Path) -> PathBuf {
    program.to_owned()
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

/// Reads, with the descriptors that travel beside the bytes. May be cancelled.
pub(super) async fn receive(
    stream: &mut Stream,
    buffer: &mut [u8],
    fds: &mut Descriptors,
) -> io::Result<usize> {
    stream.async_io(Interest::READABLE, || receive_now(stream, buffer, fds)).await
}

fn receive_now(stream: &Stream, buffer: &mut [u8], fds: &mut Descriptors) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::net::recvmsg(stream, &mut [IoSliceMut::new(buffer)], &mut control, RECEIVE)?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(handed) = message {
            // Only the latest are meant; what nobody asked for is closed.
            fds.clear();
            fds.extend(handed.take(DESCRIPTORS_MAX));
            #[cfg(not(target_os = "linux"))]
            for fd in fds.iter() {
                rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::CLOEXEC)?;
            }
        }
    }
    Ok(received.bytes)
}

pub(super) async fn connect(path: &Path) -> io::Result<Stream> {
    Stream::connect(path).await
}
