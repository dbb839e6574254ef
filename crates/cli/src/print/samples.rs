//! Snapshots for the tests of what is printed.

use std::{collections::BTreeMap, sync::Arc};

use jiff::tz::TimeZone;
use ostler_api::{
    Cause, EngineHost, Event, EventKind, InstanceStatus, LastExit, Phase, ServiceStatus, Snapshot,
    SupervisorState, SupervisorStatus, Tier, Word,
};
use ostler_view::Clock;

pub(crate) fn clock() -> Clock {
    let now = "2026-03-01T14:31:10Z".parse().expect("a time");
    Clock { now, zone: TimeZone::UTC }
}

pub(crate) fn cause(code: &str, text: &str) -> Cause {
    Cause { code: code.to_owned(), text: text.to_owned(), ..Cause::default() }
}

pub(crate) fn instance(id: &str, word: Word) -> InstanceStatus {
    let since = "2026-03-01T14:30:10.000Z".to_owned();
    InstanceStatus { id: id.to_owned(), word, since, ..InstanceStatus::default() }
}

pub(crate) fn running(id: &str) -> InstanceStatus {
    InstanceStatus {
        pid: Some(4711),
        run: Some(3),
        uptime_seconds: Some(7_500),
        ports: BTreeMap::from([("http".to_owned(), 8080)]),
        memory_mb: Some(301.0),
        cpu_percent: Some(1.5),
        ..instance(id, Word::Running)
    }
}

pub(crate) fn stopped(id: &str) -> InstanceStatus {
    let mut asked = cause("asked", "asked by you");
    asked.args.insert("by".to_owned(), "you".to_owned());
    InstanceStatus { cause: vec![asked], ..instance(id, Word::Stopped) }
}

pub(crate) fn failed(id: &str) -> InstanceStatus {
    let last_exit = LastExit {
        run: 2,
        code: Some(1),
        at: "2026-03-01T14:30:10.000Z".to_owned(),
        after_ms: 400,
        last_line: Some("bind: address already in use".to_owned()),
        ..LastExit::default()
    };
    InstanceStatus {
        restart_count: 2,
        last_exit: Some(last_exit),
        cause: vec![
            cause("immediate-exit", "it ended within 2 s of its first start, so it is not tried again"),
            cause("exited", "exit 1, 0.4 s after start"),
            cause("asked", "asked by you"),
        ],
        ..instance(id, Word::Failed)
    }
}

pub(crate) fn phase_event(seq: u64, status: &InstanceStatus) -> Event {
    let kind = EventKind::InstancePhase {
        instance: status.id.clone(),
        from: Phase::Starting,
        to: Phase::Failed,
        cause: status.cause.clone(),
        status: status.clone(),
    };
    Event { seq, at: "2026-03-01T14:30:10.000Z".to_owned(), kind }
}

pub(crate) fn service(instances: Vec<InstanceStatus>) -> Arc<ServiceStatus> {
    let status = instances.first().map_or(Word::Unknown, |instance| instance.word);
    Arc::new(ServiceStatus { status, instances, enabled: true, max_instances: 4, ..ServiceStatus::default() })
}

pub(crate) fn snapshot() -> Snapshot {
    let supervisor = SupervisorStatus {
        status: SupervisorState::Running,
        version: "0.1.0".to_owned(),
        pid: 99,
        engine_id: "default".to_owned(),
        uptime_seconds: 200,
        mode: "default".to_owned(),
        config_path: "/etc/demo/ostler.toml".to_owned(),
        tier: Tier::Strong,
        host: EngineHost::Daemon,
        notices: vec!["[http] is not available yet".to_owned()],
        ..SupervisorStatus::default()
    };
    let mut waiting = instance("web/0", Word::Starting);
    waiting.waiting_for = Some("db".to_owned());
    let services = BTreeMap::from([
        ("api".to_owned(), service(vec![running("api/0"), running("api/1")])),
        ("db".to_owned(), service(vec![stopped("db/0")])),
        ("web".to_owned(), service(vec![waiting])),
        ("worker".to_owned(), service(vec![failed("worker/0")])),
    ]);
    Snapshot { seq: 41, supervisor, services, ..Snapshot::default() }
}
