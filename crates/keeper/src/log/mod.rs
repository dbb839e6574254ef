//! The log of an instance: its form on disk, and the writer.
//!
//! A log is a live file `K.log` and rotated files `K.log.1` (the newest) to `K.log.N`. Each is text in the
//! CRI form, one record a line:
//!
//! ```text
//! 2026-11-21T00:46:00.123456789Z stdout F the line as the service wrote it
//! ```
//!
//! `stdout` and `stderr` are the service's, `meta` is ours ([`Meta`]). `F` ends a line, `P` is a part of a
//! line that goes on in the next record of the same stream: lines over [`LINE_MAX`] are split, and a line
//! that waits for its end is written in parts so that nobody waits for a prompt. Bytes are kept as they
//! are, with one exception: of the states of a progress bar that overwrites itself with carriage returns
//! only the last is kept, and a part that overwrites the parts before it begins with a carriage return.
//!
//! The first record of each file is its [`Header`] with a *generation*, which grows by at least one with
//! each new file. Generation and byte offset together are the sequence of a record: they never go back, not
//! over rotation, clearing, deletion by somebody else, or a new keeper.
//!
//! Losses are part of the log: a `meta` record says how many lines are missing at that place.

mod line;
mod split;
mod writer;

pub use line::{
    HEADER_MAX, Header, Line, Meta, Stream, TIME_LENGTH, format_time, parse_line, parse_time, rotated_path,
};
pub use split::Splitter;
pub use writer::{Flush, LogWriter};

/// The most bytes of a line that stay in one record.
pub const LINE_MAX: usize = 64 * 1024;
