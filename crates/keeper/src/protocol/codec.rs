//! Fields to bytes and back.

use super::{FRAME_MAX, FrameError};
use crate::os;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

/// Why a message cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// The frame ends inside a field.
    Truncated,
    /// A tag has a value that this version does not know.
    UnknownTag {
        /// The field's name.
        field: &'static str,
        /// The value found.
        tag: u8,
    },
    /// A text field is not UTF-8.
    NotText {
        /// The field's name.
        field: &'static str,
    },
    /// A list names more entries than the frame can hold.
    ListTooLong {
        /// The field's name.
        field: &'static str,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => write!(f, "message ends inside a field"),
            Self::UnknownTag { field, tag } => write!(f, "unknown value {tag} in field {field}"),
            Self::NotText { field } => write!(f, "field {field} is not UTF-8"),
            Self::ListTooLong { field } => write!(f, "list {field} is longer than its message"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Writes one frame at the end of a buffer.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, kind: u8) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.push(kind);
        Self { out, start }
    }

    /// Fills in the length; a frame that is too long is taken back whole.
    pub(super) fn finish(self) -> Result<(), FrameError> {
        let length = self.out.len() - self.start - 4;
        if length > FRAME_MAX {
            self.out.truncate(self.start);
            return Err(FrameError::TooLong { length });
        }
        let head = u32::try_from(length).expect("FRAME_MAX fits u32").to_le_bytes();
        self.out[self.start..self.start + 4].copy_from_slice(&head);
        Ok(())
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn i32(&mut self, value: i32) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn bytes(&mut self, value: &[u8]) {
        // A longer value makes the frame too long, so that `finish` takes it back.
        self.u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        self.out.extend_from_slice(value);
    }

    pub(super) fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    pub(super) fn os(&mut self, value: &OsStr) {
        self.bytes(&os::to_bytes(value));
    }

    pub(super) fn list<T>(&mut self, items: &[T], mut put: impl FnMut(&mut Self, &T)) {
        self.u32(u32::try_from(items.len()).unwrap_or(u32::MAX));
        for item in items {
            put(self, item);
        }
    }

    pub(super) fn option<T: ?Sized>(&mut self, value: Option<&T>, put: impl FnOnce(&mut Self, &T)) {
        self.bool(value.is_some());
        if let Some(value) = value {
            put(self, value);
        }
    }
}

/// Reads the fields of one frame.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    /// Whether no field is left: what a later version added is missing.
    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn bool(&mut self) -> Result<bool, DecodeError> {
        Ok(self.u8()? != 0)
    }

    pub(super) fn u16(&mut self) -> Result<u16, DecodeError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32, DecodeError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    pub(super) fn text(&mut self, field: &'static str) -> Result<String, DecodeError> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| DecodeError::NotText { field })
    }

    pub(super) fn os(&mut self, field: &'static str) -> Result<OsString, DecodeError> {
        os::from_bytes(self.bytes()?).ok_or(DecodeError::NotText { field })
    }

    pub(super) fn path(&mut self, field: &'static str) -> Result<PathBuf, DecodeError> {
        self.os(field).map(PathBuf::from)
    }

    pub(super) fn list<T>(
        &mut self,
        field: &'static str,
        mut get: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.u32()? as usize;
        // Each entry takes at least four bytes, so a lying count cannot make us reserve memory.
        if count > self.rest.len() / 4 {
            return Err(DecodeError::ListTooLong { field });
        }
        let mut items = Vec::with_capacity(count.min(1024));
        for _ in 0..count {
            items.push(get(self)?);
        }
        Ok(items)
    }

    pub(super) fn option<T>(
        &mut self,
        get: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.bool()? { get(self).map(Some) } else { Ok(None) }
    }
}
