//! What was wanted, kept across a crash or an upgrade of the engine.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
};

use ostler_core::{InstanceId, Intent, ServiceName};
use serde::{Deserialize, Serialize};

use super::file;

const VERSION: u32 = 1;

/// `intent.json`.
#[derive(Debug)]
pub(crate) struct IntentFile {
    path: PathBuf,
    boot_id: String,
    written: Option<Intent>,
}

#[derive(Serialize, Deserialize)]
struct OnDisk {
    version: u32,
    /// After a boot of the machine, `enabled` and the mode decide again.
    boot_id: String,
    mode: String,
    goals: BTreeMap<String, bool>,
    #[serde(default)]
    completed: BTreeSet<String>,
    scales: BTreeMap<String, u16>,
}

impl IntentFile {
    pub(crate) fn new(path: PathBuf, boot_id: String) -> Self {
        Self { path, boot_id, written: None }
    }

    /// What was wanted before this engine; `None` after a boot, an orderly end, or if nobody knows.
    pub(crate) fn read(&self) -> Option<Intent> {
        let bytes = match file::read(&self.path) {
            Ok(bytes) => bytes?,
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "intent cannot be read");
                return None;
            }
        };
        match serde_json::from_slice::<OnDisk>(&bytes) {
            Ok(found) if found.version == VERSION && found.boot_id == self.boot_id => {
                Some(into_intent(found))
            }
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "intent is not understood and is set aside");
                let _ = std::fs::rename(&self.path, self.path.with_extension("bad"));
                None
            }
        }
    }

    /// Writes what is wanted now, if that is new.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&mut self, intent: Intent) -> io::Result<()> {
        if self.written.as_ref() == Some(&intent) {
            return Ok(());
        }
        let on_disk = OnDisk {
            version: VERSION,
            boot_id: self.boot_id.clone(),
            mode: intent.mode.clone(),
            goals: intent.goals.iter().map(|(id, up)| (id.to_string(), *up)).collect(),
            completed: intent.completed.iter().map(InstanceId::to_string).collect(),
            scales: intent.scales.iter().map(|(name, slots)| (name.to_string(), *slots)).collect(),
        };
        let bytes = serde_json::to_vec_pretty(&on_disk).map_err(io::Error::other)?;
        file::replace(&self.path, &bytes)?;
        self.written = Some(intent);
        Ok(())
    }

    /// Forgets it: after an orderly end, the configuration decides again.
    pub(crate) fn forget(&mut self) {
        self.written = None;
        let _ = std::fs::remove_file(&self.path);
    }
}

fn into_intent(found: OnDisk) -> Intent {
    let goals = found.goals.into_iter().filter_map(|(id, up)| Some((parse_instance(&id)?, up)));
    let scales = found.scales.into_iter().filter_map(|(name, n)| Some((ServiceName::new(&name).ok()?, n)));
    let completed = found.completed.iter().filter_map(|id| parse_instance(id)).collect();
    Intent { mode: found.mode, goals: goals.collect(), completed, scales: scales.collect() }
}

/// Reads `api/0`.
pub(crate) fn parse_instance(text: &str) -> Option<InstanceId> {
    let (service, index) = text.split_once('/')?;
    Some(InstanceId::new(ServiceName::new(service).ok()?, index.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wanted_survives_a_crash_but_not_a_boot() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("intent.json");
        let goals = [(parse_instance("api/0").expect("id"), false)].into();
        let completed = [parse_instance("migrate/0").expect("id")].into();
        let intent = Intent { mode: "advanced".to_owned(), goals, completed, ..Intent::default() };
        IntentFile::new(path.clone(), "boot-1".to_owned()).write(intent.clone()).expect("write");
        assert_eq!(IntentFile::new(path.clone(), "boot-1".to_owned()).read(), Some(intent));
        assert_eq!(IntentFile::new(path.clone(), "boot-2".to_owned()).read(), None);
        std::fs::write(&path, "{").expect("write");
        assert_eq!(IntentFile::new(path, "boot-1".to_owned()).read(), None);
    }
}
