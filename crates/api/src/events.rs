//! The event broadcast channel: who listens, and what is sent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The answer to `subscribe_events`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscribeEventsReply {
    /// Where the events are, with a key that opens only them; for clients that hold a plain URL.
    pub events_url: String,
    /// Where the heartbeats are, likewise.
    pub heartbeat_url: String,
    /// With TLS: the file of certificates that a client on this machine trusts to reach them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

/// The answer to `event_stats`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventStatsReply {
    /// Whether events are broadcast.
    pub enabled: bool,
    /// Who listens.
    pub subscriber_count: u64,
    /// Events since the start.
    pub events_emitted: u64,
    /// Where they are, without a key; none while HTTP is closed.
    pub events_url: Option<String>,
    /// How often a subscriber was overtaken.
    pub lag_count: u64,
    /// Events that subscribers were told they missed.
    pub dropped: u64,
    /// Events that are kept.
    pub replay_size: u64,
    /// The oldest that is kept.
    pub oldest_id: Option<String>,
    /// The newest.
    pub newest_id: Option<String>,
    /// Who listens, in order of arrival.
    pub subscribers: Vec<SubscriberStatus>,
    /// Other sources of events.
    #[serde(default)]
    pub sources: Vec<SourceStatus>,
}

/// A source of events besides the supervisor; of a pool, one for each instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceStatus {
    /// Its name, as in the configuration.
    pub name: String,
    /// The instance that is listened to, if it is that of a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Its stream, without what may be secret; none for one that only publishes, or while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it is doing.
    pub state: SourceState,
    /// Since when, RFC 3339.
    pub since: String,
    /// When its last event came, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event_at: Option<String>,
    /// Its events that were broadcast.
    pub events: u64,
    /// Its events that were too long.
    pub skipped: u64,
    /// Its events that had been broadcast before.
    pub duplicates: u64,
    /// Connections after the first.
    pub reconnects: u64,
    /// When the next try is due, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try: Option<String>,
    /// What went wrong last; none once it is connected again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<SourceTrouble>,
}

/// What a source of events is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Its service does not run.
    Waiting,
    /// It is being connected to.
    Connecting,
    /// It is listened to.
    Connected,
    /// It cannot be reached, and is tried again.
    Backoff,
    /// It asked not to be connected to again.
    Stopped,
    /// It publishes by itself.
    Hook,
    /// It is switched off.
    Off,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What is wrong with a source of events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceTrouble {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// One who listens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriberStatus {
    /// Where it comes from.
    pub peer: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// Events that it was given.
    pub sent: u64,
    /// Gaps that it was told of.
    pub gaps: u64,
    /// Events that it is behind.
    pub lag: u64,
}

/// `emit_test_event`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EmitTestEventParams {
    /// Another type than `test`, as an upstream would call it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// What it says.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
}

/// The answer to `emit_test_event`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EmitTestEventReply {
    /// The event's id.
    pub id: String,
}

/// `dashboard_code`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DashboardCodeParams {
    /// Whether only processes of the engine's own user on its machine may use the code, for one that others can see.
    pub own_user_only: bool,
}

/// The answer to `dashboard_code`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DashboardCodeReply {
    /// The page; with a code behind the `#` that signs in once, if that is needed.
    pub url: String,
    /// How long the code is of use; none without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
}
