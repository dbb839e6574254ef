//! What the person has chosen in the app, and what the app has to remember from one day to the next.
//!
//! A file of its own beside the state of the engine, so that the app never writes into the configuration
//! unasked. What was not chosen is as `[desktop]` of the configuration says.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ostler_api::OnQuit;
use ostler_config::{DesktopSettings, Os, Paths, Theme};
use ostler_view::say_with;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use crate::desk::Ask;
use crate::link::Report;

const FILE: &str = "desktop.json";

/// What counts without a configuration that can be read.
const UNCONFIGURED: DesktopSettings = DesktopSettings {
    theme: Theme::System,
    close_to_tray: true,
    start_hidden: true,
    notifications: true,
    tray_icon: true,
};

static COUNTING: OnceLock<Settings> = OnceLock::new();

/// What counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Set {
    /// The colours of the window.
    pub(crate) theme: Colours,
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

/// The colours of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Colours {
    /// As the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// High contrast.
    HighContrast,
}

impl From<Theme> for Colours {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::System => Self::System,
            Theme::Light => Self::Light,
            Theme::Dark => Self::Dark,
            Theme::HighContrast => Self::HighContrast,
        }
    }
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

/// What was chosen in the app, and is in the file. A choice that says the same as the configuration is one too: it
/// holds when the configuration changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Choices {
    /// The colours of the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) theme: Option<Colours>,
    /// Closing the window keeps the app in the tray.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) close_to_tray: Option<bool>,
    /// No window when started at login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_hidden: Option<bool>,
    /// Desktop notifications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notifications: Option<bool>,
    /// An icon in the tray.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tray_icon: Option<bool>,
    /// The colour of that icon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) icon_colour: Option<IconColour>,
    /// What quitting does with the services; nothing = ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quit: Option<OnQuit>,
    /// The person knows where a closed window goes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_close_known: bool,
}

/// What was chosen, over what `[desktop]` of the configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layers {
    /// The colours of this start of the app alone, until others are chosen.
    asked: Option<Colours>,
    chosen: Choices,
    default: DesktopSettings,
}

impl Layers {
    /// What counts.
    pub(crate) fn set(&self) -> Set {
        let Self { asked, chosen, default } = self;
        Set {
            theme: asked.or(chosen.theme).unwrap_or(default.theme.into()),
            close_to_tray: chosen.close_to_tray.unwrap_or(default.close_to_tray),
            start_hidden: chosen.start_hidden.unwrap_or(default.start_hidden),
            notifications: chosen.notifications.unwrap_or(default.notifications),
            tray_icon: chosen.tray_icon.unwrap_or(default.tray_icon),
            icon_colour: chosen.icon_colour.unwrap_or_default(),
            quit: chosen.quit.filter(|quit| *quit != OnQuit::Unknown),
            is_close_known: chosen.is_close_known,
        }
    }
}

/// What is set, its changes, and the way to change it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Settings {
    layers: Arc<watch::Sender<Layers>>,
    file: Arc<PathBuf>,
}

impl Settings {
    /// What was set in a home, with the colours that this start of the app asks for, and those that an earlier
    /// version remembered.
    pub(crate) fn load(paths: &Paths, asked: Option<Colours>, remembered: Option<Colours>) -> Self {
        // An unreadable configuration is the engine's to tell.
        let default = configured(&paths.config).unwrap_or(UNCONFIGURED);
        let settings = Self::with(default, paths.state.join(FILE));
        settings.change(|layers| {
            layers.asked = asked;
            layers.chosen.theme = layers.chosen.theme.or(remembered);
        });
        settings
    }

    fn with(default: DesktopSettings, file: PathBuf) -> Self {
        let layers = Layers { asked: None, chosen: read(&file), default };
        Self { layers: Arc::new(watch::Sender::new(layers)), file: Arc::new(file) }
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
        self.layers.borrow().set()
    }

    /// What counts, and its changes.
    pub(crate) fn watch(&self) -> watch::Receiver<Layers> {
        self.layers.subscribe()
    }

    /// Chooses something; [`keep`] writes it down.
    pub(crate) fn choose(&self, choose: impl FnOnce(&mut Choices)) {
        self.change(|layers| choose(&mut layers.chosen));
    }

