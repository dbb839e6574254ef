//! Publishing: after each turn, all that changed becomes events and one snapshot.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ostler_api as api;
use ostler_core::{Fleet, InstanceId, ServiceName, ServiceSpec};

use super::{Actor, time};
use crate::wire;

/// The services as they were last published; those that do not change are shared.
#[derive(Debug, Default)]
pub(super) struct Published {
    services: BTreeMap<String, Arc<api::ServiceStatus>>,
    pub(super) banner: Vec<api::Banner>,
    channel: api::EventsStatus,
    /// As of which change of a source the channel was published.
    sources_change: u64,
    is_first: bool,
    dependants: Dependants,
}

/// Who needs whom, of one fleet.
#[derive(Debug, Default)]
struct Dependants {
    fleet: Option<Arc<Fleet>>,
    names: BTreeMap<ServiceName, Vec<String>>,
}

impl Dependants {
    /// Looks again if it is another fleet.
    fn refresh(&mut self, fleet: &Arc<Fleet>) {
        if self.fleet.as_ref().is_some_and(|known| Arc::ptr_eq(known, fleet)) {
            return;
        }
        self.names.clear();
        for spec in fleet.services.values() {
            for needed in spec.depends_on.keys() {
                self.names.entry(needed.clone()).or_default().push(spec.name.to_string());
            }
        }
        self.fleet = Some(Arc::clone(fleet));
    }
}

impl Published {
    pub(super) fn new() -> Self {
        Self { is_first: true, ..Self::default() }
    }
}

impl Actor {
    /// Publishes what changed in this turn, if anything did.
    pub(super) fn publish(&mut self) {
        self.published.dependants.refresh(self.supervisor.fleet());
        let changed = self.changed_services();
        let banner = self.banner();
        if banner != self.published.banner {
            self.events.push((None, api::EventKind::Banner { banner: banner.clone() }));
            self.published.banner.clone_from(&banner);
        }
        let sources_change = self.journal.sources.changes();
        let channel = api::EventsStatus {
            enabled: self.settings.borrow().events.enabled,
            subscriber_count: self.journal.listeners(),
            // Their figures change with each event, and alone are no reason to publish.
            sources: if sources_change == self.published.sources_change {
                self.published.channel.sources.clone()
            } else {
                shared(self.journal.sources.now(), &self.published.channel.sources)
            },
        };
        self.published.sources_change = sources_change;
        if channel != self.published.channel {
            self.events.push((None, api::EventKind::EventChannel { events: channel.clone() }));
            self.published.channel = channel;
        }
        let nothing = self.events.is_empty() && changed.is_empty() && self.gone_services.is_empty();
        if nothing && !self.published.is_first {
            return;
        }
        self.published.is_first = false;
        let mut added = Vec::new();
        for service in changed {
            let Some(spec) = self.supervisor.fleet().services.get(&service).cloned() else { continue };
            let status = Arc::new(self.service_status(&spec));
            let is_new = self.new_services.contains(&service);
            let before = self.published.services.insert(service.to_string(), Arc::clone(&status));
            if is_new {
                let news = if before.is_none() {
                    api::ServiceNews::Added
                } else if self.planned_changes.contains(service.as_str()) {
                    api::ServiceNews::Changed
                } else {
                    api::ServiceNews::Same
                };
                added.push(api::EventKind::ServiceAdded {
                    service: service.to_string(),
                    status: (*status).clone(),
                    news,
                });
            }
        }
        let removed: Vec<_> = std::mem::take(&mut self.gone_services)
            .into_iter()
            .filter(|service| !self.supervisor.fleet().services.contains_key(service))
            .map(|service| {
                self.published.services.remove(service.as_str());
                api::EventKind::ServiceRemoved { service: service.to_string() }
            })
            .collect();
        self.new_services.clear();
        self.planned_changes.clear();
        let mut kinds = added;
        kinds.extend(self.filled_events());
        kinds.extend(removed);
        let snapshot = self.snapshot();
        self.journal.publish(kinds, &time::text(self.time.wall), snapshot);
        self.keep_numbers();
    }

    /// Everything as it is now; the times as of now.
    pub(super) fn snapshot(&self) -> api::Snapshot {
        api::Snapshot {
            seq: self.journal.last(),
            supervisor: self.supervisor_status(),
            services: self.published.services.clone(),
            banner: self.published.banner.clone(),
            events: self.published.channel.clone(),
            ..api::Snapshot::default()
        }
    }

