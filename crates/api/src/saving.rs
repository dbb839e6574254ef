//! Changing the configuration: whole texts, single keys, kept versions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Plan;

/// `config_save`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigSaveParams {
    /// The new text of the main file.
    pub text: String,
    /// The hash of what it was made from, as `config_get` gave it.
    pub base_hash: String,
}

/// `config_edit`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigEditParams {
    /// The key, as `services.api.restart.delay`, `services.api.args[0]` or `services.api.env."A.B"`.
    pub path: String,
    /// Its new value; `null` removes it. A table is set key by key and loses what the value has not.
    pub value: Value,
    /// The hash of what was looked at; without it the key is changed whatever else has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_hash: Option<String>,
}

/// `config_restore`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigRestoreParams {
    /// The number of the version.
    pub id: u64,
    /// The hash of what it replaces, as `config_get` gave it.
    pub base_hash: String,
}

/// The answer to `config_save`, `config_edit`, `config_restore`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigSaveReply {
    /// The hash of what is on disk now.
    pub hash: String,
    /// What it changed for the services; empty without an engine.
    pub plan: Plan,
    /// The file that was written: the main one, or the included one in which the key stands.
    pub file: String,
    /// The first line that changed, from 1; none when nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What the change did not reach, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// The answer to `config_history`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ConfigHistory(
    /// The newest first.
    pub Vec<ConfigVersion>,
);

/// A kept version of a configuration file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigVersion {
    /// Its number.
    pub id: u64,
    /// When it was kept, RFC 3339.
    pub at: String,
    /// Who wrote it; `found on disk` when nobody said.
    pub actor: String,
    /// SHA-256 of its text.
    pub hash: String,
    /// The file it is of.
    pub file: String,
}