    /// Chooses colours.
    pub(crate) fn choose_theme(&self, theme: Colours) {
        self.change(|layers| (layers.asked, layers.chosen.theme) = (None, Some(theme)));
    }

    fn change(&self, change: impl FnOnce(&mut Layers)) {
        self.layers.send_if_modified(|layers| {
            let old = layers.clone();
            change(layers);
            *layers != old
        });
    }
}

/// Writes down what is changed, until the desk is closed.
pub(crate) async fn keep(settings: Settings, asks: mpsc::Sender<Ask>) {
    let mut changes = settings.watch();
    let mut kept = changes.borrow_and_update().chosen.clone();
    loop {
        tokio::select! {
            () = asks.closed() => return,
            Ok(()) = changes.changed() => {}
        }
        let chosen = changes.borrow_and_update().chosen.clone();
        if std::mem::replace(&mut kept, chosen.clone()) == chosen {
            continue;
        }
        if let Err(error) = write(&settings.file, &chosen).await {
            tracing::warn!(%error, file = %settings.file.display(), "what was set is not written down");
            let text = say_with("The setting could not be saved: %1. It holds until you quit.", &[&error]);
            asks.try_send(Ask::Notice(text)).ok();
        }
    }
}

/// Follows `[desktop]` of the configuration from reload to reload, until the desk is closed.
pub(crate) async fn follow(
    settings: Settings,
    mut reports: watch::Receiver<Report>,
    config: PathBuf,
    asks: mpsc::Sender<Ask>,
) {
    let mut known = String::new();
    loop {
        let hash = reports.borrow_and_update().snapshot.supervisor.config_hash.clone();
        if hash != known {
            known = hash;
            let config = config.clone();
            let read = tokio::task::spawn_blocking(move || configured(&config)).await;
            if let Ok(Some(default)) = read {
                settings.change(|layers| layers.default = default);
            }
        }
        tokio::select! {
            () = asks.closed() => return,
            changed = reports.changed() => if changed.is_err() { return },
        }
    }
}

/// `[desktop]` of a configuration, if it can be read.
fn configured(config: &Path) -> Option<DesktopSettings> {
    ostler_config::load(config, &Os).ok().map(|loaded| loaded.config.desktop)
}

fn read(file: &Path) -> Choices {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Choices::default(),
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "what was set cannot be read");
            return Choices::default();
        }
    };
    serde_json::from_str(&text).unwrap_or_else(|error| {
        tracing::warn!(%error, file = %file.display(), "what was set cannot be understood");
        Choices::default()
    })
}

