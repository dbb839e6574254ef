//! Starting with the session by an entry of the registry, which the system's own settings show and can switch off.

use std::path::PathBuf;
use std::{env, io};

use ostler_windows::autostart::{self, PLACE};

/// The name under which the system's settings list the app.
const NAME: &str = "Ostler";

/// Whether the system starts the app with the session.
///
/// # Errors
/// The entry cannot be read.
pub(crate) fn is_on() -> io::Result<bool> {
    Ok(autostart::entry(NAME)?.is_some())
}

/// Lets the system start the app without a window, or not any more.
///
/// # Errors
/// The entry cannot be written.
pub(crate) fn set(is_on: bool) -> io::Result<()> {
    let command = is_on.then(command).transpose()?;
    autostart::set_entry(NAME, command.as_deref())
}

/// Mends the entry if it is on and starts another program than this one; says whether it did.
///
/// # Errors
/// The entry cannot be read or written.
pub(crate) fn repair() -> io::Result<bool> {
    match autostart::entry(NAME)? {
        Some(found) if found != command()? => set(true).map(|()| true),
        Some(_) | None => Ok(false),
    }
}

/// Where it is written.
pub(crate) fn place() -> Option<PathBuf> {
    Some(PathBuf::from(PLACE))
}

fn command() -> io::Result<String> {
    Ok(format!("\"{}\" --background", env::current_exe()?.display()))
}
