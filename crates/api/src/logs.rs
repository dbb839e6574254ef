//! Output of services.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One line of output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// `api/0`, or `supervisor`.
    pub instance: String,
    /// When it was read, RFC 3339 with nanoseconds.
    pub at: String,
    /// Where it came from.
    pub stream: LogStream,
    /// The text, without the line end; bytes that are no UTF-8 are shown as U+FFFD.
    pub text: String,
    /// Whether more of the same line follows (it was longer than 64 KiB, or had no end yet).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Where it stands: file generation and byte offset, as `GENERATION:OFFSET`; ever growing per instance.
    pub cursor: String,
}

/// Where a line came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The keeper itself: starts, ends, gaps.
    Meta,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The answer to `logs`; followed by `log` notifications when asked to follow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogReply {
    /// In order of time; of what was asked for the latest that fit into one answer.
    pub lines: Vec<LogLine>,
    /// Files, one per instance, for `--path`.
    pub paths: Vec<String>,
    /// Whether older lines were left out, as they did not fit; `before` asks for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// A `log` notification.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogNotification {
    /// In order of time.
    pub lines: Vec<LogLine>,
    /// Lines that were left out here because this client was too slow.
    #[serde(default)]
    pub missed: u64,
}
