//! Splits a byte stream into frames.

use super::FRAME_MAX;
use std::fmt;

/// One frame: the message type and the encoded fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The message type.
    pub kind: u8,
    /// The encoded fields.
    pub body: &'a [u8],
}

/// Why a stream cannot be read or written any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// The frame has no message type.
    Empty,
    /// The frame is longer than [`FRAME_MAX`].
    TooLong {
        /// The length asked for, in bytes.
        length: usize,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "frame without a message type"),
            Self::TooLong { length } => write!(f, "frame of {length} bytes is longer than {FRAME_MAX}"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Collects received bytes and hands out whole frames; it never holds more than what was pushed.
#[derive(Debug, Default)]
pub struct FrameBuffer {
    bytes: Vec<u8>,
    start: usize,
}

impl FrameBuffer {
    /// Creates an empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        } else if self.start > 64 * 1024 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the next whole frame, or `None` while it is incomplete. After an error the stream is lost.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        if self.start == self.bytes.len() && self.bytes.capacity() > 16 * 1024 {
            *self = Self::new();
        }
        let rest = &self.bytes[self.start..];
        let Some((head, tail)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*head) as usize;
        if length == 0 {
            return Err(FrameError::Empty);
        }
        if length > FRAME_MAX {
            return Err(FrameError::TooLong { length });
        }
        if tail.len() < length {
            return Ok(None);
        }
        let begin = self.start + 4;
        self.start = begin + length;
        let whole = &self.bytes[begin..self.start];
        Ok(Some(Frame { kind: whole[0], body: &whole[1..] }))
    }
}
