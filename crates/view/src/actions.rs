//! Everything that can be done from the window, once: shortcuts, menus, the palette and the keyboard page are
//! made of it.

use crate::{Row, say};

/// What an action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One service.
    Service,
    /// All services.
    Services,
    /// A page of the window.
    Page,
    /// What is shown where the keyboard is.
    View,
    /// The app.
    App,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident $scope:ident say($text:literal) $glyph:literal [$($keys:literal),*],)*) => {
        /// An action.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// All of them, in the order of the palette.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in QML.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// What it is about.
            pub fn scope(self) -> Scope {
                match self { $(Self::$name => Scope::$scope,)* }
            }

            /// What it is called; `%1` stands for the service.
            pub fn text(self) -> String {
                match self { $(Self::$name => say($text),)* }
            }

            /// The name of its glyph.
            pub fn glyph(self) -> &'static str {
                match self { $(Self::$name => $glyph,)* }
            }

            /// The keys that do it, the one that is shown first.
            pub fn keys(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($keys),*],)* }
            }
        }
    };
}

actions! {
    /// Restarts a service.
    Restart Service say("Restart %1") "action-restart" ["Ctrl+R"],
    /// Starts a service.
    Start Service say("Start %1") "action-start" ["Ctrl+Return", "Ctrl+Enter"],
    /// Stops a service.
    Stop Service say("Stop %1") "action-stop" ["Ctrl+."],
    /// Goes to a service in the list.
    GoToService Service say("Go to %1") "action-chevron-right" [],
    /// Shows the log of a service.
    ShowLog Service say("Show the log of %1") "action-log" ["Ctrl+L"],
    /// Opens the address of a service.
    OpenUrl Service say("Open %1") "action-open" ["Ctrl+O"],
    /// Copies the address of a service.
    CopyUrl Service say("Copy the URL of %1") "action-copy" ["Ctrl+Shift+C"],
    /// Restarts what runs.
    RestartAll Services say("Restart all…") "action-restart" ["Ctrl+Shift+R"],
    /// Stops what runs.
    StopAll Services say("Stop all…") "action-stop" [],
    /// Starts what is enabled.
    StartAll Services say("Start all") "action-start" [],
    /// Selects every listed service.
    SelectAll View say("Select all listed services") "state-completed" ["Ctrl+A"],
    /// Types into the filter.
    Filter View say("Filter services") "action-filter" ["/"],
    /// Goes to the next problem.
    NextProblem View say("Next problem") "state-failed" ["F8"],
    /// Goes to the last problem.
    PreviousProblem View say("Previous problem") "state-failed" ["Shift+F8"],
    /// The services.
    ServicesPage Page say("Services") "state-running" ["Ctrl+1"],
    /// Who listens to what happens.
    EventsPage Page say("Events") "action-follow" ["Ctrl+2"],
    /// Who is connected.
    ConnectionsPage Page say("Connections") "action-open" ["Ctrl+3"],
    /// The settings.
    SettingsPage Page say("Settings") "action-settings" ["Ctrl+,"],
    /// The self-check.
    DoctorPage Page say("Doctor") "state-completed" [],
    /// The keys.
    KeyboardPage Page say("Keyboard") "action-terminal" ["F1"],
    /// Versions and places.
    AboutPage Page say("About Ostler") "action-info" [],
    /// Everything that can be done.
    Palette App say("Search or run…") "action-search" ["Ctrl+K"],
    /// Opens the configuration.
    EditConfig App say("Edit the configuration") "action-edit" ["Ctrl+E"],
    /// Reads the configuration again.
    ReloadConfig App say("Reload the configuration") "action-history" [],
    /// The modes.
    ChangeMode App say("Change the mode…") "action-follow" ["Ctrl+M"],
    /// Starts an engine.
    StartEngine App say("Start the engine") "action-start" [],
    /// Packs what helps others to help.
    Diagnostics App say("Save diagnostics…") "action-save" [],
    /// Closes the window.
    CloseWindow App say("Close the window") "action-close" ["Ctrl+W"],
    /// Ends the app.
    Quit App say("Quit…") "action-close" ["Ctrl+Q"],
}

/// What is known of everything when an action is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// The engine answers.
    pub is_live: bool,
    /// Services that run.
    pub up: usize,
    /// Services that are down and enabled.
    pub down: usize,
    /// Services.
    pub all: usize,
    /// Modes to choose from.
    pub modes: usize,
}

