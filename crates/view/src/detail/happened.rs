//! What happened to a service, in lines.

use std::time::Duration;

use jiff::Timestamp;
use ostler_api::{Cause, Event, EventKind, InstanceStatus, LastExit, Phase, WhyInstance, Word};

use crate::{Clock, capitalised, nearest_cause, plain, short_span_text};

/// The most lines.
const LINES_MAX: usize = 12;

/// What stands before a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Somebody asked.
    Asked,
    /// It is in this state.
    State(Word),
    /// Something about the machine.
    Machine,
}

/// One line of what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// What it is, over time.
    pub key: String,
    /// When: `14:31:04.912`.
    pub at: String,
    /// What stands before it.
    pub mark: Mark,
    /// What happened.
    pub text: String,
    /// Why, or by whom.
    pub note: String,
    /// What it wrote last.
    pub said: String,
}

/// The latest lines, the oldest first.
pub fn happenings(instances: &[WhyInstance], clock: &Clock) -> Vec<Happening> {
    let is_pool = instances.len() > 1;
    let mut lines: Vec<(Option<Timestamp>, Happening)> = Vec::new();
    for why in instances {
        let whose = if is_pool { format!("{}: ", plain(&why.status.id)) } else { String::new() };
        let mut last = Word::Unknown;
        let mut told: Option<Happening> = None;
        for event in &why.history {
            let Some((mark, text, note, said)) = line(event, &mut last) else { continue };
            let (whose, id) = match mark {
                Mark::Machine => ("", ""),
                Mark::Asked | Mark::State(_) => (whose.as_str(), why.status.id.as_str()),
            };
            let key = format!("{}:{id}", event.seq);
            let text = format!("{whose}{text}");
            let new = Happening { key, at: clock.milli(&event.at), mark, text, note, said };
            let is_news = told
                .as_ref()
                .is_none_or(|old| (old.mark, &old.text, &old.note) != (new.mark, &new.text, &new.note));
            if is_news {
                lines.push((event.at.parse().ok(), new.clone()));
                told = Some(new);
            }
        }
        lines.extend(starts(why, &whose, clock));
    }
    lines.sort_by_key(|(at, _)| *at);
    // What concerns the machine is in the history of each instance.
    lines.dedup_by(|new, old| new.1.key == old.1.key);
    let left_out = lines.len().saturating_sub(LINES_MAX);
    lines.split_off(left_out).into_iter().map(|(_, line)| line).collect()
}

/// The starts of processes, which are told by what was known of them later.
fn starts(why: &WhyInstance, whose: &str, clock: &Clock) -> Vec<(Option<Timestamp>, Happening)> {
    let known = why.history.iter().filter_map(|event| match &event.kind {
        EventKind::InstancePhase { status, .. } | EventKind::InstanceHealth { status, .. } => Some(status),
        _ => None,
    });
    let mut runs: Vec<u64> = Vec::new();
    let mut lines = Vec::new();
    for status in known.chain([&why.status]) {
        let (Some(run), Some(pid), Some(at)) = (status.run, status.pid, &status.started_at) else { continue };
        if runs.contains(&run) {
            continue;
        }
        runs.push(run);
        let line = Happening {
            key: format!("run {run}:{}", why.status.id),
            at: clock.milli(at),
            mark: Mark::State(Word::Starting),
            text: format!("{whose}Run {run} started, pid {pid}"),
            note: String::new(),
            said: String::new(),
        };
        lines.push((at.parse().ok(), line));
    }
    lines
}

type Line = (Mark, String, String, String);

