//! The link to the engine: one true snapshot, and the way of commands.
//!
//! It speaks the control protocol over whatever stream it is given: a socket of a daemon, or memory into the
//! engine in this process. When the stream ends it makes a new one, with growing waits, and says meanwhile how
//! old what it shows is.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ostler_api::{
    ActionParams, ActionReply, Method, OnQuit, PlanReply, ReloadParams, SetModeParams, ShutdownParams,
    ShutdownReply, Snapshot, WatchParams,
};
use ostler_client::{Client, ClientError, Watch, WatchItem};
use ostler_view::{LinkState, Obstacle, fold, say, say_with};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::desk::{Ask, Verb};

/// The most commands that wait for the link.
pub(crate) const COMMANDS_MAX: usize = 64;

/// The first wait before a new try.
const RETRY_MIN: Duration = Duration::from_millis(100);
/// The longest wait before a new try.
const RETRY_MAX: Duration = Duration::from_secs(5);
/// How long a lost link may take to come back before what is shown counts as stale.
const STALE_AFTER: Duration = Duration::from_millis(1500);

/// What the link knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// The last that was heard.
    pub(crate) snapshot: Arc<Snapshot>,
    /// How the link is.
    pub(crate) link: LinkState,
    /// The way to the engine, while there is one.
    pub(crate) client: Option<Client>,
}

/// Something for the engine to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Start, stop or restart a service.
    Act(Verb, String),
    /// Another mode.
    ChangeMode(String),
    /// Read the configuration again.
    ReloadConfig,
    /// Look for an engine now, not when the wait is over.
    LookNow,
    /// Shut down; without a word about the services as `on_quit` says.
    Shutdown(Option<OnQuit>),
}

/// Why there is no stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct ConnectError {
    /// In words.
    pub(crate) reason: String,
    /// What a person can do about it.
    pub(crate) obstacle: Obstacle,
}

impl From<String> for ConnectError {
    fn from(reason: String) -> Self {
        Self { reason, obstacle: Obstacle::NoAnswer }
    }
}

/// A link that was lost.
struct Lost {
    /// Since when, for a person.
    since: Timestamp,
    /// The same, to measure by.
    at: Instant,
    /// What the last try met.
    reason: ConnectError,
}

impl Lost {
    fn is_stale(&self) -> bool {
        self.at.elapsed() >= STALE_AFTER
    }
}

/// How a connection ended.
struct End {
    /// Whether a snapshot was heard over it.
    was_live: bool,
    /// Why, in words.
    reason: String,
}

/// A watch that was asked for.
type Asked = Pin<Box<dyn Future<Output = Result<Watch, ClientError>> + Send>>;

/// The link.
pub(crate) struct Link<C> {
    connect: C,
    commands: mpsc::Receiver<Command>,
    reports: watch::Sender<Report>,
    notices: mpsc::Sender<Ask>,
    is_watched: watch::Receiver<bool>,
}

