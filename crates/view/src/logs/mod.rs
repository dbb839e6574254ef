//! Output of services as it is shown: what a line says, which lines are listed, what was found in them.
//!
//! # Theory of operation
//!
//! [`LogList`] takes the lines of one or several instances in the order in which they come, puts them in the order
//! of time, keeps the latest [`LOG_LINES_MAX`] of them, and says as [`LogPatch`]es what that changes in the list
//! that passes the [`LogFilter`]. While it is paused the list stands still: what comes meanwhile waits and is
//! counted. Each line is made presentable once, when it comes ([`dressed`]): colours become spans, everything
//! else that a terminal would obey becomes an escape or is left out.

mod ansi;
mod entry;
mod find;
mod list;
mod order;
mod paint;

#[cfg(test)]
mod tests;

pub use ansi::*;
pub use entry::*;
pub use find::*;
pub use list::*;
pub use paint::*;
