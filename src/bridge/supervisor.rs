//! The supervisor as a whole: headline, counts, mode, events, banner.

use std::pin::Pin;

use cxx_qt::{CxxQtType, Threading};
use cxx_qt_lib::{QString, QStringList};

use super::{put, strings, to_i32};
use crate::desk::{Ask, Desk};
use crate::stage::{SupervisorFacts, Surface};

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
        include!("cxx-qt-lib/qstringlist.h");
        type QStringList = cxx_qt_lib::QStringList;
    }

    /// The state of everything.
    #[qenum(Supervisor)]
    enum Mood {
        /// All that should run runs.
        Ok,
        /// Something starts or stops.
        Busy,
        /// Something is degraded or in backoff.
        Degraded,
        /// Something failed.
        Failed,
        /// Nothing runs.
        Stopped,
        /// Nobody knows.
        NoEngine,
    }

    /// What a banner is about.
    #[qenum(Supervisor)]
    enum BannerKind {
        /// There is none.
        NoBanner,
        /// The engine is lost.
        EngineLost,
        /// The configuration was refused.
        ConfigRefused,
        /// Work in progress.
        Working,
        /// A changed configuration waits for a yes.
        Plan,
        /// A word to the person.
        Notice,
    }

    #[auto_cxx_name]
    extern "RustQt" {
        #[qobject]
        #[qml_element]
        #[qml_singleton]
        #[qproperty(QString, title, READ, NOTIFY)]
        #[qproperty(QString, summary, READ, NOTIFY)]
        #[qproperty(Mood, mood, READ, NOTIFY)]
        #[qproperty(QString, first_problem, READ, NOTIFY)]
        #[qproperty(i32, all_count, READ, NOTIFY)]
        #[qproperty(i32, attention_count, READ, NOTIFY)]
        #[qproperty(i32, running_count, READ, NOTIFY)]
        #[qproperty(i32, busy_count, READ, NOTIFY)]
        #[qproperty(i32, stopped_count, READ, NOTIFY)]
        #[qproperty(QString, mode, READ, NOTIFY)]
        #[qproperty(QStringList, modes, READ, NOTIFY)]
        #[qproperty(QString, config_path, READ, NOTIFY)]
        #[qproperty(bool, event_broadcast_enabled, READ, NOTIFY)]
        #[qproperty(i32, event_subscriber_count, READ, NOTIFY)]
        #[qproperty(BannerKind, banner_kind, READ, NOTIFY)]
        #[qproperty(QString, banner_subject, READ, NOTIFY)]
        #[qproperty(QString, banner_text, READ, NOTIFY)]
        type Supervisor = super::SupervisorRust;

        /// Changes the mode.
        #[qinvokable]
        #[cxx_name = "changeMode"]
        fn change_mode(self: Pin<&mut Supervisor>, mode: &QString);

        /// Reads the configuration again.
        #[qinvokable]
        fn reload_config(self: Pin<&mut Supervisor>);
    }

    impl cxx_qt::Threading for Supervisor {}
    impl cxx_qt::Initialize for Supervisor {}
}

/// What [`ffi::Supervisor`] holds.
pub struct SupervisorRust {
    title: QString,
    summary: QString,
    mood: ffi::Mood,
    first_problem: QString,
    all_count: i32,
    attention_count: i32,
    running_count: i32,
    busy_count: i32,
    stopped_count: i32,
    mode: QString,
    modes: QStringList,
    config_path: QString,
    event_broadcast_enabled: bool,
    event_subscriber_count: i32,
    banner_kind: ffi::BannerKind,
    banner_subject: QString,
    banner_text: QString,
}

impl Default for SupervisorRust {
    fn default() -> Self {
        Self {
            title: QString::default(),
            summary: QString::default(),
            mood: ffi::Mood::NoEngine,
            first_problem: QString::default(),
            all_count: 0,
            attention_count: 0,
            running_count: 0,
            busy_count: 0,
            stopped_count: 0,
            mode: QString::default(),
            modes: QStringList::default(),
            config_path: QString::default(),
            event_broadcast_enabled: false,
            event_subscriber_count: 0,
            banner_kind: ffi::BannerKind::NoBanner,
            banner_subject: QString::default(),
            banner_text: QString::default(),
        }
    }
}

impl cxx_qt::Initialize for ffi::Supervisor {
    fn initialize(self: Pin<&mut Self>) {
        Desk::announce(Surface::Supervisor(self.qt_thread()));
    }
}

impl ffi::Supervisor {
    /// Shows facts.
    pub(crate) fn put(mut self: Pin<&mut Self>, facts: &SupervisorFacts) {
        let headline = &facts.headline;
        put!(self.title = QString::from(&headline.title), title_changed);
        put!(self.summary = QString::from(&headline.summary), summary_changed);
        put!(self.mood = facts.mood, mood_changed);
        put!(self.first_problem = QString::from(&headline.service), first_problem_changed);
        put!(self.all_count = to_i32(headline.counts.all), all_count_changed);
        put!(self.attention_count = to_i32(headline.counts.attention()), attention_count_changed);
        put!(self.running_count = to_i32(headline.counts.running), running_count_changed);
        put!(self.busy_count = to_i32(headline.counts.busy), busy_count_changed);
        put!(self.stopped_count = to_i32(headline.counts.down()), stopped_count_changed);
        put!(self.mode = QString::from(&facts.mode), mode_changed);
        put!(self.modes = strings(&facts.modes), modes_changed);
        put!(self.config_path = QString::from(&facts.config_path), config_path_changed);
        let events = &facts.events;
        put!(self.event_broadcast_enabled = events.enabled, event_broadcast_enabled_changed);
        put!(self.event_subscriber_count = clamped(events.subscriber_count), event_subscriber_count_changed);
        put!(self.banner_kind = facts.banner_kind, banner_kind_changed);
        put!(self.banner_subject = QString::from(&facts.banner.subject), banner_subject_changed);
        put!(self.banner_text = QString::from(&facts.banner.text), banner_text_changed);
    }

    fn change_mode(self: Pin<&mut Self>, mode: &QString) {
        Desk::ask(Ask::ChangeMode(mode.to_string()));
    }

    fn reload_config(self: Pin<&mut Self>) {
        Desk::ask(Ask::ReloadConfig);
    }
}

fn clamped(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
