//! Which due instants were dealt with, kept across a crash or an upgrade of the engine.

use std::{collections::BTreeMap, io, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::file;

const VERSION: u32 = 1;

/// What is kept of one schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The expression; another one begins afresh.
    pub cron: String,
    /// Its time zone.
    pub timezone: String,
    /// Everything up to here is dealt with.
    pub from: Timestamp,
    /// The last instant that was found due.
    #[serde(default)]
    pub ran: Option<Timestamp>,
    /// Found due, and not begun yet.
    #[serde(default)]
    pub pending: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct OnDisk {
    version: u32,
    schedules: BTreeMap<String, Kept>,
}

/// `schedules.json`.
#[derive(Debug)]
pub(crate) struct ScheduleFile {
    path: PathBuf,
    written: BTreeMap<String, Kept>,
}

impl ScheduleFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, written: BTreeMap::new() }
    }

    /// What an earlier engine left; nothing if nobody knows.
    pub(crate) fn read(&self) -> BTreeMap<String, Kept> {
        let bytes = match file::read(&self.path) {
            Ok(bytes) => bytes.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "kept schedules cannot be read");
                return BTreeMap::new();
            }
        };
        if bytes.is_empty() {
            return BTreeMap::new();
        }
        match serde_json::from_slice::<OnDisk>(&bytes) {
            Ok(found) if found.version == VERSION => found.schedules,
            Ok(_) => BTreeMap::new(),
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "kept schedules are not understood");
                let _ = std::fs::rename(&self.path, self.path.with_extension("bad"));
                BTreeMap::new()
            }
        }
    }

    /// Writes what is new.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&mut self, schedules: BTreeMap<String, Kept>) -> io::Result<()> {
        if schedules == self.written {
            return Ok(());
        }
        let on_disk = OnDisk { version: VERSION, schedules };
        let bytes = serde_json::to_vec_pretty(&on_disk).map_err(io::Error::other)?;
        file::replace(&self.path, &bytes)?;
        self.written = on_disk.schedules;
        Ok(())
    }

    /// Forgets it: after an orderly end nothing is made up for.
    pub(crate) fn forget(&mut self) {
        self.written.clear();
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dealt_with_survives_and_nonsense_is_set_aside() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("schedules.json");
        let from = Timestamp::from_second(1_000_000).expect("an instant");
        let kept = Kept {
            cron: "0 3 * * *".to_owned(),
            timezone: "UTC".to_owned(),
            from,
            ran: Some(from),
            pending: None,
        };
        let schedules: BTreeMap<_, _> = [("backup".to_owned(), kept)].into();
        ScheduleFile::new(path.clone()).write(schedules.clone()).expect("write");
        assert_eq!(ScheduleFile::new(path.clone()).read(), schedules);
        std::fs::write(&path, "{").expect("write");
        assert!(ScheduleFile::new(path.clone()).read().is_empty());
        assert!(!path.exists());
    }
}
