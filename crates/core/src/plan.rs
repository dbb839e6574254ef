//! What a new configuration or another mode would do, before it does.

use std::collections::BTreeSet;

use crate::{Fleet, ServiceName, ServiceSpec, difference::differences};

/// What happens to each service that is touched; services that are not named stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// By service name.
    pub changes: Vec<Change>,
}

/// What happens to one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub service: ServiceName,
    /// What.
    pub action: Action,
    /// The keys that differ, as `env.PORT`, sorted; empty when no key of the service itself did it.
    pub keys: Vec<String>,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It appears.
    Add {
        /// Whether it starts at once.
        starts: bool,
    },
    /// It is stopped and disappears.
    Remove,
    /// Its runs are replaced; a pool rolls.
    Restart,
    /// It is started.
    Start,
    /// It is stopped.
    Stop,
    /// It changes without touching its runs.
    InPlace,
}

/// What a changed key asks of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing.
    Nothing,
    /// A new run.
    Restart,
    /// A new run, if the supervisor is in this mode.
    RestartIn(String),
}

impl Plan {
    /// Compares two configurations, whatever the mode and the state are: what depends on them is told as if
    /// every service ran. [`crate::Supervisor::plan`] knows better.
    pub fn between(old: &Fleet, new: &Fleet) -> Self {
        Self::between_in(old, new, None)
    }

    /// What switching from one mode to another does to a fleet in which every wanted service runs.
    pub fn for_mode(fleet: &Fleet, from: &str, to: &str) -> Self {
        let change = |spec: &std::sync::Arc<ServiceSpec>| {
            let keys = mode_keys(spec, from, to);
            let action = match (spec.fits_mode(from), spec.fits_mode(to)) {
                (true, false) => Action::Stop,
                (false, true) if spec.enabled => Action::Start,
                (true, true) if !keys.is_empty() => Action::Restart,
                (false, _) | (true, true) => return None,
            };
            Some(Change { service: spec.name.clone(), action, keys })
        };
        Self { changes: fleet.services.values().filter_map(change).collect() }
    }

    /// Whether nothing happens at all.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// What happens to one service, if anything.
    pub fn change(&self, service: &ServiceName) -> Option<&Change> {
        self.changes.iter().find(|change| change.service == *service)
    }

    pub(crate) fn between_in(old: &Fleet, new: &Fleet, mode: Option<&str>) -> Self {
        let names: BTreeSet<_> = old.services.keys().chain(new.services.keys()).collect();
        let fits = |spec: &ServiceSpec| mode.is_none_or(|mode| spec.fits_mode(mode));
        let change = |name: &ServiceName| {
            let (action, keys) = match (old.services.get(name), new.services.get(name)) {
                (None, None) => return None,
                (None, Some(new)) => (Action::Add { starts: new.enabled && fits(new) }, Vec::new()),
                (Some(_), None) => (Action::Remove, Vec::new()),
                (Some(old), Some(new)) => {
                    let differences = differences(old, new);
                    if differences.is_empty() {
                        return None;
                    }
                    let is_stopped = (old.enabled && !new.enabled) || (fits(old) && !fits(new));
                    let is_started = !(old.enabled && fits(old)) && new.enabled && fits(new);
                    let is_restarted = differences.iter().any(|(_, needs)| match needs {
                        Needs::Nothing => false,
                        Needs::Restart => true,
                        Needs::RestartIn(one) => mode.is_none_or(|mode| mode == one),
                    });
                    let action = match (is_stopped, is_started, is_restarted) {
                        (true, _, _) => Action::Stop,
                        (false, true, _) => Action::Start,
                        (false, false, true) => Action::Restart,
                        (false, false, false) => Action::InPlace,
                    };
                    (action, differences.into_iter().map(|(key, _)| key).collect())
                }
            };
            Some(Change { service: name.clone(), action, keys })
        };
        Self { changes: names.into_iter().filter_map(change).collect() }
    }
}

impl ServiceSpec {
    /// Whether it is started in this mode.
    pub fn fits_mode(&self, mode: &str) -> bool {
        self.modes.as_ref().is_none_or(|modes| modes.contains(mode))
    }
}

/// The variables of the modes that differ between two modes, as `env.PORT`.
pub(crate) fn mode_keys(spec: &ServiceSpec, from: &str, to: &str) -> Vec<String> {
    let (from, to) = (spec.launch.mode_env.get(from), spec.launch.mode_env.get(to));
    let names: BTreeSet<_> = from.into_iter().chain(to).flat_map(|env| env.keys()).collect();
    let value = |env: Option<&std::collections::BTreeMap<String, crate::Template>>, name: &String| {
        env.and_then(|env| env.get(name)).or_else(|| spec.launch.env.get(name)).cloned()
    };
    names
        .into_iter()
        .filter(|name| value(from, name) != value(to, name))
        .map(|name| format!("env.{name}"))
        .collect()
}
