//! Freezing the evidence of a crash.
//!
//! What the actor knows is taken at once; what must be read (the log, env files for the secrets in them) is read by
//! a job, which also writes. One job at a time, and not more often than [`WRITE_EVERY`]: crashes that follow each
//! other quickly wait, and those of one instance that are alike become one incident with a count.

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use ostler_api as api;
use ostler_api::{ApiError, Incident, IncidentChange, IncidentKind, IncidentVariable};
use ostler_core::{Actor as Who, Cause, ExitStatus, InstanceId, PhaseKind, RunId, ServiceName};

use super::{Actor, boot, fact::Fact, prepare::Plans, targets, time};
use crate::{
    ask::Reply,
    environment::{Bases, KnownSecrets},
    incidents::{IncidentFolder, LINES_MAX, hint, of_run},
    logs::{LogStore, Position},
    wire,
};

/// Incidents that may wait to be written; more are counted and told.
const WAITING_MAX: usize = 64;
/// Between two writes.
const WRITE_EVERY: Duration = Duration::from_millis(200);
/// A crash so long after one like it is an incident of its own.
const ALIKE_WITHIN: Duration = Duration::from_secs(60);
/// Changes of the configuration that are remembered for each service.
const CHANGES_MAX: usize = 8;
/// How long the end of the engine waits for the last ones to be written.
const LAST_WRITE: Duration = Duration::from_secs(2);
/// Lines read to find the run's own among them.
const LINES_READ: usize = 2 * LINES_MAX;

/// What a run was launched as, for people.
#[derive(Clone, Debug)]
pub(crate) struct Launched {
    pub(super) run: u64,
    pub(super) command: String,
    pub(super) working_dir: PathBuf,
    /// Names and origins, a line each; in one piece, because there is one for each slot.
    pub(super) environment: Box<str>,
}

/// Incidents on their way to the disk.
#[derive(Default)]
pub(super) struct Waiting {
    drafts: VecDeque<Draft>,
    is_writing: bool,
    /// Not kept since the engine started.
    lost: u64,
    /// Not kept since the last that was.
    lost_before: u64,
    is_broken: bool,
    /// The last incident of each instance, for telling those alike.
    latest: BTreeMap<InstanceId, Latest>,
    changes: BTreeMap<ServiceName, VecDeque<Change>>,
}

/// What was changed in a service's configuration.
struct Change {
    at: Timestamp,
    told: IncidentChange,
}

struct Latest {
    id: String,
    kind: IncidentKind,
    how: String,
    at: Timestamp,
    first_at: String,
    times: u32,
}

/// What the actor knows; the rest is read.
struct Draft {
    incident: Incident,
    instance: InstanceId,
    before: Option<Position>,
    plans: Plans,
    secrets: KnownSecrets,
    /// An earlier one that this one takes the place of.
    replaces: Option<String>,
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct Kept {
    lost: u64,
    trouble: Option<String>,
}

/// Names and origins in one text.
pub(super) fn names(variables: &[api::EnvVariable]) -> Box<str> {
    let lines = variables.iter().map(|variable| format!("{}\t{}\n", variable.name, variable.origin));
    lines.collect::<String>().into_boxed_str()
}

impl Actor {
    /// What the configuration has for a service and must not be shown.
    pub(super) fn secrets_of(&self, instance: &InstanceId) -> KnownSecrets {
        KnownSecrets::of_service(&self.config, instance.service.as_str())
    }

    /// Freezes what is known of a run that crashed.
    pub(super) fn freeze(&mut self, instance: &InstanceId, run: RunId, causes: &[Cause]) {
        let Some(spec) = self.supervisor.instance(instance).map(|it| Arc::clone(it.spec())) else { return };
        let mut incident = self.incident(instance, run, causes);
        let mut replaces = self.incidents.alike(instance, &mut incident, self.time.wall);
        let waiting = &mut self.incidents.drafts;
        let mut lost_before = std::mem::take(&mut self.incidents.lost_before);
        if let Some(at) = waiting.iter().position(|draft| Some(&draft.incident.id) == replaces.as_ref()) {
            // Nobody has seen it yet; what it was to take the place of is this one's to replace.
            let unseen = waiting.remove(at).expect("found just now");
            lost_before += unseen.incident.lost_before;
            replaces = unseen.replaces;
        }
        if waiting.len() >= WAITING_MAX {
            self.incidents.lost += 1;
            self.incidents.lost_before = lost_before + 1;
            return;
        }
        incident.lost_before = lost_before;
        let log = self.slots.get(instance).map(|slot| *slot.log.borrow());
        let before = log.filter(|log| log.generation > 0 && incident.exit.is_some());
        let before = before.map(|log| Position { generation: log.generation, offset: log.offset });
        let mode = self.supervisor.mode().to_owned();
        let plans = self.plans(instance, run, spec, mode);
        let secrets = self.secrets_of(instance);
        self.incidents.drafts.push_back(Draft {
            incident,
            instance: instance.clone(),
            before,
            plans,
            secrets,
            replaces,
        });
        self.write_incidents();
    }

