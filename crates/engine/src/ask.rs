//! What the handles ask of the actor.

use ostler_api::{
    ActionParams, ApiError, AttachParams, ConfigText, ConfigValidateParams, ConfigVerdict, DoctorReply,
    EnvReply, HealthReply, LogReply, LogsParams, MetricsParams, MetricsReply, PlanReply, ReloadParams,
    ScaleParams, ServiceParams, SetModeParams, ShutdownParams, ShutdownReply, SignalParams, SignalReply,
    Snapshot,
};
use ostler_core::Actor;
use tokio::sync::oneshot;

use crate::{LogFollower, PowerNews, Wish, terminal::Wanted};

/// What the actor answers.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, ApiError>>;

/// A wish for the actor.
#[derive(Debug)]
pub(crate) enum Ask {
    Action {
        wish: Wish,
        params: ActionParams,
        actor: Actor,
        reply: Reply<Accepted>,
    },
    Reload {
        params: ReloadParams,
        actor: Actor,
        reply: Reply<PlanReply>,
    },
    SetMode {
        params: SetModeParams,
        actor: Actor,
        reply: Reply<PlanReply>,
    },
    Scale {
        params: ScaleParams,
        actor: Actor,
        reply: Reply<PlanReply>,
    },
    Shutdown {
        params: ShutdownParams,
        actor: Actor,
        reply: Reply<ShutdownReply>,
    },
    Signal {
        params: SignalParams,
        actor: Actor,
        reply: Reply<SignalReply>,
    },
    Status {
        params: ServiceParams,
        reply: Reply<Snapshot>,
    },
    Health {
        params: ServiceParams,
        reply: Reply<HealthReply>,
    },
    /// The probes of instances, and what they last said.
    Probes {
        params: ServiceParams,
        reply: Reply<std::collections::BTreeMap<String, Vec<ostler_api::ProbeStatus>>>,
    },
    ConfigGet {
        reply: Reply<ConfigText>,
    },
    ConfigSave {
        wish: crate::saving::SaveWish,
        actor: Actor,
        reply: Reply<ostler_api::ConfigSaveReply>,
    },
    ConfigHistory {
        reply: Reply<ostler_api::ConfigHistory>,
    },
    ConfigValidate {
        params: ConfigValidateParams,
        reply: Reply<ConfigVerdict>,
    },
    Metrics {
        params: MetricsParams,
        reply: Reply<MetricsReply>,
    },
    Env {
        params: ServiceParams,
        reply: Reply<EnvReply>,
    },
    Logs {
        params: LogsParams,
        actor: Actor,
        reply: Reply<(LogReply, Option<LogFollower>)>,
    },
    ExecuteCommand {
        params: ostler_api::ExecuteCommandParams,
        actor: Actor,
        reply: Reply<ostler_api::CommandReply>,
    },
    CustomRestart {
        params: ostler_api::CustomRestartParams,
        actor: Actor,
        reply: Reply<ostler_api::CustomRestartReply>,
    },
    Doctor {
        reply: Reply<DoctorReply>,
    },
    Attach {
        params: AttachParams,
        actor: Actor,
        reply: Reply<Wanted>,
    },
    Streams {
        service: String,
        reply: Reply<Wanted>,
    },
    /// What one in front of the engine is like.
    Front {
        check: ostler_api::Check,
        url: Option<String>,
    },
    /// One in front of the engine is gone.
    FrontGone {
        name: &'static str,
    },
    /// Others listen to the event broadcast channel now.
    Listeners,
    /// Something happened in front of the engine.
    Note {
        kind: ostler_api::EventKind,
    },
    Incidents {
        params: ostler_api::IncidentsParams,
        reply: Reply<ostler_api::IncidentsReply>,
    },
    /// Something about the supervisor itself that belongs into the audit.
    Fault {
        action: &'static str,
        subject: String,
        text: String,
    },
    Power {
        news: PowerNews,
        reply: Reply<()>,
    },
    /// Somebody looks at metrics as long as the sender's other end lives.
    Look {
        until: oneshot::Receiver<()>,
    },
}

/// A wish was accepted.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// As of this event.
    pub seq: u64,
    /// The instances it concerns, as `api/0`.
    pub instances: Vec<String>,
}
