//! What the engine and its keepers share.
//!
//! A keeper (`ostler-keeper`, the binary of this package) is the real parent of one service instance. It
//! spawns the run, reads its output into the log, holds its exit status and ends its process tree. The
//! engine that asked for all this may die at any moment; keeper, service and log go on, and the next engine
//! finds the keeper by its [`record`], checks its [`identity`] and speaks the [`protocol`] with it. The
//! [`log`] module holds the form of the log file, which the keeper writes and the engine reads.
//!
//! Nothing here waits, spawns threads or needs a runtime. Absent on purpose: policy. A keeper never decides
//! that a service should be restarted or has failed; it does what it was told and says what happened. The
//! one exception is the loss of the engine, for which it was told beforehand what to do.

pub mod protocol;

pub mod identity;
pub mod log;
pub mod record;

#[doc(hidden)]
pub mod os;
