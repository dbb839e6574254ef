//! The list: headings and services.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ostler_api::{InstanceStatus, ServiceStatus, Snapshot, Word};

use crate::{
    Clock, Counts, Filter, Fit, LinkState, Row, RowKind, down_line, memory_text, percent_text, plain,
    span_text, span_text_holds, why_line, worst, worst_instance,
};
use crate::{say, say_with};

/// The list, and how long it stays true by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List {
    /// Its rows.
    pub rows: Vec<Row>,
    /// When an uptime or countdown says something else; nothing when none is shown.
    pub holds: Option<Duration>,
}

/// What the list shows beside the snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Which services.
    pub filter: Filter,
    /// The groups that are folded.
    pub folded: BTreeSet<String>,
    /// All services in one list, without headings.
    pub is_flat: bool,
}

/// Makes the list.
pub fn rows(snapshot: &Snapshot, link: &LinkState, wishes: &Wishes, clock: &Clock) -> List {
    let mut groups: BTreeMap<(bool, &str), Vec<(&String, &ServiceStatus)>> = BTreeMap::new();
    for (name, service) in &snapshot.services {
        let group = service.group.as_deref().filter(|_| !wishes.is_flat).unwrap_or_default();
        groups.entry((group.is_empty(), group)).or_default().push((name, service));
    }
    let has_headings = groups.keys().any(|(is_rest, _)| !is_rest);
    let mut list = List::default();
    for ((_, group), services) in groups {
        let shown: Vec<_> = services.iter().filter(|(name, it)| wishes.filter.admits(name, it)).collect();
        if shown.is_empty() {
            continue;
        }
        let is_folded = has_headings && wishes.folded.contains(group) && !wishes.filter.is_on();
        if has_headings {
            list.rows.push(heading(group, &services, is_folded, link));
        }
        if is_folded {
            continue;
        }
        for (name, service) in shown {
            list.rows.push(row_of(name, service, link, clock));
            list.holds = [list.holds, holds(service, link, clock)].into_iter().flatten().min();
        }
    }
    list
}

fn heading(group: &str, services: &[(&String, &ServiceStatus)], is_folded: bool, link: &LinkState) -> Row {
    let words = services.iter().map(|(_, service)| service.status);
    let counts = Counts::of(words.clone());
    let name = if group.is_empty() { say("Other") } else { plain(group) };
    let mut summary = say_with("%1 of %2 running", &[&counts.running, &counts.all]);
    for (count, word) in [
        (counts.failed, say("failed")),
        (counts.backoff, say("in backoff")),
        (counts.degraded, say("degraded")),
        (counts.unknown, say("unknown")),
    ] {
        if count > 0 {
            summary.push_str(&format!(", {count} {word}"));
        }
    }
    Row {
        key: format!("group:{group}"),
        kind: RowKind::Heading,
        name,
        group: group.to_owned(),
        word: if link.is_stale() { Word::Unknown } else { worst(words) },
        tag: if link.is_stale() { String::new() } else { summary },
        is_folded,
        is_stale: link.is_stale(),
        ..Row::default()
    }
}

/// Makes the row of one service.
pub fn row_of(name: &str, service: &ServiceStatus, link: &LinkState, clock: &Clock) -> Row {
    let group = service.group.clone().unwrap_or_default();
    let row = Row { key: format!("service:{name}"), name: name.to_owned(), group, ..Row::default() };
    let row = Row { tag: tag(service), ..row };
    if link.is_stale() {
        let at = link.lost_at(clock).unwrap_or_default();
        let address = say_with("was %1, %2", &[&say(service.status.as_str()), &at]);
        return Row { word: Word::Unknown, is_stale: true, address, ..row };
    }
    let Some(instance) = worst_instance(service) else { return Row { word: service.status, ..row } };
    let (address, short_address, url) = addresses(service);
    let pending = service.instances.iter().find_map(|it| it.pending.clone()).unwrap_or_default();
    let word = service.status;
    let free_port = port_conflict(service).map(|(_, free)| free).unwrap_or_default();
    let is_free = link.is_live() && pending.is_empty();
    let is_up = matches!(word, Word::Running | Word::Degraded | Word::Starting | Word::Backoff);
    let is_down = matches!(word, Word::Failed | Word::Stopped | Word::Completed | Word::Disabled);
    Row {
        word,
        why: why_line(instance, clock).unwrap_or_default(),
        address,
        short_address,
        url,
        uptime: uptime(instance, clock),
        is_ended: is_down,
        restarts: restarts(service),
        cpu: total(service, |it| it.cpu_percent).map(percent_text).unwrap_or_default(),
        memory: total(service, |it| it.memory_mb).map(memory_text).unwrap_or_default(),
        pending,
        fit: if is_free { fit(word, free_port) } else { Fit::Nothing },
        free_port,
        can_start: is_free && is_down,
        can_stop: is_free && is_up,
        can_restart: is_free && (is_up || word == Word::Failed),
        ..row
    }
}

