//! The methods.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ErrorCode, InstanceStatus, Plan, Snapshot};

/// What a method may do to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It only looks.
    Read,
    /// It changes something.
    Change,
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident $text:literal $effect:ident;)*) => {
        /// A method of the control protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Method { $($(#[$doc])* $name,)* }

        impl Method {
            /// All methods.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Finds a method.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }

            /// What it may do.
            pub fn effect(self) -> Effect {
                match self { $(Self::$name => Effect::$effect,)* }
            }
        }
    };
}

methods! {
    /// Who are you.
    Hello "hello" Read;
    /// What is.
    Status "status" Read;
    /// Up.
    Start "start" Change;
    /// Down.
    Stop "stop" Change;
    /// A new run.
    Restart "restart" Change;
    /// Ask the probes now.
    HealthCheck "health_check" Read;
    /// Read the configuration again.
    ReloadConfig "reload_config" Change;
    /// The configuration's text.
    ConfigGet "config_get" Read;
    /// What is wrong with a text.
    ConfigValidate "config_validate" Read;
    /// Another mode.
    SetMode "set_mode" Change;
    /// The end.
    Shutdown "shutdown" Change;
    /// What is, then what happens.
    Watch "watch" Read;
    /// Output.
    Logs "logs" Read;
    /// The cause chain.
    Why "why" Read;
    /// Use of CPU and memory.
    Metrics "metrics" Read;
    /// Send a signal.
    Signal "signal" Change;
    /// Another number of slots.
    Scale "scale" Change;
    /// The environment of a run.
    Env "env" Read;
    /// Self-check.
    Doctor "doctor" Read;
    /// A new run, with commands before and after it.
    CustomRestart "custom_restart" Change;
    /// Run a command beside the services.
    ExecuteCommand "execute_command" Change;
    /// Another text of the configuration.
    ConfigSave "config_save" Change;
    /// Another value of one key.
    ConfigEdit "config_edit" Change;
    /// The kept versions.
    ConfigHistory "config_history" Read;
    /// Back to a kept version.
    ConfigRestore "config_restore" Change;
    /// A service's terminal, as it is shown.
    Attach "attach" Change;
    /// Type.
    Input "input" Change;
    /// Another size of the terminal.
    Resize "resize" Change;
    /// Let go of the terminal.
    Detach "detach" Change;
    /// Frozen evidence of crashes.
    Incidents "incidents" Read;
    /// Where the event stream is.
    SubscribeEvents "subscribe_events" Read;
    /// Who listens to it.
    EventStats "event_stats" Read;
    /// Have it tell something.
    EmitTestEvent "emit_test_event" Change;
    /// Where the web dashboard is, and a code that signs in there.
    DashboardCode "dashboard_code" Change;
    /// Who is connected.
    Connections "connections" Read;
    /// Send one away.
    DropConnection "drop_connection" Change;
    /// The certificate that HTTP shows.
    Tls "tls" Read;
}

/// The answer to `hello`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HelloReply {
    /// `ostler`.
    pub server: String,
    /// The engine's version.
    pub version: String,
    /// The protocol's version.
    pub protocol_version: u32,
    /// The methods that this engine answers.
    pub capabilities: Vec<String>,
    /// How surely a stop reaches every process.
    pub tier: crate::Tier,
    /// The engine's identity.
    pub engine_id: String,
    /// The engine's process.
    pub pid: u32,
    /// The URL of the event stream, if there is one.
    pub events_url: Option<String>,
}

/// The answer to `start`, `stop`, `restart`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActionReply {
    /// The wish is accepted as of this event.
    pub accepted_at: u64,
    /// With `wait`: the instances as they are now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcome: Vec<InstanceStatus>,
    /// With `wait`: whether all went as wished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
}

/// The answer to `reload_config`, `set_mode`, `scale`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanReply {
    /// What changes.
    pub plan: Plan,
    /// SHA-256 of the configuration in force.
    pub hash: String,
    /// Accepted as of this event; 0 when it was only planned.
    pub accepted_at: u64,
}

/// The answer to `watch`; `event` notifications follow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WatchReply {
    /// Everything, unless the client's `since` is still known.
    pub snapshot: Option<Snapshot>,
    /// Events go on after this one.
    pub seq: u64,
    /// Events between the client's `since` and the snapshot that are not known any more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missed: u64,
    /// Whether the snapshot is too long for this reply and follows in `snapshot_part` notifications.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parts: bool,
}

/// A `snapshot_part` notification: some of the services, and everything else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotPart {
    /// To be joined with the parts before it by its services.
    pub snapshot: Snapshot,
    /// Whether the snapshot is whole now.
    pub is_last: bool,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// The answer to `why`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhyReply {
    /// One entry per instance.
    pub instances: Vec<WhyInstance>,
}

/// Why an instance is as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhyInstance {
    /// The instance as it is.
    pub status: InstanceStatus,
    /// What happened to it, the oldest first.
    pub history: Vec<crate::Event>,
    /// Its probes; none without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<ProbeStatus>,
}

/// A probe, and what it last said by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeStatus {
    /// `ready` or `live`.
    pub probe: String,
    /// What it asks: `GET http://localhost:8080/health`, `localhost:5432`, `pg_isready -q`.
    pub asks: String,
    /// Seconds between two questions.
    pub interval_seconds: f64,
    /// Whether the last answer of this run was good; none before the first, and without a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
    /// What was wrong with it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Since when the answer is that, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// The answer to `health_check`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthReply {
    /// One entry per instance and probe.
    pub results: Vec<ProbeResult>,
}

/// What a probe said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeResult {
    /// `api/0`.
    pub instance: String,
    /// `ready`, `live`, or `process` when there is no probe.
    pub probe: String,
    /// Whether it is well.
    pub ok: bool,
    /// What it said.
    pub message: String,
    /// Milliseconds it took.
    pub latency_ms: f64,
}

/// The answer to `metrics`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricsReply {
    /// One entry per instance.
    pub instances: Vec<InstanceMetrics>,
}

/// Use of CPU and memory by an instance's tree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InstanceMetrics {
    /// `api/0`.
    pub instance: String,
    /// The latest sample, while it runs.
    pub latest: Option<Sample>,
    /// Older samples, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Sample>,
}

/// One sample of a tree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// When, RFC 3339.
    pub at: String,
    /// CPU in percent of one core since the last sample.
    pub cpu_percent: f64,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// Processes.
    pub processes: u32,
    /// Threads.
    pub threads: u32,
    /// Open files.
    pub open_files: u32,
}

/// The answer to `signal`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SignalReply {
    /// `api/0 (pid 4711)`.
    pub delivered: Vec<String>,
}

/// The answer to `env`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnvReply {
    /// In order of name.
    pub variables: Vec<crate::EnvVariable>,
}

/// The answer to `shutdown`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShutdownReply {
    /// Whether the services go on.
    pub services_kept: bool,
}

/// The answer to `doctor`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorReply {
    /// One entry per check.
    pub checks: Vec<Check>,
}

/// One check of the doctor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// What it is like.
    pub state: CheckState,
    /// In words.
    pub text: String,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// What a check found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// All is well.
    Ok,
    /// Worth knowing.
    Warn,
    /// Must be mended.
    Fail,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The code of an error that says a method is not built yet.
pub const NOT_YET: ErrorCode = ErrorCode::NotAvailable;
