//! What is: one consistent picture of everything.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One consistent picture, as of `seq`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The last event that it includes.
    pub seq: u64,
    /// The supervisor itself.
    pub supervisor: SupervisorStatus,
    /// The services by name.
    pub services: BTreeMap<String, Arc<ServiceStatus>>,
    /// Work in progress or trouble that concerns everything; the most severe first.
    #[serde(default)]
    pub banner: Vec<Banner>,
    /// Routes of the proxy.
    #[serde(default)]
    pub routes: Vec<serde_json::Value>,
    /// AI backends.
    #[serde(default)]
    pub backends: Vec<serde_json::Value>,
    /// OpAMP agents.
    #[serde(default)]
    pub agents: Vec<serde_json::Value>,
    /// The event broadcast channel.
    #[serde(default)]
    pub events: EventsStatus,
    /// In an answer to `status`: whether it is too long for one line, and the services follow as `snapshot_part`
    /// notifications.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parts: bool,
}

/// The supervisor itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SupervisorStatus {
    /// `starting`, `running` or `stopping`.
    pub status: SupervisorState,
    /// Its version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// `default`, or 8 hexadecimal digits of the configuration's path.
    pub engine_id: String,
    /// Seconds since it started.
    pub uptime_seconds: u64,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// The present mode.
    pub mode: String,
    /// All modes.
    pub modes: Vec<String>,
    /// The configuration file.
    pub config_path: String,
    /// SHA-256 of its text in force.
    pub config_hash: String,
    /// Whether the file on disk has mistakes and an older text is in force.
    pub config_is_stale: bool,
    /// The number of services.
    pub managed_services: usize,
    /// How surely a stop reaches every process: `guaranteed`, `strong` or `best-effort`.
    pub tier: Tier,
    /// Services that survived the last supervisor.
    pub adopted: usize,
    /// Whether it runs as root or elevated.
    pub is_root: bool,
    /// Things a person should know: running as root, parts not available yet, …
    #[serde(default)]
    pub notices: Vec<String>,
    /// What quitting does with the services: `stop` or `keep`.
    pub on_quit: OnQuit,
    /// Whether it is the daemon or runs within the desktop app.
    pub host: EngineHost,
    /// Where HTTP is reached, if it is: `http://127.0.0.1:3457`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_url: Option<String>,
    /// The service meant by clients whose commands name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_service: Option<String>,
}

/// Where an engine lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineHost {
    /// `ostler daemon` or `ostler run`.
    #[default]
    Daemon,
    /// `ostler-tray`.
    Tray,
    /// Another that this build does not know.
    #[serde(other)]
    Unknown,
}

/// What the supervisor does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupervisorState {
    /// It looks for what it left.
    #[default]
    Starting,
    /// It supervises.
    Running,
    /// It shuts down.
    Stopping,
    /// Another that this build does not know.
    #[serde(other)]
    Unknown,
}

/// How surely a stop reaches every process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// The kernel holds the tree together (cgroup v2, job object).
    Guaranteed,
    /// Every orphan comes back to the keeper (subreaper).
    Strong,
    /// A scan finds what it finds.
    #[default]
    BestEffort,
    /// Another that this build does not know.
    #[serde(other)]
    Unknown,
}

/// What quitting does with the services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnQuit {
    /// They stop.
    #[default]
    Stop,
    /// They go on.
    Keep,
    /// Another that this build does not know.
    #[serde(other)]
    Unknown,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceStatus {
    /// One word for all instances: the worst of them, as the UI says it (`running`, `degraded`, `failed`, …).
    pub status: Word,
    /// Its slots.
    pub instances: Vec<InstanceStatus>,
    /// Heading in the UI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What it depends on, with `started`, `ready` or `completed`.
    #[serde(default)]
    pub depends_on: BTreeMap<String, String>,
    /// Who depends on it.
    #[serde(default)]
    pub dependants: Vec<String>,
    /// Started with the supervisor.
    pub enabled: bool,
    /// A task that ends.
    pub oneshot: bool,
    /// The modes it is started in; empty = all.
    #[serde(default)]
    pub modes: Vec<String>,
    /// The most slots it may be scaled to.
    pub max_instances: u16,
    /// The command line as configured, redacted.
    pub command: String,
    /// The arguments of the next run, redacted; those of a shell line are its own business.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Whether it can be reloaded by a signal.
    pub has_reload_signal: bool,
    /// When its schedule next starts it, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_run: Option<String>,
    /// What a person should know of it: a run that was left out, files that are not watched, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
}

