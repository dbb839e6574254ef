//! Who did what, when, and how it went.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::PathBuf,
    sync::mpsc,
    thread,
    time::Duration,
};

use serde::Serialize;
use tokio::sync::oneshot;

/// Bytes after which the file is rotated.
const SIZE_MAX: u64 = 4 * 1024 * 1024;
/// Rotated files kept.
const FILES_MAX: u32 = 3;
/// Entries that may wait for the disk; more are counted and told by the next entry.
const WAITING_MAX: usize = 1024;

/// How long an orderly end waits for the disk.
const FAREWELL: Duration = Duration::from_secs(1);

/// One entry of `audit.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AuditEntry {
    /// When, RFC 3339.
    pub at: String,
    /// Who asked.
    pub actor: String,
    /// The process that asked, where the system said so when it connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// What: a method of the control protocol, `adopt`, `keeper-lost`, …
    pub action: &'static str,
    /// On what.
    pub subject: String,
    /// `accepted`, or what was wrong.
    pub result: String,
    /// Entries that were lost before this one, because the disk did not follow.
    #[serde(skip_serializing_if = "is_zero")]
    pub lost_before: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Writes entries in order, on a thread of its own: a slow disk delays nobody.
#[derive(Debug)]
pub(crate) struct Audit {
    entries: mpsc::SyncSender<AuditEntry>,
    lost: u64,
    /// Answered when all is written.
    written: oneshot::Receiver<()>,
}

impl Audit {
    /// Starts the writer.
    ///
    /// # Errors
    /// No thread can be made.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let (entries, waiting) = mpsc::sync_channel::<AuditEntry>(WAITING_MAX);
        let (done, written) = oneshot::channel();
        thread::Builder::new().name("audit".to_owned()).stack_size(64 * 1024).spawn(move || {
            let mut file = AuditFile::new(path);
            for entry in waiting {
                file.take(entry);
            }
            let _ = done.send(());
        })?;
        Ok(Self { entries, lost: 0, written })
    }

    /// Waits until all is written, or the disk has had long enough.
    pub(crate) async fn finish(self) {
        drop(self.entries);
        if tokio::time::timeout(FAREWELL, self.written).await.is_err() {
            tracing::warn!("the disk did not take the last entries of the audit in time");
        }
    }

    /// Adds an entry; never waits.
    pub(crate) fn add(&mut self, mut entry: AuditEntry) {
        entry.lost_before = self.lost;
        match self.entries.try_send(entry) {
            Ok(()) => self.lost = 0,
            Err(_) => self.lost += 1,
        }
    }
}

struct AuditFile {
    path: PathBuf,
    open: Option<(File, u64)>,
    /// Entries that the disk did not take, since the last that it took.
    lost: u64,
}

impl AuditFile {
    fn new(path: PathBuf) -> Self {
        Self { path, open: None, lost: 0 }
    }

    /// Writes an entry, or counts it as lost.
    fn take(&mut self, mut entry: AuditEntry) {
        let was_broken = self.lost > 0;
        entry.lost_before += self.lost;
        match self.append(&entry) {
            Ok(()) => self.lost = 0,
            Err(error) => {
                self.lost = entry.lost_before + 1;
                if !was_broken {
                    tracing::warn!(path = %self.path.display(), %error, "audit cannot be written");
                }
            }
        }
    }

    fn append(&mut self, entry: &AuditEntry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry).map_err(io::Error::other)?;
        line.push(b'\n');
        if self.open.as_ref().is_some_and(|(_, size)| *size >= SIZE_MAX) {
            self.open = None;
            self.rotate()?;
        }
        let (file, size) = match &mut self.open {
            Some(open) => open,
            None => {
                let mut options = OpenOptions::new();
                options.create(true).append(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let file = options.open(&self.path)?;
                let size = file.metadata()?.len();
                self.open.insert((file, size))
            }
        };
        if let Err(error) = file.write_all(&line) {
            // Half a line would spoil the next one.
            let _ = cut(file, *size);
            self.open = None;
            return Err(error);
        }
        *size += line.len() as u64;
        Ok(())
    }

    fn rotate(&self) -> io::Result<()> {
        let name = |n: u32| self.path.with_extension(format!("jsonl.{n}"));
        for n in (1..FILES_MAX).rev() {
            let _ = fs::rename(name(n), name(n + 1));
        }
        fs::rename(&self.path, name(1))
    }
}

#[cfg(unix)]
fn cut(file: &File, size: u64) -> io::Result<()> {
    file.set_len(size)
}

#[cfg(windows)]
use ostler_windows::files::cut;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(subject: &str) -> AuditEntry {
        AuditEntry {
            at: String::new(),
            actor: "test".to_owned(),
            pid: None,
            uid: None,
            action: "start",
            subject: subject.to_owned(),
            result: "accepted".to_owned(),
            lost_before: 0,
        }
    }

    #[tokio::test]
    async fn the_end_waits_until_all_is_written() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("audit.jsonl");
        let mut audit = Audit::open(path.clone()).expect("a thread");
        for number in 0..500 {
            audit.add(entry(&number.to_string()));
        }
        audit.finish().await;
        assert_eq!(fs::read_to_string(&path).expect("written").lines().count(), 500);
    }

    #[test]
    fn entries_that_the_disk_did_not_take_are_told_by_the_next() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("audit.jsonl");
        // A folder in its place cannot be written, by root neither.
        fs::create_dir(&path).expect("made");
        let mut file = AuditFile::new(path.clone());
        for number in 0..3 {
            file.take(entry(&format!("lost {number}")));
        }
        fs::remove_dir(&path).expect("removed");
        file.take(entry("kept"));
        file.take(entry("kept as well"));
        let text = fs::read_to_string(&path).expect("written");
        let entries: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(entries.len(), 2, "{text}");
        assert_eq!(entries[0]["lost_before"], 3, "{text}");
        assert!(entries[1].get("lost_before").is_none(), "{text}");
    }
}
