//! The link to the engine.

use jiff::Timestamp;

use crate::{Clock, say};

/// How the link to the engine is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// Nothing was heard yet.
    #[default]
    Connecting,
    /// What is shown is what is.
    Live,
    /// It was lost just now and is being made again.
    Reconnecting {
        /// When it was lost.
        since: Timestamp,
    },
    /// It was lost long enough ago that nothing shown can be trusted.
    Stale {
        /// When it was lost.
        since: Timestamp,
        /// What the last try met.
        reason: String,
        /// What a person can do about it.
        obstacle: Obstacle,
    },
}

/// What stands between the app and an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Obstacle {
    /// None runs, or it does not answer.
    #[default]
    NoAnswer,
    /// None can start with this configuration.
    BrokenConfig,
}

impl LinkState {
    /// Whether commands can be sent.
    pub fn is_live(&self) -> bool {
        *self == Self::Live
    }

    /// Whether what is shown may be untrue.
    pub fn is_stale(&self) -> bool {
        matches!(self, Self::Stale { .. })
    }

    /// Whether no engine can start before the configuration is mended.
    pub fn waits_for_config(&self) -> bool {
        matches!(self, Self::Stale { obstacle: Obstacle::BrokenConfig, .. })
    }

    /// When it was lost, as `14:31:07`.
    pub fn lost_at(&self, clock: &Clock) -> Option<String> {
        match self {
            Self::Connecting | Self::Live => None,
            Self::Reconnecting { since } | Self::Stale { since, .. } => {
                Some(clock.second(&since.to_string()))
            }
        }
    }

    /// The words of the footer.
    pub fn text(&self) -> String {
        match self {
            Self::Connecting => say("Connecting to the engine"),
            Self::Live => say("Engine live"),
            Self::Reconnecting { .. } => say("Reconnecting to the engine"),
            Self::Stale { .. } => say("No engine"),
        }
    }
}
