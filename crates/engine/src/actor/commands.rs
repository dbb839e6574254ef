//! Commands beside the services, and restarts with commands around them. Both are jobs: the actor says what may run,
//! does the restart itself, and tells every step.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Weak},
    time::Duration,
};

use ostler_api as api;
use ostler_api::{ApiError, CommandStep, ErrorCode};
use ostler_core::{Actor as Who, Command, InstanceId, Request, RunId, ServiceName, Target};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{Actor, Time, boot, fact::Fact, targets};
use crate::{
    Journal,
    ask::{Accepted, Reply},
    commands::{self, Policy, Resolver, Surroundings, Wanted},
    wait::{self, Wish},
};

/// Commands and custom restarts that may be under way at once.
const AT_ONCE_MAX: usize = 8;
/// Commands before, and commands after one restart.
const STEPS_MAX: usize = 32;
/// Until a command of a custom restart that has no name is killed: it may be a build.
const STEP_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a custom restart waits until the service is ready or failed.
const RESTART_WAIT: Duration = Duration::from_secs(300);

/// What is under way.
#[derive(Debug)]
pub(super) struct Commands {
    at_once: Arc<Semaphore>,
    /// Services with a custom restart; whoever does it holds the other end.
    restarting: BTreeMap<ServiceName, Weak<()>>,
}

/// What a job of this module wants of the actor.
pub(crate) enum CommandNews {
    /// A step begins or has ended.
    Step {
        /// The service that is restarted, if one is.
        service: Option<ServiceName>,
        /// Which.
        step: CommandStep,
        /// In words.
        text: String,
        /// How a command ended.
        result: Option<Box<api::CommandReply>>,
        /// Who asked for it.
        actor: Who,
    },
    /// The service must be restarted now, with these overrides.
    Restart {
        /// Which.
        service: ServiceName,
        /// Arguments instead of the configured ones.
        args: Option<Vec<String>>,
        /// Variables over the configured ones.
        env: BTreeMap<String, String>,
        /// Who asked for it.
        actor: Who,
        /// Hears whether it was accepted.
        reply: Reply<Accepted>,
    },
    /// What commands of this service run in.
    Around {
        /// Which.
        service: ServiceName,
        /// Whether they get the environment of the service.
        is_trusted: bool,
        /// Hears it, or why it cannot be said.
        reply: oneshot::Sender<Result<Surroundings, String>>,
    },
}

impl Commands {
    pub(super) fn new() -> Self {
        Self { at_once: Arc::new(Semaphore::new(AT_ONCE_MAX)), restarting: BTreeMap::new() }
    }

    fn permit(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(&self.at_once).try_acquire_owned().map_err(|_| {
            ApiError::new(ErrorCode::Busy, format!("{AT_ONCE_MAX} commands are under way already"))
                .hint("try again when one of them has ended")
        })
    }

    fn claim(&mut self, service: &ServiceName) -> Result<Arc<()>, ApiError> {
        self.restarting.retain(|_, claim| claim.strong_count() > 0);
        if self.restarting.contains_key(service) {
            let message = format!("a custom restart of {service} is under way already");
            return Err(ApiError::new(ErrorCode::Conflict, message).hint("wait for its end and ask again"));
        }
        let claim = Arc::new(());
        self.restarting.insert(service.clone(), Arc::downgrade(&claim));
        Ok(claim)
    }
}

