//! Preparing a run: its ports, its environment, a keeper if the slot has none. Done beside the actor, because
//! files and forks take time.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use ostler_core::{
    InstanceId, OnPortConflict, Probe, RunId, ServiceName, ServiceSpec, SpawnFailure, Stdio, Template,
};
use ostler_keeper::protocol::{self, SpawnOrder};

use super::{
    Actor, boot,
    fact::{Fact, Prepared},
    incidents::{self, Launched},
    slot::{RunState, Slot, Stage},
};
use crate::{
    environment::{self, Bases, EnvironmentError, Holes, Overrides},
    events_address::{self, Known as Events},
    keepers::Nursery,
    port::{self, Allocator},
    probe::{NotifySocket, Question},
    process::{self, Job},
};

/// The variable that marks every process of a run.
pub(super) const RUN_ID: &str = "OSTLER_RUN_ID";
/// What a program asks to know its terminal, and what nearly all terminals are.
const TERM: &str = "TERM";
const TERM_DEFAULT: &str = "xterm-256color";
/// Output kept of a stop command, in bytes.
const COMMAND_OUTPUT_MAX: usize = 64 * 1024;
/// From asking an old run of ours to give up a port to killing it.
const TAKEOVER_GRACE: Duration = Duration::from_secs(5);

/// Everything a preparation needs, taken from the actor in one piece.
pub(super) struct Plans {
    instance: InstanceId,
    run: RunId,
    spec: Arc<ServiceSpec>,
    mode: String,
    mark: String,
    mark_prefix: String,
    overrides: Overrides,
    /// The ports of the last run; automatic ones are kept if they are still free.
    before: BTreeMap<String, u16>,
    others: BTreeMap<ServiceName, u16>,
    allocator: Arc<Allocator>,
    nursery: Option<Nursery>,
    /// Where the run finds its `NOTIFY_SOCKET`, if it has a probe that listens there.
    notify: Option<PathBuf>,
    /// Lines and columns of a terminal.
    terminal: (u16, u16),
    /// Where the event stream is.
    events: Events,
    /// The same, with its key; none as long as it is not known.
    events_url: Option<String>,
}

/// A probe that can be asked, and what a command beside the run gets.
pub(super) struct Filled {
    /// What is asked.
    pub question: Question,
    /// The environment of the run, if it was needed.
    pub env: Vec<(String, String)>,
    /// Where it runs.
    pub working_dir: PathBuf,
}

