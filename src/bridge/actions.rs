//! The registry of actions, as QML sees it.

use std::path::PathBuf;
use std::pin::Pin;

use cxx_qt_lib::{QString, QStringList};
use ostler_view::Action;

use super::{strings, texts};
use crate::actions::{self, COUNTER, Course, Errand, QUERY, Query};
use crate::desk::Verb;

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
        include!("cxx-qt-lib/qstringlist.h");
        type QStringList = cxx_qt_lib::QStringList;
    }

    /// The actions, in the order of `ostler_view::Action`.
    #[qenum(Actions)]
    enum Action {
        /// Restarts a service.
        Restart,
        /// Starts a service.
        Start,
        /// Stops a service.
        Stop,
        /// Goes to a service.
        GoToService,
        /// Shows its log.
        ShowLog,
        /// Opens its address.
        OpenUrl,
        /// Copies its address.
        CopyUrl,
        /// Restarts what runs.
        RestartAll,
        /// Stops what runs.
        StopAll,
        /// Starts what is enabled.
        StartAll,
        /// Selects all.
        SelectAll,
        /// Types into the filter.
        Filter,
        /// The next problem.
        NextProblem,
        /// The last problem.
        PreviousProblem,
        /// The services.
        ServicesPage,
        /// Who listens to what happens.
        EventsPage,
        /// Who is connected.
        ConnectionsPage,
        /// The settings.
        SettingsPage,
        /// The self-check.
        DoctorPage,
        /// The keys.
        KeyboardPage,
        /// Versions and places.
        AboutPage,
        /// The palette.
        Palette,
        /// Opens the configuration.
        EditConfig,
        /// Reads the configuration again.
        ReloadConfig,
        /// The modes.
        ChangeMode,
        /// Starts an engine.
        StartEngine,
        /// Packs the diagnostics.
        Diagnostics,
        /// Closes the window.
        CloseWindow,
        /// Ends the app.
        Quit,
    }

    /// What to do with several services.
    #[qenum(Actions)]
    enum Bulk {
        /// Up.
        StartThem,
        /// Down.
        StopThem,
        /// A new run.
        RestartThem,
    }

    #[auto_cxx_name]
    extern "RustQt" {
        #[qobject]
        #[qml_element]
        #[qml_singleton]
        type Actions = super::ActionsRust;

        /// The window has to do this. A signal cannot carry the enumeration itself.
        #[qsignal]
        fn wanted(self: Pin<&mut Actions>, action: i32, service: QString);

        /// What it is called for a service, or without one.
        #[qinvokable]
        fn text(self: &Actions, action: Action, service: &QString) -> QString;

        /// The keys that do it.
        #[qinvokable]
        fn sequences(self: &Actions, action: Action) -> QStringList;

        /// The keys that do it, as they are written on keys.
        #[qinvokable]
        fn keys(self: &Actions, action: Action) -> QString;

        /// Why it cannot be done now; empty when it can.
        #[qinvokable]
        fn obstacle(self: &Actions, action: Action, service: &QString) -> QString;

        /// Does it, or says why not.
        #[qinvokable]
        fn run(self: Pin<&mut Actions>, action: Action, service: &QString);

        /// Does the same with several services; none named means all.
        #[qinvokable]
        fn run_on(self: Pin<&mut Actions>, verb: Bulk, services: &QStringList);

        /// Writes the next free port in the place of the one that a service could not take.
        #[qinvokable]
        fn use_free_port(self: Pin<&mut Actions>, service: &QString);

        /// With how many of these services it can be done.
        #[qinvokable]
        fn able(self: &Actions, verb: Bulk, services: &QStringList) -> i32;

        /// The address of a service.
        #[qinvokable]
        fn url(self: &Actions, service: &QString) -> QString;

        /// What is typed into the palette, while this service is chosen in the list.
        #[qinvokable]
        fn search(self: &Actions, text: &QString, current: &QString);

        /// Ends a connection of this number.
        #[qinvokable]
        fn drop_connection(self: &Actions, id: &QString);

        /// Broadcasts events from now on, or not.
        #[qinvokable]
        fn broadcast_events(self: &Actions, is_on: bool);

        /// Sends an event to whoever listens.
        #[qinvokable]
        fn emit_test_event(self: &Actions);

        /// Where diagnostics are written if nobody says otherwise.
        #[qinvokable]
        fn diagnostics_path(self: &Actions) -> QString;

        /// Writes the diagnostics.
        #[qinvokable]
        fn save_diagnostics(self: &Actions, path: &QString);
    }
}

