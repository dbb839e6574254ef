//! One slot of a service: what is wanted of it, what it does, and what it remembers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Cause, ExitStatus, Goal, Health, InstanceId, Phase, PhaseKind, Rest, RunId, ServiceSpec, Then,
    TreeReport, Waiting, backoff::Restarts,
};

/// The state of one slot. Changed only by the [`crate::Supervisor`] it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    pub(crate) id: InstanceId,
    /// The newest specification; a run may still live by an older one.
    pub(crate) spec: Arc<ServiceSpec>,
    pub(crate) goal: Goal,
    pub(crate) phase: Phase,
    /// When the phase was entered.
    pub(crate) since: Instant,
    /// Why the phase is what it is, nearest cause first.
    pub(crate) causes: Vec<Cause>,
    pub(crate) restarts: Restarts,
    /// Whether a run of this specification was healthy before.
    pub(crate) is_proven: bool,
    /// Whether the slot disappears once it is settled.
    pub(crate) is_leaving: bool,
    /// Whether its pool will restart it after others.
    pub(crate) is_queued: bool,
    pub(crate) last_exit: Option<(ExitStatus, Duration)>,
    pub(crate) last_stop: Option<(TreeReport, Duration)>,
}

impl Instance {
    pub(crate) fn new(now: Instant, id: InstanceId, spec: Arc<ServiceSpec>) -> Self {
        Self {
            id,
            spec,
            goal: Goal::Down,
            phase: Phase::Stopped(Rest::Down),
            since: now,
            causes: Vec::new(),
            restarts: Restarts::default(),
            is_proven: false,
            is_leaving: false,
            is_queued: false,
            last_exit: None,
            last_stop: None,
        }
    }

    /// Which slot it is.
    pub fn id(&self) -> &InstanceId {
        &self.id
    }

    /// What it is, by the present configuration.
    pub fn spec(&self) -> &Arc<ServiceSpec> {
        &self.spec
    }

    /// What is wanted of it.
    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// What it does, with the data of that phase.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// What it does.
    pub fn phase_kind(&self) -> PhaseKind {
        self.phase.kind()
    }

    /// Its present run, if it has one.
    pub fn run(&self) -> Option<RunId> {
        self.phase.run().map(|run| run.id)
    }

    /// The first process of its present run.
    pub fn pid(&self) -> Option<u32> {
        self.phase.run().and_then(|run| run.process).map(|process| process.pid)
    }

    /// Whether it answers.
    pub fn health(&self) -> Health {
        match &self.phase {
            Phase::Running { health, .. } => *health,
            Phase::Stopped(_)
            | Phase::Starting { .. }
            | Phase::Stopping { .. }
            | Phase::Backoff { .. }
            | Phase::Failed { .. } => Health::Unknown,
        }
    }

    /// When it entered its present phase.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// When its present run was spawned.
    pub fn started(&self) -> Option<Instant> {
        self.phase.run().and_then(|run| run.process).map(|process| process.since)
    }

    /// Automatic restarts since the last explicit start.
    pub fn restart_count(&self) -> u32 {
        self.restarts.total()
    }

    /// Automatic restarts in a row, without a healthy time of `restart.reset_after` before the last crash.
    pub fn attempt(&self) -> u32 {
        self.restarts.streak()
    }

    /// When the backoff ends.
    pub fn next_retry(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Backoff { until, .. } => Some(*until),
            Phase::Stopped(_)
            | Phase::Starting { .. }
            | Phase::Running { .. }
            | Phase::Stopping { .. }
            | Phase::Failed { .. } => None,
        }
    }

    /// How the first process of its last ended run ended, and how long after its spawn.
    pub fn last_exit(&self) -> Option<(ExitStatus, Duration)> {
        self.last_exit
    }

    /// What became of the processes of the last run that was stopped.
    pub fn last_report(&self) -> Option<&TreeReport> {
        self.last_stop.as_ref().map(|(report, _)| report)
    }

    /// How long the last stop took, from the request to the last process.
    pub fn stop_duration(&self) -> Option<Duration> {
        self.last_stop.as_ref().map(|(_, duration)| *duration)
    }

    /// Why its phase is what it is, nearest cause first.
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// What its start waits for.
    pub fn waiting_for(&self) -> Option<&Waiting> {
        match &self.phase {
            Phase::Stopped(Rest::Waiting { on, .. }) => on.as_ref(),
            Phase::Stopped(Rest::Down | Rest::Scheduled | Rest::Completed | Rest::NotRestarted)
            | Phase::Starting { .. }
            | Phase::Running { .. }
            | Phase::Stopping { .. }
            | Phase::Backoff { .. }
            | Phase::Failed { .. } => None,
        }
    }

    /// Whether a new run was asked for and the old one is still there: it is being stopped for it, or waits
    /// for its turn in a rolling restart.
    pub fn is_pending_restart(&self) -> bool {
        self.is_queued || matches!(&self.phase, Phase::Stopping { then: Then::Start { .. }, .. })
    }

    /// Whether it is to stop and only waits for its dependants to be gone.
    pub fn is_pending_stop(&self) -> bool {
        self.goal == Goal::Down && matches!(self.phase_kind(), PhaseKind::Starting | PhaseKind::Running)
    }

    /// Whether it disappears once it is down.
    pub fn is_leaving(&self) -> bool {
        self.is_leaving
    }
}
