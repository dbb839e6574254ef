//! How everybody else speaks with the engine.
//!
//! A handle is cheap to clone. Wishes go through one bounded queue to the actor and are answered once it has
//! accepted or refused them; readers take snapshots, the journal and log files without disturbing it.

use std::{sync::Arc, time::Duration};

use ostler_api::{
    ActionParams, ActionReply, ApiError, AttachParams, ConfigText, ConfigValidateParams, ConfigVerdict,
    DetachParams, DoctorReply, EnvReply, ErrorCode, HealthReply, HelloReply, InputParams, LogReply,
    LogsParams, MetricsParams, MetricsReply, PlanReply, ReloadParams, ResizeParams, ScaleParams,
    ServiceParams, SetModeParams, ShutdownParams, ShutdownReply, SignalParams, SignalReply, Snapshot, Wait,
    WatchParams, WhyReply,
};
pub use ostler_core::{Actor, LocalClient};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    Attachment, Journal, LogFollower, Settings, Streams, Watcher,
    ask::{Ask, Reply},
    events_address::Known as Events,
    settings,
    terminal::Terminals,
    wait::{self, Wish},
};

/// Wishes that may wait for the actor.
pub const COMMANDS_MAX: usize = 64;
/// The longest that a client may ask to wait.
pub const WAIT_MAX: Duration = Duration::from_secs(600);
/// How long a wish waits for room in the queue.
const QUEUE_WAIT: Duration = Duration::from_secs(2);
const WAIT_DEFAULT: Duration = Duration::from_secs(120);

/// What the system says about the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerNews {
    /// It is about to sleep.
    Sleeps,
    /// It woke.
    Woke,
    /// Something ends that services end with, in so long at the earliest.
    Ends {
        /// What it is.
        what: Ending,
        /// What services have to end in.
        within: Duration,
    },
}

/// What ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The machine.
    Machine,
    /// The session of the user, who signs out.
    Session,
    /// The engine, because its console was closed or its program is replaced. Services can live without it, so none is
    /// stopped because of that; but if it stops them anyway, they have no more time than it has.
    Engine,
}

/// The way to the engine.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    pub(crate) asks: mpsc::Sender<Ask>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) terminals: Arc<Terminals>,
    pub(crate) settings: watch::Receiver<Arc<Settings>>,
    pub(crate) events: watch::Sender<Events>,
}

impl EngineHandle {
    /// A handle to an engine that has ended: what was can be read, and every wish is answered `no-engine`.
    pub fn ended(journal: Arc<Journal>) -> Self {
        Self {
            asks: mpsc::channel(1).0,
            journal,
            terminals: Arc::default(),
            settings: settings::of_nobody(),
            events: watch::Sender::default(),
        }
    }

