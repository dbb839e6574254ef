//! The composition root that `ostler daemon`, `ostler run` and the desktop app share.
//!
//! # Theory of operation
//!
//! [`Host::start`] finds the engine's home, takes its lock, writes a default configuration if there is none, reads
//! it, sets up the log, starts the engine and puts the control plane in front of it. Whoever does not get the
//! lock is told who has it: there is one engine per user and configuration. One task then serves until the engine
//! has ended: local clients, streams within the process ([`Connector`]), and the signals of the system.
//!
//! An orderly end gives the lock back last, so that the next engine finds everything as it should be.
//!
//! Deliberately absent: what services are, what methods do, and how anything is shown.

mod certificate;
mod default_config;
mod error;
mod front;
mod http;
#[cfg(unix)]
mod init;
mod launch;
mod log;
#[cfg(target_os = "linux")]
mod logind;
mod notify;
mod only;
mod options;
mod os;
mod owner;
mod programs;
mod serve;
mod socket;
mod start;
mod tcp;

pub use error::HostError;
#[cfg(unix)]
pub use init::{is_init, run_as_init};
pub use launch::{Launched, launch_daemon, leave_terminal, report_launch};
pub use log::log_to_stderr;
pub use options::{HostOptions, OnSignal};
pub use ostler_engine::saving;
pub use ostler_engine::{
    checks::machine as machine_checks,
    environment::KnownSecrets,
    logs::{kept as kept_logs, parse_since},
};
pub use programs::{KEEPER_VARIABLE, find_cli, find_keeper};
pub use serve::Connector;
pub use socket::{instead_of_socket, way_by_port};
pub use start::{Host, HostStart};

/// Threads that serve; the actor needs one, connections share the other.
const WORKERS: usize = 2;
/// Threads for what blocks: reading configuration, looking at processes. They come when they are needed and go when
/// they are not; so many, that a few that hang in a dead disk or file system do not stop the others.
const BLOCKING_MAX: usize = 32;
const STACK_BYTES: usize = 1024 * 1024;

/// The runtime that an engine needs.
///
/// # Errors
/// The system gives no threads.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    os::share_one_heap();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_MAX)
        .thread_stack_size(STACK_BYTES)
        .thread_name("ostler")
        .enable_all()
        .build()
}
