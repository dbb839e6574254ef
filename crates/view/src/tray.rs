//! The tray: icon, tooltip and menu.

use std::time::Duration;

use ostler_api::{Snapshot, Word};

use crate::{
    Class, Clock, Fit, Headline, LinkState, Mood, Row, class_of, headline, nearest_cause, plain, row_of,
    why_line, worst_instance,
};
use crate::{say, say_count, say_with};

/// The most services that the menu lists.
const MENU_SERVICES_MAX: usize = 20;

/// The most characters of a line of the menu.
const MENU_LINE_MAX: usize = 60;

/// How long a state lasts before the icon shows it; failed shows at once.
const ICON_SETTLES: Duration = Duration::from_millis(400);

/// What the tray shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrayView {
    /// The icon.
    pub mood: Mood,
    /// The tooltip, at most four lines.
    pub tooltip: Vec<String>,
    /// The first item of the menu.
    pub headline: String,
    /// Services, those that need a person first.
    pub services: Vec<TrayService>,
    /// How many services are not listed.
    pub more: usize,
    /// The present mode; empty without modes.
    pub mode: String,
    /// All modes.
    pub modes: Vec<String>,
    /// Whether commands can be sent.
    pub is_live: bool,
    /// Whether there are notifications that can be paused.
    pub can_notify: bool,
    /// Until when they are paused: `15:31`; empty when they are not.
    pub quiet_until: String,
}

/// A service in the menu.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrayService {
    /// Its name.
    pub name: String,
    /// `api: Failed, exit 1`.
    pub label: String,
    /// The first line of its submenu.
    pub why: String,
    /// Its state.
    pub word: Word,
    /// Whether it can be started.
    pub can_start: bool,
    /// Whether it can be stopped.
    pub can_stop: bool,
    /// Whether it can be restarted.
    pub can_restart: bool,
    /// The one fitting action.
    pub fit: Fit,
    /// What "Open URL" opens; empty without one.
    pub url: String,
}

/// Makes what the tray shows.
pub fn tray_view(snapshot: &Snapshot, link: &LinkState, clock: &Clock) -> TrayView {
    let headline = headline(snapshot, link, clock);
    let mut services: Vec<_> = snapshot.services.iter().collect();
    services.sort_by_key(|(_, service)| {
        let (rank, word) = match class_of(service.status) {
            Class::Attention => (0, service.status),
            Class::Busy => (1, service.status),
            Class::Running | Class::Stopped => (2, Word::Running),
        };
        (rank, word, service.group.is_none(), service.group.clone())
    });
    let more = services.len().saturating_sub(MENU_SERVICES_MAX);
    let listed = services.into_iter().take(MENU_SERVICES_MAX);
    let services = listed
        .map(|(name, service)| {
            let row = row_of(name, service, link, clock);
            let instance = worst_instance(service).filter(|_| !row.is_stale);
            let cause = instance.and_then(nearest_cause).map(|cause| short_cause(&cause.text));
            let why = instance.and_then(|instance| why_line(instance, clock)).unwrap_or_default();
            service_item(row, cause.unwrap_or_default(), &why)
        })
        .collect();
    let has_modes = snapshot.supervisor.modes.len() > 1;
    TrayView {
        mood: headline.mood,
        tooltip: tooltip(snapshot, link, &headline),
        headline: menu_headline(&headline, link),
        services,
        more,
        mode: if has_modes { snapshot.supervisor.mode.clone() } else { String::new() },
        modes: if has_modes { snapshot.supervisor.modes.clone() } else { Vec::new() },
        is_live: link.is_live(),
        ..TrayView::default()
    }
}

fn service_item(row: Row, cause: String, why: &str) -> TrayService {
    let is_loud = matches!(row.word, Word::Failed | Word::Backoff | Word::Degraded);
    let state = match row.pending.as_str() {
        "" => say(row.word.as_str()),
        pending => format!("{}, {}", say(row.word.as_str()), sent(pending)),
    };
    let label = match cause.as_str() {
        cause if is_loud && !cause.is_empty() => format!("{}: {state}, {cause}", plain(&row.name)),
        _ => format!("{}: {state}", plain(&row.name)),
    };
    TrayService {
        label: shortened(&label),
        why: shortened(why),
        word: row.word,
        can_start: row.can_start,
        can_stop: row.can_stop,
        can_restart: row.can_restart,
        fit: row.fit,
        url: if row.is_stale { String::new() } else { row.url },
        name: row.name,
    }
}