impl Actor {
    /// Runs one command.
    pub(super) fn execute_command(
        &mut self,
        params: &api::ExecuteCommandParams,
        actor: Who,
        reply: Reply<api::CommandReply>,
    ) {
        let ready = self.ready_command(params, &actor);
        let (wanted, permit) = match ready {
            Ok(ready) => ready,
            Err(error) => {
                self.audit(&actor, "execute_command", asked(&params.command), &error.message);
                let _ = reply.send(Err(error));
                return;
            }
        };
        let (facts, bases, working_dir) = (self.facts.clone(), Arc::clone(&self.bases), self.config_folder());
        self.step(None, CommandStep::Execute, format!("{} begins", wanted.shown), None, &actor);
        self.jobs.spawn(async move {
            let bases = boot::bases_of(&bases).await;
            let env = bases.for_command(!commands::is_remote(&actor));
            let result = commands::run(wanted, Surroundings { env, working_dir }).await;
            let text = format!("{} ended: {}", result.command, how(&result));
            let (step, told) = (CommandStep::Execute, Some(Box::new(result.clone())));
            let step = CommandNews::Step { service: None, step, text, result: told, actor };
            drop(permit);
            // Without an actor nobody is left to be told.
            let _ = facts.send(Fact::Command(step)).await;
            let _ = reply.send(Ok(result));
            Fact::Nothing
        });
    }

    fn ready_command(
        &self,
        params: &api::ExecuteCommandParams,
        actor: &Who,
    ) -> Result<(Wanted, OwnedSemaphorePermit), ApiError> {
        self.refuse_while_ending()?;
        let timeout = commands::timeout(params.timeout_seconds)?;
        let mut wanted = self.resolve("command", &params.command, &params.args, actor)?;
        // A remote client can shorten the time of a named command, not lengthen it.
        wanted.timeout = match timeout {
            Some(time) if commands::is_remote(actor) && wanted.name.is_some() => time.min(wanted.timeout),
            Some(time) => time,
            None => wanted.timeout,
        };
        Ok((wanted, self.commands.permit()?))
    }

    /// Restarts a service with commands before and after.
    pub(super) fn custom_restart(
        &mut self,
        params: api::CustomRestartParams,
        actor: Who,
        reply: Reply<api::CustomRestartReply>,
    ) {
        let subject = params.service.clone();
        let is_awaited = params.wait != Some(api::Wait::Accepted);
        match self.course(params, &actor) {
            Err(error) => {
                self.audit(&actor, "custom_restart", subject, &error.message);
                let _ = reply.send(Err(error));
            }
            Ok(course) => {
                self.audit(&actor, "custom_restart", subject.clone(), "accepted");
                let awaited = if is_awaited {
                    Some(reply)
                } else {
                    let (service, ok, under_way) = (subject, true, true);
                    let _ =
                        reply.send(Ok(api::CustomRestartReply { service, ok, under_way, ..<_>::default() }));
                    None
                };
                self.jobs.spawn(async move {
                    let done = course.run().await;
                    if let Some(reply) = awaited {
                        let _ = reply.send(Ok(done));
                    }
                    Fact::Nothing
                });
            }
        }
    }

    fn course(&mut self, params: api::CustomRestartParams, actor: &Who) -> Result<Course, ApiError> {
        self.refuse_while_ending()?;
        let service = targets::service(self.supervisor.fleet(), &params.service)?;
        let has_args = params.start_args.is_some();
        self.policy().may_override(actor, has_args, !params.env_vars.is_empty())?;
        let spec = self.supervisor.fleet().services.get(&service);
        if has_args && spec.is_some_and(|spec| matches!(spec.launch.command, Command::Shell(_))) {
            return Err(commands::bad("start_args", format!("{service} is a shell line without arguments"))
                .hint("give env_vars instead, or write the service with command and args"));
        }
        if let Some(name) = params.env_vars.keys().find(|it| it.is_empty() || it.contains(['=', '\0'])) {
            return Err(commands::bad("env_vars", format!("{name:?} is no name of a variable")));
        }
        let pre = self.steps("pre_commands", &params.pre_commands, actor)?;
        let post = self.steps("post_commands", &params.post_commands, actor)?;
        let permit = self.commands.permit()?;
        let claim = self.commands.claim(&service)?;
        let probation = self.supervisor.fleet().services.get(&service).map_or(Duration::ZERO, |spec| {
            if spec.ready.is_some() || spec.oneshot { Duration::ZERO } else { spec.restart.startup_crash }
        });
        Ok(Course {
            probation,
            service,
            pre,
            post,
            args: params.start_args,
            env: params.env_vars,
            actor: actor.clone(),
            facts: self.facts.clone(),
            journal: Arc::clone(&self.journal),
            _permit: permit,
            _claim: claim,
        })
    }

