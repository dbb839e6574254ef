//! What a run writes, read from its pipes into the log; and what is typed for it.

use ostler_keeper::log::{Flush, LogWriter, Splitter, Stream};
use ostler_keeper::os::windows::port::{Done, Packet, Pipe};
use ostler_keeper::protocol::NOT_READ;
use std::collections::VecDeque;
use std::time::Instant;

/// What may wait for a run that does not read.
const TYPED_MAX: usize = 64 * 1024;

/// The keeper's ends of the streams of a run.
pub(super) struct Output {
    sources: Vec<Source>,
    stdin: Option<Typed>,
}

struct Source {
    pipe: Pipe,
    splitter: Splitter,
    is_over: bool,
}

/// What was typed for a run, until it reads it.
struct Typed {
    pipe: Pipe,
    waiting: VecDeque<u8>,
    under_way: usize,
}

impl Output {
    /// Both streams go to the log; stdin is for the engine to type into.
    pub(super) fn log(stdin: Pipe, stdout: Pipe, stderr: Pipe) -> Self {
        let source = |pipe, stream| Source { pipe, splitter: Splitter::new(stream), is_over: false };
        let mut output = Self {
            sources: vec![source(stdout, Stream::Stdout), source(stderr, Stream::Stderr)],
            stdin: Some(Typed { pipe: stdin, waiting: VecDeque::new(), under_way: 0 }),
        };
        output.listen();
        output
    }

    /// Whether a packet is of what the run writes.
    pub(super) fn is_source(&self, packet: &Packet) -> bool {
        self.sources.iter().any(|source| source.pipe.key() == packet.key)
    }

    /// Whether all that can be read has been read.
    pub(super) fn has_ended(&self) -> bool {
        self.sources.iter().all(|source| source.is_over)
    }

    /// Whether a packet is of what is typed.
    pub(super) fn is_stdin(&self, packet: &Packet) -> bool {
        self.stdin.as_ref().is_some_and(|stdin| stdin.pipe.key() == packet.key)
    }

    /// Begins to read where nothing is being read; one that fails has ended.
    pub(super) fn listen(&mut self) {
        for source in &mut self.sources {
            if !source.is_over && !source.pipe.is_reading() && source.pipe.start_read().is_err() {
                // Nobody has the other end; what it said last is written with the end of the run.
                source.is_over = true;
            }
        }
    }

    /// Takes what a packet brought into the log.
    pub(super) fn take(&mut self, packet: &Packet, now: Instant, log: &mut LogTarget) {
        let Some(at) = self.sources.iter().position(|source| source.pipe.key() == packet.key) else { return };
        let source = &mut self.sources[at];
        match source.pipe.finish(packet) {
            Some(Done::Read(bytes)) => log.write(|sink| source.splitter.feed(now, &bytes, sink)),
            Some(Done::Gone) => {
                log.write(|sink| source.splitter.finish(sink));
                self.sources.swap_remove(at);
            }
            Some(Done::Written(_)) | None => {}
        }
    }

    /// Types bytes, unless the run has left too many unread or reads no more.
    pub(super) fn r#type(&mut self, bytes: &[u8]) -> Result<(), String> {
        let stdin = self.stdin.as_mut().ok_or("the run has closed its input")?;
        if stdin.waiting.len() + stdin.under_way + bytes.len() > TYPED_MAX {
            return Err(NOT_READ.to_owned());
        }
        stdin.waiting.extend(bytes);
        self.pass_on();
        Ok(())
    }

    /// Takes note of what the run has read.
    pub(super) fn typed(&mut self, packet: &Packet) {
        let done = self.stdin.as_mut().and_then(|stdin| stdin.pipe.finish(packet));
        match done {
            Some(Done::Written(_)) => {
                if let Some(stdin) = &mut self.stdin {
                    stdin.under_way = 0;
                }
                self.pass_on();
            }
            Some(Done::Gone) => self.stdin = None,
            Some(Done::Read(_)) | None => {}
        }
    }

    /// Ends the input, of which a run that reads it sees the end; `false` where it has none any more.
    pub(super) fn close_input(&mut self) -> bool {
        self.stdin.take().is_some()
    }

    fn pass_on(&mut self) {
        let Some(stdin) = self.stdin.as_mut().filter(|it| !it.waiting.is_empty() && !it.pipe.is_writing())
        else {
            return;
        };
        let bytes: Vec<u8> = stdin.waiting.drain(..).collect();
        stdin.under_way = bytes.len();
        if stdin.pipe.start_write(bytes).is_err() {
            self.stdin = None;
        }
    }

    /// Ends all lines; nobody is left who could write.
    pub(super) fn finish(&mut self, log: &mut LogTarget) {
        for source in &mut self.sources {
            log.write(|sink| source.splitter.finish(sink));
        }
        self.sources.clear();
        self.stdin = None;
    }

    /// When a waiting part of a line is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.sources.iter().filter_map(|source| source.splitter.deadline()).min()
    }

    /// Writes the parts of lines that are due.
    pub(super) fn flush_due(&mut self, now: Instant, log: &mut LogTarget) {
        for source in &mut self.sources {
            log.write(|sink| source.splitter.flush_due(now, sink));
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