/// A wish that was sent and is not fulfilled yet.
fn sent(pending: &str) -> String {
    match pending {
        "start" => say("start sent"),
        "stop" => say("stop sent"),
        "restart" => say("restart sent"),
        other => say_with("%1 sent", &[&other]),
    }
}

/// The part of a sentence before its first comma or colon: `exit 1`.
pub(crate) fn short_cause(text: &str) -> String {
    plain(text.split([',', ':', '(']).next().unwrap_or_default().trim())
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MENU_LINE_MAX {
        return text.to_owned();
    }
    let kept: String = text.chars().take(MENU_LINE_MAX - 1).collect();
    format!("{}…", kept.trim_end())
}

fn menu_headline(headline: &Headline, link: &LinkState) -> String {
    if link.is_stale() {
        return say("No engine. Services may still run.");
    }
    match headline.summary.split(", ").next() {
        None | Some("") => headline.title.clone(),
        Some(summary) => format!("{}, {summary}", headline.title),
    }
}

fn tooltip(snapshot: &Snapshot, link: &LinkState, headline: &Headline) -> Vec<String> {
    if link.is_stale() {
        return vec![say("Ostler: no engine. Services may still run.")];
    }
    if *link == LinkState::Connecting {
        return vec![headline.title.clone()];
    }
    let named = |word: Word, verb: String| {
        let services = snapshot.services.iter().filter(move |(_, service)| service.status == word);
        services.map(move |(name, service)| {
            let cause = worst_instance(service).and_then(nearest_cause).map(|cause| short_cause(&cause.text));
            match cause.filter(|cause| word == Word::Failed && !cause.is_empty()) {
                Some(cause) => format!("{} {verb} ({cause})", plain(name)),
                None => format!("{} {verb}", plain(name)),
            }
        })
    };
    let counts = &headline.counts;
    let first = if counts.all == 0 {
        headline.title.clone()
    } else {
        say_with("%1 of %2 running", &[&counts.running, &counts.all])
    };
    let mut troubles = named(Word::Unknown, say("unknown"))
        .chain(named(Word::Failed, say("failed")))
        .chain(named(Word::Backoff, say("in backoff")))
        .chain(named(Word::Degraded, say("degraded")));
    let mut lines = vec![match troubles.next() {
        Some(worst) => format!("{first} · {worst}"),
        None => first,
    }];
    let rest: Vec<String> = troubles.collect();
    if !rest.is_empty() {
        let shown = if rest.len() > 3 { 2 } else { rest.len() };
        let more = rest.len() - shown;
        let tail = if more > 0 { say_with(", %1 more", &[&more]) } else { String::new() };
        lines.push(format!("{}{tail}", rest[..shown].join(", ")));
    }
    lines.push(events_text(snapshot));
    lines
}

/// `Events: ● 2 subscribers`, `Events: ○ disabled`.
pub fn events_text(snapshot: &Snapshot) -> String {
    match (snapshot.events.enabled, snapshot.events.subscriber_count) {
        (false, _) => say("Events: ○ disabled"),
        (true, 0) => say("Events: ○ no subscribers"),
        (true, many) => {
            let many = usize::try_from(many).unwrap_or(usize::MAX);
            say_count("Events: ● 1 subscriber", "Events: ● %n subscribers", many)
        }
    }
}

/// Holds the icon back until a state has lasted, so that it does not flicker.
#[derive(Clone, Debug, Default)]
pub struct SteadyIcon {
    shown: Mood,
    next: Option<(Mood, Duration)>,
}

impl SteadyIcon {
    /// The icon to show for a state, at a time since any fixed moment.
    pub fn show(&mut self, mood: Mood, now: Duration) -> Mood {
        if mood == self.shown || mood == Mood::Failed {
            self.next = None;
            self.shown = mood;
            return mood;
        }
        match self.next {
            Some((next, since)) if next == mood => {
                if now.saturating_sub(since) >= ICON_SETTLES {
                    self.shown = mood;
                    self.next = None;
                }
            }
            Some(_) | None => self.next = Some((mood, now)),
        }
        self.shown
    }