impl Actor {
    pub(super) fn prepare(&mut self, instance: InstanceId, run: RunId, spec: Arc<ServiceSpec>, mode: String) {
        let mut plans = self.plans(&instance, run, spec, mode);
        let must_know = matches!(plans.events, Events::Unsaid)
            && events_address::is_wanted(&plans.spec)
            && self.broadcasts();
        let news = self.events_address.subscribe();
        let wall = self.time.wall;
        let slot = self.slots.entry(instance.clone()).or_insert_with(|| Slot::new(wall));
        slot.run =
            Some(RunState { run, mark: plans.mark.clone(), stage: Stage::Preparing, has_exited: false });
        slot.is_dirty = true;
        let bases = Arc::clone(&self.bases);
        self.jobs.spawn(async move {
            boot::bases_of(&bases).await;
            if must_know {
                plans.events = events_address::said(news).await;
            }
            let work = move || {
                let bases = bases.get().expect("awaited above");
                plans.prepare(bases)
            };
            let result = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
                Err(SpawnFailure::Os { step: "preparing".to_owned(), reason: error.to_string() })
            });
            Fact::Prepared { instance, run, result: result.map(Box::new) }
        });
    }

    pub(super) fn plans(
        &self,
        instance: &InstanceId,
        run: RunId,
        spec: Arc<ServiceSpec>,
        mode: String,
    ) -> Plans {
        let slot = self.slots.get(instance);
        let events = if self.broadcasts() { self.events_address.borrow().clone() } else { Events::Closed };
        Plans {
            events_url: events.last(),
            events,
            instance: instance.clone(),
            run,
            mode,
            mark: self.numbers.mark(run),
            mark_prefix: self.numbers.mark_prefix(),
            overrides: self.overrides.get(&instance.service).cloned().unwrap_or_default(),
            before: slot.map(|slot| slot.ports.clone()).unwrap_or_default(),
            others: self.first_ports(&spec),
            allocator: Arc::clone(&self.ports),
            notify: listens(&spec).then(|| self.notify_path(instance)),
            nursery: slot.is_none_or(|slot| slot.link.is_none()).then(|| self.nursery.clone()),
            terminal: if spec.launch.stdio == Stdio::Pty { self.terminals.size(instance) } else { (0, 0) },
            spec,
        }
    }

    /// Whether there is an event stream, as soon as those in front of the engine have opened it.
    fn broadcasts(&self) -> bool {
        self.config.config.http.enabled && self.config.config.events.enabled
    }

    /// The first port of instance 0 of every other service.
    fn first_ports(&self, spec: &ServiceSpec) -> BTreeMap<ServiceName, u16> {
        let fleet = self.supervisor.fleet();
        let others = fleet.services.values().filter(|other| other.name != spec.name);
        others
            .filter_map(|other| {
                let first = other.ports.first()?;
                let slot = self.slots.get(&InstanceId::new(other.name.clone(), 0));
                let known = slot.and_then(|slot| slot.ports.get(&first.name).copied());
                Some((other.name.clone(), known.or(first.number)?))
            })
            .collect()
    }

    /// A command beside a run, with the run's environment.
    pub(super) fn command_job(
        &self,
        instance: &InstanceId,
        argv: &[Template],
        spec: &ServiceSpec,
    ) -> Result<Job, EnvironmentError> {
        let ports = self.slots.get(instance).map(|slot| slot.ports.clone()).unwrap_or_default();
        let other_ports = self.first_ports(spec);
        let events = self.events_address.borrow().last();
        let holes =
            Holes { spec, instance, ports: &ports, other_ports: &other_ports, events_url: events.as_deref() };
        let supervisor = Bases::of_this_process();
        let bases = self.bases.get().unwrap_or(&supervisor);
        let overrides = self.overrides.get(&instance.service).cloned().unwrap_or_default();
        let composed = environment::compose(&holes, self.supervisor.mode(), bases, &overrides)?;
        Ok(Job {
            argv: holes.render_all(argv)?.into_iter().map(Into::into).collect(),
            env: composed.env.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            working_dir: Some(composed.working_dir),
            timeout: spec.stop.grace,
            output_max: COMMAND_OUTPUT_MAX,
        })
    }

    /// The environment a run would get.
    pub(super) fn env(
        &mut self,
        params: &ostler_api::ServiceParams,
        reply: crate::ask::Reply<ostler_api::EnvReply>,
    ) {
        let found = match params.service.as_deref() {
            Some(name) => super::targets::instances(&self.supervisor, Some(name)),
            None => {
                Err(ostler_api::ApiError::new(ostler_api::ErrorCode::InvalidParams, "no service is named"))
            }
        };
        let instance = match found.map(|found| found.into_iter().next()) {
            Ok(Some(instance)) => instance,
            Ok(None) => {
                let error =
                    ostler_api::ApiError::new(ostler_api::ErrorCode::UnknownService, "it has no instance");
                let _ = reply.send(Err(error));
                return;
            }
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        let Some(spec) = self.supervisor.fleet().services.get(&instance.service).cloned() else {
            let error = ostler_api::ApiError::new(
                ostler_api::ErrorCode::UnknownService,
                format!(
                    "{instance} is on its way out: the configuration has no service of its name any more"
                ),
            );
            let _ = reply.send(Err(error));
            return;
        };
        let plans = self.plans(&instance, RunId(0), spec, self.supervisor.mode().to_owned());
        let bases = Arc::clone(&self.bases);
        // A variable that the configuration takes from the environment is inherited under its own name as well.
        let secrets = environment::KnownSecrets::of_config(&self.config);
        self.jobs.spawn(async move {
            boot::bases_of(&bases).await;
            let work = move || plans.variables(bases.get().expect("awaited above"), &secrets);
            let answer = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
                Err(ostler_api::ApiError::new(ostler_api::ErrorCode::Internal, error.to_string()))
            });
            let _ = reply.send(answer.map(|variables| ostler_api::EnvReply { variables }));
            Fact::Nothing
        });
    }
}

impl Plans {
    /// What templates are filled with when the run has these ports.
    fn holes<'a>(&'a self, ports: &'a BTreeMap<String, u16>) -> Holes<'a> {
        let Self { spec, instance, others, events_url, .. } = self;
        Holes { spec, instance, ports, other_ports: others, events_url: events_url.as_deref() }
    }

