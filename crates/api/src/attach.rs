//! Terminals of services, and those who look at them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Bytes, LastExit, Word};

/// The most lines and columns of a terminal.
pub const TERMINAL_SIZE_MAX: u16 = 2000;
/// The most bytes of one `input`.
pub const INPUT_MAX: usize = 64 * 1024;

/// `attach`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AttachParams {
    /// The service or instance; a service with several instances needs `api/1`.
    pub service: String,
    /// Lines of the client's terminal; the service's gets the size of whoever types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u16>,
    /// Columns of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cols: Option<u16>,
    /// Whether to type too, once nobody else does; yes if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write: Option<bool>,
    /// Type instead of whoever does now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub take: bool,
}

/// `input`. Wait for the answer before the next one: requests are answered in any order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputParams {
    /// As the answer to `attach` named it.
    pub attachment: String,
    /// What is typed; at most 64 KiB.
    pub data: Bytes,
}

/// `resize`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResizeParams {
    /// As the answer to `attach` named it.
    pub attachment: String,
    /// Lines, 1–2000.
    pub rows: u16,
    /// Columns, 1–2000.
    pub cols: u16,
}

/// `detach`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetachParams {
    /// As the answer to `attach` named it.
    pub attachment: String,
}

/// What can be attached to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachMode {
    /// A terminal: `output` notifications follow.
    Pty,
    /// The standard input of a service whose output is logged: follow it with `logs`.
    Log,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What somebody who is attached may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachRole {
    /// Types, and gives the terminal its size.
    Writer,
    /// Only looks.
    Watcher,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The answer to `attach`; `output` and `attach_state` notifications follow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttachReply {
    /// Names this attachment in `input`, `resize` and `detach`; nobody else knows it.
    pub attachment: String,
    /// `api/0`.
    pub instance: String,
    /// What it is attached to.
    pub mode: AttachMode,
    /// How it stands.
    pub state: AttachState,
}

/// How it stands with an attachment: an `attach_state` notification, at each change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttachState {
    /// What this one may do.
    pub role: AttachRole,
    /// Who types, if not this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<String>,
    /// How many are attached.
    #[serde(default)]
    pub attached: u32,
    /// Lines of the service's terminal.
    pub rows: u16,
    /// Columns of it.
    pub cols: u16,
    /// How the instance is.
    pub word: Word,
    /// Its run, the last one if none lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u64>,
    /// Whether the run lives, so that what is typed is read by somebody.
    #[serde(default)]
    pub is_alive: bool,
    /// How the last run ended; all it wrote came before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<LastExit>,
    /// When it is started again, RFC 3339, in Backoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try: Option<String>,
    /// The instance is gone from the configuration, and nothing more comes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_gone: bool,
}

/// An `output` notification.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutputNotification {
    /// As the service wrote it.
    pub data: Bytes,
    /// Bytes that were left out before these, because this client was too slow.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missed: u64,
    /// What the terminal showed before; questions to the terminal are left out of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_replay: bool,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