/// The port that a service could not take and the next that is free, when another would mend it. The instances of a
/// pool count theirs on from one number, so one that is free for one of them says nothing about the others.
pub fn port_conflict(service: &ServiceStatus) -> Option<(u16, u16)> {
    let [instance] = service.instances.as_slice() else { return None };
    if !matches!(instance.word, Word::Failed | Word::Backoff) {
        return None;
    }
    let cause = instance.cause.iter().find(|cause| cause.code == "port-in-use")?;
    let number = |name: &str| cause.args.get(name)?.parse::<u16>().ok().filter(|port| *port > 0);
    number("port").zip(number("next_free"))
}

/// The one action that fits a state.
fn fit(word: Word, free_port: u16) -> Fit {
    match word {
        Word::Failed | Word::Backoff if free_port > 0 => Fit::UsePort,
        Word::Failed | Word::Stopped => Fit::Start,
        Word::Backoff => Fit::RestartNow,
        Word::Degraded => Fit::Restart,
        Word::Stopping | Word::Starting | Word::Running => Fit::Nothing,
        Word::Completed | Word::Disabled | Word::Unknown => Fit::Nothing,
    }
}

fn tag(service: &ServiceStatus) -> String {
    if service.instances.len() > 1 {
        let running = service.instances.iter().filter(|it| it.word == Word::Running).count();
        say_with("pool %1 of %2", &[&running, &service.instances.len()])
    } else if service.oneshot {
        say("one-shot")
    } else {
        String::new()
    }
}

/// Where a service listens, long and short, and what "Open" opens.
fn addresses(service: &ServiceStatus) -> (String, String, String) {
    let url = service.instances.iter().find_map(|it| it.url.clone()).unwrap_or_default();
    let port = service.instances.iter().find_map(|it| it.ports.values().next().copied());
    let address = match (url.split_once("://"), port) {
        (Some((_, rest)), _) => plain(rest.trim_end_matches('/')),
        (None, Some(port)) => format!("localhost:{port}"),
        (None, None) => String::new(),
    };
    let host_end = address.find('/').unwrap_or(address.len());
    let short = match address[..host_end].rfind(':') {
        Some(colon) => address[colon..].to_owned(),
        None => address.clone(),
    };
    (address, short, url)
}

fn uptime(instance: &InstanceStatus, clock: &Clock) -> String {
    match instance.word {
        Word::Running | Word::Degraded | Word::Starting => {
            running_for(instance, clock).map(span_text).unwrap_or_default()
        }
        Word::Completed | Word::Stopped | Word::Disabled => down_line(instance, clock),
        Word::Failed | Word::Backoff | Word::Stopping | Word::Unknown => String::new(),
    }
}

pub(crate) fn running_for(instance: &InstanceStatus, clock: &Clock) -> Option<Duration> {
    instance.pid?;
    let since_spawn = instance.started_at.as_deref().and_then(|at| clock.since(at));
    since_spawn.or_else(|| instance.uptime_seconds.map(Duration::from_secs))
}

fn restarts(service: &ServiceStatus) -> String {
    let count: u32 = service.instances.iter().map(|it| it.restart_count).sum();
    match service.status {
        Word::Completed | Word::Stopped | Word::Disabled if count == 0 => String::new(),
        _ => count.to_string(),
    }
}

pub(crate) fn total(service: &ServiceStatus, part: impl Fn(&InstanceStatus) -> Option<f64>) -> Option<f64> {
    service.instances.iter().filter_map(part).reduce(|sum, more| sum + more)
}

/// How long the row of a service stays true by itself.
pub(crate) fn holds(service: &ServiceStatus, link: &LinkState, clock: &Clock) -> Option<Duration> {
    let instance = worst_instance(service).filter(|_| !link.is_stale())?;
    if instance.word == Word::Backoff {
        let next = clock.until(instance.next_try.as_deref()?)?;
        return Some(next.min(Duration::from_secs(1)).max(Duration::from_millis(100)));
    }
    matches!(instance.word, Word::Running | Word::Degraded | Word::Starting)
        .then(|| running_for(instance, clock))
        .flatten()
        .map(span_text_holds)
}

#[cfg(test)]
mod tests;
