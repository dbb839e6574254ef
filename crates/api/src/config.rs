//! Configuration on the wire: diagnostics and plans.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One mistake in a configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 when it concerns the whole file.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The column after the last one concerned.
    #[serde(default)]
    pub end_column: u32,
    /// The key, as `services.api.restart.delay`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What a reload, a mode switch or a scaling does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// One entry per service that is touched.
    pub changes: Vec<PlanChange>,
    /// Services that are not touched.
    pub untouched: usize,
    /// Parts that are not available yet, and the like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
}

/// What happens to one service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanChange {
    /// Which.
    pub service: String,
    /// What.
    pub action: PlanAction,
    /// The keys that cause it, as `env.PORT`.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The sentence.
    pub text: String,
}

/// What happens to a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanAction {
    /// It is new, and starts if it is enabled in this mode.
    Add,
    /// It stops and goes.
    Remove,
    /// It starts.
    Start,
    /// It stops.
    Stop,
    /// It restarts.
    Restart,
    /// It goes on and follows the new values.
    Change,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The answer to `config_get`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigText {
    /// The text on disk.
    pub text: String,
    /// SHA-256 of the text, in hexadecimal; with includes, over all files.
    pub hash: String,
    /// The file.
    pub path: String,
    /// The file and all included ones.
    pub files: Vec<String>,
}

/// The answer to `config_validate`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigVerdict {
    /// All mistakes; empty = valid.
    pub diagnostics: Vec<Diagnostic>,
    /// What saving it would do, if it is valid.
    pub plan: Option<Plan>,
}

/// One variable a run would get.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnvVariable {
    /// Its name.
    pub name: String,
    /// Its value, or `•••` when it is a secret.
    pub value: String,
    /// Where it comes from: `login shell`, `supervisor`, `ostler.toml:12`, `.env`, `mode advanced`, `ostler`.
    pub origin: String,
}
