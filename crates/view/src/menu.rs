//! The menu of the tray, as it is to be shown by whatever shows it.

use ostler_api::Word;

use crate::{Fit, TrayService, TrayView, say, say_count, say_with};

/// A line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MenuLine {
    /// Words that do nothing.
    Text(String),
    /// A line between parts.
    Separator,
    /// Something to do.
    Action {
        /// Its words.
        label: String,
        /// What it does.
        act: MenuAct,
        /// Whether it can be done now.
        is_enabled: bool,
    },
    /// One of several, of which one is in force.
    Choice {
        /// Its words.
        label: String,
        /// What choosing it does.
        act: MenuAct,
        /// Whether it is in force.
        is_chosen: bool,
    },
    /// A menu of its own.
    Submenu {
        /// Its words.
        label: String,
        /// The state beside it.
        word: Option<Word>,
        /// What it lists.
        lines: Vec<MenuLine>,
    },
}

/// What a line of the menu does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MenuAct {
    /// The window comes to the front.
    Show,
    /// Starts a service.
    Start(String),
    /// Stops a service.
    Stop(String),
    /// Restarts a service.
    Restart(String),
    /// Shows the log of a service.
    Logs(String),
    /// Opens a URL.
    OpenUrl(String),
    /// Copies a URL.
    CopyUrl(String),
    /// Asks whether all services are to be restarted.
    RestartAll,
    /// Another mode.
    ChangeMode(String),
    /// Shows the configuration.
    EditConfig,
    /// No notifications for a while.
    Pause(Pause),
    /// Notifications again.
    Resume,
    /// Asks for the end.
    Quit,
}

/// How long there are no notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// For an hour.
    Hour,
    /// Until the next morning.
    Tomorrow,
}

/// Makes the menu.
pub fn tray_menu(view: &TrayView) -> Vec<MenuLine> {
    let mut menu = vec![MenuLine::Text(view.headline.clone()), MenuLine::Separator];
    menu.extend(view.services.iter().map(service_menu));
    if view.more > 0 {
        let label = say_count("1 more in the window…", "%n more in the window…", view.more);
        menu.push(action(label, MenuAct::Show));
    }
    if !view.services.is_empty() {
        menu.push(MenuLine::Separator);
        let label = say("Restart all…");
        menu.push(MenuLine::Action { label, act: MenuAct::RestartAll, is_enabled: view.is_live });
    }
    if !view.modes.is_empty() {
        menu.push(modes(view));
    }
    if !view.services.is_empty() || !view.modes.is_empty() {
        menu.push(MenuLine::Separator);
    }
    menu.push(action(say("Open Ostler"), MenuAct::Show));
    menu.push(action(say("Edit Config"), MenuAct::EditConfig));
    if view.can_notify {
        menu.push(pauses(view));
    }
    menu.push(MenuLine::Separator);
    menu.push(action(say("Quit…"), MenuAct::Quit));
    menu
}

fn service_menu(service: &TrayService) -> MenuLine {
    let mut lines = Vec::new();
    if !service.why.is_empty() {
        lines.extend([MenuLine::Text(service.why.clone()), MenuLine::Separator]);
    }
    let restart = if service.fit == Fit::RestartNow { say("Restart now") } else { say("Restart") };
    let name = || service.name.clone();
    for (label, act, is_enabled) in [
        (say("Start"), MenuAct::Start(name()), service.can_start),
        (say("Stop"), MenuAct::Stop(name()), service.can_stop),
        (restart, MenuAct::Restart(name()), service.can_restart),
        (say("Logs"), MenuAct::Logs(name()), true),
    ] {
        lines.push(MenuLine::Action { label, act, is_enabled });
    }
    if !service.url.is_empty() {
        lines.push(MenuLine::Separator);
        lines.push(action(say("Open URL"), MenuAct::OpenUrl(service.url.clone())));
        lines.push(action(say("Copy URL"), MenuAct::CopyUrl(service.url.clone())));
    }
    MenuLine::Submenu { label: service.label.clone(), word: Some(service.word), lines }
}

fn modes(view: &TrayView) -> MenuLine {
    let choice = |mode: &String| MenuLine::Choice {
        label: mode.clone(),
        act: MenuAct::ChangeMode(mode.clone()),
        is_chosen: *mode == view.mode,
    };
    let lines = view.modes.iter().map(choice).collect();
    MenuLine::Submenu { label: say_with("Mode: %1", &[&view.mode]), word: None, lines }
}

