//! Drives the pure supervisor of `ostler-core`: processes, keepers, logs, probes, configuration, journal.
//!
//! # Theory of operation
//!
//! One task, the actor, owns the supervisor. It turns everything that happens (a wish, a keeper's message, a
//! probe's result, a changed file, a timer) into one input, applies it at once, and performs the effects without
//! ever waiting: every job it starts comes back as another input. Readers never ask it: they look at the
//! snapshot, follow the numbered [`Journal`], or pull log files at their own pace.

pub mod checks;
pub mod environment;
pub mod logs;
pub mod metrics;
pub mod outbound;
pub mod port;
pub mod probe;
pub mod process;
pub mod saving;

mod actor;
mod ask;
mod clock;
mod commands;
mod events_address;
mod follow;
mod handle;
mod hooks;
mod incidents;
mod journal;
mod keepers;
mod limits;
mod schedule;
mod settings;
mod sources;
mod state;
mod terminal;
mod wait;
mod watching;
mod wire;

use actor::look as actor_time;

pub use actor::{Ended, Engine, EngineOptions, StartError, last_good_config};
pub use clock::{Reading, Readings};
pub use events_address::EventsAddress;
pub use follow::*;
pub use handle::*;
pub use journal::*;
pub use ostler_keeper::identity;
pub use settings::Settings;
pub use sources::ReadSources;
pub use state::{Lock, LockError};
pub use terminal::{Attachment, Shown, Streams};
pub use wait::Wish;