    fn incident(&self, instance: &InstanceId, run: RunId, causes: &[Cause]) -> Incident {
        let at = time::text(self.time.wall);
        let slot = self.slots.get(instance);
        let exit = slot.and_then(|slot| slot.last_exit.clone()).filter(|exit| exit.run == run.0);
        let launched = slot.and_then(|slot| slot.launched.as_ref()).filter(|launched| launched.run == run.0);
        let spec = self.supervisor.instance(instance).map(ostler_core::Instance::spec);
        let dependencies = spec.map(|spec| self.states_of(&spec.depends_on)).unwrap_or_default();
        let cause: Vec<_> = causes.iter().map(|cause| wire::cause(cause, None)).collect();
        Incident {
            id: format!("{}/{}-{run}", instance.service, instance.index),
            instance: instance.to_string(),
            run: run.0,
            kind: self.kind_of(instance, causes),
            at: at.clone(),
            first_at: at,
            times: 1,
            summary: cause.first().map(|cause| cause.text.clone()).unwrap_or_default(),
            exit,
            cause,
            decision: self.decision(instance),
            hint: String::new(),
            command: match (launched, spec) {
                (Some(launched), _) => launched.command.clone(),
                (None, Some(spec)) => super::publish::command_line(spec),
                (None, None) => String::new(),
            },
            working_dir: match (launched, spec) {
                (Some(launched), _) => launched.working_dir.display().to_string(),
                (None, Some(spec)) => spec.launch.working_dir.display().to_string(),
                (None, None) => String::new(),
            },
            environment: launched.map(|launched| variables(&launched.environment)).unwrap_or_default(),
            ports: slot.map(|slot| slot.ports.clone()).unwrap_or_default(),
            dependencies,
            last_good: slot.and_then(|slot| slot.last_good).map(time::text),
            changes: self.incidents.changes_since(instance, slot.and_then(|slot| slot.last_good)),
            curve: slot.map(|slot| slot.history.samples().cloned().collect()).unwrap_or_default(),
            lines: Vec::new(),
            lost_before: 0,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    fn states_of(
        &self,
        needs: &BTreeMap<ServiceName, ostler_core::Condition>,
    ) -> Vec<api::IncidentDependency> {
        let state = |name: &ServiceName| {
            let instances = self.supervisor.instances().filter(|it| it.id().service == *name);
            instances.map(super::slot::word).min().unwrap_or(api::Word::Stopped)
        };
        needs
            .iter()
            .map(|(name, condition)| api::IncidentDependency {
                service: name.to_string(),
                condition: wire::condition(*condition).to_owned(),
                state: state(name),
            })
            .collect()
    }

    /// Core has judged already when its effects are performed.
    fn kind_of(&self, instance: &InstanceId, causes: &[Cause]) -> IncidentKind {
        let judged = self.supervisor.instance(instance).and_then(|it| it.causes().first());
        if matches!(judged, Some(Cause::CrashLoop { .. })) {
            return IncidentKind::CrashLoop;
        }
        match causes.first() {
            Some(Cause::SpawnFailed(_)) => IncidentKind::FailedStart,
            Some(Cause::Exited { status: ExitStatus::Code(_), .. }) => IncidentKind::Exit,
            Some(Cause::Exited { status: ExitStatus::Signal(_), .. }) => IncidentKind::Signal,
            Some(Cause::ReadyDeadline { .. }) => IncidentKind::NotReady,
            Some(Cause::ProbeFailed { .. }) => IncidentKind::NotLive,
            Some(Cause::LimitExceeded { .. }) => IncidentKind::Limit,
            Some(Cause::KeeperLost) => IncidentKind::KeeperLost,
            Some(_) | None => IncidentKind::Unknown,
        }
    }

    fn decision(&self, instance: &InstanceId) -> String {
        let Some(now) = self.supervisor.instance(instance) else { return String::new() };
        let first = now.causes().first().map(|cause| wire::cause(cause, None).text).unwrap_or_default();
        match now.phase_kind() {
            PhaseKind::Failed | PhaseKind::Starting | PhaseKind::Running => first,
            PhaseKind::Backoff => {
                let next = now.next_retry().map(|at| time::text(self.time.wall(at))).unwrap_or_default();
                format!("{first}, at {next}")
            }
            PhaseKind::Stopping => {
                "what is left of it is ended first; then its restart policy decides".to_owned()
            }
            PhaseKind::Stopped => "it stays down".to_owned(),
        }
    }

    /// Has what waits written, unless that happens already.
    fn write_incidents(&mut self) {
        if self.incidents.is_writing || self.incidents.drafts.is_empty() {
            return;
        }
        self.incidents.is_writing = true;
        let write = self.batch();
        self.jobs.spawn(async move {
            let kept = write.await;
            tokio::time::sleep(WRITE_EVERY).await;
            Fact::IncidentsKept { kept }
        });
    }

    fn batch(&mut self) -> impl Future<Output = Kept> + Send + 'static {
        let drafts = std::mem::take(&mut self.incidents.drafts);
        let (bases, store) = (Arc::clone(&self.bases), Arc::clone(&self.options.logs));
        let folder = IncidentFolder::new(&self.options.paths.state);
        async move {
            boot::bases_of(&bases).await;
            let count = drafts.len() as u64;
            let work = move || {
                let bases = bases.get().expect("awaited above");
                write(drafts, bases, &store, &folder)
            };
            let failed =
                |error: tokio::task::JoinError| Kept { lost: count, trouble: Some(error.to_string()) };
            tokio::task::spawn_blocking(work).await.unwrap_or_else(failed)
        }
    }

    pub(super) fn incidents_kept(&mut self, kept: &Kept) {
        self.incidents.is_writing = false;
        self.incidents.lost += kept.lost;
        self.incidents.lost_before += kept.lost;
        match (&kept.trouble, self.incidents.is_broken) {
            (Some(trouble), false) => {
                tracing::warn!(%trouble, lost = kept.lost, "incidents cannot be kept");
                self.audit(&Who::Supervisor, "incident-lost", "incidents".to_owned(), trouble);
            }
            (None, true) => tracing::info!("incidents are kept again"),
            (Some(_), true) | (None, false) => {}
        }
        self.incidents.is_broken = kept.trouble.is_some();
        self.write_incidents();
    }

    /// At the end of the engine: what waits is written, within a time.
    pub(super) async fn keep_last_incidents(&mut self) {
        if !self.incidents.drafts.is_empty() {
            let write = self.batch();
            let _ = tokio::time::timeout(LAST_WRITE, write).await;
        }
    }

    pub(super) fn incidents(&mut self, params: api::IncidentsParams, reply: Reply<api::IncidentsReply>) {
        let folder = IncidentFolder::new(&self.options.paths.state);
        let known = match params.service.as_deref() {
            Some(name) => targets::instances(&self.supervisor, Some(name)).map(drop),
            None => Ok(()),
        };
        let lost = self.incidents.lost;
        self.jobs.spawn_blocking(move || {
            let service = params.service.as_deref().map(|name| name.split('/').next().unwrap_or_default());
            let answer = match known {
                Err(error) if !service.is_some_and(|service| folder.knows(service)) => Err(error),
                Err(_) | Ok(()) => {
                    let mut found = folder.read(&params);
                    found.lost = lost;
                    match &params.id {
                        Some(id) if found.incidents.is_empty() => Err(no_such(id)),
                        Some(_) | None => Ok(found),
                    }
                }
            };
            let _ = reply.send(answer);
            Fact::Nothing
        });
    }

    /// Remembers what a new configuration changes, for crashes that follow.
    pub(super) fn note_changes(&mut self, plan: &api::Plan, who: &Who) {
        for change in &plan.changes {
            self.note_change(&change.service, change.text.clone(), who);
        }
        let fleet = self.supervisor.fleet();
        self.incidents.changes.retain(|service, _| fleet.services.contains_key(service));
    }

    fn note_change(&mut self, service: &str, text: String, who: &Who) {
        let Ok(service) = ServiceName::new(service) else { return };
        let at = self.time.wall;
        let told = IncidentChange { at: time::text(at), by: wire::actor(who), text };
        let changes = self.incidents.changes.entry(service).or_default();
        if changes.len() == CHANGES_MAX {
            changes.pop_front();
        }
        changes.push_back(Change { at, told });
    }

    /// A run became ready: with a probe that means that it runs well.
    pub(super) fn was_ready(&mut self, instance: &InstanceId) {
        let has_probe = self.supervisor.instance(instance).is_some_and(|it| it.spec().ready.is_some());
        if has_probe && let Some(slot) = self.slots.get_mut(instance) {
            slot.last_good = slot.started_at;
        }
    }

    /// A run has ended: without a probe, one that lived for long enough ran well.
    pub(super) fn lived(&mut self, instance: &InstanceId) {
        let Some(spec) = self.supervisor.instance(instance).map(|it| Arc::clone(it.spec())) else { return };
        let wall = self.time.wall;
        if let Some(slot) = self.slots.get_mut(instance)
            && spec.ready.is_none()
            && let Some(started) = slot.started_at
            && wall.duration_since(started).unsigned_abs() >= spec.restart.startup_crash
        {
            slot.last_good = Some(started);
        }
    }
}

impl Waiting {
    /// Counts a crash like the last one of this instance. Returns the incident that it takes the place of.
    fn alike(&mut self, instance: &InstanceId, incident: &mut Incident, now: Timestamp) -> Option<String> {
        let how = match &incident.exit {
            Some(exit) => format!("{:?} {:?}", exit.code, exit.signal),
            None => incident.summary.clone(),
        };
        let before = self.latest.remove(instance).filter(|before| {
            let age = now.duration_since(before.at).unsigned_abs();
            before.kind == incident.kind && before.how == how && age < ALIKE_WITHIN
        });
        if let Some(before) = &before {
            incident.times = before.times.saturating_add(1);
            incident.first_at.clone_from(&before.first_at);
        }
        let latest = Latest {
            id: incident.id.clone(),
            kind: incident.kind,
            how,
            at: now,
            first_at: incident.first_at.clone(),
            times: incident.times,
        };
        self.latest.insert(instance.clone(), latest);
        before.map(|before| before.id)
    }

