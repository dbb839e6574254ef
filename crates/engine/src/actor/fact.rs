//! What comes back to the actor from the jobs it started.

use std::collections::BTreeMap;

use ostler_core::{InstanceId, ProbeKind, RunId, SpawnFailure};
use ostler_keeper::protocol::SpawnOrder;

use crate::{ask::Reply, keepers::NewKeeper, metrics::Usage, probe::NotifySocket};

/// A finished job.
pub(crate) enum Fact {
    /// A spawn is prepared, or cannot be.
    Prepared { instance: InstanceId, run: RunId, result: Result<Box<Prepared>, SpawnFailure> },
    /// What was left of a run without a keeper is ended.
    Ended { instance: InstanceId, run: RunId, killed: Vec<String> },
    /// A stop command has ended or was not possible; the signal follows.
    StopCommandDone { instance: InstanceId, run: RunId },
    /// A probe answered.
    Probed { instance: InstanceId, run: RunId, kind: ProbeKind, result: Result<(), String> },
    /// The last line of a run's output.
    LastLine { instance: InstanceId, run: RunId, line: String },
    /// A configuration was read.
    Loaded { result: Box<Result<ostler_config::Loaded, ostler_config::Rejected>>, because: LoadedBecause },
    /// A save has ended.
    Saved(Box<super::saving::Saved>),
    /// A follower of logs is gone.
    Unfollowed { follower: u64 },
    /// Use of CPU and memory, by instance.
    Measured {
        usage: BTreeMap<InstanceId, Usage>,
        /// For whom: instances, whether with their history, and who waits for the answer.
        asked: Option<(Vec<InstanceId>, bool, Reply<ostler_api::MetricsReply>)>,
    },
    /// A command beside the services wants something.
    Command(super::commands::CommandNews),
    /// A hook or the webhook was told.
    Hook(super::hooks::HookNews),
    /// Files changed, or are watched now.
    Watch(super::watches::WatchNews),
    /// Incidents were written, or not.
    IncidentsKept { kept: super::incidents::Kept },
    /// The reading of the changed files has failed for a defect of ours.
    NotLoaded,
    /// A job ended without anything to tell.
    Nothing,
}

impl Fact {
    /// What a job has to tell. A panic is told by the hook of the process; here it is only no fact.
    pub(super) fn of_job(result: Result<Self, tokio::task::JoinError>) -> Self {
        result.unwrap_or_else(|error| {
            tracing::error!(%error, "a job of the engine did not end well; what it was for is not done");
            Self::Nothing
        })
    }
}

/// Why a configuration was read.
#[derive(Debug)]
pub(crate) enum LoadedBecause {
    /// Somebody asked for a reload.
    Asked { params: ostler_api::ReloadParams, actor: ostler_core::Actor, reply: Reply<ostler_api::PlanReply> },
    /// The file changed.
    Changed,
    /// Somebody wants to know what is wrong with a text.
    Checked { reply: Reply<ostler_api::ConfigVerdict> },
}

/// Everything a keeper needs to start a run.
pub(crate) struct Prepared {
    /// The order.
    pub order: SpawnOrder,
    /// The ports of this run.
    pub ports: BTreeMap<String, u16>,
    /// What "Open" opens.
    pub url: Option<String>,
    /// What the evidence of a crash says of the launch.
    pub launched: super::incidents::Launched,
    /// A keeper, if the slot had none.
    pub keeper: Option<NewKeeper>,
    /// Where it says of its own accord how it is.
    pub notify: Option<NotifySocket>,
}
