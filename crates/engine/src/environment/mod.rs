//! What a run is launched with: program, arguments, environment and working directory.
//!
//! The base of an environment is the user's login shell (captured once, see [`LoginShell`]), the supervisor's own,
//! or a minimal set. Over it come, each winning over the ones before: env files, `env`, the mode's `env`, what was
//! given by hand for this instance, and what Ostler itself says (`PORT`, `PORT_NAME`, `OSTLER_SERVICE`,
//! `OSTLER_INSTANCE`). What belongs to the supervisor alone, its tokens and its own service manager's
//! variables, is never inherited.
//!
//! [`compose`] also looks at what would fail later with a less telling message: the working directory, the
//! program, the interpreter of a script.

mod base;
mod compose;
mod dotenv;
mod error;
mod holes;
mod known;
mod login;
mod program;
#[cfg(all(test, unix))]
mod tests;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as os;
#[cfg(windows)]
use windows as os;

pub use base::*;
pub use compose::*;
pub use dotenv::*;
pub use error::*;
pub use holes::*;
pub use known::*;
pub use login::*;
pub(crate) use program::{find_program, why_not_enterable};