/// In one step: whoever reads meanwhile sees the old or the new.
async fn write(file: &Path, chosen: &Choices) -> io::Result<()> {
    let text = serde_json::to_string_pretty(chosen).map_err(io::Error::other)?;
    let beside = file.with_extension("json.new");
    tokio::fs::write(&beside, text + "\n").await?;
    tokio::fs::rename(&beside, file).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn home() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        (folder, file)
    }

    /// What counts the next day, with another configuration.
    async fn next_day(settings: &Settings, default: DesktopSettings) -> Set {
        let chosen = settings.layers.borrow().chosen.clone();
        write(&settings.file, &chosen).await.unwrap();
        Settings::with(default, settings.file.to_path_buf()).now()
    }

    #[tokio::test]
    async fn what_was_set_is_there_the_next_day_and_the_rest_follows_the_configuration() {
        let (_folder, file) = home();
        let settings = Settings::with(UNCONFIGURED, file);
        settings.choose(|choices| (choices.quit, choices.notifications) = (Some(OnQuit::Keep), Some(false)));
        settings.choose(|choices| choices.icon_colour = Some(IconColour::Light));
        let later = next_day(&settings, DesktopSettings { close_to_tray: false, ..UNCONFIGURED }).await;
        assert_eq!((later.quit, later.notifications), (Some(OnQuit::Keep), false));
        assert_eq!(later.icon_colour, IconColour::Light);
        assert!(!later.close_to_tray, "the configuration has changed, and nothing was set");
    }

    #[tokio::test]
    async fn what_was_chosen_as_the_configuration_had_it_holds_when_that_changes() {
        let (_folder, file) = home();
        let quiet = DesktopSettings { notifications: false, tray_icon: false, ..UNCONFIGURED };
        let settings = Settings::with(quiet, file);
        settings.choose(|choices| choices.notifications = Some(false));
        let later = next_day(&settings, UNCONFIGURED).await;
        assert!(!later.notifications, "off was chosen");
        assert!(later.tray_icon, "nothing was chosen");
    }

    #[tokio::test]
    async fn the_theme_of_the_configuration_counts_until_one_is_chosen_and_a_start_may_ask_for_another() {
        let (_folder, file) = home();
        let dark = DesktopSettings { theme: Theme::Dark, ..UNCONFIGURED };
        let settings = Settings::with(dark.clone(), file);
        assert_eq!(settings.now().theme, Colours::Dark);
        settings.change(|layers| layers.asked = Some(Colours::HighContrast));
        assert_eq!(settings.now().theme, Colours::HighContrast);
        assert_eq!(next_day(&settings, dark.clone()).await.theme, Colours::Dark, "asked for, not chosen");
        settings.choose_theme(Colours::System);
        assert_eq!(settings.now().theme, Colours::System);
        assert_eq!(next_day(&settings, dark).await.theme, Colours::System);
    }

    #[test]
    fn colours_that_an_earlier_version_remembered_count_as_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("ostler.toml");
        std::fs::write(&config, "[desktop]\ntheme = \"light\"\n").unwrap();
        let paths = Paths { state: folder.path().to_owned(), ..Paths::for_config(Some(&config)).unwrap() };
        let load = |remembered| Settings::load(&paths, None, remembered).now().theme;
        assert_eq!((load(None), load(Some(Colours::Dark))), (Colours::Light, Colours::Dark));
        std::fs::write(folder.path().join(FILE), r#"{"theme": "high_contrast"}"#).unwrap();
        assert_eq!(load(Some(Colours::Dark)), Colours::HighContrast, "chosen later");
    }

    #[tokio::test]
    async fn a_reload_changes_what_was_not_chosen() {
        let (folder, file) = home();
        let config = folder.path().join("ostler.toml");
        let settings = Settings::with(UNCONFIGURED, file);
        settings.choose(|choices| choices.tray_icon = Some(true));
        let (report, reports) = watch::channel(Report::default());
        let (asks, _desk) = mpsc::channel(1);
        let _task = tokio::spawn(follow(settings.clone(), reports, config.clone(), asks));
        let mut sets = settings.watch();
        for (theme, colours) in [("dark", Colours::Dark), ("high-contrast", Colours::HighContrast)] {
            let text = format!("[desktop]\ntheme = \"{theme}\"\ntray_icon = false\n");
            std::fs::write(&config, text).unwrap();
            report.send_modify(|report| {
                Arc::make_mut(&mut report.snapshot).supervisor.config_hash = theme.to_owned();
            });
            let follows = sets.wait_for(|layers| layers.set().theme == colours);
            let set = tokio::time::timeout(Duration::from_secs(30), follows).await.unwrap().unwrap().set();
            assert!(set.tray_icon, "that was chosen");
        }
    }

    #[test]
    fn a_file_of_an_earlier_version_is_understood() {
        let (_folder, file) = home();
        let text =
            r#"{"notifications": false, "icon_colour": "dark", "quit": "stop", "is_close_known": true}"#;
        std::fs::write(&file, text).unwrap();
        let set = Settings::with(UNCONFIGURED, file).now();
        assert_eq!((set.notifications, set.close_to_tray, set.is_close_known), (false, true, true));
        assert_eq!((set.icon_colour, set.quit), (IconColour::Dark, Some(OnQuit::Stop)));
    }

    #[test]
    fn a_broken_file_is_as_none() {
        let (_folder, file) = home();
        let plain = Settings::with(UNCONFIGURED, file.clone()).now();
        for text in ["", "{", "[]", "{\"quit\": 7}", "{\"quit\": \"later\", \"unknown\": 1}"] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(Settings::with(UNCONFIGURED, file.clone()).now(), plain, "{text}");
        }
    }
}