    /// What remote actors may do, as of now.
    pub fn security(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.borrow())
    }

    /// The settings in force, and each that follows.
    pub fn settings(&self) -> watch::Receiver<Arc<Settings>> {
        self.settings.clone()
    }

    /// Has `status` and `doctor` say what one in front of the engine is like, and by which address it is reached.
    ///
    /// # Errors
    /// `busy`, `no-engine`.
    pub async fn report_front(&self, check: ostler_api::Check, url: Option<String>) -> Result<(), ApiError> {
        self.send(Ask::Front { check, url }).await
    }

    /// Tells runs to come where the event stream is; `None`: nowhere.
    pub fn events_at(&self, address: Option<crate::EventsAddress>) {
        self.events.send_replace(address.map_or(Events::Closed, Events::At));
    }

    /// Has them say nothing of it any more.
    ///
    /// # Errors
    /// `busy`, `no-engine`.
    pub async fn forget_front(&self, name: &'static str) -> Result<(), ApiError> {
        self.send(Ask::FrontGone { name }).await
    }

    /// Has `status` say how many listen to the event broadcast channel.
    pub fn tell_listeners(&self, count: u64) {
        self.journal.set_listeners(count);
        // Without room it is busy, and publishes soon in any case.
        let _ = self.asks.try_send(Ask::Listeners);
    }

    /// Has `status` say how the other sources of events are.
    pub fn sources_from(&self, read: crate::ReadSources) {
        self.journal.sources.set(read);
    }

    /// A source of events has changed its state.
    pub fn tell_sources(&self) {
        self.journal.sources.changed();
        // Without room it is busy, and publishes soon in any case.
        let _ = self.asks.try_send(Ask::Listeners);
    }

    /// Tells those who watch of something in front of the engine; says whether there was room for it.
    pub fn note(&self, kind: ostler_api::EventKind) -> bool {
        self.asks.try_send(Ask::Note { kind }).is_ok()
    }

    /// What is, as of the last event.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.journal.snapshot()
    }

    /// The number of the last event.
    pub fn seq(&self) -> u64 {
        self.journal.last()
    }

    /// What is, then what happens.
    pub fn watch(&self, params: &WatchParams) -> Watcher {
        self.journal.watch(params.since)
    }

    /// Has metrics sampled until the returned sender is dropped.
    ///
    /// # Errors
    /// `busy`, `no-engine`.
    pub async fn look(&self) -> Result<oneshot::Sender<()>, ApiError> {
        let (keep, until) = oneshot::channel();
        self.send(Ask::Look { until }).await?;
        Ok(keep)
    }

    /// Who the engine is.
    pub fn hello(&self, capabilities: Vec<String>) -> HelloReply {
        let snapshot = self.snapshot();
        HelloReply {
            server: "ostler".to_owned(),
            version: snapshot.supervisor.version.clone(),
            protocol_version: ostler_api::PROTOCOL_VERSION,
            capabilities,
            tier: snapshot.supervisor.tier,
            engine_id: snapshot.supervisor.engine_id.clone(),
            pid: snapshot.supervisor.pid,
            events_url: None,
        }
    }

    /// Everything, or one service, with the times as of now.
    ///
    /// # Errors
    /// `unknown-service`, `busy`, `no-engine`.
    pub async fn status(&self, params: ServiceParams) -> Result<Snapshot, ApiError> {
        self.ask(|reply| Ask::Status { params, reply }).await
    }

    /// Brings services up.
    ///
    /// # Errors
    /// `unknown-service`, `invalid-params`, `busy`, `timeout`, `no-engine`.
    pub async fn start(&self, actor: &Actor, params: ActionParams) -> Result<ActionReply, ApiError> {
        self.act(Wish::Start, actor, params).await
    }

    /// Brings services down.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn stop(&self, actor: &Actor, params: ActionParams) -> Result<ActionReply, ApiError> {
        self.act(Wish::Stop, actor, params).await
    }

    /// Gives services a new run.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn restart(&self, actor: &Actor, params: ActionParams) -> Result<ActionReply, ApiError> {
        self.act(Wish::Restart, actor, params).await
    }

    /// Asks the probes now.
    ///
    /// # Errors
    /// `unknown-service`, `busy`, `no-engine`.
    pub async fn health_check(&self, params: ServiceParams) -> Result<HealthReply, ApiError> {
        self.ask(|reply| Ask::Health { params, reply }).await
    }

    /// Reads the configuration again.
    ///
    /// # Errors
    /// `config-invalid` with diagnostics, `config-unreadable`, `busy`, `no-engine`.
    pub async fn reload(&self, actor: &Actor, params: ReloadParams) -> Result<PlanReply, ApiError> {
        let actor = actor.clone();
        self.ask(|reply| Ask::Reload { params, actor, reply }).await
    }

    /// The configuration's text on disk.
    ///
    /// # Errors
    /// `config-unreadable`, `busy`, `no-engine`.
    pub async fn config_get(&self) -> Result<ConfigText, ApiError> {
        self.ask(|reply| Ask::ConfigGet { reply }).await
    }

    /// What is wrong with a text, and what saving it would do.
    ///
    /// # Errors
    /// `busy`, `no-engine`.
    pub async fn config_validate(&self, params: ConfigValidateParams) -> Result<ConfigVerdict, ApiError> {
        self.ask(|reply| Ask::ConfigValidate { params, reply }).await
    }

    /// Replaces the text of the configuration, and puts it in force.
    ///
    /// # Errors
    /// `config-invalid` with diagnostics, `config-conflict` with the present text, `not-permitted`,
    /// `config-unreadable`, `busy`, `no-engine`.
    pub async fn config_save(
        &self,
        actor: &Actor,
        params: ostler_api::ConfigSaveParams,
    ) -> Result<ostler_api::ConfigSaveReply, ApiError> {
        self.save(crate::saving::SaveWish::Save(params), actor).await
    }

    /// Sets or removes one key of the configuration, and puts it in force.
    ///
    /// # Errors
    /// As [`Self::config_save`], and `invalid-params`.
    pub async fn config_edit(
        &self,
        actor: &Actor,
        params: ostler_api::ConfigEditParams,
    ) -> Result<ostler_api::ConfigSaveReply, ApiError> {
        self.save(crate::saving::SaveWish::Edit(params), actor).await
    }

    /// Goes back to a kept version of the configuration, and puts it in force.
    ///
    /// # Errors
    /// As [`Self::config_save`], and `invalid-params`.
    pub async fn config_restore(
        &self,
        actor: &Actor,
        params: ostler_api::ConfigRestoreParams,
    ) -> Result<ostler_api::ConfigSaveReply, ApiError> {
        self.save(crate::saving::SaveWish::Restore(params), actor).await
    }

    /// The kept versions of the configuration.
    ///
    /// # Errors
    /// `config-unreadable`, `busy`, `no-engine`.
    pub async fn config_history(&self) -> Result<ostler_api::ConfigHistory, ApiError> {
        self.ask(|reply| Ask::ConfigHistory { reply }).await
    }

    async fn save(
        &self,
        wish: crate::saving::SaveWish,
        actor: &Actor,
    ) -> Result<ostler_api::ConfigSaveReply, ApiError> {
        let actor = actor.clone();
        self.ask(|reply| Ask::ConfigSave { wish, actor, reply }).await
    }

    /// Switches the mode.
    ///
    /// # Errors
    /// `unknown-mode`, `busy`, `no-engine`.
    pub async fn set_mode(&self, actor: &Actor, params: SetModeParams) -> Result<PlanReply, ApiError> {
        let actor = actor.clone();
        self.ask(|reply| Ask::SetMode { params, actor, reply }).await
    }

    /// Gives a service another number of slots.
    ///
    /// # Errors
    /// `unknown-service`, `invalid-params`, `busy`, `no-engine`.
    pub async fn scale(&self, actor: &Actor, params: ScaleParams) -> Result<PlanReply, ApiError> {
        let actor = actor.clone();
        self.ask(|reply| Ask::Scale { params, actor, reply }).await
    }

    /// Ends the engine, with or without the services.
    ///
    /// # Errors
    /// `busy`, `no-engine`.
    pub async fn shutdown(&self, actor: &Actor, params: ShutdownParams) -> Result<ShutdownReply, ApiError> {
        let actor = actor.clone();
        self.ask(|reply| Ask::Shutdown { params, actor, reply }).await
    }

    /// Sends a signal to a service's processes.
    ///
    /// # Errors
    /// `unknown-service`, `not-running`, `invalid-params`, `busy`, `no-engine`.
    pub async fn signal(&self, actor: &Actor, params: SignalParams) -> Result<SignalReply, ApiError> {
        let actor = actor.clone();
        self.ask(|reply| Ask::Signal { params, actor, reply }).await
    }

    /// The environment a run would get.
    ///
    /// # Errors
    /// `unknown-service`, `invalid-params`, `busy`, `no-engine`.
    pub async fn env(&self, params: ServiceParams) -> Result<EnvReply, ApiError> {
        self.ask(|reply| Ask::Env { params, reply }).await
    }

    /// Why services are as they are.
    ///
    /// # Errors
    /// `unknown-service`, `busy`, `no-engine`.
    pub async fn why(&self, params: ServiceParams) -> Result<WhyReply, ApiError> {
        let snapshot = self.status(params.clone()).await?;
        let mut probes = self.ask(|reply| Ask::Probes { params, reply }).await?;
        let instances = snapshot.services.values().flat_map(|service| service.instances.iter().cloned());
        let why = |status: ostler_api::InstanceStatus| ostler_api::WhyInstance {
            history: self.journal.history(&status.id),
            probes: probes.remove(&status.id).unwrap_or_default(),
            status,
        };
        Ok(WhyReply { instances: instances.map(why).collect() })
    }

    /// Use of CPU and memory.
    ///
    /// # Errors
    /// `unknown-service`, `busy`, `no-engine`.
    pub async fn metrics(&self, params: MetricsParams) -> Result<MetricsReply, ApiError> {
        self.ask(|reply| Ask::Metrics { params, reply }).await
    }

    /// Output of services, and a follower if asked.
    ///
    /// # Errors
    /// `unknown-service`, `invalid-params`, `busy`, `no-engine`.
    pub async fn logs(
        &self,
        actor: &Actor,
        params: LogsParams,
    ) -> Result<(LogReply, Option<LogFollower>), ApiError> {
        let actor = actor.clone();
        self.ask(|reply| Ask::Logs { params, actor, reply }).await
    }

    /// Runs a command beside the services, to its end. It goes on when nobody waits any more.
    ///
    /// # Errors
    /// `not-permitted`, `invalid-params`, `conflict`, `busy`, `no-engine`.
    pub async fn execute_command(
        &self,
        actor: &Actor,
        params: ostler_api::ExecuteCommandParams,
    ) -> Result<ostler_api::CommandReply, ApiError> {
        let actor = actor.clone();
        self.ask(|reply| Ask::ExecuteCommand { params, actor, reply }).await
    }

    /// Gives a service a new run, with commands before and after. It goes on when nobody waits any more.
    ///
    /// # Errors
    /// `unknown-service`, `not-permitted`, `invalid-params`, `conflict`, `busy`, `no-engine`.
    pub async fn custom_restart(
        &self,
        actor: &Actor,
        params: ostler_api::CustomRestartParams,
    ) -> Result<ostler_api::CustomRestartReply, ApiError> {
        let actor = actor.clone();
        self.ask(|reply| Ask::CustomRestart { params, actor, reply }).await
    }

    /// Tells the audit of a fault of the supervisor itself: descriptors used up, a signal. Never waits; a full queue
    /// loses it.
    pub fn fault(&self, action: &'static str, subject: impl Into<String>, text: impl Into<String>) {
        let _ = self.asks.try_send(Ask::Fault { action, subject: subject.into(), text: text.into() });
    }

    /// Frozen evidence of crashes.
    ///
    /// # Errors
    /// `unknown-service`, `invalid-params`, `busy`, `no-engine`.
    pub async fn incidents(
        &self,
        params: ostler_api::IncidentsParams,
    ) -> Result<ostler_api::IncidentsReply, ApiError> {
        self.ask(|reply| Ask::Incidents { params, reply }).await
    }

    /// Self-check.
    ///
    /// # Errors
    /// `busy`, `no-engine`.
    pub async fn doctor(&self) -> Result<DoctorReply, ApiError> {
        self.ask(|reply| Ask::Doctor { reply }).await
    }

    /// Attaches to a service's terminal, or to its standard input when its output is logged.
    ///
    /// # Errors
    /// `unknown-service`, `not-running`, `not-available`, `invalid-params`, `busy`, `no-engine`.
    pub async fn attach(&self, actor: &Actor, params: AttachParams) -> Result<Attachment, ApiError> {
        let (who, asked) = (actor.clone(), params.clone());
        let wanted = self.ask(|reply| Ask::Attach { params: asked, actor: who, reply }).await?;
        self.terminals.attach(wanted, &params, attached_name(actor), &self.journal)
    }

    /// Types, and waits until the service's keeper has taken it.
    ///
    /// # Errors
    /// `invalid-params`, `conflict` for one that only watches, `not-running`, `too-large`, `timeout`.
    pub async fn input(&self, params: InputParams) -> Result<(), ApiError> {
        self.terminals.input(&params).await
    }

    /// Gives a terminal another size.
    ///
    /// # Errors
    /// `invalid-params`, `conflict` for one that only watches.
    pub fn resize(&self, params: &ResizeParams) -> Result<(), ApiError> {
        self.terminals.resize(params)
    }

    /// Lets go of a terminal.
    ///
    /// # Errors
    /// `invalid-params`.
    pub fn detach(&self, params: &DetachParams) -> Result<(), ApiError> {
        self.terminals.detach(params)
    }

    /// The standard input and output of a `stdio = "stream"` run, for one holder at a time.
    ///
    /// # Errors
    /// `unknown-service`, `not-running`, `not-available`, `conflict`, `busy`, `no-engine`.
    pub async fn streams(&self, service: &str) -> Result<Streams, ApiError> {
        let service = service.to_owned();
        let wanted = self.ask(|reply| Ask::Streams { service, reply }).await?;
        self.terminals.streams(&wanted.screen).await
    }

    /// Ends the standard input of a `stdio = "stream"` run, once the holder of its streams has dropped its end.
    ///
    /// # Errors
    /// As [`Self::streams`].
    pub async fn close_input(&self, service: &str) -> Result<(), ApiError> {
        let service = service.to_owned();
        let wanted = self.ask(|reply| Ask::Streams { service, reply }).await?;
        wanted.screen.close_input()
    }

    /// Tells what the system says about the machine. If it ends, so do all services and the engine.
    ///
    /// # Errors
    /// `busy`, `no-engine`.
    pub async fn power(&self, news: PowerNews) -> Result<(), ApiError> {
        self.ask(|reply| Ask::Power { news, reply }).await
    }

    async fn act(&self, wish: Wish, actor: &Actor, params: ActionParams) -> Result<ActionReply, ApiError> {
        let (until, timeout) = (params.wait, params.timeout);
        let limit = timeout.map_or(Ok(WAIT_DEFAULT), |seconds| {
            Duration::try_from_secs_f64(seconds).ok().filter(|limit| *limit <= WAIT_MAX).ok_or_else(|| {
                let mut error =
                    ApiError::new(ErrorCode::InvalidParams, "timeout is not between 0 and 600 seconds");
                error.path = Some("timeout".to_owned());
                error
            })
        })?;
        // The watcher begins before the wish, so that nothing that follows is missed.
        let watcher = self.journal.watch(None);
        let actor = actor.clone();
        let accepted = self.ask(|reply| Ask::Action { wish, params, actor, reply }).await?;
        match until {
            Wait::Accepted => Ok(ActionReply { accepted_at: accepted.seq, ..ActionReply::default() }),
            Wait::Settled | Wait::Ready => wait::until(watcher, wish, until, accepted, limit).await,
        }
    }

    async fn ask<T>(&self, make: impl FnOnce(Reply<T>) -> Ask) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.send(make(reply)).await?;
        answer.await.map_err(|_| gone())?
    }

    /// Waits its turn for a moment: a flood from one client must not turn others away.
    async fn send(&self, ask: Ask) -> Result<(), ApiError> {
        match self.asks.send_timeout(ask, QUEUE_WAIT).await {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => {
                Err(ApiError::new(ErrorCode::Busy, "too many commands at once; this one was not taken")
                    .hint("try again in a moment"))
            }
            Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(gone()),
        }
    }
}

/// Who types, as the others are told.
fn attached_name(actor: &Actor) -> String {
    match actor {
        Actor::Local(client) => client.name.clone(),
        Actor::Remote(name) => name.clone(),
        Actor::Desktop => "the desktop app".to_owned(),
        Actor::Supervisor => "the supervisor".to_owned(),
    }
}

fn gone() -> ApiError {
    ApiError::new(ErrorCode::NoEngine, "the engine has ended").hint("start it with `ostler up`")
}
