//! How an engine begins: configuration, what an earlier engine left, then the actor.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use ostler_api::{Check, EngineHost};
use ostler_config::Paths;
use ostler_core::{Actor as Who, Fleet, Input, InstanceId, RunId, Supervisor};
use ostler_keeper::protocol::{Configuration, Event, KeeperState, LogSettings, OnLoss, Request};
use tokio::{
    sync::{OnceCell, mpsc},
    task::{JoinHandle, JoinSet},
};

use super::{Actor, Ears, NEWS_MAX, jitter, memo::Memo, publish, reload, schedules, slot};
use crate::{
    COMMANDS_MAX, EngineHandle, Journal, Reading, Readings,
    checks::{ok, warn},
    environment::{Bases, LOGIN_SHELL_TIMEOUT, LoginShell},
    keepers::{self, Ear, Found, KeeperLink, Nursery, Survivors},
    logs::LogStore,
    probe::NotifySocket,
    process::{CgroupRoot, CgroupSetting, inherit_jobs},
    state::{Audit, INTENT, IntentFile, RunNumbers, SCHEDULES},
};

/// From the polite end of a run that nobody supervises any more to its kill.
const ORPHAN_GRACE: Duration = Duration::from_secs(10);
/// Without an engine for so long, keepers start one.
const REVIVE_AFTER_MS: u64 = 3000;

/// What an engine needs to begin. The caller holds the [`crate::Lock`].
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Where everything is.
    pub paths: Paths,
    /// The configuration in force.
    pub config: ostler_config::Loaded,
    /// What is wrong with the file on disk, if [`last_good_config`] is in force instead.
    pub refused: Option<ostler_config::Rejected>,
    /// Whether it is the daemon or lives in the desktop app.
    pub host: EngineHost,
    /// The logs below the state directory, the supervisor's own among them.
    pub logs: Arc<LogStore>,
    /// The keeper program.
    pub keeper: PathBuf,
    /// The program and arguments that start a daemon for the same configuration.
    pub revive: Vec<String>,
    /// What command line and environment say over the configuration, also over one that is read later.
    pub overrides: ostler_config::Overrides,
}

/// Why an engine cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file of the state directory cannot be used.
    #[error("cannot use {what} in the state directory")]
    State {
        /// What it is.
        what: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// How an engine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whether its services go on under their keepers.
    pub services_kept: bool,
}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    handle: EngineHandle,
    task: JoinHandle<Ended>,
}

impl Engine {
    /// Begins: adopts what runs already, starts what is enabled.
    ///
    /// # Errors
    /// The state directory cannot be used.
    pub async fn start(options: EngineOptions) -> Result<Self, StartError> {
        Self::start_by(options, Arc::new(Reading::now)).await
    }

    /// Begins like [`Self::start`], by clocks of its own: nobody may set those of the machine for a test.
    ///
    /// # Errors
    /// The state directory cannot be used.
    pub async fn start_by(options: EngineOptions, readings: Readings) -> Result<Self, StartError> {
        let private = options.paths.private.clone();
        let inherited = tokio::task::spawn_blocking(move || inherit_jobs(&private));
        let survivors = keepers::find(&options.paths.private).await;
        match inherited.await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(ended)) => tracing::warn!(ended, "commands of the engine before were running on"),
            Ok(Err(error)) => tracing::warn!(%error, "the next engine will not find commands of this one"),
        }
        let (asks, asked) = mpsc::channel(COMMANDS_MAX);
        let (mut actor, ears) = Actor::new(options, asked, readings)?;
        let (journal, terminals) = (Arc::clone(&actor.journal), Arc::clone(&actor.terminals));
        let handle = EngineHandle {
            asks,
            journal,
            terminals,
            settings: actor.settings.subscribe(),
            events: actor.events_address.clone(),
        };
        actor.boot(survivors);
        let task = tokio::spawn(actor.run(ears));
        Ok(Self { handle, task })
    }

    /// The way to it.
    pub fn handle(&self) -> EngineHandle {
        self.handle.clone()
    }

    /// Waits for its end. A panic of the engine ends the process: services go on under their keepers, and the
    /// next engine adopts them.
    pub async fn join(self) -> Ended {
        match self.task.await {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(%error, "the engine failed");
                std::process::abort();
            }
        }
    }
}

