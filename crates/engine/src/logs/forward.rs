//! A log from a position on, across rotations.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Filter, Position,
    files::{CHUNK, LogFile, Record, View, open_files},
};

/// Reads a log forward. Holds the file it reads open, so that nothing of it is lost when it is rotated away.
pub(super) struct Forward {
    instance: String,
    live: PathBuf,
    next: Position,
    file: Option<LogFile>,
    /// There is a newer file, so that this one does not grow any more.
    is_sealed: bool,
}

/// What one pull gave.
#[derive(Debug, Default)]
pub(super) struct Pulled {
    pub(super) records: Vec<Record>,
    /// Places where files were removed unread; each stands for at least one line.
    pub(super) missed: u64,
    /// There is more at once.
    pub(super) has_more: bool,
}

impl Forward {
    pub(super) fn new(instance: &str, live: &Path, next: Position) -> Self {
        Self { instance: instance.to_owned(), live: live.to_owned(), next, file: None, is_sealed: false }
    }

    /// Reads what is there, at most [`CHUNK`] bytes, and keeps what is wanted.
    pub(super) fn pull(&mut self, filter: &Filter) -> io::Result<Pulled> {
        let mut pulled = Pulled::default();
        loop {
            if self.file.is_none() && !self.open(&mut pulled) {
                return Ok(pulled);
            }
            let Some(file) = &mut self.file else { return Ok(pulled) };
            let bytes = file.read_at(self.next.offset, CHUNK)?;
            if self.take(&bytes, filter, &mut pulled) {
                pulled.has_more = true;
                return Ok(pulled);
            }
            if self.is_sealed {
                // The end of a file that does not grow any more: the next one follows.
                self.file = None;
                self.is_sealed = false;
                self.next = Position { generation: self.next.generation + 1, offset: 0 };
            } else if self.is_live() {
                return Ok(pulled);
            } else {
                // It may have grown between the last read and the rotation: read once more.
                self.is_sealed = true;
            }
        }
    }

    /// Takes the whole records of `bytes`; says whether there were any.
    fn take(&mut self, bytes: &[u8], filter: &Filter, pulled: &mut Pulled) -> bool {
        let whole = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => at + 1,
            // No record is that long, and no record ends without a line end in a file that does not grow: torn.
            None if bytes.len() == CHUNK || self.is_sealed => bytes.len(),
            None => 0,
        };
        for line in bytes[..whole].split_inclusive(|byte| *byte == b'\n') {
            let record = line.strip_suffix(b"\n").unwrap_or(line);
            let wanted = View::read(record).filter(|view| filter.wants(view.stream, &view.text));
            pulled.records.extend(wanted.map(|view| view.into_record(&self.instance, self.next)));
            self.next.offset += line.len() as u64;
        }
        whole > 0
    }

    /// Opens the file at the position, or the first one after it; false when there is none yet.
    fn open(&mut self, pulled: &mut Pulled) -> bool {
        let generation = self.next.generation;
        let Some(file) = open_files(&self.live, |found| found >= generation).pop() else { return false };
        if file.generation != generation {
            // How much was in files that are gone nobody knows.
            pulled.missed += u64::from(generation != 0);
            self.next = Position { generation: file.generation, offset: 0 };
        }
        self.file = Some(file);
        true
    }

    /// Whether the file that is read is still the one that grows; a log that is gone may come back.
    fn is_live(&self) -> bool {
        match LogFile::open(&self.live) {
            Some(live) => live.generation <= self.next.generation,
            None => true,
        }
    }
}
