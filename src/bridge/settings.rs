//! What can be set in the window, and what it remembers.

use std::pin::Pin;

use cxx_qt::{CxxQtType, Threading};
use cxx_qt_lib::{QList, QRectF, QString};
use ostler_api::OnQuit;
use ostler_view::{Area, capitalised, window_place};

use super::put;
use crate::actions::{COUNTER, Errand};
use crate::autostart;
use crate::bridge::app::ffi::ThemeChoice;
use crate::desk::Desk;
use crate::memory::{self, Place};
use crate::settings::{Colours, IconColour, Settings};
use crate::stage::Surface;

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
        include!("cxx-qt-lib/qrectf.h");
        type QRectF = cxx_qt_lib::QRectF;
        include!("cxx-qt-lib/qlist.h");
        type QList_f64 = cxx_qt_lib::QList<f64>;
    }

    /// What is on or off.
    #[qenum(Settings)]
    enum Switch {
        /// Closing the window keeps the app in the tray.
        CloseToTray,
        /// No window when started at login.
        StartHidden,
        /// Desktop notifications.
        Notifications,
        /// An icon in the tray.
        TrayIcon,
    }

    /// What quitting does with services that run.
    #[qenum(Settings)]
    enum QuitAnswer {
        /// Ask.
        AskThen,
        /// They go on.
        KeepServices,
        /// They stop.
        StopServices,
    }

    /// The colour of the tray icon.
    #[qenum(Settings)]
    enum TrayColour {
        /// One colour, bright or dark as the desktop is.
        AutomaticIcon,
        /// One bright colour.
        LightIcon,
        /// One dark colour.
        DarkIcon,
        /// The mark in the colour of the state.
        ColouredIcon,
    }

    #[auto_cxx_name]
    extern "RustQt" {
        #[qobject]
        #[qml_element]
        #[qml_singleton]
        #[qproperty(i32, theme, READ, NOTIFY)]
        #[qproperty(bool, is_autostarted, READ, NOTIFY)]
        #[qproperty(QString, autostart_place, READ, NOTIFY)]
        #[qproperty(QString, autostart_trouble, READ, NOTIFY)]
        #[qproperty(bool, is_close_to_tray, READ, NOTIFY)]
        #[qproperty(bool, is_start_hidden, READ, NOTIFY)]
        #[qproperty(bool, has_notifications, READ, NOTIFY)]
        #[qproperty(bool, has_tray_icon, READ, NOTIFY)]
        #[qproperty(TrayColour, tray_colour, READ, NOTIFY)]
        #[qproperty(QuitAnswer, quit_answer, READ, NOTIFY)]
        type Settings = super::SettingsRust;

        /// Switches something on or off.
        #[qinvokable]
        fn choose(self: Pin<&mut Settings>, choice: Switch, is_on: bool);

        /// Sets the colour of the tray icon.
        #[qinvokable]
        fn choose_tray_colour(self: Pin<&mut Settings>, colour: TrayColour);

        /// Sets what quitting does with services that run.
        #[qinvokable]
        fn choose_quit_answer(self: Pin<&mut Settings>, answer: QuitAnswer);

        /// Sets the colours, an `App.ThemeChoice`.
        #[qinvokable]
        fn choose_theme(self: Pin<&mut Settings>, theme: i32);

        /// Lets the system start the app with the session, or not any more.
        #[qinvokable]
        fn choose_autostart(self: Pin<&mut Settings>, is_on: bool);

        /// Looks at the system again.
        #[qinvokable]
        fn refresh(self: Pin<&mut Settings>);

        /// Where the window goes on these screens, four numbers each; empty when nothing is remembered.
        #[qinvokable]
        fn window_place(self: &Settings, screens: &QList_f64) -> QRectF;

        /// Whether the window filled the screen.
        #[qinvokable]
        fn was_maximized(self: &Settings) -> bool;

        /// Remembers where the window is.
        #[qinvokable]
        fn keep_window(self: &Settings, place: &QRectF, is_maximized: bool);

        /// Where two panes meet, by name, if that is remembered.
        #[qinvokable]
        fn pane(self: &Settings, name: &QString, otherwise: f64) -> f64;

        /// Remembers where two panes meet.
        #[qinvokable]
        fn keep_pane(self: &Settings, name: &QString, position: f64);
    }

    impl cxx_qt::Threading for Settings {}
    impl cxx_qt::Initialize for Settings {}
}