impl Actor {
    fn new(
        options: EngineOptions,
        asks: mpsc::Receiver<crate::ask::Ask>,
        readings: Readings,
    ) -> Result<(Self, Ears), StartError> {
        let state = |what| move |source| StartError::State { what, source };
        let numbers =
            RunNumbers::open(options.paths.private.join("runs")).map_err(state("the numbers of runs"))?;
        let audit = Audit::open(options.paths.state.join("audit.jsonl")).map_err(state("the audit"))?;
        let schedules = schedules::Schedules::new(options.paths.state.join(SCHEDULES));
        let boot_id = ostler_keeper::identity::boot_id();
        let intent = IntentFile::new(options.paths.state.join(INTENT), boot_id);
        let mut config = options.config.clone();
        options.overrides.apply(&mut config.config);
        let refused = options.refused.clone();
        let cgroup = CgroupRoot::detect(&cgroup_setting(&config));
        let supervisor =
            Supervisor::new(Arc::clone(&config.config.fleet), config.config.mode.clone(), numbers.first());
        let (news, heard) = mpsc::channel(NEWS_MAX);
        let (facts, learnt) = mpsc::channel(NEWS_MAX);
        let (files, changed) = mpsc::channel(1);
        let power = super::power::Power::new(readings);
        let time = power.time();
        let nursery = Nursery::new(&options.keeper, &options.paths.private);
        let actor = Self {
            supervisor,
            nursery,
            cgroup,
            notices: reload::boot_notices(&config, &options.paths),
            waiting_change: None,
            fronts: <_>::default(),
            events_address: <_>::default(),
            settings: tokio::sync::watch::Sender::new(crate::Settings::of(&config.config)),
            config,
            options,
            refused: refused.as_ref().map(reload::diagnostics).unwrap_or_default(),
            journal: Journal::new(ostler_api::Snapshot::default()),
            terminals: Arc::default(),
            time,
            started: time,
            slots: <_>::default(),
            overrides: <_>::default(),
            commands: super::commands::Commands::new(),
            ports: <_>::default(),
            bases: Arc::new(OnceCell::new()),
            intent,
            numbers,
            audit,
            incidents: <_>::default(),
            followers: <_>::default(),
            adopted: 0,
            leaving: <_>::default(),
            links: 0,
            link_tasks: JoinSet::new(),
            jobs: JoinSet::new(),
            news,
            facts,
            probe_tasks: JoinSet::new(),
            files,
            watcher: None,
            is_reading_files: false,
            must_read_again: false,
            saves: 0,
            lookers: JoinSet::new(),
            events: Vec::new(),
            new_services: <_>::default(),
            planned_changes: <_>::default(),
            gone_services: <_>::default(),
            published: publish::Published::new(),
            is_all_down: false,
            is_leaving: false,
            next_sample: None,
            sampler: <_>::default(),
            jitter: jitter::Jitter::new(),
            schedules,
            watches: <_>::default(),
            hooks: super::hooks::Hooks::new(),
            excesses: <_>::default(),
            remarks: <_>::default(),
            power,
            owed: <_>::default(),
        };
        Ok((actor, Ears { asks, news: heard, facts: learnt, files: changed }))
    }

