//! What a keeper remembers of its run for the next engine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Known only to the engine that started the run, and needed by the one that adopts it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memo {
    /// Whether it was ready.
    pub is_ready: bool,
    /// Its ports.
    pub ports: BTreeMap<String, u16>,
    /// What "Open" opens.
    pub url: Option<String>,
}

impl Memo {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What is not understood counts as not known.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }
}
