//! One engine's connection.

use ostler_keeper::protocol::{Event, FrameBuffer};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// An engine that does not read this many bytes of events is as good as gone.
const BACKLOG_MAX: usize = 4 * 1024 * 1024;

/// How much is read at once.
const READ_SIZE: usize = 4 * 1024;

/// How long the last events may take to be sent when the keeper leaves.
const FAREWELL: Duration = Duration::from_secs(1);

/// One engine's connection; never waits.
pub(super) struct Connection {
    pub(super) stream: UnixStream,
    pub(super) input: FrameBuffer,
    pub(super) opened: Instant,
    /// Its `Hello` has been understood.
    pub(super) is_greeted: bool,
    /// To be dropped.
    pub(super) is_closed: bool,
    output: Vec<u8>,
    sent: usize,
    /// Descriptors to send along with the byte of `output` at this place.
    descriptors: Option<(usize, [OwnedFd; 2])>,
}

impl Connection {
    pub(super) fn new(stream: UnixStream, now: Instant) -> Self {
        Self {
            stream,
            input: FrameBuffer::new(),
            opened: now,
            is_greeted: false,
            is_closed: false,
            output: Vec::new(),
            sent: 0,
            descriptors: None,
        }
    }

    /// Takes what has arrived.
    pub(super) fn receive(&mut self) {
        let mut buffer = [0; READ_SIZE];
        // Bounded, so that an engine that never stops talking does not keep the run waiting.
        for _ in 0..256 {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.is_closed = true,
                Ok(count) => {
                    self.input.push(&buffer[..count]);
                    if count == buffer.len() {
                        continue;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.is_closed = true,
            }
            return;
        }
    }

    /// Sends an event as soon as the engine takes it.
    pub(super) fn send(&mut self, event: &Event) {
        // Events are far below the frame's limit, apart from a memo, whose length is bounded on receipt.
        if event.encode(&mut self.output).is_err() || self.backlog() > BACKLOG_MAX {
            self.is_closed = true;
            return;
        }
        self.flush();
    }

    /// Sends an event and two descriptors with it.
    pub(super) fn send_with(&mut self, event: &Event, descriptors: [OwnedFd; 2]) {
        if self.descriptors.is_none() {
            self.descriptors = Some((self.output.len(), descriptors));
            self.send(event);
        }
    }

    /// Bytes that the engine has not taken yet.
    pub(super) fn backlog(&self) -> usize {
        self.output.len() - self.sent
    }

    /// Sends what the engine takes now.
    pub(super) fn flush(&mut self) {
        while self.backlog() > 0 {
            match self.write_some() {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.is_closed = true;
                    return;
                }
            }
        }
        self.sent = 0;
        if self.output.capacity() > READ_SIZE {
            self.output = Vec::new();
        } else {
            self.output.clear();
        }
    }

    /// Sends all that is left, for a bounded time; the keeper has nothing else to do any more.
    pub(super) fn say_farewell(&mut self) {
        let is_ready = self.stream.set_nonblocking(false).is_ok()
            && self.stream.set_write_timeout(Some(FAREWELL)).is_ok();
        if is_ready && !self.is_closed {
            self.flush();
        }
    }

    fn write_some(&mut self) -> io::Result<usize> {
        match self.descriptors.take_if(|(at, _)| *at == self.sent) {
            None => {
                let end = self.descriptors.as_ref().map_or(self.output.len(), |(at, _)| *at);
                self.stream.write(&self.output[self.sent..end])
            }
            Some((at, descriptors)) => {
                let borrowed = [descriptors[0].as_fd(), descriptors[1].as_fd()];
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
                let mut control = SendAncillaryBuffer::new(&mut space);
                control.push(SendAncillaryMessage::ScmRights(&borrowed));
                let bytes = [IoSlice::new(&self.output[self.sent..])];
                let result = rustix::net::sendmsg(&self.stream, &bytes, &mut control, SendFlags::empty());
                if result.is_err() {
                    self.descriptors = Some((at, descriptors));
                }
                Ok(result?)
            }
        }
    }
}

/// Whether the process at the other end belongs to our user, or to root.
pub(super) fn is_trusted(stream: &UnixStream) -> bool {
    #[cfg(target_os = "linux")]
    {
        let own = rustix::process::geteuid();
        rustix::net::sockopt::socket_peercred(stream).is_ok_and(|peer| peer.uid == own || peer.uid.is_root())
    }
    #[cfg(not(target_os = "linux"))]
    {
        // The directory, which only we may enter, is the gate.
        let _ = stream;
        true
    }
}