    /// Everything, or the service of each of these instances with them alone, with the times as of now.
    pub(super) fn fresh_snapshot(&mut self, wanted: Option<&[InstanceId]>) -> api::Snapshot {
        self.published.dependants.refresh(self.supervisor.fleet());
        let services = self.supervisor.fleet().services.values();
        let services = services.filter(|spec| self.published.services.contains_key(spec.name.as_str()));
        let fresh = services.filter_map(|spec| {
            let mine = |ids: &[InstanceId]| {
                let mine = ids.iter().filter(|id| id.service == spec.name);
                mine.map(ToString::to_string).collect::<BTreeSet<String>>()
            };
            let mine = wanted.map(mine);
            if mine.as_ref().is_some_and(BTreeSet::is_empty) {
                return None;
            }
            let mut status = self.service_status(spec);
            if let Some(mine) = mine {
                status.instances.retain(|instance| mine.contains(&instance.id));
            }
            Some((spec.name.to_string(), Arc::new(status)))
        });
        let services = fresh.collect();
        api::Snapshot {
            seq: self.journal.last(),
            supervisor: self.supervisor_status(),
            services,
            banner: self.published.banner.clone(),
            events: api::EventsStatus {
                sources: shared(self.journal.sources.now(), &self.published.channel.sources),
                ..self.published.channel.clone()
            },
            ..api::Snapshot::default()
        }
    }

    /// A service as it is now.
    pub(super) fn service_status(&self, spec: &ServiceSpec) -> api::ServiceStatus {
        let mine = self.supervisor.instances_of_service(&spec.name);
        let instances: Vec<_> = mine
            .filter_map(|instance| Some(self.slots.get(instance.id())?.status(instance, &self.time)))
            .collect();
        let resting = if spec.enabled { api::Word::Stopped } else { api::Word::Disabled };
        api::ServiceStatus {
            status: instances.iter().map(|instance| instance.word).min().unwrap_or(resting),
            instances,
            group: spec.group.clone(),
            depends_on: spec
                .depends_on
                .iter()
                .map(|(name, condition)| (name.to_string(), wire::condition(*condition).to_owned()))
                .collect(),
            dependants: self.published.dependants.names.get(&spec.name).cloned().unwrap_or_default(),
            enabled: spec.enabled,
            oneshot: spec.oneshot,
            modes: spec.modes.iter().flatten().cloned().collect(),
            max_instances: spec.max_instances,
            command: command_line(spec),
            args: self.overrides.get(&spec.name).and_then(|it| it.args.clone()).unwrap_or_else(|| args(spec)),
            has_reload_signal: spec.reload_signal.is_some(),
            next_run: self.next_run(spec),
            notices: self.remarks.of(&spec.name),
        }
    }

    fn supervisor_status(&self) -> api::SupervisorStatus {
        let fleet = self.supervisor.fleet();
        let state = if self.supervisor.is_shutting_down() {
            api::SupervisorState::Stopping
        } else {
            api::SupervisorState::Running
        };
        // On Windows every run is in a job, which nothing leaves.
        let tier = if cfg!(windows) || self.cgroup.is_some() {
            api::Tier::Guaranteed
        } else if cfg!(target_os = "linux") {
            api::Tier::Strong
        } else {
            api::Tier::BestEffort
        };
        api::SupervisorStatus {
            status: state,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            engine_id: self.options.paths.id.clone(),
            uptime_seconds: self.time.now.saturating_duration_since(self.started.now).as_secs(),
            started_at: time::text(self.started.wall),
            mode: self.supervisor.mode().to_owned(),
            modes: fleet.modes.iter().cloned().collect(),
            config_path: self.options.paths.config.display().to_string(),
            config_hash: self.config.hash.clone(),
            config_is_stale: !self.refused.is_empty(),
            managed_services: fleet.services.len(),
            tier,
            adopted: self.adopted,
            is_root: crate::process::is_root(),
            notices: self
                .own_notices()
                .cloned()
                .chain(self.front_notices())
                .chain(self.log_notice())
                .chain(self.owed.notices())
                .chain(self.login_shell_notice())
                .collect(),
            on_quit: self.on_quit(),
            host: self.options.host,
            http_url: self.http_url(),
            default_service: self.config.config.control.default_service.as_ref().map(ToString::to_string),
        }
    }

    fn changed_services(&self) -> BTreeSet<ServiceName> {
        let dirty = self.slots.iter().filter(|(_, slot)| slot.is_dirty);
        let dirty = dirty.map(|(id, _)| id.service.clone());
        self.new_services.iter().cloned().chain(dirty).collect()
    }