    /// Blocks: files, sockets, a fork.
    fn prepare(mut self, bases: &Bases) -> Result<Prepared, SpawnFailure> {
        if events_address::is_wanted(&self.spec) {
            self.events_url = self.events.fresh();
        }
        let ports = self.choose_ports()?;
        let holes = self.holes(&ports);
        let composed = environment::compose(&holes, &self.mode, bases, &self.overrides)?;
        let url = self.spec.url.as_ref().map(|url| holes.render(url)).transpose()?;
        let url = url.or_else(|| holes.first_port().map(|port| format!("http://localhost:{port}")));
        let mut env: Vec<_> =
            composed.env.iter().map(|(name, value)| format!("{name}={value}").into()).collect();
        env.push(format!("{RUN_ID}={}", self.mark).into());
        if self.spec.launch.stdio == Stdio::Pty && !composed.env.iter().any(|(name, _)| name == TERM) {
            env.push(format!("{TERM}={TERM_DEFAULT}").into());
        }
        let notify = self.notify.as_deref().map(NotifySocket::bind).transpose();
        let notify = notify.map_err(|error| SpawnFailure::Os {
            step: "making its NOTIFY_SOCKET".to_owned(),
            reason: error.to_string(),
        })?;
        env.extend(notify.as_ref().map(|socket| format!("NOTIFY_SOCKET={}", socket.path().display()).into()));
        let launch = &self.spec.launch;
        let identity = process::identity_of(launch.user.as_deref(), launch.group.as_deref())
            .map_err(|reason| SpawnFailure::Environment { reason })?;
        let order = SpawnOrder {
            run: self.run.0,
            mark: self.mark.clone(),
            program: PathBuf::from(&composed.argv[0]),
            argv: composed.argv.iter().map(Into::into).collect(),
            env,
            cwd: composed.working_dir.clone(),
            stdio: match launch.stdio {
                Stdio::Log => protocol::Stdio::Log,
                Stdio::Pty => protocol::Stdio::Pty { rows: self.terminal.0, cols: self.terminal.1 },
                Stdio::Stream => protocol::Stdio::Stream,
            },
            umask: launch.umask,
            nice: launch.nice,
            rlimits: process::resource_limits(&launch.rlimits)
                .map_err(|reason| SpawnFailure::Environment { reason })?,
            uid: identity.uid,
            gid: identity.gid,
        };
        let keeper = self.nursery.as_ref().map(|nursery| nursery.start(&self.instance)).transpose();
        let keeper = keeper.map_err(|error| {
            let program =
                self.nursery.as_ref().map(|it| it.program.display().to_string()).unwrap_or_default();
            SpawnFailure::Keeper { reason: format!("{program} cannot be started: {error}") }
        })?;
        let launched = Launched {
            run: self.run.0,
            command: self.shown_command(&holes),
            working_dir: composed.working_dir.clone(),
            environment: incidents::names(&composed.variables),
        };
        Ok(Prepared { order, ports, url, launched, keeper, notify })
    }

    /// The slot.
    pub(super) fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// The ports of the present or last run.
    pub(super) fn ports(&self) -> &BTreeMap<String, u16> {
        &self.before
    }

    /// A probe with its holes filled; with `needs_environment` also what a command beside the run gets.
    pub(super) fn question(
        &self,
        probe: &Probe,
        bases: &Bases,
        needs_environment: bool,
    ) -> Result<Filled, String> {
        let holes = self.holes(&self.before);
        let question = Question::new(probe, &holes).map_err(|error| error.to_string())?;
        if !needs_environment {
            let working_dir = self.spec.launch.working_dir.clone();
            return Ok(Filled { question, env: Vec::new(), working_dir });
        }
        let composed = environment::compose(&holes, &self.mode, bases, &self.overrides);
        let composed = composed.map_err(|error| error.to_string())?;
        Ok(Filled { question, env: composed.env, working_dir: composed.working_dir })
    }

    /// The command line for people: holes filled, secrets masked.
    fn shown_command(&self, holes: &Holes<'_>) -> String {
        let words: Vec<String> = match (&self.spec.launch.command, &self.overrides.args) {
            (ostler_core::Command::Program { program, args: _ }, Some(args)) => {
                std::iter::once(holes.shown(program)).chain(args.iter().cloned()).collect()
            }
            (ostler_core::Command::Program { program, args }, None) => {
                std::iter::once(program).chain(args).map(|word| holes.shown(word)).collect()
            }
            (ostler_core::Command::Shell(line), _) => return holes.shown(line),
        };
        words.into_iter().map(super::publish::quoted).collect::<Vec<_>>().join(" ")
    }

    /// The values that must not be shown with what the run says.
    pub(super) fn secrets(&self, bases: &Bases) -> environment::KnownSecrets {
        let holes = self.holes(&self.before);
        environment::secrets_of(&holes, &self.mode, bases, &self.overrides)
    }

    /// The environment of the run for a command beside it.
    pub(super) fn env_for_command(&self, bases: &Bases) -> Result<BTreeMap<String, String>, String> {
        let ports = self.likely_ports();
        let holes = self.holes(&ports);
        environment::compose_env(&holes, &self.mode, bases, &self.overrides)
            .map_err(|error| error.to_string())
    }

