//! The app itself: the link, notices, the window, the end.

use std::pin::Pin;

use cxx_qt::{CxxQtType, Threading};
use cxx_qt_lib::QString;

use super::put;
use crate::desk::{Ask, Desk};
use crate::stage::{AppFacts, Surface};

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
    }

    /// Which colours.
    #[qenum(App)]
    enum ThemeChoice {
        /// As the system.
        System,
        /// Light.
        Light,
        /// Dark.
        Dark,
        /// High contrast.
        HighContrast,
    }

    /// How the link to the engine is.
    #[qenum(App)]
    enum Link {
        /// Nothing was heard yet.
        Connecting,
        /// What is shown is what is.
        Live,
        /// Lost just now.
        Reconnecting,
        /// Lost.
        Stale,
    }

    #[auto_cxx_name]
    extern "RustQt" {
        #[qobject]
        #[qml_element]
        #[qml_singleton]
        #[qproperty(Link, link, READ, NOTIFY)]
        #[qproperty(QString, link_text, READ, NOTIFY)]
        #[qproperty(QString, link_reason, READ, NOTIFY)]
        #[qproperty(bool, waits_for_config, READ, NOTIFY)]
        #[qproperty(QString, notice, READ, NOTIFY)]
        #[qproperty(bool, has_tray, READ, NOTIFY)]
        #[qproperty(bool, is_ending, READ, NOTIFY)]
        #[qproperty(bool, starts_hidden, READ, CONSTANT)]
        #[qproperty(bool, is_motion_reduced, READ, CONSTANT)]
        type App = super::AppRust;

        /// The window is wanted in front.
        #[qsignal]
        fn show_requested(self: Pin<&mut App>);

        /// The window is wanted in front, or away when it is there.
        #[qsignal]
        fn toggle_requested(self: Pin<&mut App>);

        /// All is put away: the app may end.
        #[qsignal]
        fn quit_ready(self: Pin<&mut App>);

        /// Asks for the end.
        #[qinvokable]
        fn quit(self: Pin<&mut App>);

        /// Tells whether the window can be seen.
        #[qinvokable]
        fn set_visible(self: Pin<&mut App>, is_visible: bool);

        /// Tells whether the colours are dark.
        #[qinvokable]
        fn set_dark(self: Pin<&mut App>, is_dark: bool);

        /// Starts an engine, if none runs.
        #[qinvokable]
        fn start_engine(self: Pin<&mut App>);

        /// Puts the notice away.
        #[qinvokable]
        fn dismiss_notice(self: Pin<&mut App>);
    }

    impl cxx_qt::Threading for App {}
    impl cxx_qt::Initialize for App {}
}

/// What [`ffi::App`] holds.
pub struct AppRust {
    link: ffi::Link,
    link_text: QString,
    link_reason: QString,
    waits_for_config: bool,
    notice: QString,
    has_tray: bool,
    is_ending: bool,
    starts_hidden: bool,
    is_motion_reduced: bool,
}

impl Default for AppRust {
    fn default() -> Self {
        let desk = Desk::get();
        Self {
            link: ffi::Link::Connecting,
            link_text: QString::default(),
            link_reason: QString::default(),
            waits_for_config: false,
            notice: QString::default(),
            has_tray: false,
            is_ending: false,
            starts_hidden: desk.is_some_and(Desk::starts_hidden),
            is_motion_reduced: desk.is_some_and(Desk::is_motion_reduced),
        }
    }
}

impl cxx_qt::Initialize for ffi::App {
    fn initialize(self: Pin<&mut Self>) {
        Desk::announce(Surface::App(self.qt_thread()));
    }
}

impl ffi::App {
    /// Shows facts.
    pub(crate) fn put(mut self: Pin<&mut Self>, facts: &AppFacts) {
        put!(self.link = facts.link, link_changed);
        put!(self.link_text = QString::from(&facts.link_text), link_text_changed);
        put!(self.link_reason = QString::from(&facts.link_reason), link_reason_changed);
        put!(self.waits_for_config = facts.waits_for_config, waits_for_config_changed);
        put!(self.notice = QString::from(&facts.notice), notice_changed);
        put!(self.has_tray = facts.has_tray, has_tray_changed);
        put!(self.is_ending = facts.is_ending, is_ending_changed);
    }

    fn quit(self: Pin<&mut Self>) {
        Desk::ask(Ask::Quit);
    }

    fn set_visible(self: Pin<&mut Self>, is_visible: bool) {
        Desk::ask(Ask::Visible(is_visible));
    }

    fn set_dark(self: Pin<&mut Self>, is_dark: bool) {
        Desk::ask(Ask::Dark(is_dark));
    }

    fn start_engine(self: Pin<&mut Self>) {
        Desk::ask(Ask::StartEngine);
    }

    fn dismiss_notice(self: Pin<&mut Self>) {
        Desk::ask(Ask::DismissNotice);
    }
}