    fn steps(&self, path: &str, asked: &[api::CommandRef], actor: &Who) -> Result<Vec<Wanted>, ApiError> {
        if asked.len() > STEPS_MAX {
            return Err(commands::bad(path, format!("more than {STEPS_MAX} commands")));
        }
        let step = |(index, one): (usize, &api::CommandRef)| {
            let mut wanted = self.resolve(&format!("{path}[{index}]"), one, &[], actor)?;
            if wanted.name.is_none() {
                wanted.timeout = STEP_TIMEOUT;
            }
            Ok(wanted)
        };
        asked.iter().enumerate().map(step).collect()
    }

    /// What would run, if this actor may run it.
    fn resolve(
        &self,
        path: &str,
        asked: &api::CommandRef,
        args: &[String],
        actor: &Who,
    ) -> Result<Wanted, ApiError> {
        let port_of = |name: &ServiceName| {
            let spec = self.supervisor.fleet().services.get(name)?;
            let first = spec.ports.first()?;
            let slot = self.slots.get(&InstanceId::new(name.clone(), 0));
            slot.and_then(|slot| slot.ports.get(&first.name).copied()).or(first.number)
        };
        let resolver = Resolver {
            commands: &self.config.config.security.commands,
            folder: &self.config_folder(),
            finds_names: commands::is_remote(actor),
            port_of: &port_of,
        };
        let wanted = resolver.resolve(path, asked, args)?;
        self.policy().may_run(actor, &wanted)?;
        Ok(wanted)
    }

    fn policy(&self) -> Policy<'_> {
        Policy { security: &self.config.config.security, mode: self.supervisor.mode() }
    }

    fn config_folder(&self) -> PathBuf {
        self.options.paths.config.parent().map(PathBuf::from).unwrap_or_default()
    }

    /// Does what a job of this module wants.
    pub(super) fn command_news(&mut self, news: CommandNews) {
        match news {
            CommandNews::Step { service, step, text, result, actor } => {
                self.step(service.as_ref(), step, text, result.as_deref(), &actor);
            }
            CommandNews::Restart { service, args, env, actor, reply } => {
                let result = self.restart_with(service, args, env, &actor);
                let _ = reply.send(result);
            }
            CommandNews::Around { service, is_trusted, reply } => self.around(service, is_trusted, reply),
        }
    }

    fn step(
        &mut self,
        service: Option<&ServiceName>,
        step: CommandStep,
        text: String,
        result: Option<&api::CommandReply>,
        actor: &Who,
    ) {
        tracing::info!(service = service.map(ServiceName::as_str), step = ?step, %text, "command");
        if let Some(result) = result {
            self.audit(actor, "command", result.command.clone(), &how(result));
        } else if step == CommandStep::Done {
            let subject = service.map(ToString::to_string).unwrap_or_default();
            self.audit(actor, "custom_restart", subject, &text);
        }
        let result = result.map(commands::for_event);
        let service = service.map(ToString::to_string);
        self.note(None, api::EventKind::Command { service, step, text, result });
    }

    fn restart_with(
        &mut self,
        service: ServiceName,
        args: Option<Vec<String>>,
        env: BTreeMap<String, String>,
        actor: &Who,
    ) -> Result<Accepted, ApiError> {
        self.refuse_while_ending()?;
        targets::service(self.supervisor.fleet(), service.as_str())?;
        if args.is_some() || !env.is_empty() {
            let overrides = self.overrides.entry(service.clone()).or_default();
            overrides.args = args.or(overrides.args.take());
            overrides.env.extend(env);
        }
        self.command(Request::Restart { targets: vec![Target::Service(service.clone())] }, actor);
        self.keep_intent();
        self.publish();
        let mine = self.supervisor.instances().filter(|it| it.id().service == service && !it.is_leaving());
        let instances = mine.map(|instance| instance.id().to_string()).collect();
        Ok(Accepted { seq: self.journal.last(), instances })
    }

    fn around(
        &mut self,
        service: ServiceName,
        is_trusted: bool,
        reply: oneshot::Sender<Result<Surroundings, String>>,
    ) {
        let Some(spec) = self.supervisor.fleet().services.get(&service).cloned() else {
            let _ = reply.send(Err(format!("there is no service {service} any more")));
            return;
        };
        let working_dir = spec.launch.working_dir.clone();
        let instance = InstanceId::new(service, 0);
        let plans = self.plans(&instance, RunId(0), spec, self.supervisor.mode().to_owned());
        let bases = Arc::clone(&self.bases);
        self.jobs.spawn(async move {
            boot::bases_of(&bases).await;
            let work = move || {
                let bases = bases.get().expect("awaited above");
                let env = if is_trusted { plans.env_for_command(bases)? } else { bases.for_command(false) };
                Ok(Surroundings { env, working_dir })
            };
            let found = tokio::task::spawn_blocking(work).await;
            let _ = reply.send(found.unwrap_or_else(|error| Err(error.to_string())));
            Fact::Nothing
        });
    }
}

