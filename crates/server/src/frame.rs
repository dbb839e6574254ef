//! Lines of a byte stream.

use std::sync::Arc;

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::limits::{LINE_FREE_MAX, LINGER_BYTES_MAX, LINGER_DEADLINE};

const READ_CHUNK: usize = 16 * 1024;

/// What the stream gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A line without its end.
    Line(Vec<u8>),
    /// A line that is longer than allowed.
    TooLong,
    /// The peer sends nothing any more.
    End,
}

/// Cuts a stream into lines that end with LF or CRLF; the last one needs no end.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    stream: R,
    buffer: Vec<u8>,
    /// Where the unfinished line begins.
    start: usize,
    /// Up to where it holds no line end.
    searched: usize,
    max: usize,
    long_lines: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    is_ended: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(stream: R, max: usize, long_lines: Arc<Semaphore>) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            max,
            long_lines,
            permit: None,
            is_ended: false,
        }
    }

    /// The next line. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> std::io::Result<Frame> {
        loop {
            if let Some(frame) = self.take() {
                return Ok(frame);
            }
            if self.is_ended {
                return Ok(self.rest());
            }
            if self.buffer.len() - self.start > LINE_FREE_MAX && self.permit.is_none() {
                let permit = Arc::clone(&self.long_lines).acquire_owned().await;
                self.permit = permit.ok();
            }
            self.compact();
            let mut limited = (&mut self.stream).take(READ_CHUNK as u64);
            if limited.read_buf(&mut self.buffer).await? == 0 {
                self.is_ended = true;
            }
        }
    }

    /// Reads and forgets what a refused peer still sends, for a moment, so that closing does not discard the
    /// reason it was sent.
    pub(crate) async fn linger(&mut self) {
        self.buffer = Vec::new();
        let mut sink = vec![0; READ_CHUNK];
        let discard = async {
            let mut total = 0;
            while total < LINGER_BYTES_MAX {
                match self.stream.read(&mut sink).await {
                    Ok(0) | Err(_) => break,
                    Ok(count) => total += count,
                }
            }
        };
        // Either way the connection ends now.
        let _ = tokio::time::timeout(LINGER_DEADLINE, discard).await;
    }

    fn take(&mut self) -> Option<Frame> {
        let found = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(offset) = found else {
            self.searched = self.buffer.len();
            // One byte more, as a CR may belong to the end.
            return (self.buffer.len() - self.start > self.max + 1).then_some(Frame::TooLong);
        };
        let end = self.searched + offset;
        let line = self.buffer[self.start..end].to_vec();
        self.start = end + 1;
        self.searched = self.start;
        self.permit = None;
        Some(self.checked(line))
    }

    /// Makes room for the next read; what lines have left is given back.
    fn compact(&mut self) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        if self.buffer.is_empty() {
            self.buffer.shrink_to(LINE_FREE_MAX);
        }
        if self.buffer.capacity() - self.buffer.len() < READ_CHUNK {
            self.buffer.reserve(READ_CHUNK);
        }
    }

    fn rest(&mut self) -> Frame {
        self.permit = None;
        let line = std::mem::take(&mut self.buffer).split_off(self.start);
        (self.start, self.searched) = (0, 0);
        if line.is_empty() { Frame::End } else { self.checked(line) }
    }

    fn checked(&self, mut line: Vec<u8>) -> Frame {
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.len() > self.max { Frame::TooLong } else { Frame::Line(line) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn frames(bytes: &[u8], max: usize) -> Vec<Frame> {
        let mut lines = Lines::new(bytes, max, Arc::new(Semaphore::new(1)));
        let mut frames = Vec::new();
        loop {
            let frame = lines.next().await.unwrap();
            let is_last = matches!(frame, Frame::End | Frame::TooLong);
            frames.push(frame);
            if is_last {
                return frames;
            }
        }
    }

    fn line(text: &str) -> Frame {
        Frame::Line(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn lines_end_with_lf_or_crlf_and_the_last_one_with_the_stream() {
        assert_eq!(frames(b"a\r\n\nb\nc", 9).await, [line("a"), line(""), line("b"), line("c"), Frame::End]);
    }

    #[tokio::test]
    async fn a_line_of_the_longest_length_passes_and_one_byte_more_does_not() {
        assert_eq!(frames(b"12345\n", 5).await, [line("12345"), Frame::End]);
        assert_eq!(frames(b"12345\r\n", 5).await, [line("12345"), Frame::End]);
        assert_eq!(frames(b"123456\n", 5).await, [Frame::TooLong]);
        assert_eq!(frames(b"1234567", 5).await, [Frame::TooLong]);
    }

    #[tokio::test]
    async fn an_endless_line_is_given_up_at_its_bound() {
        let mut lines = Lines::new(tokio::io::repeat(b'x'), 1_000_000, Arc::new(Semaphore::new(1)));
        assert_eq!(lines.next().await.unwrap(), Frame::TooLong);
        assert!(lines.buffer.len() < 1_000_000 + 2 * READ_CHUNK);
    }
}
