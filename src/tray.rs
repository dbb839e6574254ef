//! The tray icon.
//!
//! # Theory of operation
//!
//! A ladder. On Linux the first rung is a StatusNotifierItem of our own: Qt forgets a watcher that comes late,
//! this one is registered again whenever one appears. Where there is none, the second rung is Qt's icon, which
//! embeds itself into a tray of the X Window System; elsewhere it is the only one. Where neither is to be had,
//! the app is an ordinary window: `is_there` says so, and nothing hides while it says no.

pub(crate) mod embed;
mod icons;
#[cfg(target_os = "linux")]
mod item;
#[cfg(target_os = "linux")]
#[path = "tray/linux.rs"]
mod os;
#[cfg(not(target_os = "linux"))]
#[path = "tray/other.rs"]
mod os;

use cxx_qt::CxxQtThread;
use ostler_view::TrayView;
use tokio::sync::{mpsc, watch};

pub(crate) use self::icons::IconStyle;
#[cfg(target_os = "linux")]
pub(crate) use self::icons::picture;
use crate::bridge::desktop::ffi::Desktop;
use crate::desk::Ask;
use crate::settings::{IconColour, Settings};

/// Where the tray's part comes from and goes to.
pub(crate) struct TrayPipes {
    /// What it shows.
    pub(crate) views: watch::Receiver<TrayView>,
    /// Whether it is shown on dark.
    pub(crate) is_dark: watch::Receiver<bool>,
    /// What the person has set.
    pub(crate) settings: Settings,
    /// The way to the Qt thread, once there is one.
    pub(crate) qt: watch::Receiver<Option<CxxQtThread<Desktop>>>,
    /// Whether it is really there.
    pub(crate) is_there: watch::Sender<bool>,
    /// Clicks.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "Qt's icon has a way of its own"))]
    pub(crate) asks: mpsc::Sender<Ask>,
}

impl TrayPipes {
    fn style(&self) -> IconStyle {
        let is_dark = *self.is_dark.borrow();
        match self.settings.now().icon_colour {
            IconColour::Automatic => IconStyle { is_dark, is_mono: true },
            // A bright icon is one for a dark panel.
            IconColour::Light => IconStyle { is_dark: true, is_mono: true },
            IconColour::Dark => IconStyle { is_dark: false, is_mono: true },
            IconColour::Coloured => IconStyle { is_dark, is_mono: false },
        }
    }

    fn tell(&self, is_there: bool) {
        self.is_there.send_if_modified(|it| std::mem::replace(it, is_there) != is_there);
    }
}

/// Shows the tray icon until there is nothing to show any more.
pub(crate) async fn run(pipes: TrayPipes) {
    os::run(pipes).await;
}