    fn boot(&mut self, survivors: Survivors) {
        let intent = self.intent.read();
        let is_successor = intent.is_some();
        let ended = self.adopt(survivors);
        self.fix_ports(self.supervisor.fleet());
        self.feed(Input::Boot { intent });
        for (instance, events) in ended {
            for event in events {
                self.hear_event(instance.clone(), event);
            }
        }
        self.configure_all();
        self.watch_files();
        self.arm_schedules(is_successor);
        self.arm_watches();
        self.keep_intent();
        if self.refused.is_empty() {
            self.keep_good_config();
        } else {
            self.audit(
                &Who::Supervisor,
                "config-refused",
                self.options.paths.config.display().to_string(),
                "the last good text is in force",
            );
        }
        if let Some(trouble) = self.options.paths.logs_trouble() {
            tracing::warn!(%trouble, hint = trouble.hint(), "no logs are written");
            let folder = self.options.paths.logs.display().to_string();
            self.audit(&Who::Supervisor, "log-trouble", folder, &trouble.to_string());
        }
        // The login shell is slow; whoever needs its environment first waits for it.
        let bases = Arc::clone(&self.bases);
        self.jobs.spawn(async move {
            bases_of(&bases).await;
            super::fact::Fact::Nothing
        });
    }

    /// What `doctor` says of the login shell.
    pub(super) fn check_login_shell(&self) -> Check {
        let name = "login shell";
        match self.bases.get().map(Bases::login_shell_trouble) {
            None => ok(name, "it is being asked for its environment"),
            Some(None) if cfg!(windows) => ok(name, "this system has none"),
            Some(None) => ok(name, "services get its environment"),
            Some(Some(trouble)) => warn(
                name,
                trouble,
                format!(
                    "try \"$SHELL\" -lic env, which must end within {} s; then: ostler daemon --background --replace",
                    LOGIN_SHELL_TIMEOUT.as_secs()
                ),
            ),
        }
    }

    /// What `status` says of it: nothing while it is well.
    pub(super) fn login_shell_notice(&self) -> Option<String> {
        self.bases.get()?.login_shell_trouble().map(str::to_owned)
    }

    /// Takes over keepers. Returns what happened to their runs while no engine was there.
    fn adopt(&mut self, survivors: Survivors) -> Vec<(InstanceId, Vec<Event>)> {
        for reason in survivors.refused {
            tracing::warn!(%reason, "keeper is not adopted, and nothing of it is touched");
            self.notices.push(format!("not adopted: {reason}"));
        }
        for leftover in survivors.leftovers {
            self.jobs.spawn(async move {
                if let Some(mark) = &leftover.mark {
                    crate::process::end_marked(super::prepare::RUN_ID, mark, ORPHAN_GRACE).await;
                }
                let _ = std::fs::remove_file(&leftover.record);
                let _ = std::fs::remove_file(&leftover.socket);
                super::fact::Fact::Nothing
            });
        }
        let mut ended = Vec::new();
        for found in survivors.found {
            let service = self.supervisor.fleet().services.get(&found.instance.service);
            let is_known =
                service.is_some_and(|spec| found.instance.index < spec.max_instances.max(spec.instances));
            if is_known {
                ended.extend(self.adopt_one(found));
            } else {
                self.dismiss(found);
            }
        }
        ended
    }

    fn adopt_one(&mut self, found: Found) -> Option<(InstanceId, Vec<Event>)> {
        let instance = found.instance.clone();
        let log = found.hello.log;
        let (run, mark, pid, age_ms, memo, events) = match found.hello.state.clone() {
            KeeperState::Idle => {
                self.link_found(found);
                return None;
            }
            KeeperState::Alive { run, mark, pid, pid_start: _, age_ms, memo } => {
                (run, mark, pid, age_ms, memo, Vec::new())
            }
            KeeperState::Exited { run, mark, status, tree_is_gone, report, memo } => {
                let mut events = vec![Event::Exited { run, status, tree_is_gone, log }];
                if tree_is_gone {
                    tracing::debug!(ended = report.ended, "tree had ended");
                } else if !report.escaped.is_empty() {
                    events.push(Event::TreeGone { run, report });
                }
                (run, mark, 0, 0, memo, events)
            }
        };
        self.link_found(found);
        let memo = Memo::from_bytes(&memo);
        let wall = self.time.wall;
        let slot = self.slots.entry(instance.clone()).or_insert_with(|| slot::Slot::new(wall));
        slot.ports = memo.ports;
        slot.url = memo.url;
        slot.started_at = wall.checked_sub(jiff::SignedDuration::from_millis(age_ms.cast_signed())).ok();
        slot.run =
            Some(slot::RunState { run: RunId(run), mark, stage: slot::Stage::Ordered, has_exited: false });
        slot.log.send_replace(log);
        self.reserve_ports(&instance);
        self.listen_again(&instance);
        if events.is_empty() {
            self.adopted += 1;
        }
        self.audit(&Who::Supervisor, "adopt", instance.to_string(), &format!("run {run}, pid {pid}"));
        self.feed(Input::Adopted {
            instance: instance.clone(),
            run: RunId(run),
            pid,
            age: Duration::from_millis(age_ms),
            was_ready: memo.is_ready,
        });
        Some((instance, events))
    }

