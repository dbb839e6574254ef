//! Reading `audit.jsonl` and the files it was rotated into. Lines that are no entries are passed over and counted.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// Rotated files that are looked for.
const ROTATED_MAX: u32 = 16;
/// The longest line that is an entry.
const LINE_MAX: u64 = 1 << 20;
/// The most that a follower reads at a time.
const CHUNK_MAX: u64 = 4 << 20;

/// One entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// When, RFC 3339.
    pub(crate) at: String,
    /// Who asked.
    #[serde(default)]
    pub(crate) actor: String,
    /// The process that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pid: Option<u32>,
    /// Its user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uid: Option<u32>,
    /// What.
    pub(crate) action: String,
    /// On what.
    #[serde(default)]
    pub(crate) subject: String,
    /// `accepted`, or what was wrong.
    #[serde(default)]
    pub(crate) result: String,
    /// Entries that were lost before this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) lost_before: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The live file and its predecessors.
pub(crate) struct AuditFiles {
    live: PathBuf,
}

impl AuditFiles {
    /// Below the state directory of an engine.
    pub(crate) fn new(state: &Path) -> Self {
        Self { live: state.join("audit.jsonl") }
    }

    /// The file that is written.
    pub(crate) fn live(&self) -> &Path {
        &self.live
    }

    /// Reads all entries, the oldest first; `None` is a line that cannot be read.
    pub(crate) fn read(&self, mut each: impl FnMut(Option<Entry>)) -> io::Result<()> {
        let rotated = (1..=ROTATED_MAX).rev().map(|n| self.live.with_extension(format!("jsonl.{n}")));
        for path in rotated.chain([self.live.clone()]) {
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let mut reader = BufReader::new(file);
            let mut line = Vec::new();
            loop {
                line.clear();
                let length = reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut line)?;
                if length == 0 {
                    break;
                }
                if !line.trim_ascii().is_empty() {
                    each(serde_json::from_slice(&line).ok());
                }
            }
        }
        Ok(())
    }
}

/// Follows the live file through rotations.
pub(crate) struct Tail {
    path: PathBuf,
    file: Option<File>,
    offset: u64,
    partial: Vec<u8>,
}

impl Tail {
    /// Begins at the end of the file.
    pub(crate) fn begin(path: &Path) -> Self {
        let file = File::open(path).ok();
        let offset = file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |meta| meta.len());
        Self { path: path.to_owned(), file, offset, partial: Vec::new() }
    }

    /// What was added since the last look.
    pub(crate) fn new_entries(&mut self) -> Vec<Entry> {
        let mut entries = self.rest();
        // What a rotation moved away was read to its end just now.
        if self.is_replaced() {
            self.file = File::open(&self.path).ok();
            self.offset = 0;
            self.partial.clear();
            entries.extend(self.rest());
        }
        entries
    }

    fn rest(&mut self) -> Vec<Entry> {
        let Some(file) = &mut self.file else { return Vec::new() };
        let mut bytes = std::mem::take(&mut self.partial);
        let before = bytes.len();
        let read = file
            .seek(SeekFrom::Start(self.offset))
            .and_then(|_| file.by_ref().take(CHUNK_MAX).read_to_end(&mut bytes));
        if read.is_ok() {
            self.offset += (bytes.len() - before) as u64;
        }
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.partial = bytes.split_off(end);
        bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    fn is_replaced(&self) -> bool {
        let Ok(at_path) = std::fs::metadata(&self.path) else { return false };
        let Some(open) = self.file.as_ref().and_then(|file| file.metadata().ok()) else { return true };
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            at_path.ino() != open.ino() || at_path.len() < self.offset
        }
        #[cfg(not(unix))]
        {
            let _ = open;
            at_path.len() < self.offset
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use super::*;

    fn line(subject: &str) -> String {
        format!(
            "{{\"at\":\"2026-03-01T14:30:00Z\",\"action\":\"start\",\"subject\":\"{subject}\",\"new\":1}}\n"
        )
    }

    #[test]
    fn rotated_files_come_first_and_broken_lines_are_counted() {
        let dir = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: String| fs::write(dir.path().join(name), text).expect("written");
        write("audit.jsonl.2", line("one"));
        write("audit.jsonl.1", line("two") + "{\"at\":\n\n" + &line("three"));
        write("audit.jsonl", "\u{0}\u{0}\n".to_owned() + &line("four") + "{\"at\":\"half");
        let (mut found, mut broken) = (Vec::new(), 0);
        let read = AuditFiles::new(dir.path()).read(|entry| match entry {
            Some(entry) => found.push(entry.subject),
            None => broken += 1,
        });
        read.expect("read");
        assert_eq!((found, broken), (["one", "two", "three", "four"].map(str::to_owned).to_vec(), 3));
    }

    #[test]
    fn a_follower_goes_through_a_rotation_and_waits_for_whole_lines() {
        let dir = tempfile::tempdir().expect("a directory");
        let live = dir.path().join("audit.jsonl");
        let append = |text: &str| {
            let mut file = fs::OpenOptions::new().create(true).append(true).open(&live).expect("open");
            file.write_all(text.as_bytes()).expect("written");
        };
        append(&line("old"));
        let mut tail = Tail::begin(&live);
        let mut told = || tail.new_entries().into_iter().map(|entry| entry.subject).collect::<Vec<_>>();
        assert!(told().is_empty());
        let (begin, end) = (&line("one")[..20], &line("one")[20..]);
        append(begin);
        assert!(told().is_empty());
        append(end);
        append(&line("two"));
        fs::rename(&live, dir.path().join("audit.jsonl.1")).expect("renamed");
        append(&line("three"));
        assert_eq!(told(), ["one", "two", "three"]);
        append(&line("four"));
        assert_eq!(told(), ["four"]);
    }
}
