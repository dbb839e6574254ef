//! The pure heart of Ostler: what a service is, and what happens next.
//!
//! # Theory of operation
//!
//! Facts and time come in, effects go out:
//!
//! ```text
//! let effects = supervisor.handle(now, input);       // a command, an exit, a probe result, …
//! let when    = supervisor.poll_timeout();            // the next instant something is due, and what
//! let effects = supervisor.handle_timeout(now);       // time alone moved something
//! ```
//!
//! There is no clock, no I/O and no randomness here (jitter arrives as an input), so that every life a
//! service can have is a value that a test can write down. Whoever drives the supervisor performs the effects
//! and reports what came of them, always with the [`RunId`] it concerns: a dead run can never speak for its
//! successor.
//!
//! Deliberately absent: processes, files, sockets, serialisation, logging.

mod backoff;
mod cause;
mod difference;
mod effect;
mod graph;
mod input;
mod instance;
mod name;
mod phase;
mod plan;
mod spec;
mod supervisor;
mod template;

pub use cause::*;
pub use effect::*;
pub use graph::*;
pub use input::*;
pub use instance::*;
pub use name::*;
pub use phase::*;
pub use plan::*;
pub use spec::*;
pub use supervisor::*;
pub use template::*;
