//! What the actor writes down for an engine that comes after a crash, and what it still owes the disk.
//!
//! A file that cannot be written now (the disk is full, a virus scanner holds it) is tried again every second until it
//! is, and `status` says meanwhile what a crash would cost: nobody has to wish twice.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ostler_api::Check;
use ostler_config::Paths;
use tokio::time::Instant;

use super::Actor;
use crate::checks::fail;
use crate::state;

/// How long after a failure the next attempt is.
const AGAIN: Duration = Duration::from_secs(1);

/// What is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kept {
    /// Goals, mode and scales.
    Intent,
    /// The numbers of runs.
    Numbers,
    /// Which due instants were dealt with.
    Schedules,
    /// The configuration in force.
    Config,
}

impl Kept {
    /// What is not written, and what that costs.
    fn loss(self) -> &'static str {
        match self {
            Self::Intent => "what is wanted cannot be written down; a crash of the engine would forget it",
            Self::Numbers => "numbers of runs cannot be written down; after a crash one could be used twice",
            Self::Schedules => {
                "schedules cannot be written down; after a crash one could run twice or not at all"
            }
            Self::Config => {
                "the configuration in force cannot be written down; an engine after a crash would need a file without \
                 errors"
            }
        }
    }
}

/// What could not be written yet.
#[derive(Debug, Default)]
pub(super) struct Owed {
    errors: BTreeMap<Kept, String>,
    again: Option<Instant>,
}

impl Owed {
    /// When it is tried again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.again
    }

    /// What `status` says of it.
    pub(super) fn notices(&self) -> impl Iterator<Item = String> {
        self.errors.iter().map(|(what, error)| format!("{} ({error}); tried again every second", what.loss()))
    }
}

impl Actor {
    /// Keeps what is wanted, before anybody is told that it was accepted.
    pub(super) fn keep_intent(&mut self) {
        let written = self.intent.write(self.supervisor.intent());
        self.kept(Kept::Intent, written);
        self.keep_numbers();
    }

    pub(super) fn keep_numbers(&mut self) {
        let written = self.numbers.used(self.supervisor.next_run());
        self.kept(Kept::Numbers, written);
    }

    pub(super) fn keep_schedules(&mut self) {
        let written = self.schedules.keep();
        self.kept(Kept::Schedules, written);
    }

    /// Keeps the text in force for an engine that comes after a crash and finds the file broken.
    pub(super) fn keep_good_config(&mut self) {
        let written = state::replace(&good_config(&self.options.paths), self.config.text.as_bytes());
        self.kept(Kept::Config, written);
    }

    /// Writes what could not be written before, if that is due.
    pub(super) fn keep_owed(&mut self) {
        if self.owed.again.is_none_or(|due| due.into_std() > self.time.now) {
            return;
        }
        self.owed.again = None;
        for what in self.owed.errors.keys().copied().collect::<Vec<_>>() {
            match what {
                Kept::Intent => self.keep_intent(),
                Kept::Numbers => self.keep_numbers(),
                Kept::Schedules => self.keep_schedules(),
                Kept::Config => self.keep_good_config(),
            }
        }
    }

    /// What `doctor` says of it.
    pub(super) fn check_kept(&self) -> Vec<Check> {
        let mend = "free the disk, or mend the permissions of the state directory";
        self.owed.notices().map(|text| fail("state", text, mend)).collect()
    }

    fn kept(&mut self, what: Kept, written: io::Result<()>) {
        let error = written.err().map(|error| error.to_string());
        match error {
            Some(error) => {
                self.owed.again = Some(Instant::from_std(self.time.now) + AGAIN);
                // One reason after the other is the same trouble, which is told once.
                if self.owed.errors.contains_key(&what) {
                    return;
                }
                tracing::warn!(error, "{}", what.loss());
                self.owed.errors.insert(what, error);
            }
            None => {
                if self.owed.errors.remove(&what).is_none() {
                    return;
                }
                tracing::info!("{what:?} is written down after all");
            }
        }
        self.shown_anew();
    }
}

/// The configuration that an engine had in force when it vanished, if one did. Files that it includes are read as
/// they are now.
pub fn last_good_config(paths: &Paths) -> Option<ostler_config::Loaded> {
    if !paths.state.join(state::INTENT).exists() {
        return None;
    }
    let text = std::fs::read_to_string(good_config(paths)).ok()?;
    ostler_config::check(&text, &paths.config, &ostler_config::Os).ok()
}

fn good_config(paths: &Paths) -> PathBuf {
    paths.state.join("last-good.toml")
}
