//! The instances of a service, as a table.

use std::time::Duration;

use ostler_api::{InstanceStatus, ServiceStatus, StopOutcome, Tier, Word};

use crate::{Clock, LinkState, memory_text, percent_text, plain, rows, short_span_text, span_text};

/// One instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotLine {
    /// `api/0`.
    pub name: String,
    /// Its state.
    pub word: Word,
    /// Its run.
    pub run: String,
    /// Its process, or the last one.
    pub pid: String,
    /// How long it runs, or how it ended.
    pub state: String,
    /// CPU and memory.
    pub usage: String,
    /// What became of its processes, or how surely a stop reaches them.
    pub note: String,
}

/// The instances.
pub fn slot_lines(service: &ServiceStatus, tier: Tier, link: &LinkState, clock: &Clock) -> Vec<SlotLine> {
    service.instances.iter().map(|instance| slot_line(instance, tier, link, clock)).collect()
}

fn slot_line(instance: &InstanceStatus, tier: Tier, link: &LinkState, clock: &Clock) -> SlotLine {
    let is_stale = link.is_stale();
    let mut usage: Vec<String> = Vec::new();
    usage.extend(instance.cpu_percent.filter(|_| !is_stale).map(percent_text));
    usage.extend(instance.memory_mb.filter(|_| !is_stale).map(memory_text));
    SlotLine {
        name: plain(&instance.id),
        word: if is_stale { Word::Unknown } else { instance.word },
        run: instance.run.map(|run| run.to_string()).unwrap_or_default(),
        pid: instance.pid.map(|pid| pid.to_string()).unwrap_or_default(),
        state: if is_stale { String::new() } else { state(instance, clock) },
        usage: usage.join(", "),
        note: match &instance.last_stop {
            Some(stop) if instance.pid.is_none() => stopped(stop),
            Some(_) | None => guarantee(tier).to_owned(),
        },
    }
}

fn state(instance: &InstanceStatus, clock: &Clock) -> String {
    if instance.pid.is_some() {
        let up = rows::running_for(instance, clock).map(span_text);
        return up.map(|up| format!("up {up}")).unwrap_or_default();
    }
    let Some(exit) = &instance.last_exit else { return String::new() };
    match (&exit.signal, exit.code) {
        (Some(signal), _) => plain(signal),
        (None, Some(code)) => format!("exit {code}"),
        (None, None) => "ended unseen".to_owned(),
    }
}

/// `Stopped in 96 ms. Port 8080 is free.`
fn stopped(stop: &StopOutcome) -> String {
    let took = short_span_text(Duration::from_millis(stop.duration_ms));
    let mut text = match stop.killed.len() {
        0 => format!("Stopped in {took}."),
        1 => format!("Stopped after {took}: 1 process had to be killed."),
        more => format!("Stopped after {took}: {more} processes had to be killed."),
    };
    if !stop.escaped.is_empty() {
        let left: Vec<String> = stop.escaped.iter().map(|it| plain(it)).collect();
        text.push_str(&format!(" Still there: {}.", left.join(", ")));
    }
    let ports: Vec<String> = stop.ports_free.iter().map(u16::to_string).collect();
    match ports.as_slice() {
        [] => {}
        [port] => text.push_str(&format!(" Port {port} is free.")),
        _ => text.push_str(&format!(" Ports {} are free.", ports.join(", "))),
    }
    text
}

/// How surely a stop reaches every process.
fn guarantee(tier: Tier) -> &'static str {
    match tier {
        Tier::Guaranteed => "guaranteed (cgroup v2): nothing is left behind",
        Tier::Strong => "strong (subreaper): every orphan comes back to its keeper",
        Tier::BestEffort => "best effort: a scan finds what it finds",
        Tier::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use ostler_api::LastExit;

    use super::*;
    use crate::samples::{clock, service, snapshot_of};

    #[test]
    fn what_runs_says_since_when_and_what_ended_says_what_is_left() {
        let mut snapshot = snapshot_of(&[("api", Word::Running), ("db", Word::Stopped)]);
        let lines = |name: &str, snapshot: &ostler_api::Snapshot| {
            slot_lines(&snapshot.services[name], Tier::Strong, &LinkState::Live, &clock()).remove(0)
        };
        let api = lines("api", &snapshot);
        assert_eq!((api.state.as_str(), api.pid.as_str()), ("up 2 h 15 min", "4711"));
        assert!(api.note.starts_with("strong"));
        let db = &mut service(&mut snapshot, "db").instances[0];
        db.last_exit = Some(LastExit { signal: Some("SIGTERM".to_owned()), ..Default::default() });
        db.last_stop = Some(StopOutcome { duration_ms: 96, ports_free: vec![5432], ..Default::default() });
        let db = lines("db", &snapshot);
        assert_eq!(
            (db.state.as_str(), db.note.as_str()),
            ("SIGTERM", "Stopped in 96 ms. Port 5432 is free.")
        );
    }

    #[test]
    fn what_had_to_be_killed_or_escaped_is_said() {
        let killed = vec!["sleep (1)".to_owned(), "sleep (2)".to_owned()];
        let stop = StopOutcome {
            duration_ms: 10_200,
            killed,
            escaped: vec!["x (3)".to_owned()],
            ..Default::default()
        };
        assert_eq!(stopped(&stop), "Stopped after 10 s: 2 processes had to be killed. Still there: x (3).");
    }
}
