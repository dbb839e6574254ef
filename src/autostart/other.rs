//! Starting with the session, where Ostler cannot see to it yet.

use std::io;
use std::path::PathBuf;

const NOT_YET: &str = "starting at login is not available on this system yet";

/// Whether the system starts the app with the session.
///
/// # Errors
/// Always: it is not available here.
pub(crate) fn is_on() -> io::Result<bool> {
    Err(io::Error::new(io::ErrorKind::Unsupported, NOT_YET))
}

/// Lets the system start the app with the session, or not any more.
///
/// # Errors
/// Always: it is not available here.
pub(crate) fn set(_is_on: bool) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, NOT_YET))
}

/// Mends a place that is out of date.
///
/// # Errors
/// None: there is nothing to mend.
pub(crate) fn repair() -> io::Result<bool> {
    Ok(false)
}

/// Where it is written.
pub(crate) fn place() -> Option<PathBuf> {
    None
}
