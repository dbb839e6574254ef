//! What an instance does right now, with the data that belongs to it and to nothing else.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{Cause, ExitStatus, Health, InstanceId, PhaseKind, RunId, ServiceSpec, SpawnFailure, Waiting};

/// How long after a kill the tree may still report; then the stop settles without it.
pub const KILL_GRACE: Duration = Duration::from_secs(2);

/// What is wanted of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Goal {
    /// It should run.
    Up,
    /// It should not.
    Down,
}

/// What an instance does.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// No process.
    Stopped(Rest),
    /// A run was asked for; it has no process yet, or is not ready yet.
    Starting {
        /// The run.
        run: Run,
        /// Ready by then, or it counts as crashed. `None` until it has a process.
        ready_by: Option<Instant>,
        /// What the readiness probe said last.
        last_probe: String,
    },
    /// A process that became ready, or has no readiness probe.
    Running {
        /// The run.
        run: Run,
        /// Whether it answers.
        health: Health,
        /// Since when it is healthy, or when it will be.
        steady: Steady,
        /// Failed probes in a row.
        failures: u32,
    },
    /// The run is being ended.
    Stopping {
        /// The run.
        run: Run,
        /// Since when.
        asked: Instant,
        /// How far it is.
        ending: Ending,
        /// What follows.
        then: Then,
    },
    /// Waits before the next run.
    Backoff {
        /// Until then.
        until: Instant,
        /// Which automatic restart in a row follows, from 1.
        attempt: u32,
    },
    /// Given up; only a start leads out.
    Failed {
        /// The nearest cause.
        cause: Cause,
    },
}

/// Why an instance rests.
#[derive(Clone, Debug, PartialEq)]
pub enum Rest {
    /// It is not wanted.
    Down,
    /// It is wanted, and waits for something else.
    Waiting {
        /// For which service; `None` while a mode switch still stops others.
        on: Option<Waiting>,
        /// What kind of start follows.
        start: StartKind,
        /// Why it starts, nearest cause first.
        because: Vec<Cause>,
    },
    /// It is wanted, and waits for its schedule to be due.
    Scheduled,
    /// A one-shot that ended with success.
    Completed,
    /// It ended with success, and its policy does not restart it.
    NotRestarted,
}

/// Whether a start was wanted by somebody or follows from policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartKind {
    /// By a command, a boot, a reload, a mode: counts start afresh.
    Explicit,
    /// By policy: counts into the window.
    Automatic,
}

/// One process life, as core knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its identity.
    pub id: RunId,
    /// What it was launched as; keys that change in place are kept up to date.
    pub spec: Arc<ServiceSpec>,
    /// Its process; `None` until spawned.
    pub process: Option<Process>,
    /// Why it was started, nearest cause first.
    pub because: Vec<Cause>,
}

/// The first process of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// When it was spawned.
    pub since: Instant,
}

/// Whether a run counts as healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steady {
    /// Since then.
    Since(Instant),
    /// From then on, if it lives that long: it has no probe.
    From(Instant),
    /// Not now: it does not answer.
    No,
}

/// How far the end of a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was asked to end.
    Polite {
        /// Killed then.
        kill_at: Instant,
    },
    /// It was killed.
    Killed {
        /// Settled then, whatever is left.
        give_up_at: Instant,
    },
}

/// What follows the end of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// It stays down.
    Stay,
    /// Another run.
    Start {
        /// Whether it waits for its dependencies.
        gate: Gate,
        /// Why, nearest cause first.
        because: Vec<Cause>,
    },
    /// It waits until a lost dependency is back, and starts again.
    AwaitDependency {
        /// Why, nearest cause first.
        because: Vec<Cause>,
    },
    /// The restart policy decides.
    Judge(Ended),
}

/// Whether a start waits for dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Until their conditions hold.
    Dependencies,
    /// Not at all.
    Open,
}

/// How a run came to its end, for the restart policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// How.
    pub how: How,
    /// A number in 0.0–1.0 for the jitter of a backoff.
    pub jitter: f64,
    /// Why, nearest cause first.
    pub causes: Vec<Cause>,
}

/// The ways a run can come to its end without being told to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// Its first process ended.
    Exit {
        /// How.
        status: ExitStatus,
        /// How long after its spawn.
        after: Duration,
    },
    /// It never had a process.
    NotSpawned(SpawnFailure),
    /// It was not ready in time.
    ReadyDeadline,
    /// Its liveness probe failed too often.
    NotLive,
    /// It exceeded a limit.
    LimitExceeded,
    /// Its keeper died.
    KeeperLost,
}

/// The next thing that time alone does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Not ready in time.
    ReadyDeadline(InstanceId),
    /// Long enough up to count as healthy.
    Healthy(InstanceId),
    /// The grace is over.
    Kill(InstanceId),
    /// What was killed is not waited for any longer.
    GiveUp(InstanceId),
    /// The backoff is over.
    Retry(InstanceId),
}

impl Timer {
    /// The instance it is about.
    pub fn instance(&self) -> &InstanceId {
        match self {
            Self::ReadyDeadline(id)
            | Self::Healthy(id)
            | Self::Kill(id)
            | Self::GiveUp(id)
            | Self::Retry(id) => id,
        }
    }
}

impl Phase {
    /// The phase without its data.
    pub fn kind(&self) -> PhaseKind {
        match self {
            Self::Stopped(_) => PhaseKind::Stopped,
            Self::Starting { .. } => PhaseKind::Starting,
            Self::Running { .. } => PhaseKind::Running,
            Self::Stopping { .. } => PhaseKind::Stopping,
            Self::Backoff { .. } => PhaseKind::Backoff,
            Self::Failed { .. } => PhaseKind::Failed,
        }
    }

    /// The run, in the phases that have one.
    pub fn run(&self) -> Option<&Run> {
        match self {
            Self::Starting { run, .. } | Self::Running { run, .. } | Self::Stopping { run, .. } => Some(run),
            Self::Stopped(_) | Self::Backoff { .. } | Self::Failed { .. } => None,
        }
    }

    /// The run, to keep it up to date.
    pub(crate) fn run_mut(&mut self) -> Option<&mut Run> {
        match self {
            Self::Starting { run, .. } | Self::Running { run, .. } | Self::Stopping { run, .. } => Some(run),
            Self::Stopped(_) | Self::Backoff { .. } | Self::Failed { .. } => None,
        }
    }

    /// When time alone moves it, and how.
    pub fn timer(&self, id: &InstanceId) -> Option<(Instant, Timer)> {
        match self {
            Self::Stopped(_) | Self::Failed { .. } => None,
            Self::Starting { ready_by, .. } => ready_by.map(|at| (at, Timer::ReadyDeadline(id.clone()))),
            Self::Running { steady: Steady::From(at), .. } => Some((*at, Timer::Healthy(id.clone()))),
            Self::Running { steady: Steady::Since(_) | Steady::No, .. } => None,
            Self::Stopping { ending: Ending::Polite { kill_at }, .. } => {
                Some((*kill_at, Timer::Kill(id.clone())))
            }
            Self::Stopping { ending: Ending::Killed { give_up_at }, .. } => {
                Some((*give_up_at, Timer::GiveUp(id.clone())))
            }
            Self::Backoff { until, .. } => Some((*until, Timer::Retry(id.clone()))),
        }
    }
}

impl Steady {
    /// For how long the run has been healthy at `now`; `None` if it is not.
    pub(crate) fn healthy_for(self, now: Instant) -> Option<Duration> {
        match self {
            Self::Since(at) | Self::From(at) => now.checked_duration_since(at),
            Self::No => None,
        }
    }
}
