//! What could be a service already, and what of it is wanted.

use std::pin::Pin;

use cxx_qt::{CxxQtType, Threading};
use cxx_qt_lib::QString;

use super::{put, to_i32};
use crate::editor::{COUNTER, EditorAsk, FindFacts};

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
        #[qproperty(QString, folder, READ, NOTIFY)]
        #[qproperty(bool, is_looked, READ, NOTIFY)]
        #[qproperty(i32, wanted, READ, NOTIFY)]
        #[qproperty(bool, is_start_wanted, READ, NOTIFY)]
        type Finds = super::FindsRust;

        /// Looks for what could be a service; without a name where it looked before, or where the app was started.
        #[qinvokable]
        fn look_in(self: Pin<&mut Finds>, folder: &QString);

        /// Wants a find, or not.
        #[qinvokable]
        fn choose(self: Pin<&mut Finds>, key: &QString, is_wanted: bool);

        /// Whether the finds are to start now.
        #[qinvokable]
        fn start_now(self: Pin<&mut Finds>, starts: bool);

        /// Appends the lines of the finds that are wanted.
        #[qinvokable]
        fn take(self: Pin<&mut Finds>);
    }

    impl cxx_qt::Threading for Finds {}
    impl cxx_qt::Initialize for Finds {}
}

/// What [`ffi::Finds`] holds.
pub struct FindsRust {
    folder: QString,
    is_looked: bool,
    wanted: i32,
    is_start_wanted: bool,
}

impl Default for FindsRust {
    fn default() -> Self {
        Self { folder: QString::default(), is_looked: false, wanted: 0, is_start_wanted: true }
    }
}

impl cxx_qt::Initialize for ffi::Finds {
    fn initialize(self: Pin<&mut Self>) {
        COUNTER.ask(EditorAsk::AnnounceFinds(self.qt_thread()));
    }
}

impl ffi::Finds {
    /// Shows facts.
    pub(crate) fn put(mut self: Pin<&mut Self>, facts: &FindFacts) {
        put!(self.folder = QString::from(&facts.folder), folder_changed);
        put!(self.is_looked = facts.is_looked, is_looked_changed);
        put!(self.wanted = to_i32(facts.wanted), wanted_changed);
        put!(self.is_start_wanted = facts.starts, is_start_wanted_changed);
    }

    fn look_in(self: Pin<&mut Self>, folder: &QString) {
        COUNTER.ask(EditorAsk::Look(folder.to_string()));
    }

    fn choose(self: Pin<&mut Self>, key: &QString, is_wanted: bool) {
        COUNTER.ask(EditorAsk::Choose(key.to_string(), is_wanted));
    }

    fn start_now(self: Pin<&mut Self>, starts: bool) {
        COUNTER.ask(EditorAsk::StartNow(starts));
    }

    fn take(self: Pin<&mut Self>) {
        COUNTER.ask(EditorAsk::TakeFinds);
    }
}
