//! The link to the engine: one true snapshot, and the way of commands.
//!
//! It speaks the control protocol over whatever stream it is given: a socket of a daemon, or memory into the
//! engine in this process. When the stream ends it makes a new one, with growing waits, and says meanwhile how
//! old what it shows is.

use std::future::Future;
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
        let mut lost: Option<(Timestamp, Instant)> = None;
        loop {
            let reason = match (self.connect)().await {
                Ok(client) => {
                    let was_live = self.live(client).await;
                    let Some(reason) = was_live else { return };
                    lost = None;
                    wait = RETRY_MIN;
                    ConnectError::from(reason)
                }
                Err(error) => error,
            };
            let (since, at) = *lost.get_or_insert_with(|| (Timestamp::now(), Instant::now()));
            self.tell_lost(since, at, &reason);
            if !self.pause(wait, since, at, &reason).await {
                return;
            }
            wait = (wait * 2).min(RETRY_MAX);
        }
    }

    /// Watches and commands until the stream ends; says why. Nothing when nobody commands any more.
    async fn live(&mut self, client: Client) -> Option<String> {
        let mut watch = match self.watch(&client).await {
            Ok(watch) => watch,
            Err(error) => return Some(met(&error)),
        };
        let mut calls = JoinSet::new();
        loop {
            tokio::select! {
                watched = watch.next() => match watched {
                    Ok(item) => self.take(item, &client),
                    Err(error) => return Some(met(&error)),
                },
                command = self.commands.recv() => {
                    let command = command?;
                    let (client, notices) = (client.clone(), self.notices.clone());
                    calls.spawn(async move { perform(&client, command, &notices).await });
                }
                Some(_) = calls.join_next() => {}
                Ok(()) = self.is_watched.changed() => match self.watch(&client).await {
                    Ok(again) => watch = again,
                    Err(error) => return Some(met(&error)),
                },
            }
        }
    }

    /// Watches from the present; CPU and memory only while somebody looks.
    async fn watch(&mut self, client: &Client) -> Result<Watch, ClientError> {
        let metrics = *self.is_watched.borrow_and_update();
        client.watch(&WatchParams { metrics, ..Default::default() }).await
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

    fn tell_lost(&self, since: Timestamp, at: Instant, reason: &ConnectError) {
        let link = if at.elapsed() >= STALE_AFTER {
            LinkState::Stale { since, reason: reason.reason.clone(), obstacle: reason.obstacle }
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
    async fn pause(&mut self, wait: Duration, since: Timestamp, at: Instant, reason: &ConnectError) -> bool {
        let end = Instant::now() + wait;
        let stale = at + STALE_AFTER;
        let mut is_told = at.elapsed() >= STALE_AFTER;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(end) => return true,
                () = tokio::time::sleep_until(stale), if !is_told => {
                    is_told = true;
                    self.tell_lost(since, at, reason);
                }
                command = self.commands.recv() => match command {
                    None => return false,
                    Some(Command::Shutdown(_)) => {}
                    Some(Command::LookNow) => return true,
                    Some(command) => {
                        tracing::info!(?command, "refused without an engine");
                        let text = say("The engine does not answer. This command was not sent.");
                        self.notices.try_send(Ask::Notice(text)).ok();
                    }
                },
            }
        }
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
