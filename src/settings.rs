//! What the person has set in the app, and what the app has to remember from one day to the next.
//!
//! A file of its own beside the state of the engine, so that the app never writes into the configuration
//! unasked. What is not set there is as `[desktop]` of the configuration says.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ostler_api::OnQuit;
use ostler_config::{Os, Paths};
use ostler_view::say_with;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use crate::desk::Ask;

const FILE: &str = "desktop.json";

static COUNTING: OnceLock<Settings> = OnceLock::new();

/// What counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Set {
    /// Closing the window keeps the app in the tray.
    pub(crate) close_to_tray: bool,
    /// No window when started at login.
    pub(crate) start_hidden: bool,
    /// Desktop notifications.
    pub(crate) notifications: bool,
    /// An icon in the tray.
    pub(crate) tray_icon: bool,
    /// The colour of that icon.
    pub(crate) icon_colour: IconColour,
    /// What quitting does with the services; nothing = ask.
    pub(crate) quit: Option<OnQuit>,
    /// The person knows where a closed window goes.
    pub(crate) is_close_known: bool,
}

/// The colour of the tray icon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IconColour {
    /// One colour, bright or dark as the desktop is.
    Automatic,
    /// One bright colour.
    Light,
    /// One dark colour.
    Dark,
    /// The mark in the colour of the state.
    #[default]
    Coloured,
}

/// What is in the file: only what was set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    #[serde(skip_serializing_if = "Option::is_none")]
    close_to_tray: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_hidden: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notifications: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tray_icon: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon_colour: Option<IconColour>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quit: Option<OnQuit>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_close_known: bool,
}

/// What is set, its changes, and the way to change it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Settings {
    set: Arc<watch::Sender<Set>>,
    /// What counts where nothing was set.
    default: Arc<Set>,
    file: Arc<PathBuf>,
}

impl Settings {
    /// What was set in a home.
    pub(crate) fn load(paths: &Paths) -> Self {
        // An unreadable configuration is the engine's to tell.
        let config = ostler_config::load(&paths.config, &Os).ok().map(|loaded| loaded.config.desktop);
        let default = Set {
            close_to_tray: config.as_ref().is_none_or(|it| it.close_to_tray),
            start_hidden: config.as_ref().is_none_or(|it| it.start_hidden),
            notifications: config.as_ref().is_none_or(|it| it.notifications),
            tray_icon: config.as_ref().is_none_or(|it| it.tray_icon),
            icon_colour: IconColour::default(),
            quit: None,
            is_close_known: false,
        };
        Self::with(default, paths.state.join(FILE))
    }

    fn with(default: Set, file: PathBuf) -> Self {
        let stored = read(&file);
        let set = Set {
            close_to_tray: stored.close_to_tray.unwrap_or(default.close_to_tray),
            start_hidden: stored.start_hidden.unwrap_or(default.start_hidden),
            notifications: stored.notifications.unwrap_or(default.notifications),
            tray_icon: stored.tray_icon.unwrap_or(default.tray_icon),
            icon_colour: stored.icon_colour.unwrap_or(default.icon_colour),
            quit: stored.quit.filter(|quit| *quit != OnQuit::Unknown),
            is_close_known: stored.is_close_known,
        };
        Self { set: Arc::new(watch::Sender::new(set)), default: Arc::new(default), file: Arc::new(file) }
    }

    /// Lets the objects of the bridge find it. Only the first one counts.
    pub(crate) fn publish(&self) {
        if COUNTING.set(self.clone()).is_err() {
            tracing::error!("the settings are published already");
        }
    }

    /// Those that were published.
    pub(crate) fn published() -> Option<&'static Self> {
        COUNTING.get()
    }

    /// What counts now.
    pub(crate) fn now(&self) -> Set {
        self.set.borrow().clone()
    }

    /// What counts, and its changes.
    pub(crate) fn watch(&self) -> watch::Receiver<Set> {
        self.set.subscribe()
    }

    /// Changes something; [`keep`] writes it down.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Set)) {
        self.set.send_if_modified(|set| {
            let old = set.clone();
            change(set);
            *set != old
        });
    }

    fn stored(&self) -> Stored {
        let (set, default) = (self.now(), &self.default);
        let differing = |set: bool, default: bool| (set != default).then_some(set);
        Stored {
            close_to_tray: differing(set.close_to_tray, default.close_to_tray),
            start_hidden: differing(set.start_hidden, default.start_hidden),
            notifications: differing(set.notifications, default.notifications),
            tray_icon: differing(set.tray_icon, default.tray_icon),
            icon_colour: Some(set.icon_colour).filter(|colour| *colour != default.icon_colour),
            quit: set.quit,
            is_close_known: set.is_close_known,
        }
    }
}

/// Writes down what is changed, until the desk is closed.
pub(crate) async fn keep(settings: Settings, asks: mpsc::Sender<Ask>) {
    let mut changes = settings.watch();
    loop {
        tokio::select! {
            () = asks.closed() => return,
            Ok(()) = changes.changed() => {}
        }
        changes.borrow_and_update();
        if let Err(error) = write(&settings.file, &settings.stored()).await {
            tracing::warn!(%error, file = %settings.file.display(), "what was set is not written down");
            let text = say_with("The setting could not be saved: %1. It holds until you quit.", &[&error]);
            asks.try_send(Ask::Notice(text)).ok();
        }
    }
}

fn read(file: &Path) -> Stored {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Stored::default(),
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "what was set cannot be read");
            return Stored::default();
        }
    };
    serde_json::from_str(&text).unwrap_or_else(|error| {
        tracing::warn!(%error, file = %file.display(), "what was set cannot be understood");
        Stored::default()
    })
}

/// In one step: whoever reads meanwhile sees the old or the new.
async fn write(file: &Path, stored: &Stored) -> io::Result<()> {
    let text = serde_json::to_string_pretty(stored).map_err(io::Error::other)?;
    let beside = file.with_extension("json.new");
    tokio::fs::write(&beside, text + "\n").await?;
    tokio::fs::rename(&beside, file).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Set {
        Set {
            close_to_tray: true,
            start_hidden: true,
            notifications: true,
            tray_icon: true,
            icon_colour: IconColour::Coloured,
            quit: None,
            is_close_known: false,
        }
    }

    #[tokio::test]
    async fn what_was_set_is_there_the_next_day_and_the_rest_follows_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let settings = Settings::with(plain(), file.clone());
        settings.change(|set| (set.quit, set.notifications) = (Some(OnQuit::Keep), false));
        settings.change(|set| set.icon_colour = IconColour::Light);
        write(&file, &settings.stored()).await.unwrap();
        let later = Settings::with(Set { close_to_tray: false, ..plain() }, file).now();
        assert_eq!((later.quit, later.notifications), (Some(OnQuit::Keep), false));
        assert_eq!(later.icon_colour, IconColour::Light);
        assert!(!later.close_to_tray, "the configuration has changed, and nothing was set");
    }

    #[test]
    fn a_broken_file_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        for text in ["", "{", "[]", "{\"quit\": 7}", "{\"quit\": \"later\", \"unknown\": 1}"] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(Settings::with(plain(), file.clone()).now(), plain(), "{text}");
        }
    }
}
