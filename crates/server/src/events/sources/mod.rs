//! Other sources of events: streams of services and of others that are taken in and broadcast.
//!
//! # Theory of operation
//!
//! `intake` knows which sources the settings name, and from the engine's snapshots where the instances of their services
//! are (`reach`). Each has a task of its own (`subscription`): it connects (`dial`), reads (`parser`), leaves out what
//! was told before (`seen`), turns the rest into events of ours (`told`) and hands them to the hub. When its source
//! goes it waits, a little longer each time (`backoff`), or until its service runs again. What becomes of all that is
//! on the `board`, and each change of it in the log.
//!
//! A source is not trusted. It is read no faster than it may publish; what is too long is thrown away as it comes;
//! redirects lead to no other server; what only the supervisor tells goes on as `raw`; and what we told ourselves does
//! not come back from one that listens to us.
//!
//! Without sources nothing of this runs. Deliberately absent: what is listened to knows nothing of who listens to us.

mod address;
mod backoff;
mod board;
mod dial;
mod hook;
mod intake;
mod parser;
mod reach;
mod seen;
mod subscription;
#[cfg(test)]
mod tests;
mod told;

pub(crate) use board::Board;
pub(crate) use hook::source_of;
pub(crate) use intake::ingest;
#[cfg(feature = "fuzzing")]
pub(crate) use parser::{Heard, Parser};
