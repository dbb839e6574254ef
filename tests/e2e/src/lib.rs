//! The daemon and the CLI from outside: scenarios, counts and measurements.
//!
//! # Theory of operation
//!
//! A [`Place`] is a home of its own in a temporary folder: configuration, state and socket of one engine.
//! Its daemon is the real program, started as a person would start it, and spoken to over the real socket
//! ([`Wire`]) or the real CLI. What the supervisor says is held against the process table ([`ProcessTable`]),
//! which this crate reads itself: a test that asks the supervisor whether it told the truth proves nothing.
//!
//! A scenario breaks something a number of times and returns a [`Report`] with its figures and what was wrong.
//! The tests run each with a short count, `cargo xtask chaos` with the counts that are asked for.
//!
//! Deliberately absent: any use of the engine's own crates but the wire types.

#![cfg(target_os = "linux")]

mod caller;
mod conversation;
mod crowd;
mod daemon;
mod limits;
mod person;
mod place;
mod random;
mod report;
mod services;
mod site;
mod table;
mod wire;

pub mod measure;
pub mod scenarios;

pub use caller::{Answer, Caller, Lines, free_port};
pub use conversation::{Stream, conversations, hold};
pub use daemon::{Daemon, Holder};
pub use limits::Limits;
pub use ostler_testkit::{wait_for, wait_until};
pub use person::Person;
pub use place::{Place, bin_dir};
pub use random::Random;
pub use report::Report;
pub use services::{SLOT, Service, tool};
pub use table::{Process, ProcessTable};
pub use wire::{Refusal, Wire};
