//! One engine's connection.

use ostler_keeper::os::windows::port::{Done, Packet, Pipe, Port};
use ostler_keeper::protocol::{Event, FrameBuffer};
use std::io;
use std::os::windows::io::OwnedHandle;
use std::time::{Duration, Instant};

/// An engine that does not read this many bytes of events is as good as gone.
const BACKLOG_MAX: usize = 4 * 1024 * 1024;

/// How long the last events may take to be sent when the keeper leaves.
const FAREWELL: Duration = Duration::from_secs(1);

/// One engine's connection; never waits.
pub(super) struct Connection {
    pub(super) pipe: Pipe,
    pub(super) input: FrameBuffer,
    pub(super) opened: Instant,
    /// Its `Hello` has been understood.
    pub(super) is_greeted: bool,
    /// To be dropped.
    pub(super) is_closed: bool,
    /// What is not yet on its way.
    output: Vec<u8>,
    /// What is on its way.
    under_way: usize,
}

impl Connection {
    /// Begins to listen to an engine.
    pub(super) fn new(pipe: Pipe, now: Instant) -> Self {
        let mut connection = Self {
            pipe,
            input: FrameBuffer::new(),
            opened: now,
            is_greeted: false,
            is_closed: false,
            output: Vec::new(),
            under_way: 0,
        };
        connection.receive();
        connection
    }

    /// Takes what a packet of its pipe brought.
    pub(super) fn take(&mut self, packet: &Packet) {
        match self.pipe.finish(packet) {
            Some(Done::Read(bytes)) => {
                self.input.push(&bytes);
                self.receive();
            }
            Some(Done::Written(count)) => {
                // A pipe takes all or nothing.
                self.is_closed |= count != self.under_way;
                self.under_way = 0;
                self.flush();
            }
            Some(Done::Gone) => self.is_closed = true,
            None => {}
        }
    }

    fn receive(&mut self) {
        if !self.is_closed && !self.pipe.is_reading() && self.pipe.start_read().is_err() {
            self.is_closed = true;
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

    /// Bytes that the engine has not taken yet.
    pub(super) fn backlog(&self) -> usize {
        self.output.len() + self.under_way
    }

    /// Sends what there is, unless something is on its way.
    fn flush(&mut self) {
        if self.output.is_empty() || self.is_closed || self.pipe.is_writing() {
            return;
        }
        let bytes = std::mem::take(&mut self.output);
        self.under_way = bytes.len();
        self.is_closed |= self.pipe.start_write(bytes).is_err();
    }
}

/// Sends all that is left, for a bounded time; the keeper has nothing else to do any more.
pub(super) fn say_farewell(connections: &mut [Connection], port: &Port) {
    let end = Instant::now() + FAREWELL;
    while connections.iter().any(|it| it.backlog() > 0 && !it.is_closed) {
        let rest = end.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return;
        }
        for packet in port.wait(Some(rest)) {
            if let Some(connection) = connections.iter_mut().find(|it| it.pipe.key() == packet.key) {
                connection.take(&packet);
            }
        }
    }
}

/// Sends a frame to an engine that has no connection yet.
pub(super) fn send_last(engine: OwnedHandle, frame: Vec<u8>) -> io::Result<()> {
    let port = Port::new()?;
    let mut pipe = Pipe::new(&port, engine, 1)?;
    pipe.start_write(frame)?;
    for packet in port.wait(Some(FAREWELL)) {
        let _ = pipe.finish(&packet);
    }
    Ok(())
}
