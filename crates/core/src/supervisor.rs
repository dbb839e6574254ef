//! The whole: all instances, what they owe each other, and the three calls that move them.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use crate::{Effect, Fleet, Input, Instance, InstanceId, Intent, Plan, RunId, Timer};

/// All instances of a fleet in one mode.
#[derive(Clone, Debug, PartialEq)]
pub struct Supervisor {
    fleet: Arc<Fleet>,
    mode: String,
    next_run: RunId,
    instances: BTreeMap<InstanceId, Instance>,
}

impl Supervisor {
    /// A supervisor that has done nothing yet. `first_run` is the first number that no run has had; `fleet`
    /// has passed [`crate::Graph::new`].
    pub fn new(fleet: Arc<Fleet>, mode: String, first_run: RunId) -> Self {
        Self { fleet, mode, next_run: first_run, instances: BTreeMap::new() }
    }

    /// Takes in a fact or a wish; says what must be done about it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Vec<Effect> {
        let _ = (now, input);
        Vec::new()
    }

    /// When time alone next moves something, and what.
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        let timers = self.instances.values().filter_map(|instance| instance.phase.timer(&instance.id));
        timers.min_by_key(|(at, _)| *at)
    }

    /// Moves everything that is due.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<Effect> {
        let _ = now;
        Vec::new()
    }

    /// All slots, by service and number.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.instances.values()
    }

    /// One slot.
    pub fn instance(&self, id: &InstanceId) -> Option<&Instance> {
        self.instances.get(id)
    }

    /// The configuration in force.
    pub fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    /// The mode; during a switch the new one.
    pub fn mode(&self) -> &str {
        &self.mode
    }

    /// Whether a mode switch is under way.
    pub fn is_switching_mode(&self) -> bool {
        false
    }

    /// Whether everything is going down for good.
    pub fn is_shutting_down(&self) -> bool {
        false
    }

    /// What must survive a crash of the engine.
    pub fn intent(&self) -> Intent {
        Intent { mode: self.mode.clone(), ..Intent::default() }
    }

    /// The number of the next run.
    pub fn next_run(&self) -> RunId {
        self.next_run
    }

    /// What applying this configuration would do now.
    pub fn plan(&self, fleet: &Fleet) -> Plan {
        Plan::between_in(&self.fleet, fleet, Some(&self.mode))
    }
}
