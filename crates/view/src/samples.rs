//! Snapshots for the tests of this crate.

use ostler_api::{Cause, Goal, Health, InstanceStatus, Phase, ServiceStatus, Snapshot, Word};

use crate::Clock;

pub(crate) fn clock() -> Clock {
    Clock { now: "2026-03-01T14:31:07Z".parse().unwrap(), zone: jiff::tz::TimeZone::UTC }
}

pub(crate) fn instance(id: &str, word: Word) -> InstanceStatus {
    let (goal, phase) = match word {
        Word::Failed => (Goal::Up, Phase::Failed),
        Word::Backoff => (Goal::Up, Phase::Backoff),
        Word::Starting => (Goal::Up, Phase::Starting),
        Word::Stopping => (Goal::Down, Phase::Stopping),
        Word::Running | Word::Degraded => (Goal::Up, Phase::Running),
        Word::Completed | Word::Stopped | Word::Disabled | Word::Unknown => (Goal::Down, Phase::Stopped),
    };
    let mut status = InstanceStatus { id: id.to_owned(), goal, phase, word, ..Default::default() };
    status.health = if word == Word::Degraded { Health::Unready } else { Health::Ready };
    status.since = "2026-03-01T12:16:07Z".to_owned();
    if phase == Phase::Running {
        status.pid = Some(4711);
        status.started_at = Some("2026-03-01T12:16:07Z".to_owned());
    }
    status
}

pub(crate) fn cause(code: &str, text: &str) -> Cause {
    Cause { code: code.to_owned(), args: Default::default(), text: text.to_owned() }
}

pub(crate) fn snapshot_of(services: &[(&str, Word)]) -> Snapshot {
    let services = services.iter().map(|(name, word)| {
        let status = ServiceStatus {
            status: *word,
            instances: vec![instance(&format!("{name}/0"), *word)],
            max_instances: 1,
            ..Default::default()
        };
        ((*name).to_owned(), status.into())
    });
    Snapshot { services: services.collect(), ..Default::default() }
}

pub(crate) fn service<'a>(snapshot: &'a mut Snapshot, name: &str) -> &'a mut ServiceStatus {
    std::sync::Arc::make_mut(snapshot.services.get_mut(name).unwrap())
}
