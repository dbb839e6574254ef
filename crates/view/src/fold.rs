//! Keeps a snapshot up to date.

use std::sync::Arc;

use ostler_api::{Event, EventKind, InstanceStatus, ServiceStatus, Snapshot};

use crate::worst;

/// Applies one event to a snapshot. Says whether anything that is shown may have changed.
#[must_use = "an unchanged snapshot need not be shown again"]
pub fn fold(snapshot: &mut Snapshot, event: &Event) -> bool {
    snapshot.seq = snapshot.seq.max(event.seq);
    match &event.kind {
        EventKind::InstancePhase { status, .. } | EventKind::InstanceHealth { status, .. } => {
            set_instance(snapshot, status)
        }
        EventKind::ServiceAdded { service, status, .. } => set_service(snapshot, service, status),
        EventKind::ServiceRemoved { service } => {
            let is_gone = snapshot.services.remove(service).is_some();
            snapshot.supervisor.managed_services = snapshot.services.len();
            is_gone
        }
        EventKind::PlanApplied { hash, .. } => {
            snapshot.supervisor.config_hash.clone_from(hash);
            snapshot.supervisor.config_is_stale = false;
            true
        }
        EventKind::ConfigError { .. } => {
            snapshot.supervisor.config_is_stale = true;
            true
        }
        EventKind::ModeChanged { mode, .. } => {
            snapshot.supervisor.mode.clone_from(mode);
            true
        }
        EventKind::Banner { banner } => {
            snapshot.banner.clone_from(banner);
            true
        }
        EventKind::EventChannel { events } => {
            snapshot.events.clone_from(events);
            true
        }
        EventKind::Stopping { .. } => {
            snapshot.supervisor.status = ostler_api::SupervisorState::Stopping;
            true
        }
        EventKind::Command { .. }
        | EventKind::Incident { .. }
        | EventKind::LimitHit { .. }
        | EventKind::ConnectionOpened { .. }
        | EventKind::ConnectionClosed { .. }
        | EventKind::Machine { .. }
        | EventKind::Gap { .. }
        | EventKind::Unknown => false,
    }
}

fn set_service(snapshot: &mut Snapshot, name: &str, status: &ServiceStatus) -> bool {
    let before = snapshot.services.insert(name.to_owned(), Arc::new(status.clone()));
    snapshot.supervisor.managed_services = snapshot.services.len();
    before.as_deref() != Some(status)
}

fn set_instance(snapshot: &mut Snapshot, status: &InstanceStatus) -> bool {
    let name = status.id.split_once('/').map_or(status.id.as_str(), |(service, _)| service);
    let Some(service) = snapshot.services.get_mut(name).map(Arc::make_mut) else { return false };
    match service.instances.iter_mut().find(|instance| instance.id == status.id) {
        Some(instance) if instance == status => return false,
        Some(instance) => instance.clone_from(status),
        None => service.instances.push(status.clone()),
    }
    service.status = worst(service.instances.iter().map(|instance| instance.word));
    true
}

#[cfg(test)]
mod tests {
    use ostler_api::{Phase, Word};

    use super::*;
    use crate::samples::{instance, snapshot_of};

    fn phase(seq: u64, status: InstanceStatus) -> Event {
        let kind = EventKind::InstancePhase {
            instance: status.id.clone(),
            from: Phase::Running,
            to: status.phase,
            cause: Vec::new(),
            status,
        };
        Event { seq, at: String::new(), kind }
    }

    #[test]
    fn the_word_of_a_service_follows_its_worst_instance() {
        let mut snapshot = snapshot_of(&[("web", Word::Running)]);
        let changed = fold(&mut snapshot, &phase(7, instance("web/0", Word::Failed)));
        assert!(changed);
        assert_eq!(snapshot.services["web"].status, Word::Failed);
        assert_eq!(snapshot.seq, 7);
    }

    #[test]
    fn an_event_that_says_nothing_new_changes_nothing() {
        let mut snapshot = snapshot_of(&[("web", Word::Running)]);
        let same = snapshot.services["web"].instances[0].clone();
        assert!(!fold(&mut snapshot, &phase(8, same)));
        assert!(!fold(&mut snapshot, &phase(9, instance("gone/0", Word::Failed))));
    }
}