    /// The ports of the present or last run, else those that are configured.
    fn likely_ports(&self) -> BTreeMap<String, u16> {
        let fixed = self.spec.ports.iter().filter_map(|port| {
            let number = port.number?.saturating_add(self.instance.index);
            Some((port.name.clone(), number))
        });
        let mut ports: BTreeMap<_, _> = fixed.collect();
        ports.extend(self.before.clone());
        ports
    }

    fn variables(
        &self,
        bases: &Bases,
        secrets: &environment::KnownSecrets,
    ) -> Result<Vec<ostler_api::EnvVariable>, ostler_api::ApiError> {
        let ports = self.likely_ports();
        let holes = self.holes(&ports);
        let composed = environment::compose_variables(&holes, &self.mode, bases, &self.overrides);
        let mut variables = composed.map_err(|error| {
            ostler_api::ApiError::new(ostler_api::ErrorCode::InvalidParams, error.to_string())
        })?;
        for variable in &mut variables {
            variable.value = secrets.mask(&variable.value).into_owned();
        }
        Ok(variables)
    }

    /// Fixed ports must be free, or the policy says what then; automatic ones are found.
    fn choose_ports(&self) -> Result<BTreeMap<String, u16>, SpawnFailure> {
        let mut chosen = BTreeMap::new();
        for wanted in &self.spec.ports {
            let number = match wanted.number {
                Some(number) => self.fixed(number.saturating_add(self.instance.index))?,
                None => self.automatic(self.before.get(&wanted.name).copied())?,
            };
            chosen.insert(wanted.name.clone(), number);
        }
        self.allocator.keep_only(&self.instance, &chosen);
        Ok(chosen)
    }

    fn fixed(&self, number: u16) -> Result<u16, SpawnFailure> {
        let is_ours = match self.spec.on_port_conflict {
            // Another may be about to listen there.
            OnPortConflict::NextFree => self.allocator.take(number, &self.instance),
            OnPortConflict::Fail | OnPortConflict::Takeover => port::is_free(number),
        };
        if is_ours {
            self.allocator.assign(number, &self.instance);
            return Ok(number);
        }
        let owner = port::owner(number);
        let next_free = self.allocator.next_free(number);
        let conflict = || SpawnFailure::PortInUse {
            port: number,
            owner: owner.as_ref().map(ToString::to_string).unwrap_or_default(),
            next_free,
        };
        match self.spec.on_port_conflict {
            OnPortConflict::Fail => Err(conflict()),
            OnPortConflict::NextFree => {
                self.allocator.allocate_near(number, &self.instance).ok_or_else(conflict)
            }
            OnPortConflict::Takeover => {
                let is_ours = owner.as_ref().is_some_and(|owner| {
                    owner.process.as_ref().is_some_and(|process| self.is_an_old_run_of_ours(process.pid))
                });
                if !is_ours {
                    return Err(conflict());
                }
                self.end_old_run(
                    owner.as_ref().and_then(|owner| owner.process.as_ref()).map_or(0, |process| process.pid),
                );
                if !port::is_free(number) {
                    return Err(conflict());
                }
                self.allocator.assign(number, &self.instance);
                Ok(number)
            }
        }
    }

    /// A stranger is never touched: only a process that bears a mark of this state directory, of another run.
    fn is_an_old_run_of_ours(&self, pid: u32) -> bool {
        process::mark_of(pid, RUN_ID)
            .is_some_and(|mark| mark.starts_with(&self.mark_prefix) && mark != self.mark)
    }

    fn end_old_run(&self, pid: u32) {
        if let Some(mark) = process::mark_of(pid, RUN_ID) {
            let runtime = tokio::runtime::Handle::current();
            runtime.block_on(process::end_marked(RUN_ID, &mark, TAKEOVER_GRACE));
        }
    }

    fn automatic(&self, before: Option<u16>) -> Result<u16, SpawnFailure> {
        if let Some(number) = before.filter(|number| self.allocator.take(*number, &self.instance)) {
            return Ok(number);
        }
        self.allocator.allocate(&self.instance).map_err(|error| SpawnFailure::Os {
            step: "finding a free port".to_owned(),
            reason: error.to_string(),
        })
    }
}

/// Whether a service says of its own accord how it is.
pub(super) fn listens(spec: &ServiceSpec) -> bool {
    let ready = spec.ready.as_ref().is_some_and(|ready| ready.probe == Probe::Notify);
    ready || spec.live.as_ref().is_some_and(|live| live.probe == Probe::Notify)
}