/// What [`ffi::Actions`] holds: nothing.
#[derive(Default)]
pub struct ActionsRust;

impl ffi::Actions {
    fn text(&self, action: ffi::Action, service: &QString) -> QString {
        QString::from(&meant(action).text_for(&service.to_string()))
    }

    fn sequences(&self, action: ffi::Action) -> QStringList {
        strings(meant(action).keys())
    }

    fn keys(&self, action: ffi::Action) -> QString {
        QString::from(&meant(action).keys().first().map(|keys| crate::pages::shown(keys)).unwrap_or_default())
    }

    fn obstacle(&self, action: ffi::Action, service: &QString) -> QString {
        let why = actions::obstacle(meant(action), &service.to_string());
        QString::from(&why.map(|why| ostler_view::capitalised(&why)).unwrap_or_default())
    }

    fn run(self: Pin<&mut Self>, action: ffi::Action, service: &QString) {
        if actions::run(meant(action), &service.to_string()) == Course::ForWindow {
            self.wanted(action.repr, service.clone());
        }
    }

    fn run_on(self: Pin<&mut Self>, verb: ffi::Bulk, services: &QStringList) {
        actions::act_on(verb_of(verb), &texts(services));
    }

    fn use_free_port(self: Pin<&mut Self>, service: &QString) {
        actions::use_free_port(&service.to_string());
    }

    fn able(&self, verb: ffi::Bulk, services: &QStringList) -> i32 {
        let able = actions::able(&texts(services)).get(&verb_of(verb)).copied();
        able.and_then(|count| i32::try_from(count).ok()).unwrap_or_default()
    }

    fn url(&self, service: &QString) -> QString {
        QString::from(&actions::url(&service.to_string()))
    }

    fn search(&self, text: &QString, current: &QString) {
        let query = Query { text: text.to_string(), current: current.to_string() };
        QUERY.send_if_modified(|known| {
            let is_new = *known != query;
            *known = query;
            is_new
        });
    }

    fn drop_connection(&self, id: &QString) {
        if let Ok(id) = id.to_string().parse() {
            COUNTER.ask(Errand::Drop(id));
        }
    }

    fn broadcast_events(&self, is_on: bool) {
        COUNTER.ask(Errand::Broadcast(is_on));
    }

    fn emit_test_event(&self) {
        COUNTER.ask(Errand::TestEvent);
    }

    fn diagnostics_path(&self) -> QString {
        let home = std::env::home_dir().unwrap_or_else(std::env::temp_dir);
        let clock = actions::clock();
        let path = crate::diagnostics::default_path(&home, &clock.now.to_zoned(clock.zone));
        QString::from(&path.display().to_string())
    }

    fn save_diagnostics(&self, path: &QString) {
        COUNTER.ask(Errand::Diagnostics(PathBuf::from(path.to_string())));
    }
}

/// QML counts as `ostler_view` does.
fn meant(action: ffi::Action) -> Action {
    let at = usize::try_from(action.repr).ok();
    at.and_then(|at| Action::ALL.get(at)).copied().unwrap_or(Action::Palette)
}

fn verb_of(verb: ffi::Bulk) -> Verb {
    match verb {
        ffi::Bulk::StartThem => Verb::Start,
        ffi::Bulk::StopThem => Verb::Stop,
        _ => Verb::Restart,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_count_the_actions_alike() {
        assert_eq!(ffi::Action::Quit.repr as usize, Action::Quit as usize);
        assert_eq!(Action::ALL.last(), Some(&Action::Quit));
        assert_eq!(meant(ffi::Action::EditConfig), Action::EditConfig);
        assert_eq!(meant(ffi::Action::Stop), Action::Stop);
        assert_eq!(meant(ffi::Action::ConnectionsPage), Action::ConnectionsPage);
        assert_eq!(meant(ffi::Action::AboutPage), Action::AboutPage);
    }
}
