//! What those in front of the engine (TCP, later HTTP) tell of themselves: it is theirs to know, and `status` and
//! `doctor` say it.

use ostler_api::{Check, CheckState, EventKind};

use super::Actor;

/// Fronts that are remembered.
const FRONTS_MAX: usize = 16;

impl Actor {
    /// Notes what a front is like now.
    pub(super) fn front_reported(&mut self, check: Check) {
        if self.fronts.len() >= FRONTS_MAX && !self.fronts.contains_key(&check.name) {
            return;
        }
        if self.fronts.get(&check.name) == Some(&check) {
            return;
        }
        self.fronts.insert(check.name.clone(), check);
        self.shown_anew();
    }

    /// Notes that a front is gone.
    pub(super) fn front_gone(&mut self, name: &str) {
        if self.fronts.remove(name).is_some() {
            self.shown_anew();
        }
    }

    /// What `doctor` says of them.
    pub(super) fn front_checks(&self) -> Vec<Check> {
        self.fronts.values().cloned().collect()
    }

    /// What `status` says of them: only what a person should know.
    pub(super) fn front_notices(&self) -> impl Iterator<Item = String> {
        let are_known = self.fronts.values().filter(|check| check.state != CheckState::Ok);
        are_known.map(|check| format!("{}: {}", check.name, check.text))
    }

    fn shown_anew(&mut self) {
        let banner = self.published.banner.clone();
        self.note(None, EventKind::Banner { banner });
    }
}
