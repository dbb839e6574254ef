//! What the supervisor itself tells, from the engine's journal.

use std::{pin::pin, time::Duration};

use ostler_api::{Event, EventKind, ServiceNews};
use ostler_engine::{Delivery, EngineHandle, Watcher};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{frame::Draft, hub::Hub};
use crate::limits::LISTENERS_EVERY;

/// Tells what happens, from the first time that somebody needs to hear of it, until the engine has ended or it is told
/// to end.
pub(crate) async fn pump(engine: &EngineHandle, hub: &Hub, ending: CancellationToken) {
    let needed = tokio::select! {
        () = ending.cancelled() => None,
        watcher = hub.first_need() => watcher,
    };
    if let Some(watcher) = needed {
        follow(engine, hub, watcher, ending).await;
    }
    hub.end();
}

async fn follow(engine: &EngineHandle, hub: &Hub, mut watcher: Watcher, ending: CancellationToken) {
    let mut settings = engine.settings();
    let mut may_change = true;
    let mut count_rests = pin!(sleep(Duration::ZERO));
    let mut may_count = false;
    hub.configure(&settings.borrow_and_update().events);
    loop {
        tokio::select! {
            () = ending.cancelled() => break,
            changed = settings.changed(), if may_change => match changed {
                Ok(()) => hub.configure(&settings.borrow_and_update().events),
                Err(_) => may_change = false,
            },
            // Those who come and go in a crowd do not push what happens out of the engine's journal.
            () = count_rests.as_mut(), if !may_count => may_count = true,
            () = hub.counted(), if may_count => {
                hub.tell_count();
                may_count = false;
                count_rests.as_mut().reset(Instant::now() + LISTENERS_EVERY);
            }
            delivery = watcher.next() => match delivery {
                None => break,
                Some(Delivery::Events(events)) => {
                    events.iter().for_each(|event| hub.tell(told(event).as_ref(), event.seq));
                }
                Some(Delivery::Gap { missed, snapshot }) => hub.skip(missed, snapshot.seq),
            },
        }
    }
}

/// What is told of an event; nothing of those that hold figures alone.
pub(super) fn told(event: &Event) -> Option<Draft> {
    let (event_type, data) = of(&event.kind)?;
    Some(Draft { at: event.at.clone(), ..Draft::own(event_type, data) })
}

fn of(kind: &EventKind) -> Option<(&'static str, Value)> {
    let service = |instance: &str| instance.split('/').next().unwrap_or(instance).to_owned();
    Some(match kind {
        EventKind::InstancePhase { instance, from, to, cause, status } => (
            "service_changed",
            json!({
                "change": "phase", "service": service(instance), "instance": instance, "from": from, "to": to,
                "status": status.word, "health": status.health, "pid": status.pid,
                "cause": cause.iter().map(|cause| &cause.text).collect::<Vec<_>>(),
            }),
        ),
        EventKind::InstanceHealth { instance, health, cause, status } if !cause.is_empty() => (
            "service_changed",
            json!({
                "change": "health", "service": service(instance), "instance": instance, "health": health,
                "status": status.word, "cause": cause.iter().map(|cause| &cause.text).collect::<Vec<_>>(),
            }),
        ),
        EventKind::ServiceAdded { news: ServiceNews::Same, .. } => return None,
        EventKind::ServiceAdded { service, status, news } => {
            ("service_changed", json!({ "change": news, "service": service, "status": status.status }))
        }
        EventKind::ServiceRemoved { service } => {
            ("service_changed", json!({ "change": "removed", "service": service }))
        }
        EventKind::Incident { instance, run, .. } => (
            "service_changed",
            json!({ "change": "incident", "service": service(instance), "instance": instance, "run": run }),
        ),
        EventKind::LimitHit { instance, cause } => (
            "service_changed",
            json!({
                "change": "limit", "service": service(instance), "instance": instance,
                "cause": cause.iter().map(|cause| &cause.text).collect::<Vec<_>>(),
            }),
        ),
        EventKind::PlanApplied { hash, .. } => ("config_changed", json!({ "hash": hash, "is_valid": true })),
        EventKind::ConfigError { diagnostics } => {
            ("config_changed", json!({ "is_valid": false, "mistakes": diagnostics.len() }))
        }
        EventKind::ModeChanged { mode, settled } => {
            ("mode_changed", json!({ "mode": mode, "settled": settled }))
        }
        EventKind::ConnectionOpened { id, client } => {
            ("connection_changed", json!({ "change": "opened", "connection": id, "client": client }))
        }
        EventKind::ConnectionClosed { id, client, reason: Some(reason) } => (
            "connection_changed",
            json!({ "change": "dropped", "connection": id, "client": client, "reason": reason }),
        ),
        EventKind::ConnectionClosed { id, client, reason: None } => {
            ("connection_changed", json!({ "change": "closed", "connection": id, "client": client }))
        }
        EventKind::InstanceHealth { .. }
        | EventKind::Command { .. }
        | EventKind::Banner { .. }
        | EventKind::EventChannel { .. }
        | EventKind::Machine { .. }
        | EventKind::Stopping { .. }
        | EventKind::Gap { .. }
        | EventKind::Unknown => return None,
    })
}
