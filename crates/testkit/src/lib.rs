//! What Ostler's tests are made with.
//!
//! - `naughty` (a binary of this package) is a child that misbehaves on command; [`naughty`] finds it.
//! - [`census`] finds every process of a run in the process table, however it tried to hide.
//! - [`wait_until`] waits for a fact, for a bounded time; tests never sleep for a guess.
//! - [`Home`] is a private directory tree that goes away with the test.
//!
//! Absent on purpose: anything that the product itself uses. What is tested must not be tested with itself.

mod binary;
pub mod census;
mod home;
mod wait;

pub use binary::{binary, naughty};
pub use home::{Home, Tmpfs};
pub use wait::{wait_for, wait_until};
