//! The system's clocks, and whether something happened to them.
//!
//! Everything that is measured is measured by the steady clock, which stands still while the machine sleeps and which
//! nobody can set. So neither a sleep nor a step of the wall clock moves a deadline, a backoff or a window by itself.
//! What is left is to notice both: probes were not asked meanwhile, and what runs by the wall clock may be due.
//!
//! A [`Reading`] is one look at all clocks; a [`Detector`] compares it with the one before. A [`ClockWatch`] wakes who
//! waits when the system says that the clock was set or the machine woke, so that nobody needs to look now and then.

mod detector;
mod reading;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

pub(crate) use detector::Detector;
pub use reading::{Reading, Readings};
#[cfg(unix)]
pub(crate) use unix::{ClockWatch, asleep, since_boot};
#[cfg(windows)]
pub(crate) use windows::{ClockWatch, asleep, since_boot};