fn pauses(view: &TrayView) -> MenuLine {
    let mut lines = vec![
        action(say("For 1 hour"), MenuAct::Pause(Pause::Hour)),
        action(say("Until tomorrow"), MenuAct::Pause(Pause::Tomorrow)),
    ];
    let label = if view.quiet_until.is_empty() {
        say("Pause notifications")
    } else {
        lines.extend([MenuLine::Separator, action(say("Resume"), MenuAct::Resume)]);
        say_with("Notifications paused until %1", &[&view.quiet_until])
    };
    MenuLine::Submenu { label, word: None, lines }
}

fn action(label: String, act: MenuAct) -> MenuLine {
    MenuLine::Action { label, act, is_enabled: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkState;
    use crate::samples::{cause, clock, service, snapshot_of};

    /// The menu as text: one line each, indented below its submenu; `(off)` cannot be done, `*` is in force.
    fn drawn(lines: &[MenuLine], depth: usize) -> String {
        let mut text = String::new();
        for line in lines {
            let (words, below) = match line {
                MenuLine::Text(words) => (format!("{words} (text)"), &[][..]),
                MenuLine::Separator => ("---".to_owned(), &[][..]),
                MenuLine::Action { label, is_enabled: true, .. } => (label.clone(), &[][..]),
                MenuLine::Action { label, is_enabled: false, .. } => (format!("{label} (off)"), &[][..]),
                MenuLine::Choice { label, is_chosen, .. } => {
                    (format!("{label}{}", if *is_chosen { " *" } else { "" }), &[][..])
                }
                MenuLine::Submenu { label, lines, .. } => (format!("{label} >"), lines.as_slice()),
            };
            text.push_str(&format!("{}{words}\n{}", "  ".repeat(depth), drawn(below, depth + 1)));
        }
        text
    }

    #[test]
    fn the_menu_has_all_that_can_be_done_in_a_fixed_order() {
        let mut snapshot = snapshot_of(&[("api", Word::Failed), ("web", Word::Running)]);
        service(&mut snapshot, "api").instances[0].cause = vec![cause("exited", "exit 1, 0.4 s after start")];
        service(&mut snapshot, "web").instances[0].url = Some("http://localhost:8080".to_owned());
        snapshot.supervisor.modes = vec!["default".to_owned(), "demo".to_owned()];
        snapshot.supervisor.mode = "demo".to_owned();
        let mut view = crate::tray_view(&snapshot, &LinkState::Live, &clock());
        view.can_notify = true;
        let expected = "\
api failed, 1 of 2 running (text)
---
api: Failed, exit 1 >
  exit 1, 0.4 s after start (text)
  ---
  Start
  Stop (off)
  Restart
  Logs
web: Running >
  Start (off)
  Stop
  Restart
  Logs
  ---
  Open URL
  Copy URL
---
Restart all…
Mode: demo >
  default
  demo *
---
Open Ostler
Edit Config
Pause notifications >
  For 1 hour
  Until tomorrow
---
Quit…
";
        assert_eq!(drawn(&tray_menu(&view), 0), expected);
    }

    #[test]
    fn a_pause_says_until_when_and_can_be_ended() {
        let view = TrayView { can_notify: true, quiet_until: "15:31".to_owned(), ..TrayView::default() };
        let text = drawn(&tray_menu(&view), 0);
        assert!(text.contains("Notifications paused until 15:31 >\n"), "{text}");
        assert!(text.contains("  Resume\n"), "{text}");
    }

    #[test]
    fn a_service_in_backoff_is_restarted_now() {
        let mut snapshot = snapshot_of(&[("gh", Word::Backoff)]);
        snapshot.supervisor.version = "1".to_owned();
        let view = crate::tray_view(&snapshot, &LinkState::Live, &clock());
        assert!(drawn(&tray_menu(&view), 0).contains("  Restart now\n"));
    }

    #[test]
    fn without_an_engine_nothing_is_offered_that_cannot_be_done() {
        let link =
            LinkState::Stale { since: clock().now, reason: String::new(), obstacle: Default::default() };
        let view = crate::tray_view(&snapshot_of(&[("api", Word::Running)]), &link, &clock());
        let text = drawn(&tray_menu(&view), 0);
        for line in ["Start (off)", "Stop (off)", "Restart (off)", "Restart all… (off)", "Quit…"] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn more_than_the_menu_holds_is_in_the_window() {
        let names: Vec<String> = (0..27).map(|index| format!("s{index:02}")).collect();
        let services: Vec<_> = names.iter().map(|name| (name.as_str(), Word::Running)).collect();
        let view = crate::tray_view(&snapshot_of(&services), &LinkState::Live, &clock());
        assert!(drawn(&tray_menu(&view), 0).contains("\n7 more in the window…\n"));
    }
}
