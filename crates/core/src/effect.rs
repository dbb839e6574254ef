//! What must be done.

use std::sync::Arc;

use crate::{Cause, Condition, InstanceId, RunId, ServiceName, ServiceSpec, Signal};

/// Something the engine must do. Effects are performed in order.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "an effect that is not performed leaves the supervisor believing in it"]
pub enum Effect {
    /// Make a run: check its ports, prepare its environment, have the keeper spawn it. Answered by
    /// [`crate::Input::Spawned`] or [`crate::Input::SpawnFailed`].
    Spawn {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// What it is.
        spec: Arc<ServiceSpec>,
        /// The mode it runs in.
        mode: String,
    },
    /// End the run politely: the stop command if there is one, then the signal to the whole group.
    /// Answered by [`crate::Input::Exited`] and, unless it said so itself, [`crate::Input::TreeGone`]. Sent
    /// before [`crate::Input::Spawned`], it may call the spawn off (answered by [`crate::Input::SpawnFailed`]);
    /// if the run is spawned all the same, it is sent again.
    Terminate {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// What it is.
        spec: Arc<ServiceSpec>,
        /// The signal.
        signal: Signal,
    },
    /// Kill the whole tree of the run. Answered as [`Effect::Terminate`] is. Also sent for a run that lives
    /// without being the run of any slot; then no answer is needed.
    Kill {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
    },
    /// Start asking the readiness probe.
    ProbeReady {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// What it is.
        spec: Arc<ServiceSpec>,
    },
    /// Start asking the liveness probe (and go on asking the readiness probe for health, if there is no other).
    ProbeLive {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// What it is.
        spec: Arc<ServiceSpec>,
    },
    /// Stop asking.
    ProbeNone {
        /// Which slot.
        instance: InstanceId,
    },
    /// Journal: the phase changed, or, if `from` and `to` are the same, its causes or its run did.
    Phase {
        /// Which slot.
        instance: InstanceId,
        /// From.
        from: PhaseKind,
        /// To.
        to: PhaseKind,
        /// Of which run, if any.
        run: Option<RunId>,
        /// Why, nearest cause first.
        causes: Vec<Cause>,
    },
    /// Journal: the health changed.
    Health {
        /// Which slot.
        instance: InstanceId,
        /// To.
        to: Health,
        /// Why.
        causes: Vec<Cause>,
    },
    /// Journal: a slot exists that did not.
    Added {
        /// Which.
        instance: InstanceId,
    },
    /// Journal: a slot is gone. Its keeper may go too.
    Removed {
        /// Which.
        instance: InstanceId,
    },
    /// A run crashed: freeze the evidence.
    Incident {
        /// Which slot.
        instance: InstanceId,
        /// Which run.
        run: RunId,
        /// Why, nearest cause first.
        causes: Vec<Cause>,
    },
    /// The crash loop limit was hit.
    LimitHit {
        /// Which slot.
        instance: InstanceId,
        /// The limit.
        causes: Vec<Cause>,
    },
    /// The mode is fully switched, or begins to be.
    Mode {
        /// Which.
        mode: String,
        /// Whether all is settled.
        is_settled: bool,
    },
    /// After [`crate::Request::Shutdown`]: nothing runs any more.
    AllDown,
}

/// What is, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhaseKind {
    /// No process, none wanted or waiting for a dependency.
    Stopped,
    /// A process, not yet ready.
    Starting,
    /// A process, ready or without a probe.
    Running,
    /// Being ended.
    Stopping,
    /// Waiting before the next run.
    Backoff,
    /// Given up.
    Failed,
}

/// Whether it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// Nobody knows (not running, or no probe yet).
    Unknown,
    /// It answers, or needs no probe.
    Ready,
    /// It runs but does not answer.
    Unready,
}

/// What a start waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Which service.
    pub service: ServiceName,
    /// For what.
    pub condition: Condition,
}