    /// When to ask again.
    pub fn due(&self) -> Option<Duration> {
        self.next.map(|(_, since)| since + ICON_SETTLES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{cause, clock, service, snapshot_of};

    fn troubled() -> Snapshot {
        use Word::*;
        let mut snapshot = snapshot_of(&[
            ("api", Failed),
            ("dash", Degraded),
            ("gh", Backoff),
            ("ollama", Running),
            ("work", Starting),
        ]);
        let exit = cause("exited", "exit 1, 0.4 s after start");
        service(&mut snapshot, "api").instances[0].cause = vec![exit];
        snapshot.events.enabled = true;
        snapshot.events.subscriber_count = 2;
        snapshot
    }

    #[test]
    fn the_tooltip_has_the_sum_the_worst_and_the_events() {
        let view = tray_view(&troubled(), &LinkState::Live, &clock());
        let lines = [
            "1 of 5 running · api failed (exit 1)",
            "gh in backoff, dash degraded",
            "Events: ● 2 subscribers",
        ];
        assert_eq!(view.tooltip, lines);
        assert_eq!(view.mood, Mood::Failed);
    }

    #[test]
    fn the_menu_lists_what_failed_first_and_what_is_busy_next() {
        let view = tray_view(&troubled(), &LinkState::Live, &clock());
        let labels: Vec<_> = view.services.iter().map(|it| it.label.as_str()).collect();
        let expected =
            ["api: Failed, exit 1", "gh: Backoff", "dash: Degraded", "work: Starting", "ollama: Running"];
        assert_eq!(labels, expected);
        assert!(view.services[0].can_start && !view.services[0].can_stop);
        assert_eq!(view.headline, "api failed, 1 of 5 running");
    }

    #[test]
    fn the_menu_is_bounded_and_says_how_many_are_missing() {
        let names: Vec<String> = (0..27).map(|index| format!("s{index:02}")).collect();
        let services: Vec<_> = names.iter().map(|name| (name.as_str(), Word::Running)).collect();
        let view = tray_view(&snapshot_of(&services), &LinkState::Live, &clock());
        assert_eq!((view.services.len(), view.more), (20, 7));
    }

    #[test]
    fn many_troubles_are_counted_on_one_line() {
        let names: Vec<String> = (0..9).map(|index| format!("s{index}")).collect();
        let services: Vec<_> = names.iter().map(|name| (name.as_str(), Word::Failed)).collect();
        let view = tray_view(&snapshot_of(&services), &LinkState::Live, &clock());
        assert_eq!(view.tooltip[0], "0 of 9 running · s0 failed");
        assert_eq!(view.tooltip[1], "s1 failed, s2 failed, 6 more");
        assert!(view.tooltip.len() <= 4);
    }

    #[test]
    fn without_an_engine_the_tray_claims_nothing() {
        let link =
            LinkState::Stale { since: clock().now, reason: String::new(), obstacle: Default::default() };
        let view = tray_view(&troubled(), &link, &clock());
        assert_eq!(view.tooltip, ["Ostler: no engine. Services may still run."]);
        assert_eq!(view.services[0].label, "api: Unknown");
        assert!(view.services.iter().all(|it| !it.can_start && !it.can_stop && !it.can_restart));
    }

    #[test]
    fn the_icon_changes_when_a_state_has_lasted_and_at_once_when_it_failed() {
        let mut icon = SteadyIcon::default();
        let at = Duration::from_millis;
        assert_eq!(icon.show(Mood::Ok, at(0)), Mood::NoEngine);
        assert_eq!(icon.due(), Some(at(400)));
        assert_eq!(icon.show(Mood::Ok, at(400)), Mood::Ok);
        assert_eq!(icon.show(Mood::Busy, at(500)), Mood::Ok);
        assert_eq!(icon.show(Mood::Ok, at(600)), Mood::Ok);
        assert_eq!(icon.due(), None);
        assert_eq!(icon.show(Mood::Failed, at(700)), Mood::Failed);
    }
}
