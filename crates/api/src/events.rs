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
