//! What those in front of the engine (TCP, HTTP) tell of themselves: it is theirs to know, and `status` and
//! `doctor` say it.

use ostler_api::{Check, CheckState, EventKind};

use super::Actor;

/// How the one that speaks HTTP calls itself.
const HTTP: &str = "http";
/// Fronts that are remembered.
const FRONTS_MAX: usize = 16;

/// What one in front of the engine is like.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Front {
    pub(super) check: Check,
    /// Where it is reached.
    pub(super) url: Option<String>,
}

impl Actor {
    /// Notes what a front is like now.
    pub(super) fn front_reported(&mut self, front: Front) {
        if self.fronts.len() >= FRONTS_MAX && !self.fronts.contains_key(&front.check.name) {
            return;
        }
        if self.fronts.get(&front.check.name) == Some(&front) {
            return;
        }
        self.fronts.insert(front.check.name.clone(), front);
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
        self.fronts.values().map(|front| front.check.clone()).collect()
    }

    /// Where HTTP is reached.
    pub(super) fn http_url(&self) -> Option<String> {
        self.fronts.get(HTTP)?.url.clone()
    }

    /// What `status` says of them: only what a person should know.
    pub(super) fn front_notices(&self) -> impl Iterator<Item = String> {
        let are_known =
            self.fronts.values().map(|front| &front.check).filter(|check| check.state != CheckState::Ok);
        are_known.map(|check| format!("{}: {}", check.name, check.text))
    }

    /// What `status` says of the supervisor is another now.
    pub(super) fn shown_anew(&mut self) {
        let banner = self.published.banner.clone();
        self.note(None, EventKind::Banner { banner });
    }
}
