//! The tray icon.
//!
//! On Linux a StatusNotifierItem of our own: Qt forgets a watcher that comes late, this one is registered again
//! whenever one appears. Elsewhere there is none yet, and the window says so by quitting when it is closed.

#[cfg(target_os = "linux")]
mod icons;
#[cfg(target_os = "linux")]
mod item;
#[cfg(target_os = "linux")]
#[path = "tray/linux.rs"]
mod os;
#[cfg(not(target_os = "linux"))]
#[path = "tray/other.rs"]
mod os;

use ostler_view::TrayView;
use tokio::sync::{mpsc, watch};

use crate::desk::Ask;

/// Where the tray's part comes from and goes to.
pub(crate) struct TrayPipes {
    /// What it shows.
    pub(crate) views: watch::Receiver<TrayView>,
    /// Whether it is shown on dark.
    pub(crate) is_dark: watch::Receiver<bool>,
    /// Whether it is really there.
    pub(crate) is_there: watch::Sender<bool>,
    /// Clicks.
    pub(crate) asks: mpsc::Sender<Ask>,
}

/// Shows the tray icon until there is nothing to show any more.
pub(crate) async fn run(pipes: TrayPipes) {
    os::run(pipes).await;
}
