//! Who did what, when, and how it went.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::PathBuf,
    sync::mpsc,
    thread,
};

use serde::Serialize;

/// Bytes after which the file is rotated.
const SIZE_MAX: u64 = 4 * 1024 * 1024;
/// Rotated files kept.
const FILES_MAX: u32 = 3;
/// Entries that may wait for the disk; more are counted and told by the next entry.
const WAITING_MAX: usize = 1024;

/// One entry of `audit.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AuditEntry {
    /// When, RFC 3339.
    pub at: String,
    /// Who asked.
    pub actor: String,
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
}

impl Audit {
    /// Starts the writer.
    ///
    /// # Errors
    /// No thread can be made.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let (entries, waiting) = mpsc::sync_channel::<AuditEntry>(WAITING_MAX);
        thread::Builder::new().name("audit".to_owned()).stack_size(64 * 1024).spawn(move || {
            let mut file = AuditFile { path, open: None };
            let mut is_broken = false;
            for entry in waiting {
                let result = file.append(&entry);
                if let (Err(error), false) = (&result, is_broken) {
                    tracing::warn!(path = %file.path.display(), %error, "audit cannot be written");
                }
                is_broken = result.is_err();
            }
        })?;
        Ok(Self { entries, lost: 0 })
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
}

impl AuditFile {
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
        let result = file.write_all(&line);
        *size += line.len() as u64;
        if result.is_err() {
            self.open = None;
        }
        result
    }

    fn rotate(&self) -> io::Result<()> {
        let name = |n: u32| self.path.with_extension(format!("jsonl.{n}"));
        for n in (1..FILES_MAX).rev() {
            let _ = fs::rename(name(n), name(n + 1));
        }
        fs::rename(&self.path, name(1))
    }
}
