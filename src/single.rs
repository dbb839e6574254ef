//! One app for each user and engine: a second start raises the window of the first and ends.

#[cfg(unix)]
#[path = "single/unix.rs"]
mod os;
#[cfg(windows)]
#[path = "single/windows.rs"]
mod os;

use std::io;
use std::path::Path;

use tokio::sync::mpsc;

use crate::desk::Ask;

/// What a second start says to the first; what its launcher gave it to raise a window follows.
const SHOW: &str = "show";

/// Where a launcher says what allows to raise a window.
#[cfg(unix)]
const TOKEN_VARIABLES: [&str; 2] = ["XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID"];

/// Whether this is the first.
pub(crate) enum Start {
    /// It is. Others are heard through this.
    First(os::Door),
    /// Another was there and has heard of us.
    Second,
}

/// Finds out in a private folder whether another app is there. If one is, it is asked to show its window, unless
/// this start is meant to stay in the background.
///
/// # Errors
/// The folder cannot be used, or the other app does not answer.
pub(crate) async fn start(folder: &Path, is_background: bool) -> io::Result<Start> {
    os::start(folder, is_background).await
}

/// Hears other starts until the desk is closed.
pub(crate) async fn hear(door: os::Door, asks: mpsc::Sender<Ask>) {
    os::hear(door, asks).await;
}
