//! What the window remembers from one day to the next: its place, where its panes meet, and what its
//! lists, logs and charts show.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use crate::settings::Colours;

const FILE: &str = "window.json";
/// The most positions of panes that are kept.
const PANES_MAX: usize = 32;

static SHELF: OnceLock<Shelf> = OnceLock::new();

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    /// Which colours an earlier version of the app was to have; now the settings keep them.
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<Colours>,
    /// Where the window was.
    pub(crate) place: Option<Place>,
    /// Where panes meet, by name, in logical pixels.
    pub(crate) panes: BTreeMap<String, f64>,
    /// The services in one list, without groups.
    pub(crate) is_flat: bool,
    /// What the list does not show, though there is room for it.
    pub(crate) hidden: BTreeSet<Column>,
    /// Long lines of a log end at the edge.
    pub(crate) is_log_cut: bool,
    /// How far charts go back: the number of a range.
    pub(crate) metrics_range: usize,
}

/// What the list may show of a service beside its state and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Column {
    /// Where it listens.
    Address,
    /// How long it runs.
    Uptime,
    /// How often it was restarted.
    Restarts,
    /// Its share of CPU.
    Cpu,
    /// Its memory.
    Memory,
    /// The curves of both.
    Graphs,
}

/// Where the window was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// From the left.
    pub(crate) x: f64,
    /// From the top.
    pub(crate) y: f64,
    /// Its width.
    pub(crate) width: f64,
    /// Its height.
    pub(crate) height: f64,
    /// Whether it filled the screen; the rest is what it was before.
    pub(crate) is_maximized: bool,
}

impl Memory {
    /// Which colours were chosen in an earlier version of the app. It wrote `system` where nothing was chosen.
    pub(crate) fn chosen_theme(&self) -> Option<Colours> {
        self.theme.filter(|theme| *theme != Colours::System)
    }
}

struct Shelf {
    file: PathBuf,
    memory: Mutex<Memory>,
}

impl Shelf {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads what was remembered in a home. Only the first call counts.
pub(crate) fn open(state: &Path) {
    let file = state.join(FILE);
    let memory = Mutex::new(read(&file));
    if SHELF.set(Shelf { file, memory }).is_err() {
        tracing::error!("what is remembered was read already");
    }
}

/// What is remembered now.
pub(crate) fn now() -> Memory {
    SHELF.get().map(|shelf| shelf.memory().clone()).unwrap_or_default()
}

/// Remembers something else; [`keep`] writes it down.
pub(crate) fn change(change: impl FnOnce(&mut Memory)) {
    let Some(shelf) = SHELF.get() else { return };
    let mut memory = shelf.memory();
    change(&mut memory);
    while memory.panes.len() > PANES_MAX {
        memory.panes.pop_first();
    }
}

/// Writes down what is remembered.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn keep() -> io::Result<()> {
    SHELF.get().map_or(Ok(()), |shelf| write(&shelf.file, &now()))
}

fn read(file: &Path) -> Memory {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Memory::default(),
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "what the window remembered cannot be read");
            return Memory::default();
        }
    };
    serde_json::from_str(&text).unwrap_or_else(|error| {
        tracing::warn!(%error, file = %file.display(), "what the window remembered is unclear");
        Memory::default()
    })
}

/// In one step: whoever reads meanwhile sees the old or the new.
fn write(file: &Path, memory: &Memory) -> io::Result<()> {
    let text = serde_json::to_string_pretty(memory).map_err(io::Error::other)?;
    let beside = file.with_extension("json.new");
    std::fs::write(&beside, text + "\n")?;
    std::fs::rename(&beside, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let place = Place { x: -4.0, y: 0.5, width: 900.0, height: 600.0, is_maximized: true };
        let panes = [("detail".to_owned(), 456.0)].into();
        let memory = Memory {
            theme: Some(Colours::HighContrast),
            place: Some(place),
            panes,
            is_flat: true,
            hidden: [Column::Cpu, Column::Graphs].into(),
            is_log_cut: true,
            metrics_range: 2,
        };
        write(&file, &memory).unwrap();
        assert_eq!(read(&file), memory);
    }

    #[test]
    fn colours_of_an_earlier_version_are_known_unless_it_wrote_that_of_no_choice() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        for (text, chosen) in [("dark", Some(Colours::Dark)), ("system", None)] {
            std::fs::write(&file, format!("{{\"theme\": \"{text}\"}}")).unwrap();
            assert_eq!(read(&file).chosen_theme(), chosen);
        }
    }

    #[test]
    fn a_broken_file_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        for text in ["", "{", "[]", "{\"theme\": \"pink\"}", "{\"place\": 7}"] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(read(&file), Memory::default(), "{text}");
        }
        std::fs::write(&file, "{\"later\": true}").unwrap();
        assert_eq!(read(&file), Memory::default());
    }
}