impl<C, F> Link<C>
where
    C: FnMut() -> F,
    F: Future<Output = Result<Client, ConnectError>>,
{
    /// A link that makes its streams with `connect`.
    pub(crate) fn new(
        connect: C,
        commands: mpsc::Receiver<Command>,
        reports: watch::Sender<Report>,
        notices: mpsc::Sender<Ask>,
        is_watched: watch::Receiver<bool>,
    ) -> Self {
        Self { connect, commands, reports, notices, is_watched }
    }

    /// Runs until nobody commands any more.
    pub(crate) async fn run(mut self) {
        let mut wait = RETRY_MIN;
        let mut lost: Option<Lost> = None;
        loop {
            let reason = match (self.connect)().await {
                Ok(client) => {
                    let Some(end) = self.live(client, lost.as_ref()).await else { return };
                    // A connection without a snapshot has shown nothing: what was lost before is lost still.
                    if end.was_live {
                        lost = None;
                        wait = RETRY_MIN;
                    }
                    ConnectError::from(end.reason)
                }
                Err(error) => error,
            };
            let (since, at) =
                lost.as_ref().map_or_else(|| (Timestamp::now(), Instant::now()), |it| (it.since, it.at));
            let now = lost.insert(Lost { since, at, reason });
            self.tell_lost(now);
            if !self.pause(wait, now).await {
                return;
            }
            wait = (wait * 2).min(RETRY_MAX);
        }
    }

    /// Watches and commands until the stream ends; says how. Nothing when nobody commands any more.
    async fn live(&mut self, client: Client, lost: Option<&Lost>) -> Option<End> {
        let mut was_live = false;
        let mut watch: Option<Watch> = None;
        let mut asked = Some(self.ask(&client));
        let mut stale = lost.filter(|lost| !lost.is_stale()).map(|lost| lost.at + STALE_AFTER);
        let mut calls = JoinSet::new();
        let error = loop {
            tokio::select! {
                begun = answered(&mut asked) => match begun {
                    Ok(begun) => (watch, asked) = (Some(begun), None),
                    Err(error) => break error,
                },
                watched = next(&mut watch) => match watched {
                    Ok(item) => {
                        was_live |= matches!(item, WatchItem::Snapshot(_));
                        self.take(item, &client);
                    }
                    Err(error) => break error,
                },
                command = self.commands.recv() => match command? {
                    command if was_live || matches!(command, Command::Shutdown(_)) => {
                        let (client, notices) = (client.clone(), self.notices.clone());
                        calls.spawn(async move { perform(&client, command, &notices).await });
                    }
                    Command::LookNow => {}
                    command => self.refuse(&command),
                },
                Some(_) = calls.join_next() => {}
                // One question at a time; a change meanwhile waits for its answer.
                Ok(()) = self.is_watched.changed(), if asked.is_none() => asked = Some(self.ask(&client)),
                () = at(stale), if !was_live => {
                    stale = None;
                    lost.into_iter().for_each(|lost| self.tell_lost(lost));
                }
            }
        };
        Some(End { was_live, reason: met(&error) })
    }

    /// Asks to watch from the present; for CPU and memory only while somebody looks.
    fn ask(&mut self, client: &Client) -> Asked {
        let metrics = *self.is_watched.borrow_and_update();
        let client = client.clone();
        Box::pin(async move { client.watch(&WatchParams { metrics, ..Default::default() }).await })
    }

    fn take(&self, item: WatchItem, client: &Client) {
        self.reports.send_if_modified(|report| match item {
            WatchItem::Snapshot(snapshot) => {
                let client = Some(client.clone());
                *report = Report { snapshot: Arc::new(*snapshot), link: LinkState::Live, client };
                true
            }
            WatchItem::Event(event) => fold(Arc::make_mut(&mut report.snapshot), &event),
            WatchItem::Gap { missed } => {
                tracing::info!(missed, "events were missed; a snapshot follows");
                false
            }
        });
    }

    fn tell_lost(&self, lost: &Lost) {
        let since = lost.since;
        let link = if lost.is_stale() {
            let ConnectError { reason, obstacle } = lost.reason.clone();
            LinkState::Stale { since, reason, obstacle }
        } else {
            LinkState::Reconnecting { since }
        };
        self.reports.send_if_modified(|report| {
            // Who has never been live stays "connecting" until that has taken too long.
            let is_told = report.link != LinkState::Connecting || link.is_stale();
            let is_new = is_told && report.link != link;
            report.client = None;
            if is_new {
                report.link = link;
            }
            is_new
        });
    }

    /// Waits before the next try, refusing commands. False when nobody commands any more.
    async fn pause(&mut self, wait: Duration, lost: &Lost) -> bool {
        let end = Instant::now() + wait;
        let mut stale = (!lost.is_stale()).then(|| lost.at + STALE_AFTER);
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(end) => return true,
                () = at(stale) => {
                    stale = None;
                    self.tell_lost(lost);
                }
                command = self.commands.recv() => match command {
                    None => return false,
                    Some(Command::Shutdown(_)) => {}
                    Some(Command::LookNow) => return true,
                    Some(command) => self.refuse(&command),
                },
            }
        }
    }

    fn refuse(&self, command: &Command) {
        tracing::info!(?command, "refused without an engine");
        let text = say("The engine does not answer. This command was not sent.");
        self.notices.try_send(Ask::Notice(text)).ok();
    }
}

/// Waits for the answer to a question; for ever without one.
async fn answered(asked: &mut Option<Asked>) -> Result<Watch, ClientError> {
    match asked {
        Some(asked) => asked.await,
        None => std::future::pending().await,
    }
}

/// Waits for what is watched; for ever before a watch has begun.
async fn next(watch: &mut Option<Watch>) -> Result<WatchItem, ClientError> {
    match watch {
        Some(watch) => watch.next().await,
        None => std::future::pending().await,
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// An error as a sentence for a person.
pub(crate) fn told(error: &ClientError) -> String {
    let text = match error {
        ClientError::Refused(refusal) => ostler_view::refusal_text(refusal),
        other => met(other),
    };
    ostler_view::capitalised(&text)
}

/// What was met on the way to the engine, in the language of the person where that is not about a detail.
pub(crate) fn met(error: &ClientError) -> String {
    match error {
        ClientError::NoEngine { .. } => say("no engine runs"),
        ClientError::Lost => say("the connection to the engine was lost"),
        ClientError::Timeout { after, .. } => {
            say_with("the engine did not answer within %1 s", &[&after.as_secs()])
        }
        other => other.to_string(),
    }
}

async fn perform(client: &Client, command: Command, notices: &mpsc::Sender<Ask>) {
    let outcome = match command {
        Command::Act(verb, service) => act(client, verb, service).await,
        Command::ChangeMode(mode) => {
            client.call::<_, PlanReply>(Method::SetMode, &SetModeParams { mode }).await.map(drop)
        }
        Command::ReloadConfig => {
            client.call::<_, PlanReply>(Method::ReloadConfig, &ReloadParams::default()).await.map(drop)
        }
        Command::LookNow => Ok(()),
        Command::Shutdown(services) => {
            client.call::<_, ShutdownReply>(Method::Shutdown, &ShutdownParams { services }).await.map(drop)
        }
    };
    if let Err(error) = outcome {
        tracing::warn!(%error, "the engine refused");
        notices.try_send(Ask::Notice(told(&error))).ok();
    }
}

async fn act(client: &Client, verb: Verb, service: String) -> Result<(), ClientError> {
    let method = match verb {
        Verb::Start => Method::Start,
        Verb::Stop => Method::Stop,
        Verb::Restart => Method::Restart,
    };
    let params = ActionParams { service: Some(service), ..Default::default() };
    client.call::<_, ActionReply>(method, &params).await.map(drop)
}

#[cfg(test)]
mod tests;
