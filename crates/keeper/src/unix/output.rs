//! What a run writes: read from its pipes into the log, from its terminal to the engine.

use ostler_keeper::log::{Flush, LogWriter, Splitter, Stream};
use ostler_keeper::protocol::NOT_READ;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// How much is read at once; large enough that the memory goes back to the system when it is freed.
const READ_SIZE: usize = 256 * 1024;

/// How many bytes the pipe of a service that fills it may hold.
#[cfg(target_os = "linux")]
const PIPE_SIZE: usize = 1024 * 1024;

/// What a terminal showed last, for the next engine that attaches.
const SCROLLBACK_MAX: usize = 64 * 1024;

/// What may wait for a terminal that does not read.
const TYPED_MAX: usize = 64 * 1024;

/// How long the output of a leader that has ended is drained while others keep writing.
const DRAIN: Duration = Duration::from_millis(100);

/// The keeper's ends of the streams of a run.
pub(super) struct Output {
    pipes: Vec<Pipe>,
    pub(super) terminal: Option<Terminal>,
    /// The stdin of a run whose output is logged.
    pub(super) stdin: Option<Typed>,
    pub(super) streams: Option<Streams>,
}

struct Pipe {
    fd: OwnedFd,
    splitter: Splitter,
    is_grown: bool,
}

/// Our end of a terminal.
pub(super) struct Terminal {
    pub(super) input: Typed,
    pub(super) scrollback: VecDeque<u8>,
    pub(super) is_open: bool,
}

/// What was typed for a run, until it reads it.
pub(super) struct Typed {
    pub(super) fd: OwnedFd,
    pub(super) waiting: VecDeque<u8>,
    is_closed: bool,
}

/// The stdin and stdout that engines ask for.
pub(super) struct Streams {
    pub(super) stdin: Option<OwnedFd>,
    pub(super) stdout: OwnedFd,
}

/// The memory that reading needs, held only while there is something to read.
#[derive(Default)]
pub(super) struct ReadBuffer(Vec<u8>);

impl ReadBuffer {
    fn get(&mut self) -> &mut [u8] {
        if self.0.is_empty() {
            self.0 = vec![0; READ_SIZE];
        }
        &mut self.0
    }

    pub(super) fn is_held(&self) -> bool {
        !self.0.is_empty()
    }

    pub(super) fn release(&mut self) {
        self.0 = Vec::new();
    }
}

impl Output {
    /// Both streams go to the log; stdin is for the engine to type into.
    pub(super) fn log(stdin: OwnedFd, stdout: OwnedFd, stderr: OwnedFd) -> io::Result<Self> {
        let pipes = vec![Pipe::new(stdout, Stream::Stdout)?, Pipe::new(stderr, Stream::Stderr)?];
        Ok(Self { pipes, terminal: None, stdin: Some(Typed::new(stdin)?), streams: None })
    }

    /// All goes to the engine.
    pub(super) fn pty(fd: OwnedFd) -> io::Result<Self> {
        let terminal = Terminal { input: Typed::new(fd)?, scrollback: VecDeque::new(), is_open: true };
        Ok(Self { pipes: Vec::new(), terminal: Some(terminal), stdin: None, streams: None })
    }

    /// Stdin and stdout are handed out, stderr goes to the log.
    pub(super) fn stream(stdin: OwnedFd, stdout: OwnedFd, stderr: OwnedFd) -> io::Result<Self> {
        let pipes = vec![Pipe::new(stderr, Stream::Stderr)?];
        Ok(Self { pipes, terminal: None, stdin: None, streams: Some(Streams { stdin: Some(stdin), stdout }) })
    }

    /// What takes what is typed.
    pub(super) fn typed(&mut self) -> Option<&mut Typed> {
        let terminal = self.terminal.as_mut().filter(|it| it.is_open).map(|it| &mut it.input);
        terminal.or(self.stdin.as_mut())
    }

    /// The pipes to wait for.
    pub(super) fn pipes(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.pipes.iter().map(|pipe| pipe.fd.as_fd())
    }

    /// Reads once from each pipe into the log; one that has ended is closed.
    pub(super) fn read(&mut self, now: Instant, buffer: &mut ReadBuffer, log: &mut LogTarget) -> Progress {
        let mut progress = Progress::Drained;
        self.pipes.retain_mut(|pipe| match rustix::io::read(&pipe.fd, &mut *buffer.get()) {
            Ok(0) => {
                log.write(|sink| pipe.splitter.finish(sink));
                false
            }
            Ok(count) => {
                pipe.grow_if_full(count);
                log.write(|sink| pipe.splitter.feed(now, &buffer.get()[..count], sink));
                progress = Progress::More;
                true
            }
            Err(rustix::io::Errno::INTR) => {
                progress = Progress::More;
                true
            }
            Err(rustix::io::Errno::AGAIN) => true,
            Err(_) => {
                log.write(|sink| pipe.splitter.finish(sink));
                false
            }
        });
        progress
    }