/// A custom restart on its way.
struct Course {
    service: ServiceName,
    pre: Vec<Wanted>,
    post: Vec<Wanted>,
    args: Option<Vec<String>>,
    env: BTreeMap<String, String>,
    /// How long a run that no probe asks must live to count as up.
    probation: Duration,
    actor: Who,
    facts: mpsc::Sender<Fact>,
    journal: Arc<Journal>,
    _permit: OwnedSemaphorePermit,
    _claim: Arc<()>,
}

impl Course {
    async fn run(mut self) -> api::CustomRestartReply {
        let begun = Time::look().now;
        let mut reply = api::CustomRestartReply { service: self.service.to_string(), ..<_>::default() };
        let result = self.go(&mut reply).await;
        reply.ok = result.is_ok();
        reply.error = result.err();
        let took = Time::look().now.saturating_duration_since(begun);
        reply.duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let text = reply
            .error
            .clone()
            .unwrap_or_else(|| format!("custom restart done in {}", crate::wire::span(took)));
        self.tell(CommandStep::Done, text, None).await;
        reply
    }

    async fn go(&mut self, reply: &mut api::CustomRestartReply) -> Result<(), String> {
        let service = self.service.clone();
        let pre = std::mem::take(&mut self.pre);
        self.commands(CommandStep::Pre, pre, &mut reply.pre_commands)
            .await
            .map_err(|error| format!("{error}; {service} was left as it was"))?;
        self.tell(CommandStep::Restart, "restarts".to_owned(), None).await;
        let outcome = self.restart().await;
        reply.instances = match &outcome {
            Ok(outcome) => outcome.outcome.clone(),
            Err(_) => self.instances(),
        };
        reply.restarted = outcome.as_ref().is_ok_and(|outcome| outcome.ok == Some(true));
        let failed = match outcome {
            Ok(_) if reply.restarted => None,
            Ok(_) => Some(format!("{service} did not come up: {}", why_down(&reply.instances))),
            Err(error) => Some(error.message),
        };
        if let Some(mut failed) = failed {
            if !self.post.is_empty() {
                failed.push_str("; no post command was run");
            }
            return Err(failed);
        }
        self.tell(CommandStep::Restart, "is up".to_owned(), None).await;
        let post = std::mem::take(&mut self.post);
        self.commands(CommandStep::Post, post, &mut reply.post_commands)
            .await
            .map_err(|error| format!("{error}; {service} was restarted"))
    }