    /// Ports of adopted runs are not handed out again.
    fn reserve_ports(&self, instance: &InstanceId) {
        for port in self.slots.get(instance).into_iter().flat_map(|slot| slot.ports.values()) {
            self.ports.assign(*port, instance);
        }
    }

    /// What the configuration names is given to nobody else.
    pub(super) fn fix_ports(&self, fleet: &Fleet) {
        let ports = fleet.services.values().flat_map(|spec| {
            let slots = spec.max_instances.max(spec.instances);
            let numbers = spec.ports.iter().filter_map(|port| port.number);
            numbers.flat_map(move |first| (0..slots).map(move |index| first.saturating_add(index)))
        });
        self.ports.set_fixed(ports.collect());
    }

    /// A run that says of its own accord how it is knows only the path, so a new socket there serves as well.
    fn listen_again(&mut self, instance: &InstanceId) {
        let spec = self.supervisor.fleet().services.get(&instance.service);
        if !spec.is_some_and(|spec| super::prepare::listens(spec)) {
            return;
        }
        match NotifySocket::bind(&self.notify_path(instance)) {
            Ok(socket) => self.listen(instance, socket),
            Err(error) => tracing::warn!(%instance, %error, "NOTIFY_SOCKET cannot be made again"),
        }
    }

    fn link_found(&mut self, found: Found) {
        self.links += 1;
        let instance = found.instance.clone();
        let keeper_pid = found.hello.keeper_pid;
        let link = KeeperLink::to_found(found, self.links, self.ear(), &mut self.link_tasks);
        let wall = self.time.wall;
        let slot = self.slots.entry(instance).or_insert_with(|| slot::Slot::new(wall));
        slot.keeper_pid = Some(keeper_pid);
        slot.link = Some(link);
    }

    /// Where links say what they hear.
    pub(super) fn ear(&self) -> Ear {
        Ear { news: self.news.clone(), terminals: Arc::clone(&self.terminals) }
    }

    /// Ends what belongs to no service any more.
    fn dismiss(&mut self, found: Found) {
        self.audit(&Who::Supervisor, "dismiss", found.instance.to_string(), "no such service any more");
        self.links += 1;
        let run = match &found.hello.state {
            KeeperState::Idle => None,
            KeeperState::Alive { run, .. } | KeeperState::Exited { run, .. } => Some(*run),
        };
        let link = KeeperLink::to_found(found, self.links, self.ear(), &mut self.link_tasks);
        if let Some(run) = run {
            let grace_ms = Some(ORPHAN_GRACE.as_millis() as u64);
            let signal = ostler_core::Signal::TERM.0;
            link.send(&Request::Terminate { run, signal, grace_ms, patience_ms: None });
        }
        link.send(&Request::Exit);
        self.leaving.insert(link.number(), link);
    }

    /// Says to all keepers how to keep.
    pub(super) fn configure_all(&mut self) {
        let ids: Vec<_> = self.slots.keys().cloned().collect();
        for id in &ids {
            self.configure(id);
        }
    }

