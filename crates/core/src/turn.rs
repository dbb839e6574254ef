//! One call of the supervisor: the present instant, and what is collected until it returns.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{Effect, RunId, ServiceName};

/// Later than anybody waits; for durations that no clock can hold.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// What the parts of the supervisor share while one input is handled.
pub(crate) struct Turn {
    pub(crate) now: Instant,
    /// The mode that new runs get.
    pub(crate) mode: Arc<str>,
    pub(crate) effects: Vec<Effect>,
    next_run: RunId,
    /// Services of which a slot changed, for which consequences are still to be drawn.
    touched: BTreeSet<ServiceName>,
}

impl Turn {
    pub(crate) fn new(now: Instant, mode: Arc<str>, next_run: RunId) -> Self {
        Self { now, mode, effects: Vec::new(), next_run, touched: BTreeSet::new() }
    }

    /// A number that no run has had.
    pub(crate) fn take_run_id(&mut self) -> RunId {
        let id = self.next_run;
        self.next_run = RunId(id.0 + 1);
        id
    }

    /// The number of the next run.
    pub(crate) fn next_run(&self) -> RunId {
        self.next_run
    }

    /// A run of an earlier engine is there: new numbers come after it.
    pub(crate) fn skip_run_id(&mut self, seen: RunId) {
        self.next_run = self.next_run.max(RunId(seen.0.saturating_add(1)));
    }

    /// What must be done.
    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// A slot of this service changed.
    pub(crate) fn touch(&mut self, service: &ServiceName) {
        if !self.touched.contains(service) {
            self.touched.insert(service.clone());
        }
    }

    /// The services that changed since the last call.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<ServiceName> {
        std::mem::take(&mut self.touched)
    }

    /// An instant after the present one.
    pub(crate) fn after(&self, wait: Duration) -> Instant {
        self.now.checked_add(wait).unwrap_or_else(|| self.now + FAR)
    }
}