    /// Runs commands in order until one fails.
    async fn commands(
        &self,
        step: CommandStep,
        wanted: Vec<Wanted>,
        done: &mut Vec<api::CommandReply>,
    ) -> Result<(), String> {
        let count = wanted.len();
        let word = if step == CommandStep::Pre { "pre" } else { "post" };
        for (index, wanted) in wanted.into_iter().enumerate() {
            let label = match count {
                1 => format!("{word} command"),
                count => format!("{word} command {} of {count}", index + 1),
            };
            self.tell(step, format!("{label} begins: {}", wanted.shown), None).await;
            let shown = wanted.shown.clone();
            let result = match self.around().await {
                Ok(around) => commands::run(wanted, around).await,
                Err(error) => {
                    let (command, name) = (wanted.shown, wanted.name);
                    api::CommandReply { command, name, error: Some(error), ..<_>::default() }
                }
            };
            let how = how(&result);
            self.tell(step, format!("{label} ended: {how}"), Some(&result)).await;
            let is_ok = result.ok;
            done.push(result);
            if !is_ok {
                let rest = match count - index - 1 {
                    0 => String::new(),
                    rest => format!("; {rest} more not run"),
                };
                return Err(format!("{label} failed ({shown}): {how}{rest}"));
            }
        }
        Ok(())
    }

    async fn restart(&mut self) -> Result<api::ActionReply, ApiError> {
        // The watcher begins before the wish, so that nothing that follows is missed.
        let watcher = self.journal.watch(None);
        let (reply, answer) = oneshot::channel();
        let news = CommandNews::Restart {
            service: self.service.clone(),
            args: self.args.take(),
            env: std::mem::take(&mut self.env),
            actor: self.actor.clone(),
            reply,
        };
        let _ = self.facts.send(Fact::Command(news)).await;
        let gone = |_| ApiError::new(ErrorCode::NoEngine, "the engine ended meanwhile");
        let accepted = answer.await.map_err(gone)??;
        let reply = wait::until(watcher, Wish::Restart, api::Wait::Ready, accepted, RESTART_WAIT).await?;
        if reply.ok != Some(true) || self.probation.is_zero() {
            return Ok(reply);
        }
        wait::still_up(self.journal.watch(None), reply, self.probation).await
    }

    async fn around(&self) -> Result<Surroundings, String> {
        let (reply, answer) = oneshot::channel();
        let is_trusted = !commands::is_remote(&self.actor);
        let news = CommandNews::Around { service: self.service.clone(), is_trusted, reply };
        let _ = self.facts.send(Fact::Command(news)).await;
        answer.await.map_err(|_| "the engine ended meanwhile".to_owned())?
    }

    async fn tell(&self, step: CommandStep, text: String, result: Option<&api::CommandReply>) {
        let service = Some(self.service.clone());
        let result = result.cloned().map(Box::new);
        let news = CommandNews::Step { service, step, text, result, actor: self.actor.clone() };
        let _ = self.facts.send(Fact::Command(news)).await;
    }

    fn instances(&self) -> Vec<api::InstanceStatus> {
        let snapshot = self.journal.snapshot();
        snapshot.services.get(self.service.as_str()).map(|it| it.instances.clone()).unwrap_or_default()
    }
}

/// How a command ended, in words.
fn how(result: &api::CommandReply) -> String {
    result.error.clone().unwrap_or_else(|| "exit 0".to_owned())
}

fn why_down(instances: &[api::InstanceStatus]) -> String {
    let down = instances.iter().find(|it| it.phase != api::Phase::Running).or(instances.first());
    let Some(down) = down else { return "it has no instance".to_owned() };
    let why = down.cause.first().map_or("", |cause| cause.text.as_str());
    format!("{} is {}{}{why}", down.id, down.word.as_str(), if why.is_empty() { "" } else { ": " })
}

/// What was asked for, as it was said.
fn asked(command: &api::CommandRef) -> String {
    match command {
        api::CommandRef::Named(name) => name.clone(),
        api::CommandRef::Inline(inline) => inline.command.clone(),
    }
}
