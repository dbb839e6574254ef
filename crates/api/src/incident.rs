//! Frozen evidence of crashes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Cause, LastExit, LogLine, Sample, Word};

/// `incidents`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IncidentsParams {
    /// A service or instance; none = all. One that is not configured any more is found too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only this incident, as `api/0-12`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The latest of them, at most 100; 10 if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Without output, environment and resource curve.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub brief: bool,
}

/// The answer to `incidents`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentsReply {
    /// The latest first.
    pub incidents: Vec<Incident>,
    /// Older ones that are kept and not told here.
    #[serde(default)]
    pub left_out: usize,
    /// Incidents that could not be kept since the engine started: the disk was full, or there were too many.
    #[serde(default)]
    pub lost: u64,
}

/// Everything that was known when a run crashed. Values of variables and secrets are never part of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Incident {
    /// `api/0-12`: the instance and the run.
    pub id: String,
    /// `api/0`.
    pub instance: String,
    /// The run.
    pub run: u64,
    /// What kind of crash.
    pub kind: IncidentKind,
    /// When, RFC 3339; of several alike in a row the last.
    pub at: String,
    /// When the first of several alike in a row happened.
    pub first_at: String,
    /// How often the same happened in a row.
    pub times: u32,
    /// What happened, in a sentence.
    pub summary: String,
    /// How the run ended, if it had a process that has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<LastExit>,
    /// Why, nearest cause first.
    pub cause: Vec<Cause>,
    /// What the restart policy made of it, in words.
    pub decision: String,
    /// What a person can do next, in words.
    pub hint: String,
    /// The command line as launched; secrets are `•••`.
    pub command: String,
    /// Where it ran.
    pub working_dir: String,
    /// The variables it was launched with, by name and origin; none are known of a run of an earlier engine.
    pub environment: Vec<IncidentVariable>,
    /// Ports by name.
    pub ports: BTreeMap<String, u16>,
    /// What it depends on, as it was then.
    pub dependencies: Vec<IncidentDependency>,
    /// When the last run that was healthy started, RFC 3339; none since the engine started if not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<String>,
    /// What changed in its configuration since that run, the oldest first.
    pub changes: Vec<IncidentChange>,
    /// CPU and memory before the crash, if somebody looked then.
    pub curve: Vec<Sample>,
    /// The last lines of its output.
    pub lines: Vec<LogLine>,
    /// Incidents before this one that could not be kept.
    #[serde(skip_serializing_if = "is_zero")]
    pub lost_before: u64,
    /// The version of the engine.
    pub version: String,
}

/// What kind of crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentKind {
    /// It could not be started at all.
    FailedStart,
    /// It ended with a failing exit code.
    Exit,
    /// A signal ended it.
    Signal,
    /// It was not ready in time.
    NotReady,
    /// Its liveness probe failed.
    NotLive,
    /// It exceeded a limit.
    Limit,
    /// Its keeper died.
    KeeperLost,
    /// It crashed too often and is not restarted any more.
    CrashLoop,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// A variable of the environment, without its value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentVariable {
    /// Its name.
    pub name: String,
    /// Where it came from: `configuration`, `.env`, `login shell`, …
    pub origin: String,
}

/// A service that the crashed one needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentDependency {
    /// Which.
    pub service: String,
    /// What is needed of it: `started`, `ready` or `completed`.
    pub condition: String,
    /// What it did then.
    pub state: Word,
}

/// A change of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentChange {
    /// When, RFC 3339.
    pub at: String,
    /// Who made it.
    pub by: String,
    /// What changed, in words.
    pub text: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