/// The word the UI says.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Failed: given up.
    Failed,
    /// Backoff: waits before the next try.
    Backoff,
    /// Degraded: runs but does not answer.
    Degraded,
    /// Stopping.
    Stopping,
    /// Starting: no answer yet, or waiting for a dependency.
    Starting,
    /// Running.
    Running,
    /// Completed: a one-shot that ended with success.
    Completed,
    /// Stopped.
    Stopped,
    /// Disabled: stopped, and not started with the supervisor.
    Disabled,
    /// Nobody knows.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Word {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "Failed",
            Self::Backoff => "Backoff",
            Self::Degraded => "Degraded",
            Self::Stopping => "Stopping",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Stopped => "Stopped",
            Self::Disabled => "Disabled",
            Self::Unknown => "Unknown",
        }
    }
}

/// What is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// It is meant to run.
    Up,
    /// It is meant to be down.
    Down,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No process.
    Stopped,
    /// A process, not ready yet.
    Starting,
    /// A process.
    Running,
    /// Being ended.
    Stopping,
    /// Waiting before the next run.
    Backoff,
    /// Given up.
    Failed,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Whether it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It answers, or needs no probe.
    Ready,
    /// It does not answer.
    Unready,
    /// Nobody knows.
    #[default]
    #[serde(other)]
    Unknown,
}

/// A slot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InstanceStatus {
    /// `api/0`.
    pub id: String,
    /// What is wanted.
    pub goal: Goal,
    /// What is.
    pub phase: Phase,
    /// Whether it answers.
    pub health: Health,
    /// The word the UI says for it.
    pub word: Word,
    /// When the phase began, RFC 3339.
    pub since: String,
    /// The process, while there is one.
    pub pid: Option<u32>,
    /// The run, the last one if none lives.
    pub run: Option<u64>,
    /// When the run was spawned, RFC 3339.
    pub started_at: Option<String>,
    /// Seconds since the spawn, while it runs.
    pub uptime_seconds: Option<u64>,
    /// Resident memory of the tree in MiB, while somebody looks.
    pub memory_mb: Option<f64>,
    /// CPU of the tree in percent of one core, while somebody looks.
    pub cpu_percent: Option<f64>,
    /// Automatic restarts since the last explicit start.
    pub restart_count: u32,
    /// Ports by name.
    pub ports: BTreeMap<String, u16>,
    /// What "Open" opens.
    pub url: Option<String>,
    /// Until when it was held to be well, RFC 3339: by its last probe, or because it ran and has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_health: Option<String>,
    /// How the last run ended.
    pub last_exit: Option<LastExit>,
    /// What became of the processes of the last stop.
    pub last_stop: Option<StopOutcome>,
    /// A wish that is accepted and not fulfilled yet: `start`, `stop`, `restart`.
    pub pending: Option<String>,
    /// The service it waits for.
    pub waiting_for: Option<String>,
    /// When the next try is due, RFC 3339, in Backoff.
    pub next_try: Option<String>,
    /// Why it is as it is, nearest cause first.
    pub cause: Vec<Cause>,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LastExit {
    /// The run.
    pub run: u64,
    /// The exit code, if it returned one.
    pub code: Option<i32>,
    /// The signal, if one ended it: `SIGKILL`.
    pub signal: Option<String>,
    /// When, RFC 3339.
    pub at: String,
    /// Milliseconds after its spawn.
    pub after_ms: u64,
    /// The last line of output, if there was one.
    pub last_line: Option<String>,
}

/// What became of the processes of a stop.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StopOutcome {
    /// Processes that ended by themselves.
    pub ended: u32,
    /// Processes that had to be killed: `sleep (4711)`.
    pub killed: Vec<String>,
    /// Processes that are still there.
    pub escaped: Vec<String>,
    /// Ports that are free again.
    pub ports_free: Vec<u16>,
    /// Milliseconds from the request to the last process' end.
    pub duration_ms: u64,
}

/// One link of a cause chain: a code with its arguments, and the English sentence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// A kebab-case code, one for each kind of cause: `exited`, `asked`, `port-in-use`, …
    pub code: String,
    /// What the sentence says, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// The English sentence.
    pub text: String,
}

/// Work in progress or trouble that concerns everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Banner {
    /// What kind it is.
    pub kind: BannerKind,
    /// The subject, said first.
    pub subject: String,
    /// The rest of the sentence.
    pub text: String,
}

/// Kinds of banner, the most severe first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BannerKind {
    /// The configuration was refused.
    ConfigRefused,
    /// Services stop, start or change.
    Working,
    /// A changed configuration waits for a yes.
    Plan,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The event broadcast channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventsStatus {
    /// Whether it is on.
    pub enabled: bool,
    /// Who listens. What was sent says `event_stats`.
    pub subscriber_count: u64,
    /// Other sources of events. Their figures are as of the answer in one to `status`, else as of the last change of a
    /// state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<std::sync::Arc<crate::SourceStatus>>,
}
