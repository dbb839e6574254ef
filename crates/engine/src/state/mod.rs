//! What the engine keeps on disk: the lock, what was wanted, numbers of runs, who did what.
//!
//! Everything is small, written by renaming a finished file into place, and read by total parsers: a file that
//! cannot be understood is set aside with a warning, never trusted in part.

mod audit;
mod file;
mod intent;
mod lock;
mod runs;
mod schedules;

/// What was wanted; it is there only while an engine lives, or after one vanished.
pub(crate) const INTENT: &str = "intent.json";
/// Which due instants were dealt with; it is there as long as [`INTENT`] is.
pub(crate) const SCHEDULES: &str = "schedules.json";

pub(crate) use audit::{Audit, AuditEntry};
pub(crate) use file::{rename, replace};
pub(crate) use intent::{IntentFile, parse_instance};
pub use lock::{Lock, LockError};
pub(crate) use runs::RunNumbers;
pub(crate) use schedules::{Kept, ScheduleFile};
