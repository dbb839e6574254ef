//! `[desktop]` and `[notify]`.

use crate::{
    forms,
    keys::{
        Expand, Key, Kind,
        Plain::{Bool, Text},
        Section,
    },
    secret::Secret,
    view::View,
};

pub(crate) static DESKTOP: Section = Section::new("The desktop app.", &DESKTOP_KEYS);
pub(crate) static NOTIFY: Section = Section::new("Who else is told.", &NOTIFY_KEYS);

static DESKTOP_KEYS: [Key; 5] = [
    Key::new(
        "theme",
        Kind::Choice(&["system", "light", "dark", "high-contrast"]),
        "The colours of the window.",
        "\"system\"",
    )
    .default(Text("system")),
    Key::new("close_to_tray", Kind::Bool, "Closing the window keeps the app in the tray.", "true")
        .default(Bool(true)),
    Key::new("start_hidden", Kind::Bool, "No window when started at login.", "true").default(Bool(true)),
    Key::new("notifications", Kind::Bool, "Desktop notifications.", "true").default(Bool(true)),
    Key::new("tray_icon", Kind::Bool, "The icon in the tray.", "true").default(Bool(true)),
];

static NOTIFY_KEYS: [Key; 1] = [Key::new(
    "webhook",
    Kind::Formed(Expand::Load, &forms::OPTIONAL_URL),
    "A URL that is POSTed to when a service failed and recovered.",
    "\"https://example.com/hook\"",
)
.default(Text(""))];

/// `[desktop]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesktopSettings {
    /// The colours of the window.
    pub theme: Theme,
    /// Whether closing the window keeps the app in the tray.
    pub close_to_tray: bool,
    /// Whether there is no window when started at login.
    pub start_hidden: bool,
    /// Whether there are desktop notifications.
    pub notifications: bool,
    /// Whether there is an icon in the tray.
    pub tray_icon: bool,
}

/// The colours of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the desktop has it.
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// The strongest contrast.
    HighContrast,
}

/// `[notify]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifySettings {
    /// POSTed to when a service failed and recovered.
    pub webhook: Option<Secret>,
}

pub(crate) fn read(view: &View<'_>) -> DesktopSettings {
    DesktopSettings {
        theme: view.choice("theme", [Theme::System, Theme::Light, Theme::Dark, Theme::HighContrast]),
        close_to_tray: view.flag("close_to_tray"),
        start_hidden: view.flag("start_hidden"),
        notifications: view.flag("notifications"),
        tray_icon: view.flag("tray_icon"),
    }
}

pub(crate) fn read_notify(view: &View<'_>) -> NotifySettings {
    NotifySettings { webhook: view.plain("webhook").filter(|url| !url.is_empty()).map(Secret::new) }
}