    /// Takes all that is in the pipes, for a bounded time; with living writers not more than the log takes.
    pub(super) fn drain(&mut self, writers: Writers, buffer: &mut ReadBuffer, log: &mut LogTarget) {
        let end = Instant::now() + DRAIN;
        loop {
            let now = Instant::now();
            if now >= end || self.read(now, buffer, log) == Progress::Drained {
                return;
            }
            if log.flush(now) != Flush::Done && writers == Writers::Alive {
                return;
            }
        }
    }

    /// Ends all lines; nobody is left who could write.
    pub(super) fn finish(&mut self, log: &mut LogTarget) {
        for pipe in &mut self.pipes {
            log.write(|sink| pipe.splitter.finish(sink));
        }
        self.pipes.clear();
    }

    /// When a waiting part of a line is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pipes.iter().filter_map(|pipe| pipe.splitter.deadline()).min()
    }

    /// Writes the parts of lines that are due.
    pub(super) fn flush_due(&mut self, now: Instant, log: &mut LogTarget) {
        for pipe in &mut self.pipes {
            log.write(|sink| pipe.splitter.flush_due(now, sink));
        }
    }
}

/// Whether somebody may still write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writers {
    Alive,
    /// What is in the pipes is all, so there is room for it in memory even when the log waits.
    Gone,
}

/// Whether there may be more to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Drained,
}

impl Pipe {
    fn new(fd: OwnedFd, stream: Stream) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&fd, true)?;
        Ok(Self { fd, splitter: Splitter::new(stream), is_grown: false })
    }

    /// A pipe that was found full gets larger, so that a flood and its log take turns less often.
    fn grow_if_full(&mut self, count: usize) {
        if count >= 60 * 1024 && !self.is_grown {
            self.is_grown = true;
            #[cfg(target_os = "linux")]
            // Beyond the user's quota the pipe stays as it is, which is only slower.
            let _ = rustix::pipe::fcntl_setpipe_size(&self.fd, PIPE_SIZE);
        }
    }
}

impl Terminal {
    /// Reads once; gives what is new.
    pub(super) fn read(&mut self, buffer: &mut ReadBuffer) -> Option<Vec<u8>> {
        let buffer = &mut buffer.get()[..32 * 1024];
        match rustix::io::read(&self.input.fd, &mut *buffer) {
            Ok(0) => self.is_open = false,
            Ok(count) => {
                let new = &buffer[..count];
                let surplus = (self.scrollback.len() + count).saturating_sub(SCROLLBACK_MAX);
                self.scrollback.drain(..surplus.min(self.scrollback.len()));
                self.scrollback.extend(new);
                return Some(new.to_vec());
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            // EIO: nobody has the other end open.
            Err(_) => self.is_open = false,
        }
        None
    }
}

impl Typed {
    fn new(fd: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&fd, true)?;
        Ok(Self { fd, waiting: VecDeque::new(), is_closed: false })
    }

    /// Types bytes, unless the run has left too many unread or reads no more.
    pub(super) fn r#type(&mut self, bytes: &[u8]) -> Result<(), String> {
        if self.is_closed {
            return Err("the run has closed its input".to_owned());
        }
        if self.waiting.len() + bytes.len() > TYPED_MAX {
            return Err(NOT_READ.to_owned());
        }
        self.waiting.extend(bytes);
        self.flush();
        Ok(())
    }

    /// Passes on what was typed.
    pub(super) fn flush(&mut self) {
        while !self.waiting.is_empty() {
            match rustix::io::write(&self.fd, self.waiting.as_slices().0) {
                Ok(count) => drop(self.waiting.drain(..count)),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return,
                Err(_) => {
                    self.is_closed = true;
                    self.waiting.clear();
                }
            }
        }
    }
}

/// The log, or nothing at all.
#[derive(Default)]
pub(super) struct LogTarget {
    pub(super) writer: Option<LogWriter>,
}

impl LogTarget {
    /// Adds the records that `make` gives to the sink.
    pub(super) fn write(&mut self, make: impl FnOnce(&mut dyn FnMut(Stream, bool, &[u8]))) {
        match &mut self.writer {
            Some(writer) => {
                writer.stamp();
                make(&mut |stream, is_partial, bytes| writer.push(stream, is_partial, bytes));
            }
            None => make(&mut |_, _, _| {}),
        }
    }

    /// Writes what is batched.
    pub(super) fn flush(&mut self, now: Instant) -> Flush {
        self.writer.as_mut().map_or(Flush::Done, |writer| writer.flush(now))
    }
}
