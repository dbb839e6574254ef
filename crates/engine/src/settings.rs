//! The settings in force that those in front of the engine need: who may come, and what they may do.

use std::sync::Arc;

use ostler_config::{Config, ControlSettings, SecuritySettings};
use tokio::sync::watch;

/// The settings in force that those in front of the engine need.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `[control]`, with what command line and environment say over it.
    pub control: ControlSettings,
    /// `[security]` and `[commands]`.
    pub security: SecuritySettings,
}

impl Settings {
    pub(crate) fn of(config: &Config) -> Arc<Self> {
        Arc::new(Self { control: config.control.clone(), security: config.security.clone() })
    }
}

impl Default for Settings {
    /// What an empty file says.
    fn default() -> Self {
        Self { control: ControlSettings::default(), security: SecuritySettings::default() }
    }
}

/// The settings of an engine that has ended.
pub(crate) fn of_nobody() -> watch::Receiver<Arc<Settings>> {
    watch::channel(Arc::default()).1
}
