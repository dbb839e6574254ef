//! What a host is told.

use std::path::PathBuf;

use ostler_api::EngineHost;
use ostler_config::Overrides;

/// What a host is told.
#[derive(Clone, Debug, Default)]
pub struct HostOptions {
    /// The configuration file; without one `OSTLER_CONFIG`, else the default file.
    pub config: Option<PathBuf>,
    /// What command line and environment say over it.
    pub overrides: Overrides,
    /// Whether it is the daemon or lives in the desktop app.
    pub host: EngineHost,
    /// Whether a running engine is asked to hand over.
    pub replace: bool,
    /// Only these services (and what they depend on) are started; empty = those that are enabled.
    pub only: Vec<String>,
    /// What a signal of the system means.
    pub on_signal: OnSignal,
    /// Whether its log goes to standard error too.
    pub log_to_stderr: bool,
}

/// What SIGTERM, SIGINT, SIGHUP mean, or their like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnSignal {
    /// An orderly end as `supervisor.on_quit` says; the second one kills.
    #[default]
    Quit,
    /// An orderly end with all services; the second one kills.
    Stop,
}