/// What [`ffi::Settings`] holds.
pub struct SettingsRust {
    theme: i32,
    is_autostarted: bool,
    autostart_place: QString,
    autostart_trouble: QString,
    is_close_to_tray: bool,
    is_start_hidden: bool,
    has_notifications: bool,
    has_tray_icon: bool,
    tray_colour: ffi::TrayColour,
    quit_answer: ffi::QuitAnswer,
}

impl Default for SettingsRust {
    fn default() -> Self {
        // The window is never drawn in other colours first.
        let theme = Settings::published().map_or(Colours::System, |settings| settings.now().theme);
        Self {
            theme: to_qml(theme).repr,
            is_autostarted: false,
            autostart_place: QString::default(),
            autostart_trouble: QString::default(),
            is_close_to_tray: true,
            is_start_hidden: true,
            has_notifications: true,
            has_tray_icon: true,
            tray_colour: ffi::TrayColour::ColouredIcon,
            quit_answer: ffi::QuitAnswer::AskThen,
        }
    }
}

impl cxx_qt::Initialize for ffi::Settings {
    fn initialize(self: Pin<&mut Self>) {
        Desk::announce(Surface::Settings(self.qt_thread()));
        self.refresh();
    }
}

impl ffi::Settings {
    fn choose_theme(mut self: Pin<&mut Self>, theme: i32) {
        if let Some(settings) = Settings::published() {
            settings.choose_theme(from_qml(theme));
        }
        self.as_mut().tell_set();
    }

    fn choose(mut self: Pin<&mut Self>, choice: ffi::Switch, is_on: bool) {
        if let Some(settings) = Settings::published() {
            let chosen = Some(is_on);
            settings.choose(|choices| match choice {
                ffi::Switch::CloseToTray => choices.close_to_tray = chosen,
                ffi::Switch::StartHidden => choices.start_hidden = chosen,
                ffi::Switch::Notifications => choices.notifications = chosen,
                _ => choices.tray_icon = chosen,
            });
        }
        self.as_mut().tell_set();
    }

    fn choose_tray_colour(mut self: Pin<&mut Self>, colour: ffi::TrayColour) {
        let all = [IconColour::Automatic, IconColour::Light, IconColour::Dark, IconColour::Coloured];
        let meant = all.into_iter().find(|it| colour_to_qml(*it) == colour);
        if let Some((settings, meant)) = Settings::published().zip(meant) {
            settings.choose(|choices| choices.icon_colour = Some(meant));
        }
        self.as_mut().tell_set();
    }

    fn choose_quit_answer(mut self: Pin<&mut Self>, answer: ffi::QuitAnswer) {
        let all = [None, Some(OnQuit::Keep), Some(OnQuit::Stop)];
        let meant = all.into_iter().find(|it| answer_to_qml(*it) == answer);
        if let Some((settings, meant)) = Settings::published().zip(meant) {
            settings.choose(|choices| choices.quit = meant);
        }
        self.as_mut().tell_set();
    }

    /// Shows what counts now.
    pub(crate) fn tell_set(mut self: Pin<&mut Self>) {
        let Some(set) = Settings::published().map(Settings::now) else { return };
        put!(self.theme = to_qml(set.theme).repr, theme_changed);
        put!(self.is_close_to_tray = set.close_to_tray, is_close_to_tray_changed);
        put!(self.is_start_hidden = set.start_hidden, is_start_hidden_changed);
        put!(self.has_notifications = set.notifications, has_notifications_changed);
        put!(self.has_tray_icon = set.tray_icon, has_tray_icon_changed);
        put!(self.tray_colour = colour_to_qml(set.icon_colour), tray_colour_changed);
        put!(self.quit_answer = answer_to_qml(set.quit), quit_answer_changed);
    }

