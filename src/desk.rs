//! Where clicks are handed in.
//!
//! The objects of the bridge are made by QML, so they cannot be given anything; they find the one desk of the
//! process. Handing in never waits: when the desk is full, the click is refused and said so.

use std::sync::OnceLock;

use ostler_view::Chip;
use tokio::sync::mpsc;

use crate::desktop::Wish;
use crate::stage::Surface;

/// The most clicks that wait at the desk.
pub(crate) const ASKS_MAX: usize = 64;

static DESK: OnceLock<Desk> = OnceLock::new();

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Start, stop or restart a service.
    Act(Verb, String),
    /// Another mode.
    ChangeMode(String),
    /// Read the configuration again.
    ReloadConfig,
    /// Start an engine, if none runs.
    StartEngine,
    /// List only services in which all words occur.
    Filter(String),
    /// List only services of a kind.
    Chip(Chip),
    /// Fold or unfold a group.
    Fold {
        /// Which.
        group: String,
        /// Whether it is to be folded.
        is_folded: bool,
    },
    /// List services without groups, or below their headings.
    Flat(bool),
    /// Whether the window can be seen has changed.
    Visible(bool),
    /// The colours have changed.
    Dark(bool),
    /// The window is wanted in front.
    Show,
    /// The window is wanted in front, or away when it is there.
    Toggle,
    /// Something to say.
    Notice(String),
    /// Put the notice away.
    DismissNotice,
    /// What the desktop around the window wants.
    Desktop(Wish),
    /// The end.
    Quit,
}

/// What to do with a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    /// Up.
    Start,
    /// Down.
    Stop,
    /// A new run.
    Restart,
}

/// How the app was started.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    /// Without a window.
    pub(crate) starts_hidden: bool,
    /// Without motion.
    pub(crate) is_motion_reduced: bool,
}

/// The sending halves of the desk.
pub(crate) struct Desk {
    asks: mpsc::Sender<Ask>,
    surfaces: mpsc::Sender<Surface>,
    manner: Manner,
}

impl Desk {
    /// Opens the desk of the process. Only the first opening counts.
    pub(crate) fn open(asks: mpsc::Sender<Ask>, surfaces: mpsc::Sender<Surface>, manner: Manner) {
        if DESK.set(Self { asks, surfaces, manner }).is_err() {
            tracing::error!("the desk is open already");
        }
    }

    /// The desk, once it is open.
    pub(crate) fn get() -> Option<&'static Self> {
        DESK.get()
    }

    /// Whether the app starts without a window.
    pub(crate) fn starts_hidden(&self) -> bool {
        self.manner.starts_hidden
    }

    /// Whether nothing is to move.
    pub(crate) fn is_motion_reduced(&self) -> bool {
        self.manner.is_motion_reduced
    }

    /// Hands in a wish.
    pub(crate) fn ask(ask: Ask) {
        let Some(desk) = Self::get() else { return };
        if let Err(error) = desk.asks.try_send(ask) {
            tracing::warn!(%error, "a click was not taken");
        }
    }

    /// Hands in a new object of the bridge.
    pub(crate) fn announce(surface: Surface) {
        let Some(desk) = Self::get() else { return };
        if let Err(error) = desk.surfaces.try_send(surface) {
            tracing::error!(%error, "an object of the bridge was not taken");
        }
    }
}
