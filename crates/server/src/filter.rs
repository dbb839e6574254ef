//! Which services a watch concerns.

use glob::Pattern;
use ostler_api::{ApiError, Event, EventKind, Snapshot};

use crate::request::bad_params;

/// Patterns on one watch.
const PATTERNS_MAX: usize = 64;

/// Globs of service or instance names; none = everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    patterns: Vec<Pattern>,
}

impl Filter {
    pub(crate) fn new(globs: &[String]) -> Result<Self, ApiError> {
        if globs.len() > PATTERNS_MAX {
            return Err(bad_params("filter", &format!("more than {PATTERNS_MAX} patterns")));
        }
        let parse = |(index, glob): (usize, &String)| {
            Pattern::new(glob).map_err(|error| bad_params(&format!("filter[{index}]"), error.msg))
        };
        Ok(Self { patterns: globs.iter().enumerate().map(parse).collect::<Result<_, _>>()? })
    }

    /// Whether nothing is left out.
    pub(crate) fn is_open(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether an event is wanted. What concerns everything always is.
    pub(crate) fn wants(&self, event: &Event) -> bool {
        match &event.kind {
            EventKind::InstancePhase { instance, .. }
            | EventKind::InstanceHealth { instance, .. }
            | EventKind::Incident { instance, .. }
            | EventKind::LimitHit { instance, .. } => self.has_instance(instance),
            EventKind::ServiceAdded { service, .. } | EventKind::ServiceRemoved { service } => {
                self.has_service(service)
            }
            EventKind::Command { service: Some(service), .. } => self.has_service(service),
            EventKind::Command { service: None, .. }
            | EventKind::PlanApplied { .. }
            | EventKind::ConfigError { .. }
            | EventKind::ModeChanged { .. }
            | EventKind::ConnectionOpened { .. }
            | EventKind::ConnectionClosed { .. }
            | EventKind::Banner { .. }
            | EventKind::EventChannel { .. }
            | EventKind::Machine { .. }
            | EventKind::Stopping { .. }
            | EventKind::Gap { .. }
            | EventKind::Unknown => true,
        }
    }

    /// The snapshot without the services that are not wanted, as no events would keep them true.
    pub(crate) fn narrow(&self, snapshot: &Snapshot) -> Snapshot {
        let mut narrowed = snapshot.clone();
        if !self.is_open() {
            narrowed.services.retain(|name, service| {
                self.has_service(name)
                    || service.instances.iter().any(|instance| self.has_instance(&instance.id))
            });
        }
        narrowed
    }

    fn has_service(&self, name: &str) -> bool {
        self.is_open() || self.patterns.iter().any(|pattern| pattern.matches(name))
    }

    fn has_instance(&self, id: &str) -> bool {
        let service = id.split_once('/').map_or(id, |(service, _)| service);
        self.has_service(service) || self.patterns.iter().any(|pattern| pattern.matches(id))
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn filter(globs: &[&str]) -> Filter {
        Filter::new(&globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    fn event(instance: &str) -> Event {
        let kind = EventKind::LimitHit { instance: instance.to_owned(), cause: Vec::new() };
        Event { seq: 1, at: String::new(), kind }
    }

    #[test]
    fn a_filter_keeps_the_events_of_its_services_and_those_of_everything() {
        let filter = filter(&["api*", "web/1"]);
        assert!(filter.wants(&event("api-2/0")));
        assert!(filter.wants(&event("web/1")));
        assert!(!filter.wants(&event("web/0")));
        let banner = EventKind::Banner { banner: Vec::new() };
        assert!(filter.wants(&Event { seq: 1, at: String::new(), kind: banner }));
    }

    #[test]
    fn a_filtered_snapshot_has_only_what_its_events_keep_true() {
        let mut snapshot = Snapshot::default();
        for name in ["api", "web"] {
            snapshot.services.insert(name.to_owned(), Default::default());
        }
        assert_eq!(filter(&["a*"]).narrow(&snapshot).services.into_keys().collect::<Vec<_>>(), ["api"]);
        assert_eq!(filter(&[]).narrow(&snapshot).services.len(), 2);
    }

    #[test]
    fn a_broken_pattern_is_named_by_its_place() {
        let error = Filter::new(&["ok".to_owned(), "[".to_owned()]).unwrap_err();
        assert_eq!(error.path.as_deref(), Some("filter[1]"));
    }
}