fn line(event: &Event, last: &mut Word) -> Option<Line> {
    match &event.kind {
        EventKind::InstancePhase { to, cause, status, .. } => {
            *last = status.word;
            // That it runs because it was started says no more than that it started.
            let is_told = *to != Phase::Running || !cause.first().is_none_or(crate::is_decision);
            is_told.then(|| phase(*to, cause, status))
        }
        EventKind::InstanceHealth { cause, status, .. } => {
            let is_same = std::mem::replace(last, status.word) == status.word;
            let because = cause.first().map(|cause| capitalised(&plain(&cause.text))).unwrap_or_default();
            let text = if because == "Ready" { "Answers".to_owned() } else { because };
            let is_old =
                is_same && (status.word == Word::Running || cause.first().is_some_and(crate::is_decision));
            let is_told = !text.is_empty() && !is_old;
            is_told.then(|| (Mark::State(status.word), text, String::new(), String::new()))
        }
        EventKind::LimitHit { cause, .. } => {
            let text = cause.first().map(|cause| capitalised(&plain(&cause.text)))?;
            Some((Mark::State(Word::Degraded), text, String::new(), String::new()))
        }
        EventKind::Machine { text, .. } => {
            Some((Mark::Machine, capitalised(&plain(text)), String::new(), String::new()))
        }
        EventKind::ServiceAdded { .. }
        | EventKind::ServiceRemoved { .. }
        | EventKind::PlanApplied { .. }
        | EventKind::ConfigError { .. }
        | EventKind::ModeChanged { .. }
        | EventKind::Incident { .. }
        | EventKind::Command { .. }
        | EventKind::ConnectionOpened { .. }
        | EventKind::ConnectionClosed { .. }
        | EventKind::Banner { .. }
        | EventKind::EventChannel { .. }
        | EventKind::Stopping { .. }
        | EventKind::Gap { .. }
        | EventKind::Unknown => None,
    }
}

fn phase(to: Phase, causes: &[Cause], status: &InstanceStatus) -> Line {
    let because = causes.first();
    let note = because.map(|cause| plain(&cause.text)).unwrap_or_default();
    let nothing = String::new;
    let run = status.run.map_or_else(|| "A run".to_owned(), |run| format!("Run {run}"));
    match to {
        Phase::Starting => match (because.and_then(asked), &status.waiting_for) {
            (Some((text, note)), _) => (Mark::Asked, text, note, nothing()),
            (None, Some(service)) => (
                Mark::State(Word::Starting),
                format!("Waits for {}", plain(service)),
                String::new(),
                nothing(),
            ),
            (None, None) if note.is_empty() => {
                (Mark::State(Word::Starting), "Starts".to_owned(), note, nothing())
            }
            (None, None) => (Mark::State(Word::Starting), capitalised(&note), nothing(), nothing()),
        },
        Phase::Running => {
            let text = match because.map(|cause| cause.code.as_str()) {
                Some("became-ready") => (format!("{run} is ready"), nothing()),
                Some("adopted") => (format!("{run} was found running"), nothing()),
                _ => (format!("{run} runs"), note),
            };
            (Mark::State(status.word), text.0, text.1, nothing())
        }
        Phase::Stopping => match because.and_then(asked) {
            Some((text, note)) => (Mark::Asked, text, note, nothing()),
            None => (Mark::State(Word::Stopping), "Stops".to_owned(), note, nothing()),
        },
        Phase::Stopped => match &status.last_exit {
            Some(exit) => (Mark::State(status.word), ended(exit), nothing(), nothing()),
            None => (Mark::State(status.word), "Stopped".to_owned(), note, nothing()),
        },
        Phase::Backoff | Phase::Failed => crashed(status, causes),
        Phase::Unknown => (Mark::State(Word::Unknown), "Nobody knows its state".to_owned(), note, nothing()),
    }
}

/// How a run crashed, and what was decided.
fn crashed(status: &InstanceStatus, causes: &[Cause]) -> Line {
    let nearest = causes.iter().find(|cause| !crate::is_decision(cause)).or_else(|| nearest_cause(status));
    let decided = causes.iter().find(|cause| crate::is_decision(cause)).filter(|it| it.code != "asked");
    let note = decided.map(|cause| plain(&cause.text)).unwrap_or_default();
    let exit = status.last_exit.as_ref().filter(|_| nearest.is_some_and(|cause| cause.code == "exited"));
    let text = match (exit, nearest) {
        (Some(exit), _) => ended(exit),
        (None, Some(cause)) => capitalised(&plain(&cause.text)),
        (None, None) => status.word.as_str().to_owned(),
    };
    let output = || nearest.and_then(|cause| cause.args.get("output")).map(String::as_str);
    let said = exit.and_then(|exit| exit.last_line.as_deref()).or_else(output).map(plain).unwrap_or_default();
    (Mark::State(status.word), text, note, said)
}

/// `You asked for a restart`, and from where.
fn asked(cause: &Cause) -> Option<(String, String)> {
    let by = cause.args.get("by").filter(|_| cause.code == "asked")?;
    let verb = cause.args.get("verb").map_or("change", String::as_str);
    let (who, place) = by.split_once(" (").map_or((by.as_str(), ""), |(who, place)| (who, place));
    let place = if place.is_empty() { String::new() } else { format!("({}", plain(place)) };
    Some((format!("{} asked for a {}", capitalised(&plain(who)), plain(verb)), place))
}