    /// The events of this turn with the states they tell of. What changed without an event gets one.
    fn filled_events(&mut self) -> Vec<api::EventKind> {
        let mut events = std::mem::take(&mut self.events);
        let told: BTreeSet<InstanceId> = events.iter().filter_map(|(about, _)| about.clone()).collect();
        for (id, slot) in &mut self.slots {
            let was_dirty = std::mem::take(&mut slot.is_dirty);
            if was_dirty && !told.contains(id) {
                let kind = api::EventKind::InstanceHealth {
                    instance: id.to_string(),
                    health: api::Health::Unknown,
                    cause: Vec::new(),
                    status: <_>::default(),
                };
                events.push((Some(id.clone()), kind));
            }
        }
        events.into_iter().map(|(about, kind)| self.filled(about.as_ref(), kind)).collect()
    }

    fn filled(&self, about: Option<&InstanceId>, mut kind: api::EventKind) -> api::EventKind {
        let Some(now) = about.and_then(|id| self.published_instance(id)) else { return kind };
        match &mut kind {
            api::EventKind::InstancePhase { status, cause, .. } => {
                *status = now;
                // The nearest cause may have learnt the last line of output meanwhile.
                if status.phase == api::Phase::Failed && !status.cause.is_empty() {
                    cause.clone_from(&status.cause);
                }
            }
            api::EventKind::InstanceHealth { status, health, .. } => {
                *health = now.health;
                *status = now;
            }
            api::EventKind::ServiceAdded { .. }
            | api::EventKind::ServiceRemoved { .. }
            | api::EventKind::PlanApplied { .. }
            | api::EventKind::ConfigError { .. }
            | api::EventKind::ModeChanged { .. }
            | api::EventKind::Incident { .. }
            | api::EventKind::LimitHit { .. }
            | api::EventKind::Command { .. }
            | api::EventKind::ConnectionOpened { .. }
            | api::EventKind::ConnectionClosed { .. }
            | api::EventKind::Banner { .. }
            | api::EventKind::EventChannel { .. }
            | api::EventKind::Machine { .. }
            | api::EventKind::Stopping { .. }
            | api::EventKind::Gap { .. }
            | api::EventKind::Unknown => {}
        }
        kind
    }

    fn published_instance(&self, id: &InstanceId) -> Option<api::InstanceStatus> {
        let service = self.published.services.get(id.service.as_str())?;
        let text = id.to_string();
        service.instances.iter().find(|status| status.id == text).cloned()
    }

    /// The banner as it is shown now.
    pub(super) fn published_banner(&self) -> Vec<api::Banner> {
        self.published.banner.clone()
    }

    fn banner(&self) -> Vec<api::Banner> {
        let mut banner = Vec::new();
        let say = |kind, subject: &str, text: String| api::Banner { kind, subject: subject.to_owned(), text };
        if let Some(first) = self.refused.first() {
            let more = match self.refused.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let text = format!(
                "{}:{}: {}{more}. The running configuration stays in force.",
                first.line, first.column, first.message
            );
            let file = first.file.rsplit(['/', '\\']).next().unwrap_or_default();
            let subject = match self.refused.len() {
                1 => format!("{file} has a problem"),
                count => format!("{file} has {count} problems"),
            };
            banner.push(say(api::BannerKind::ConfigRefused, &subject, text));
        }
        if self.supervisor.is_shutting_down() {
            banner.push(say(api::BannerKind::Working, "Shutting down", "services stop in order".to_owned()));
        } else if self.supervisor.is_switching_mode() {
            banner.push(say(
                api::BannerKind::Working,
                "Switching mode",
                format!("to {}", self.supervisor.mode()),
            ));
        }
        banner
    }
}

/// Sources as they are now; those that are as before are the same ones, as each of many changes is kept with all.
fn shared(now: Vec<api::SourceStatus>, before: &[Arc<api::SourceStatus>]) -> Vec<Arc<api::SourceStatus>> {
    let known = |source: &api::SourceStatus| before.iter().find(|known| ***known == *source).cloned();
    now.into_iter().map(|source| known(&source).unwrap_or_else(|| Arc::new(source))).collect()
}

/// The command line as configured, secrets left out.
pub(super) fn command_line(spec: &ServiceSpec) -> String {
    match &spec.launch.command {
        ostler_core::Command::Program { program, args } => {
            let words = std::iter::once(program).chain(args).map(ostler_core::Template::display);
            words.map(quoted).collect::<Vec<_>>().join(" ")
        }
        ostler_core::Command::Shell(line) => line.display(),
    }
}

/// The arguments as configured, secrets left out.
fn args(spec: &ServiceSpec) -> Vec<String> {
    match &spec.launch.command {
        ostler_core::Command::Program { args, .. } => {
            args.iter().map(ostler_core::Template::display).collect()
        }
        ostler_core::Command::Shell(_) => Vec::new(),
    }
}

pub(super) fn quoted(word: String) -> String {
    let is_plain =
        !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || "'\"\\$&;|<>()*?".contains(c));
    if is_plain || word.contains("${") { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