    /// Says to a keeper how to keep.
    pub(super) fn configure(&self, instance: &InstanceId) {
        let Some(link) = self.slots.get(instance).and_then(|slot| slot.link.as_ref()) else { return };
        let Some(spec) = self.supervisor.fleet().services.get(&instance.service) else { return };
        let on_loss = match self.config.config.supervisor.on_supervisor_loss {
            ostler_config::OnSupervisorLoss::Revive => OnLoss::Revive {
                argv: self.options.revive.iter().map(Into::into).collect(),
                env: std::env::vars_os()
                    .map(|(name, value)| {
                        let mut pair = name;
                        pair.push("=");
                        pair.push(value);
                        pair
                    })
                    .collect(),
                after_ms: REVIVE_AFTER_MS,
            },
            ostler_config::OnSupervisorLoss::Keep => OnLoss::Keep,
            ostler_config::OnSupervisorLoss::StopAfter(after) => OnLoss::StopAfter {
                after_ms: after.as_millis() as u64,
                signal: spec.stop.signal.0,
                grace_ms: spec.stop.grace.as_millis() as u64,
            },
        };
        let logs = LogSettings {
            path: self.log_path(instance),
            max_size: spec.logs.max_size,
            max_files: spec.logs.max_files.saturating_sub(1),
            on_full: match spec.logs.on_full {
                ostler_core::OnFull::Drop => ostler_keeper::protocol::OnFull::Drop,
                ostler_core::OnFull::Block => ostler_keeper::protocol::OnFull::Block,
            },
        };
        let cgroup = self.cgroup_of(instance);
        let memory_max = hard_memory(spec);
        link.send(&Request::Configure(Configuration { on_loss, logs: Some(logs), cgroup, memory_max }));
        if self.slots.get(instance).is_some_and(|slot| slot.log_watchers > 0) {
            link.send(&Request::WatchLog { on: true });
        }
    }

    /// The live log file of a slot.
    pub(super) fn log_path(&self, instance: &InstanceId) -> PathBuf {
        self.options.logs.path(&crate::logs::Source::Instance(instance.clone()))
    }

    /// The cgroup of a slot, made if need be.
    pub(super) fn cgroup_of(&self, instance: &InstanceId) -> Option<PathBuf> {
        let group = self.cgroup.as_ref()?.create(&format!("{}-{instance}", self.options.paths.id));
        match group {
            Ok(group) => {
                let spec = self.supervisor.fleet().services.get(&instance.service);
                group.limit_memory(spec.and_then(|spec| hard_memory(spec)));
                Some(group.path().to_owned())
            }
            Err(error) => {
                tracing::warn!(%instance, %error, "cgroup cannot be made");
                None
            }
        }
    }
}

/// The memory at which the system steps in: it stops at once what outruns the samples. What creeps over the limit itself is
/// restarted politely.
fn hard_memory(spec: &ostler_core::ServiceSpec) -> Option<u64> {
    spec.limits.memory.map(|bytes| bytes.saturating_add(bytes / 4))
}

fn cgroup_setting(config: &ostler_config::Loaded) -> CgroupSetting {
    match &config.config.supervisor.cgroup {
        ostler_config::Cgroup::Auto => CgroupSetting::Auto,
        ostler_config::Cgroup::Off => CgroupSetting::Off,
        ostler_config::Cgroup::Path(path) => CgroupSetting::Path(path.clone()),
    }
}

/// The environments that services begin with; the first who asks waits for the login shell.
pub(super) async fn bases_of(cell: &OnceCell<Bases>) -> &Bases {
    cell.get_or_init(|| async {
        let own = Bases::of_this_process();
        if cfg!(windows) {
            // There are no login shells.
            return own;
        }
        let shell = LoginShell::capture(LOGIN_SHELL_TIMEOUT).await;
        if let Some(notice) = &shell.notice {
            tracing::warn!(%notice, "login shell");
        }
        own.with_login_shell(shell)
    })
    .await
}
