//! Asking services whether they are well.
//!
//! A [`Question`] is a probe of the configuration with its holes filled. [`Prober::run`] asks it again and again
//! for one run, never twice at a time, and hands on what changes; it is one future, to be owned and ended by whoever
//! started it, and everything it started ends with it. [`ask`] asks once.
//!
//! The time limit stands outside of what is asked, so that nothing a service does can stretch it. Readiness that
//! comes from a port of the service's own counts only when the listener belongs to the run, as far as the system
//! tells: an old run or a stranger does not answer for the new one.
//!
//! What the service says of its own accord (`READY=1`) comes through [`NotifySocket`], which belongs to one run.

mod ask;
pub(crate) mod connect;
mod http;
mod notify;
mod output;
mod prober;
mod question;

#[cfg(all(test, target_os = "linux"))]
mod tests;

pub use ask::*;
pub use notify::*;
pub use prober::*;
pub use question::*;