impl Action {
    /// What it is called for a service; without one, of all.
    pub fn text_for(self, service: &str) -> String {
        if !service.is_empty() {
            return self.text().replacen("%1", service, 1);
        }
        match self {
            Self::GoToService => say("Go to the service"),
            Self::ShowLog => say("Show its log"),
            Self::OpenUrl => say("Open URL"),
            Self::CopyUrl => say("Copy URL"),
            _ => self.text().replace(" %1", ""),
        }
    }

    /// Why it cannot be done now; nothing when it can.
    pub fn obstacle(self, row: Option<&Row>, now: Circumstances) -> Option<String> {
        let needs_engine = match self {
            Self::Restart | Self::Start | Self::Stop | Self::RestartAll | Self::StopAll | Self::StartAll => {
                true
            }
            Self::ReloadConfig | Self::ChangeMode => true,
            Self::GoToService | Self::ShowLog | Self::OpenUrl | Self::CopyUrl => false,
            Self::SelectAll | Self::Filter => false,
            Self::NextProblem | Self::PreviousProblem | Self::ServicesPage | Self::EventsPage => false,
            Self::ConnectionsPage | Self::SettingsPage => false,
            Self::DoctorPage | Self::KeyboardPage | Self::AboutPage | Self::Palette => false,
            Self::EditConfig | Self::StartEngine | Self::Diagnostics => false,
            Self::CloseWindow | Self::Quit => false,
        };
        if needs_engine && !now.is_live {
            return Some(say("the engine does not answer"));
        }
        match self.scope() {
            Scope::Service => match row {
                Some(row) => self.obstacle_of(row),
                None => Some(say("no service is chosen")),
            },
            Scope::Services | Scope::View | Scope::Page | Scope::App => self.obstacle_of_all(now),
        }
    }

    fn obstacle_of(self, row: &Row) -> Option<String> {
        let is_pending = !row.pending.is_empty();
        match self {
            Self::Start if row.can_start => None,
            Self::Stop if row.can_stop => None,
            Self::Restart if row.can_restart => None,
            Self::Start | Self::Stop | Self::Restart if is_pending => Some(say("a command is under way")),
            Self::Start => Some(say("it runs already")),
            Self::Stop => Some(say("it does not run")),
            Self::Restart => Some(say("it does not run; start it")),
            Self::OpenUrl | Self::CopyUrl if row.url.is_empty() => Some(say("it has no URL now")),
            _ => None,
        }
    }

    fn obstacle_of_all(self, now: Circumstances) -> Option<String> {
        match self {
            Self::RestartAll | Self::StopAll if now.up == 0 => Some(say("nothing runs")),
            Self::StartAll if now.down == 0 => Some(say("all that is enabled runs")),
            Self::SelectAll | Self::Filter if now.all == 0 => Some(say("there are no services")),
            Self::ChangeMode if now.modes < 2 => Some(say("there is only one mode")),
            Self::StartEngine if now.is_live => Some(say("it runs already")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: Circumstances = Circumstances { is_live: true, up: 1, down: 1, all: 2, modes: 2 };

    #[test]
    fn no_two_actions_have_the_same_key() {
        let mut keys: Vec<_> = Action::ALL.iter().flat_map(|action| action.keys()).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn an_action_without_a_service_speaks_of_none() {
        assert_eq!(Action::Restart.text_for("api"), "Restart api");
        assert_eq!(Action::Restart.text_for("%1"), "Restart %1");
        assert_eq!(Action::Restart.text_for(""), "Restart");
        assert_eq!(Action::CopyUrl.text_for(""), "Copy URL");
    }

    #[test]
    fn what_cannot_be_done_says_why() {
        let up = Row { can_stop: true, can_restart: true, ..Row::default() };
        let check = |action: Action, row: Option<&Row>, now| action.obstacle(row, now).unwrap_or_default();
        assert_eq!(check(Action::Stop, Some(&up), LIVE), "");
        assert_eq!(check(Action::Start, Some(&up), LIVE), "it runs already");
        assert_eq!(check(Action::Start, None, LIVE), "no service is chosen");
        assert_eq!(check(Action::OpenUrl, Some(&up), LIVE), "it has no URL now");
        let pending = Row { pending: "stop".to_owned(), ..Row::default() };
        assert_eq!(check(Action::Stop, Some(&pending), LIVE), "a command is under way");
        let dead = Circumstances::default();
        assert_eq!(check(Action::Restart, Some(&up), dead), "the engine does not answer");
        assert_eq!(check(Action::StopAll, None, dead), "the engine does not answer");
        assert_eq!(check(Action::StopAll, None, Circumstances { up: 0, ..LIVE }), "nothing runs");
        assert_eq!(check(Action::StartEngine, None, LIVE), "it runs already");
        assert_eq!(check(Action::Quit, None, dead), "");
    }
}
