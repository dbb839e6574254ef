//! The latest lines, from the end.

use std::{io, path::Path};

use super::{
    Filter, Position,
    files::{CHUNK, LogFile, Record, View, open_files},
};

/// The most that is searched of one log, in bytes.
const SEARCH_MAX: u64 = 256 << 20;

/// What was found at the end of a log.
#[derive(Debug, Default)]
pub(super) struct Latest {
    /// In the order of the log.
    pub(super) records: Vec<Record>,
    /// Where a follower goes on; `None` when there was no file.
    pub(super) end: Option<Position>,
    /// Whether more was wanted than may be read at once.
    pub(super) is_full: bool,
}

/// Which of the latest lines are wanted.
pub(super) struct Wanted<'a> {
    pub(super) lines: usize,
    /// In nanoseconds since 1970.
    pub(super) since: Option<u64>,
    /// The most text, in bytes.
    pub(super) bytes: usize,
    pub(super) filter: &'a Filter,
    /// Only what stands before this place.
    pub(super) before: Option<Position>,
}

/// Reads the latest wanted lines of a log.
pub(super) fn latest(instance: &str, live: &Path, wanted: &Wanted<'_>) -> io::Result<Latest> {
    let mut search =
        Search { instance, wanted, found: Vec::new(), searched: 0, bytes: 0, is_done: false, is_full: false };
    let mut end = None;
    let is_wanted = |generation| wanted.before.is_none_or(|before| generation <= before.generation);
    for mut file in open_files(live, is_wanted) {
        let mut length = file.length()?;
        if let Some(before) = wanted.before.filter(|before| before.generation == file.generation) {
            length = length.min(before.offset);
        }
        let file_end = search.file(&mut file, length, end.is_none())?;
        end.get_or_insert(file_end);
        if search.is_done {
            break;
        }
    }
    search.found.reverse();
    Ok(Latest { records: search.found, end, is_full: search.is_full })
}

struct Search<'a> {
    instance: &'a str,
    wanted: &'a Wanted<'a>,
    /// The latest first.
    found: Vec<Record>,
    searched: u64,
    bytes: usize,
    is_done: bool,
    is_full: bool,
}

impl Search<'_> {
    /// Searches a file from its end. What has no line end yet belongs to a follower, in the newest file.
    fn file(&mut self, file: &mut LogFile, length: u64, is_newest: bool) -> io::Result<Position> {
        self.is_done |= self.wanted.lines == 0;
        let mut end = length;
        let mut is_first = true;
        // The end of a chunk's first record, whose beginning is in the chunk before.
        let mut rest: Vec<u8> = Vec::new();
        let mut at = length;
        while at > 0 && (is_first || !self.is_done) {
            let begin = at.saturating_sub(CHUNK as u64);
            let mut chunk = file.read_at(begin, (at - begin) as usize)?;
            self.searched += chunk.len() as u64;
            chunk.append(&mut rest);
            if is_first {
                is_first = false;
                if is_newest {
                    let whole = chunk.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                    end = begin + whole as u64;
                    chunk.truncate(whole);
                }
            }
            let mut is_all_old = self.wanted.since.is_some();
            while let Some(newline) = last_line_begin(&chunk) {
                let position = Position { generation: file.generation, offset: begin + newline as u64 };
                is_all_old &= self.record(position, &chunk[newline..]);
                chunk.truncate(newline);
                if self.is_done {
                    return Ok(Position { generation: file.generation, offset: end });
                }
            }
            rest = chunk;
            at = begin;
            // Clocks are set back now and then: only a whole chunk of old lines is the end.
            self.is_full |= self.searched > SEARCH_MAX;
            self.is_done |= (is_all_old && begin > 0) || self.is_full;
        }
        if at == 0 && !self.is_done {
            self.record(Position { generation: file.generation, offset: 0 }, &rest);
        }
        Ok(Position { generation: file.generation, offset: end })
    }

    /// Takes a record if it is wanted; says whether it is too old.
    fn record(&mut self, position: Position, bytes: &[u8]) -> bool {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let Some(view) = View::read(bytes) else { return true };
        if self.wanted.since.is_some_and(|since| view.time < since) {
            return true;
        }
        if self.wanted.filter.wants(view.stream, &view.text) {
            self.bytes += view.text.len();
            self.is_full |= self.bytes > self.wanted.bytes && !self.found.is_empty();
            self.is_done |= self.is_full;
            if !self.is_done {
                self.found.push(view.into_record(self.instance, position));
                self.is_done = self.found.len() >= self.wanted.lines;
            }
        }
        false
    }
}

/// Where the last line of `chunk` begins, if its beginning is in the chunk for sure.
fn last_line_begin(chunk: &[u8]) -> Option<usize> {
    let body = chunk.strip_suffix(b"\n").unwrap_or(chunk);
    body.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1)
}