    fn choose_autostart(mut self: Pin<&mut Self>, is_on: bool) {
        let trouble = autostart::set(is_on).err().map(|error| capitalised(&error.to_string()));
        self.as_mut().refresh();
        if let Some(trouble) = trouble {
            put!(self.autostart_trouble = QString::from(&trouble), autostart_trouble_changed);
        }
    }

    fn refresh(mut self: Pin<&mut Self>) {
        self.as_mut().tell_set();
        let (is_on, trouble) = match autostart::is_on() {
            Ok(is_on) => (is_on, String::new()),
            Err(error) => (false, capitalised(&error.to_string())),
        };
        let place = autostart::place().map(|path| path.display().to_string()).unwrap_or_default();
        put!(self.is_autostarted = is_on, is_autostarted_changed);
        put!(self.autostart_place = QString::from(&place), autostart_place_changed);
        put!(self.autostart_trouble = QString::from(&trouble), autostart_trouble_changed);
    }

    fn window_place(&self, screens: &QList<f64>) -> QRectF {
        let numbers: Vec<f64> = screens.iter().copied().collect();
        let screens: Vec<Area> = numbers
            .chunks_exact(4)
            .map(|it| Area { x: it[0], y: it[1], width: it[2], height: it[3] })
            .collect();
        let wanted =
            memory::now().place.map(|it| Area { x: it.x, y: it.y, width: it.width, height: it.height });
        let place = wanted.and_then(|wanted| window_place(wanted, &screens)).unwrap_or_default();
        QRectF::new(place.x, place.y, place.width, place.height)
    }

    fn was_maximized(&self) -> bool {
        memory::now().place.is_some_and(|place| place.is_maximized)
    }

    fn keep_window(&self, place: &QRectF, is_maximized: bool) {
        let (width, height) = (place.width(), place.height());
        let place = Place { x: place.x(), y: place.y(), width, height, is_maximized };
        memory::change(|memory| memory.place = Some(place));
        COUNTER.ask(Errand::Remember);
    }

    fn pane(&self, name: &QString, otherwise: f64) -> f64 {
        memory::now().panes.get(&name.to_string()).copied().unwrap_or(otherwise)
    }

    fn keep_pane(&self, name: &QString, position: f64) {
        memory::change(|memory| {
            memory.panes.insert(name.to_string(), position);
        });
        COUNTER.ask(Errand::Remember);
    }
}

fn colour_to_qml(colour: IconColour) -> ffi::TrayColour {
    match colour {
        IconColour::Automatic => ffi::TrayColour::AutomaticIcon,
        IconColour::Light => ffi::TrayColour::LightIcon,
        IconColour::Dark => ffi::TrayColour::DarkIcon,
        IconColour::Coloured => ffi::TrayColour::ColouredIcon,
    }
}

fn answer_to_qml(quit: Option<OnQuit>) -> ffi::QuitAnswer {
    match quit {
        None | Some(OnQuit::Unknown) => ffi::QuitAnswer::AskThen,
        Some(OnQuit::Keep) => ffi::QuitAnswer::KeepServices,
        Some(OnQuit::Stop) => ffi::QuitAnswer::StopServices,
    }
}

fn to_qml(colours: Colours) -> ThemeChoice {
    match colours {
        Colours::System => ThemeChoice::System,
        Colours::Light => ThemeChoice::Light,
        Colours::Dark => ThemeChoice::Dark,
        Colours::HighContrast => ThemeChoice::HighContrast,
    }
}

fn from_qml(theme: i32) -> Colours {
    let all = [Colours::System, Colours::Light, Colours::Dark, Colours::HighContrast];
    all.into_iter().find(|colours| to_qml(*colours).repr == theme).unwrap_or_default()
}