    /// How many are lost, while they cannot be written.
    pub(super) fn trouble(&self) -> Option<u64> {
        self.is_broken.then_some(self.lost)
    }

    fn changes_since(&self, instance: &InstanceId, last_good: Option<Timestamp>) -> Vec<IncidentChange> {
        let changes = self.changes.get(&instance.service).into_iter().flatten();
        let since = changes.filter(|change| last_good.is_none_or(|good| change.at >= good));
        since.map(|change| change.told.clone()).collect()
    }
}

fn variables(environment: &str) -> Vec<IncidentVariable> {
    let pairs = environment.lines().filter_map(|line| line.split_once('\t'));
    pairs
        .map(|(name, origin)| IncidentVariable { name: name.to_owned(), origin: origin.to_owned() })
        .collect()
}

fn no_such(id: &str) -> ApiError {
    let mut error = ApiError::new(api::ErrorCode::InvalidParams, format!("there is no incident {id}"))
        .hint("`ostler incident --list` shows those that are kept");
    error.path = Some("id".to_owned());
    error
}

/// Blocks: files.
fn write(drafts: VecDeque<Draft>, bases: &Bases, store: &LogStore, folder: &IncidentFolder) -> Kept {
    let mut kept = Kept { lost: 0, trouble: None };
    for draft in drafts {
        let mut secrets = draft.plans.secrets(bases);
        secrets.extend(&draft.secrets);
        let incident = finished(draft.incident, &draft.instance, draft.before, &secrets, store);
        match folder.keep(&incident) {
            Ok(()) => {
                if let Some(replaced) = &draft.replaces {
                    folder.forget(replaced);
                }
            }
            Err(error) => {
                kept.lost += 1;
                kept.trouble.get_or_insert_with(|| error.to_string());
            }
        }
    }
    kept
}

fn finished(
    mut incident: Incident,
    instance: &InstanceId,
    before: Option<Position>,
    secrets: &KnownSecrets,
    store: &LogStore,
) -> Incident {
    incident.lines = of_run(store.lines_before(instance, LINES_READ, before), incident.run);
    for line in &mut incident.lines {
        line.text = secrets.mask(&line.text).into_owned();
    }
    let last = super::logs::last_words(&incident.lines);
    if let Some(last) = &last
        && incident.exit.is_some()
    {
        incident.summary = format!("{}: {last}", incident.summary);
    }
    if let Some(exit) = &mut incident.exit {
        exit.last_line = last;
    }
    incident.command = secrets.mask(&incident.command).into_owned();
    incident.working_dir = secrets.mask(&incident.working_dir).into_owned();
    incident.decision = secrets.mask(&incident.decision).into_owned();
    incident.summary = secrets.mask(&incident.summary).into_owned();
    for cause in &mut incident.cause {
        cause.text = secrets.mask(&cause.text).into_owned();
        for value in cause.args.values_mut() {
            *value = secrets.mask(value).into_owned();
        }
    }
    incident.hint = hint(&incident);
    incident
}
