//! Logs: their way from the engine into lists of the window.
//!
//! One [`Reader`] for each log view. It reads the latest lines, follows, and keeps the list that is shown
//! (`ostler_view::LogList`); what changes in it goes to the Qt thread at most twenty times a second, and never
//! before the change before it has been shown, however fast a service writes. While nobody looks nothing is
//! followed; what was written meanwhile is read when somebody looks again.

mod reader;
mod save;

use std::collections::HashMap;

use cxx_qt::CxxQtThread;
use ostler_view::{LogFacts, LogFilter, LogPatch};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::bridge::logs::ffi::LogModel;
use crate::counter::Counter;
use crate::reach::Reach;

use reader::{Reader, Turn};
pub(crate) use save::default_path;

/// Where log views ask.
pub(crate) static COUNTER: Counter<LogsAsk> = Counter::new();

/// The most that waits for one reader.
const TURNS_MAX: usize = 32;

/// What log views ask for.
pub(crate) enum LogsAsk {
    /// Read these logs.
    Want {
        /// Which view.
        id: u64,
        /// Services, instances or `supervisor`.
        services: Vec<String>,
        /// Whether it can be seen.
        is_shown: bool,
        /// The way to it.
        thread: CxxQtThread<LogModel>,
    },
    /// This view is gone.
    Leave(u64),
    /// Let the list stand still.
    Pause(u64),
    /// List what came meanwhile, and what comes.
    Follow(u64),
    /// Look for older lines.
    LookBack(u64),
    /// List other lines, or look for something else.
    Narrow {
        /// Which view.
        id: u64,
        /// What to list.
        filter: LogFilter,
        /// Where the person looks.
        row: Option<usize>,
    },
    /// Go to the next line with what is looked for.
    Step {
        /// Which view.
        id: u64,
        /// Or to the one before.
        is_forward: bool,
    },
    /// Write what is listed into a new file.
    Save {
        /// Which view.
        id: u64,
        /// The file.
        path: String,
    },
}

/// How far a log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing was heard yet.
    Reading,
    /// It shows what is.
    Shown,
    /// It cannot be read, and why.
    Unreadable(String),
}

/// What changes in a view.
pub(crate) struct Update {
    /// The lines.
    pub(crate) patches: Vec<LogPatch>,
    /// What is said about them.
    pub(crate) facts: LogFacts,
    /// What is looked for.
    pub(crate) needle: String,
    /// Whether the person wants to see the line with it.
    pub(crate) is_hit_wanted: bool,
    /// How far it is.
    pub(crate) state: State,
    /// Whether it stands still.
    pub(crate) is_paused: bool,
    /// Since when it stands still: `14:31:54`.
    pub(crate) paused_at: String,
    /// Whether there may be older lines.
    pub(crate) has_older: bool,
    /// All services that there are.
    pub(crate) known: Vec<String>,
}

/// A view that is there.
struct View {
    services: Vec<String>,
    filter: LogFilter,
    turns: mpsc::Sender<Turn>,
    job: AbortHandle,
}

/// Serves all log views until the app ends.
pub(crate) async fn run(mut asks: mpsc::Receiver<LogsAsk>, reach: Reach) {
    let mut views: HashMap<u64, View> = HashMap::new();
    let mut jobs = JoinSet::new();
    loop {
        let ask = tokio::select! {
            ask = asks.recv() => ask,
            Some(_) = jobs.join_next() => continue,
        };
        let Some(ask) = ask else { return };
        let (id, turn) = match ask {
            LogsAsk::Leave(id) => {
                if let Some(view) = views.remove(&id) {
                    view.job.abort();
                }
                continue;
            }
            LogsAsk::Want { id, services, is_shown, thread } => {
                if views.get(&id).is_none_or(|view| view.services != services) {
                    let before = views.remove(&id);
                    if let Some(before) = &before {
                        before.job.abort();
                    }
                    let filter = before.map(|before| before.filter).unwrap_or_default();
                    let (turns, taken) = mpsc::channel(TURNS_MAX);
                    let reader = Reader::new(services.clone(), thread, reach.clone(), taken, filter.clone());
                    let job = jobs.spawn(reader.run());
                    views.insert(id, View { services, filter, turns, job });
                }
                (id, Turn::Show(is_shown))
            }
            LogsAsk::Pause(id) => (id, Turn::Pause),
            LogsAsk::Follow(id) => (id, Turn::Follow),
            LogsAsk::LookBack(id) => (id, Turn::LookBack),
            LogsAsk::Narrow { id, filter, row } => {
                if let Some(view) = views.get_mut(&id) {
                    view.filter.clone_from(&filter);
                }
                (id, Turn::Narrow(filter, row))
            }
            LogsAsk::Step { id, is_forward } => (id, Turn::Step(is_forward)),
            LogsAsk::Save { id, path } => (id, Turn::Save(path)),
        };
        if let Some(view) = views.get(&id)
            && let Err(error) = view.turns.try_send(turn)
        {
            tracing::warn!(%error, "a log view did not take an ask");
        }
    }
}
