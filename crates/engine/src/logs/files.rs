//! The files of one log.

use std::{
    borrow::Cow,
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
};

use ostler_api::{LogLine, LogStream};
use ostler_keeper::log::{HEADER_MAX, Header, LINE_MAX, Meta, Stream, parse_line, parse_time, rotated_path};

use super::Position;

/// Read at once, in bytes; longer than any record.
pub(super) const CHUNK: usize = 4 * LINE_MAX;

/// While files are being renamed one place in the row can be empty; two are its end.
const EMPTY_PLACES_MAX: u32 = 2;

/// One file of a log.
pub(super) struct LogFile {
    pub(super) generation: u64,
    file: File,
}

impl LogFile {
    /// Opens the file at `path` if it is one of ours.
    pub(super) fn open(path: &Path) -> Option<Self> {
        // Whatever else may be at its place must not be waited for.
        if !fs::symlink_metadata(path).ok()?.is_file() {
            return None;
        }
        let mut file = File::open(path).ok()?;
        let mut beginning = Vec::with_capacity(HEADER_MAX);
        (&mut file).take(HEADER_MAX as u64).read_to_end(&mut beginning).ok()?;
        Some(Self { generation: Header::of_file(&beginning)?.generation, file })
    }

    pub(super) fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Reads at most `max` bytes at `offset`; fewer only at the end.
    pub(super) fn read_at(&mut self, offset: u64, max: usize) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::with_capacity(max.min(CHUNK));
        (&mut self.file).take(max as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The files of a log that satisfy `wanted`, the newest first. A rotation meanwhile hides none of them: files only
/// move away from the live place, and they are visited in that direction.
pub(super) fn open_files(live: &Path, wanted: impl Fn(u64) -> bool) -> Vec<LogFile> {
    let mut files: Vec<LogFile> = Vec::new();
    let mut empty = 0;
    let mut number = 0;
    while empty < EMPTY_PLACES_MAX {
        let path = if number == 0 { live.to_owned() } else { rotated_path(live, number) };
        number += 1;
        match LogFile::open(&path) {
            Some(file) => {
                empty = 0;
                // Renamed meanwhile, it is met twice.
                if wanted(file.generation) && files.iter().all(|seen| seen.generation != file.generation) {
                    files.push(file);
                }
            }
            None if path.exists() => empty = 0,
            None => empty += 1,
        }
    }
    files.sort_by_key(|file| std::cmp::Reverse(file.generation));
    files
}

/// A record as readers see it.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// As in [`View`].
    pub(super) time: u64,
    pub(super) line: LogLine,
}

/// A record as it stands in the file, before anybody wants it.
pub(super) struct View<'a> {
    /// In nanoseconds since 1970; 0 when it is not known.
    pub(super) time: u64,
    at: &'a str,
    pub(super) stream: LogStream,
    pub(super) text: Cow<'a, str>,
    is_partial: bool,
}

impl<'a> View<'a> {
    /// Reads one record, without its line end; `None` for what is not for readers: the header of a file, and nothing.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let Some(line) = parse_line(bytes) else {
            // A torn write: shown as it is.
            let text = String::from_utf8_lossy(bytes);
            let torn = Self { time: 0, at: "", stream: LogStream::Unknown, text, is_partial: false };
            return (!bytes.is_empty()).then_some(torn);
        };
        let stream = match line.stream {
            Stream::Stdout => LogStream::Stdout,
            Stream::Stderr => LogStream::Stderr,
            Stream::Meta => match Meta::parse(line.bytes) {
                Meta::Header(_) => return None,
                Meta::RunStarted { .. } | Meta::RunEnded { .. } | Meta::Dropped { .. } | Meta::Note(_) => {
                    LogStream::Meta
                }
            },
        };
        Some(Self {
            time: parse_time(line.time).unwrap_or(0),
            at: line.time,
            stream,
            text: String::from_utf8_lossy(line.bytes),
            is_partial: line.is_partial,
        })
    }

    /// The record for readers.
    pub(super) fn into_record(self, instance: &str, position: Position) -> Record {
        let line = LogLine {
            instance: instance.to_owned(),
            at: self.at.to_owned(),
            stream: self.stream,
            text: self.text.into_owned(),
            partial: self.is_partial,
            cursor: position.to_string(),
        };
        Record { time: self.time, line }
    }
}
