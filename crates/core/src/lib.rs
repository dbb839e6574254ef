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
//! An input goes the same way each time. [`Supervisor::handle`] gives it to the slot it is about (`life.rs` for
//! facts, `wish.rs` for wishes); the slot goes by one of its ways (`ways.rs`) from [`Phase`] to [`Phase`] and
//! marks its service as touched; then `order.rs` draws the consequences for the neighbours until nothing changes any more.
//!
//! Deliberately absent: processes, files, sockets, serialisation, logging.

// What is known before anything runs.
mod name;
mod spec;
mod template;

// What comes in, why, and what goes out.
mod cause;
mod effect;
mod input;

// One slot: its phases and what it remembers, the facts and the wishes that move it.
mod backoff;
mod instance;
mod life;
mod phase;
mod ways;
mod wish;

// All slots: who needs whom, what a change means, what follows from what.
mod difference;
mod graph;
mod modes;
mod order;
mod plan;
mod pool;
mod reload;
mod supervisor;
mod turn;

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