/// `Run 17 ended: exit 0 after 96 ms`.
fn ended(exit: &LastExit) -> String {
    let after = short_span_text(Duration::from_millis(exit.after_ms));
    let how = match (&exit.signal, exit.code) {
        (Some(signal), _) => plain(signal),
        (None, Some(code)) => format!("exit {code}"),
        (None, None) => "nobody saw how".to_owned(),
    };
    format!("Run {} ended: {how} after {after}", exit.run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{cause, clock, instance};

    fn event(seq: u64, to: Phase, causes: Vec<Cause>, status: InstanceStatus) -> Event {
        let id = status.id.clone();
        let kind = EventKind::InstancePhase { instance: id, from: Phase::Stopped, to, cause: causes, status };
        Event { seq, at: format!("2026-03-01T14:31:{:02}.912Z", seq), kind }
    }

    fn started(run: u64, second: u32) -> InstanceStatus {
        let mut status = instance("api/0", Word::Running);
        (status.run, status.pid) = (Some(run), Some(52310));
        status.started_at = Some(format!("2026-03-01T14:31:{second:02}.100Z"));
        status
    }

    fn told(history: Vec<Event>) -> Vec<String> {
        let why = WhyInstance { status: instance("api/0", Word::Failed), history, ..Default::default() };
        let lines = happenings(&[why], &clock());
        lines.iter().map(|it| [&it.text, &it.note, &it.said].map(String::as_str).join("|")).collect()
    }

    #[test]
    fn a_restart_that_fails_is_told_in_order() {
        let mut asked = cause("asked", "restarted by you (window)");
        asked.args = [("by", "you (window)"), ("verb", "restart")].map(|(k, v)| (k.into(), v.into())).into();
        let mut failed = instance("api/0", Word::Failed);
        let last_line = Some("Error: listen".to_owned());
        failed.last_exit =
            Some(LastExit { run: 18, code: Some(1), after_ms: 400, last_line, ..Default::default() });
        let ends = vec![
            cause("immediate-exit", "not restarted automatically: it ended too soon"),
            cause("exited", "exit 1, 0.4 s after start"),
        ];
        assert_eq!(
            told(vec![
                event(1, Phase::Stopping, vec![asked], instance("api/0", Word::Stopping)),
                event(3, Phase::Running, vec![], started(18, 2)),
                event(4, Phase::Running, vec![], started(18, 2)),
                event(5, Phase::Failed, ends, failed),
            ]),
            [
                "You asked for a restart|(window)|",
                "Run 18 started, pid 52310||",
                "Run 18 ended: exit 1 after 0.4 s|not restarted automatically: it ended too soon|Error: listen",
            ]
        );
    }

    #[test]
    fn only_the_latest_lines_are_told() {
        let ready = || vec![cause("became-ready", "ready")];
        let event = |run: u64| event(run, Phase::Running, ready(), started(run, run as u32));
        let why = WhyInstance { history: (1..=40).map(event).collect(), ..Default::default() };
        let lines = happenings(&[why], &clock());
        assert_eq!(lines.len(), LINES_MAX);
        assert_eq!((lines[11].text.as_str(), lines[11].at.as_str()), ("Run 40 is ready", "14:31:40.912"));
    }

    #[test]
    fn the_lines_of_a_pool_name_their_instance_and_the_machine_speaks_once() {
        let sleeps = ostler_api::MachineNews::Sleeps;
        let machine = EventKind::Machine { what: sleeps, text: "sleeps".to_owned(), seconds: None };
        let machine = Event { seq: 9, at: "2026-03-01T14:31:09.000Z".to_owned(), kind: machine };
        let why = |id: &str, seq| WhyInstance {
            status: instance(id, Word::Stopped),
            history: vec![event(seq, Phase::Stopped, vec![], instance(id, Word::Stopped)), machine.clone()],
            ..Default::default()
        };
        let lines = happenings(&[why("api/0", 7), why("api/1", 3)], &clock());
        let said: Vec<&str> = lines.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(said, ["api/1: Stopped", "api/0: Stopped", "Sleeps"]);
    }
}
