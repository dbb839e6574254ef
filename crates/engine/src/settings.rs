//! The settings in force that those in front of the engine need: who may come, and what they may do.

use std::{collections::BTreeMap, sync::Arc};

use ostler_config::{Config, ControlSettings, EventsSettings, HttpSettings, SecuritySettings};
use tokio::sync::watch;

/// The settings in force that those in front of the engine need.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `[control]`, with what command line and environment say over it.
    pub control: ControlSettings,
    /// `[security]` and `[commands]`.
    pub security: SecuritySettings,
    /// `[http]`, with what command line and environment say over it.
    pub http: HttpSettings,
    /// `[events]`.
    pub events: EventsSettings,
    /// `supervisor.log_level`, with what command line and environment say over it: a level, or a tracing filter.
    pub log_level: String,
    /// The ports of the services that have one of their own.
    pub service_ports: BTreeMap<u16, String>,
}

impl Settings {
    pub(crate) fn of(config: &Config) -> Arc<Self> {
        let services = config.fleet.services.values().filter(|service| service.enabled);
        let ports = services.flat_map(|service| {
            service.ports.iter().filter_map(|port| Some((port.number?, service.name.to_string())))
        });
        Arc::new(Self {
            control: config.control.clone(),
            security: config.security.clone(),
            http: config.http.clone(),
            events: config.events.clone(),
            log_level: config.supervisor.log_level.clone(),
            service_ports: ports.collect(),
        })
    }
}

impl Default for Settings {
    /// What an empty file says.
    fn default() -> Self {
        Self {
            control: ControlSettings::default(),
            security: SecuritySettings::default(),
            http: HttpSettings::default(),
            events: EventsSettings::default(),
            log_level: "info".to_owned(),
            service_ports: BTreeMap::new(),
        }
    }
}

/// The settings of an engine that has ended.
pub(crate) fn of_nobody() -> watch::Receiver<Arc<Settings>> {
    watch::channel(Arc::default()).1
}
