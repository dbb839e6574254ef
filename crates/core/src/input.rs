//! What can happen to the supervisor.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use crate::{Actor, Cause, ExitStatus, Fleet, InstanceId, RunId, ServiceName, SpawnFailure};

/// A fact or a wish. Everything that ever changes the supervisor is one of these, or time.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Somebody wants something.
    Command {
        /// What.
        request: Request,
        /// Who.
        actor: Actor,
    },
    /// The supervisor starts; sent once, after all [`Input::Adopted`].
    Boot {
        /// What was wanted before a crash or an upgrade; `None` = a fresh start: `enabled` and the mode decide.
        intent: Option<Intent>,
    },
    /// A keeper with a living run was found.
    Adopted {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// Its process.
        pid: u32,
        /// How long ago it was spawned.
        age: Duration,
        /// Whether it was known to be ready.
        was_ready: bool,
    },
    /// The run has a process now.
    Spawned {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// Its process.
        pid: u32,
    },
    /// The run never came to life.
    SpawnFailed {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// Why.
        failure: SpawnFailure,
    },
    /// The run's first process ended.
    Exited {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// How.
        status: ExitStatus,
        /// Whether the rest of its tree is gone too. If not, [`Input::TreeGone`] follows.
        tree_is_gone: bool,
        /// A number in 0.0–1.0 for the jitter of a backoff that may follow.
        jitter: f64,
    },
    /// No process of the run is left, or those that are cannot be ended.
    TreeGone {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// What became of its processes.
        report: TreeReport,
    },
    /// The keeper died, and with it all it knew. The engine has ended what was left of the run.
    KeeperLost {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
    },
    /// A probe answered for the first time, or again after failures.
    Ready {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
    },
    /// A probe failed.
    ProbeFailed {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// Which kind.
        kind: ProbeKind,
        /// What it said, in words.
        message: String,
    },
    /// A limit was exceeded (memory, CPU, watchdog): restart it.
    Limit {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// In words, with figures.
        what: String,
    },
    /// The machine slept, or the engine stood still: nobody could ask or answer meanwhile.
    Resumed {
        /// How long nobody will be asked from now on.
        pause: Duration,
    },
}

/// Which probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    /// `[ready]`.
    Ready,
    /// `[live]`.
    Live,
}

/// What somebody wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Up, now; backoff is skipped, counts start afresh.
    Start {
        /// Which.
        targets: Vec<Target>,
        /// Whether what they depend on is started too.
        with_dependencies: bool,
    },
    /// Down. While stopping already: kill now.
    Stop {
        /// Which.
        targets: Vec<Target>,
    },
    /// A new run each; pools roll.
    Restart {
        /// Which.
        targets: Vec<Target>,
    },
    /// Up without anybody's word, with all that they need: their schedule is due.
    Run {
        /// Which.
        targets: Vec<Target>,
        /// Why.
        because: Cause,
    },
    /// A new run each without anybody's word; pools roll. What is wanted down stays down.
    Renew {
        /// Which.
        targets: Vec<Target>,
        /// Why.
        because: Cause,
    },
    /// Another number of slots, 1–`max_instances`.
    Scale {
        /// Which.
        service: ServiceName,
        /// How many.
        instances: u16,
    },
    /// Another mode; it exists.
    SetMode {
        /// Which.
        mode: String,
    },
    /// A new configuration.
    Apply {
        /// All of it.
        fleet: Arc<Fleet>,
    },
    /// Everything down, in reverse order; when all is settled, [`crate::Effect::AllDown`].
    Shutdown,
}

/// Whom a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// All slots of a service.
    Service(ServiceName),
    /// One slot.
    Instance(InstanceId),
}

/// What became of a run's processes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeReport {
    /// Processes that ended by themselves or by the polite signal.
    pub ended: u32,
    /// Processes that had to be killed: `sleep (4711)`.
    pub killed: Vec<String>,
    /// Processes that are still there: `dd (4712)`.
    pub escaped: Vec<String>,
}

/// What was wanted, kept across a crash of the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// The mode.
    pub mode: String,
    /// Slots that are wanted up (`true`) or down by hand or by policy.
    pub goals: BTreeMap<InstanceId, bool>,
    /// Slots that are wanted up and rest, because they ended with success: they are not run again.
    pub completed: BTreeSet<InstanceId>,
    /// Numbers of slots set by `scale`.
    pub scales: BTreeMap<ServiceName, u16>,
}
