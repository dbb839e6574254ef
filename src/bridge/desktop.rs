//! The desktop around the window: what the tray and notifications want of it, closing, quitting.

use std::pin::Pin;

use cxx_qt::Threading;
use cxx_qt_lib::QString;
use ostler_api::OnQuit;

use crate::desk::{Ask, Desk};
use crate::desktop::{Place, Wish};
use crate::stage::Surface;

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
    }

    #[auto_cxx_name]
    extern "RustQt" {
        #[qobject]
        #[qml_element]
        #[qml_singleton]
        type Desktop = super::DesktopRust;

        /// The log of a service is wanted.
        #[qsignal]
        fn logs_wanted(self: Pin<&mut Desktop>, service: QString);

        /// A service is wanted.
        #[qsignal]
        fn service_wanted(self: Pin<&mut Desktop>, service: QString);

        /// The configuration is wanted.
        #[qsignal]
        fn config_wanted(self: Pin<&mut Desktop>);

        /// All services are to be restarted, if the person agrees.
        #[qsignal]
        fn restart_all_wanted(self: Pin<&mut Desktop>);

        /// A URL is to be opened.
        #[qsignal]
        fn open_wanted(self: Pin<&mut Desktop>, url: QString);

        /// A text is to be copied.
        #[qsignal]
        fn copy_wanted(self: Pin<&mut Desktop>, text: QString);

        /// The end is wanted while services are up, if the person agrees.
        #[qsignal]
        fn quit_asked(self: Pin<&mut Desktop>, service_count: i32);

        /// Tells whether the window is there, and whether it is in front.
        #[qinvokable]
        fn see(self: Pin<&mut Desktop>, is_open: bool, is_in_front: bool);

        /// Tells that the person closed the window.
        #[qinvokable]
        fn close(self: Pin<&mut Desktop>);

        /// Ends the app and stops the services.
        #[qinvokable]
        fn quit_and_stop(self: Pin<&mut Desktop>, is_remembered: bool);

        /// Ends the app; the services go on.
        #[qinvokable]
        fn quit_and_keep(self: Pin<&mut Desktop>, is_remembered: bool);
    }

    impl cxx_qt::Threading for Desktop {}
    impl cxx_qt::Initialize for Desktop {}
}

/// What [`ffi::Desktop`] holds: nothing.
#[derive(Default)]
pub struct DesktopRust;

impl cxx_qt::Initialize for ffi::Desktop {
    fn initialize(self: Pin<&mut Self>) {
        Desk::announce(Surface::Desktop(self.qt_thread()));
    }
}

impl ffi::Desktop {
    /// Brings the person to a place.
    pub(crate) fn go(self: Pin<&mut Self>, place: &Place) {
        match place {
            Place::Logs(service) => self.logs_wanted(QString::from(service)),
            Place::Service(service) => self.service_wanted(QString::from(service)),
            Place::Config => self.config_wanted(),
            Place::RestartAll => self.restart_all_wanted(),
            Place::Url(url) => self.open_wanted(QString::from(url)),
            Place::Copy(text) => self.copy_wanted(QString::from(text)),
            Place::Quit { service_count } => {
                self.quit_asked(i32::try_from(*service_count).unwrap_or(i32::MAX));
            }
            Place::Token(token) => super::shell::ffi::set_activation_token(&QString::from(token)),
        }
    }

    fn see(self: Pin<&mut Self>, is_open: bool, is_in_front: bool) {
        Desk::ask(Ask::Desktop(Wish::See { is_open, is_in_front }));
    }

    fn close(self: Pin<&mut Self>) {
        Desk::ask(Ask::Desktop(Wish::Closed));
    }

    fn quit_and_stop(self: Pin<&mut Self>, is_remembered: bool) {
        Desk::ask(Ask::Desktop(Wish::QuitAs { services: OnQuit::Stop, is_remembered }));
    }

    fn quit_and_keep(self: Pin<&mut Self>, is_remembered: bool) {
        Desk::ask(Ask::Desktop(Wish::QuitAs { services: OnQuit::Keep, is_remembered }));
    }
}
