//! Who is connected.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to `connections`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionsReply {
    /// In order of arrival.
    pub connections: Vec<ConnectionStatus>,
}

/// One connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionStatus {
    /// Its number, from 1 per engine start.
    pub id: u64,
    /// How it came.
    pub kind: ConnectionKind,
    /// Who is at the other end, as the system says: `pid 4711, user 1000`, `127.0.0.1:40100, pid 4711`.
    pub peer: String,
    /// How it names itself; empty if it has not.
    pub client: String,
    /// What it asked for last over HTTP: a path without its query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Since when, RFC 3339.
    pub since: String,
    /// Bytes that came.
    pub bytes_in: u64,
    /// Bytes that went.
    pub bytes_out: u64,
    /// Bytes that wait because the peer does not read them; with a stream of events, those still to be sent too.
    pub lag: u64,
    /// The session that it belongs to, if any.
    pub session: Option<String>,
    /// Whether it is the one that asks.
    pub is_own: bool,
}

/// How a client came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionKind {
    /// Over the local socket or pipe.
    Local,
    /// The desktop app, within the engine's process.
    Desktop,
    /// Over TCP.
    Tcp,
    /// Over HTTP.
    Http,
    /// Over HTTP, with an answer that does not end: events, heartbeats, output.
    Sse,
    /// Over a WebSocket.
    Websocket,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The answer to `drop_connection`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DropConnectionReply {
    /// The connection that was ended.
    pub dropped: u64,
}
