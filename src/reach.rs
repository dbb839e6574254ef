//! What the task of a page can reach: the engine, and the person.

use std::sync::Arc;

use ostler_api::Snapshot;
use ostler_client::{Client, ClientError};
use ostler_config::Paths;
use ostler_view::say;
use tokio::sync::{mpsc, watch};

use crate::desk::Ask;
use crate::link::{self, Report};

/// What the task of a page can reach. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reach {
    /// What the link knows, and its changes.
    pub(crate) reports: watch::Receiver<Report>,
    /// Whether somebody looks at the window.
    pub(crate) is_watched: watch::Receiver<bool>,
    /// Where the configuration, the state and the logs are.
    pub(crate) paths: Arc<Paths>,
    asks: mpsc::Sender<Ask>,
}

impl Reach {
    /// The reach of the tasks of this app.
    pub(crate) fn new(
        reports: watch::Receiver<Report>,
        is_watched: watch::Receiver<bool>,
        paths: Arc<Paths>,
        asks: mpsc::Sender<Ask>,
    ) -> Self {
        Self { reports, is_watched, paths, asks }
    }

    /// The way to the engine; without one the person is told.
    pub(crate) fn client(&self) -> Option<Client> {
        let client = self.reports.borrow().client.clone();
        if client.is_none() {
            self.notice(say("The engine does not answer. This command was not sent."));
        }
        client
    }

    /// The last snapshot that was heard.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.reports.borrow().snapshot)
    }

    /// Says something to the person.
    pub(crate) fn notice(&self, text: impl Into<String>) {
        self.ask(Ask::Notice(text.into()));
    }

    /// Tells the person why something was not done.
    pub(crate) fn refused(&self, error: &ClientError) {
        tracing::warn!(%error, "the engine refused");
        self.notice(link::told(error));
    }

    /// Hands something in at the desk.
    pub(crate) fn ask(&self, ask: Ask) {
        if let Err(error) = self.asks.try_send(ask) {
            tracing::warn!(%error, "an ask was not taken");
        }
    }
}
