//! What is worth knowing about an import.

use crate::text::Entry;

/// The most notes that are kept; the last then says how many were left out.
pub const NOTES_MAX: usize = 1000;

/// How much a note weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It has no equivalent and is gone.
    Lost,
    /// It is there, but means something slightly different.
    Changed,
    /// It goes on to work elsewhere, or was named otherwise.
    Kept,
}

/// One thing that is not the same in Ostler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How much it weighs.
    pub weight: Weight,
    /// The line in the file, from 1; 0 when there is none to tell.
    pub line: usize,
    /// The key in the file, as `apps.web.cron_restart`.
    pub key: String,
    /// What became of it.
    pub message: String,
    /// What to do instead.
    pub instead: String,
}

/// Collects notes, and no more than [`NOTES_MAX`].
#[derive(Debug, Default)]
pub(crate) struct Notes {
    notes: Vec<Note>,
    dropped: usize,
}

impl Notes {
    fn push(&mut self, weight: Weight, line: usize, key: String, message: &str, instead: &str) {
        if self.notes.len() == NOTES_MAX {
            self.dropped += 1;
            return;
        }
        let (message, instead) = (message.to_owned(), instead.to_owned());
        self.notes.push(Note { weight, line, key, message, instead });
    }

    pub(crate) fn lost(&mut self, line: usize, key: impl Into<String>, message: &str, instead: &str) {
        self.push(Weight::Lost, line, key.into(), message, instead);
    }

    pub(crate) fn changed(&mut self, line: usize, key: impl Into<String>, message: &str, instead: &str) {
        self.push(Weight::Changed, line, key.into(), message, instead);
    }

    pub(crate) fn kept(&mut self, line: usize, key: impl Into<String>, message: &str, instead: &str) {
        self.push(Weight::Kept, line, key.into(), message, instead);
    }

    /// A value of a type that the key does not have.
    pub(crate) fn wrong(&mut self, entry: &Entry, path: &str, expected: &str) {
        let message = format!("is not {expected}, and was left out");
        self.lost(entry.line, join(path, &entry.key), &message, "mend it in the file, or set it by hand");
    }

    /// By line, heaviest first on the same.
    pub(crate) fn into_sorted(mut self) -> Vec<Note> {
        self.notes.sort_by_key(|note| (note.line == 0, note.line, note.weight));
        if self.dropped > 0 {
            self.notes.push(Note {
                weight: Weight::Lost,
                line: 0,
                key: "…".to_owned(),
                message: format!("{} more are not told", self.dropped),
                instead: "import the file in parts".to_owned(),
            });
        }
        self.notes
    }
}

/// `services` and `web` are `services.web`.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
