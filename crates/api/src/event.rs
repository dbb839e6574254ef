//! What happens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Banner, Cause, EventsStatus, Health, InstanceStatus, Phase, Plan, ServiceStatus};

/// One thing that happened. Numbered without gaps; what a client missed is told by `gap`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its number, from 1 per engine start.
    pub seq: u64,
    /// When, RFC 3339 with milliseconds.
    pub at: String,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventKind {
    /// The phase of an instance changed.
    InstancePhase {
        /// `api/0`.
        instance: String,
        /// From.
        from: Phase,
        /// To.
        to: Phase,
        /// Why, nearest cause first.
        cause: Vec<Cause>,
        /// The instance as it is now.
        status: InstanceStatus,
    },
    /// The health, or anything else that is shown of an instance, changed.
    InstanceHealth {
        /// `api/0`.
        instance: String,
        /// To.
        health: Health,
        /// Why.
        cause: Vec<Cause>,
        /// The instance as it is now.
        status: InstanceStatus,
    },
    /// A service is new, its configuration changed, or it was looked at again.
    ServiceAdded {
        /// Which.
        service: String,
        /// The service as it is now.
        status: ServiceStatus,
        /// What is new of it.
        #[serde(default)]
        news: ServiceNews,
    },
    /// A service is gone.
    ServiceRemoved {
        /// Which.
        service: String,
    },
    /// A new configuration is in force.
    PlanApplied {
        /// What it changed.
        plan: Plan,
        /// SHA-256 of the text in force.
        hash: String,
    },
    /// The configuration was refused.
    ConfigError {
        /// All mistakes.
        diagnostics: Vec<crate::Diagnostic>,
    },
    /// The mode changes or has changed.
    ModeChanged {
        /// To.
        mode: String,
        /// Whether all services have followed.
        settled: bool,
    },
    /// A run crashed and its evidence was frozen.
    Incident {
        /// `api/0`.
        instance: String,
        /// The run.
        run: u64,
        /// Why.
        cause: Vec<Cause>,
    },
    /// A limit was hit: it is not restarted any more, or it is because it uses too much; the cause says which.
    LimitHit {
        /// `api/0`.
        instance: String,
        /// Why.
        cause: Vec<Cause>,
    },
    /// A command beside the services begins or has ended, or another step of a custom restart.
    Command {
        /// The service that is restarted, if one is.
        service: Option<String>,
        /// What it belongs to.
        step: crate::CommandStep,
        /// What happens, in words.
        text: String,
        /// How the command ended, with the latest of its output; none when it begins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<crate::CommandReply>,
    },
    /// A client connected.
    ConnectionOpened {
        /// The connection.
        id: u64,
        /// Its name, as it gave it.
        client: String,
    },
    /// A client left.
    ConnectionClosed {
        /// The connection.
        id: u64,
        /// Its name, as it gave it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        client: String,
        /// Why it was dropped, if somebody dropped it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The banner changed.
    Banner {
        /// All of it.
        banner: Vec<Banner>,
    },
    /// The event broadcast channel was switched, or others listen to it.
    EventChannel {
        /// As it is now.
        events: EventsStatus,
    },
    /// The machine sleeps, woke or ends, or its clock was set.
    Machine {
        /// What happened.
        what: MachineNews,
        /// The same in words.
        text: String,
        /// How long it slept, or how far its clock was set: back is less than 0; in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
    },
    /// The supervisor is about to end.
    Stopping {
        /// Whether the services go on.
        services_kept: bool,
    },
    /// Events were missed; a new snapshot follows.
    Gap {
        /// How many.
        missed: u64,
    },
    /// Another that this build does not know.
    #[serde(other)]
    Unknown,
}

/// What happened to the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MachineNews {
    /// It is about to sleep.
    Sleeps,
    /// It slept, and probes are asked afresh.
    Woke,
    /// The supervisor got no time for a while.
    StoodStill,
    /// Its clock was set.
    ClockSet,
    /// It is about to end, and services are stopped in order.
    Ends,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What is new of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceNews {
    /// It was not there before.
    #[default]
    Added,
    /// Its configuration has changed.
    Changed,
    /// Its configuration is as it was.
    Same,
}
