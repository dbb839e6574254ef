//! Lists other than the services: where their records come from, and their way to the Qt thread.
//!
//! A [`Source`] is a name for QML, its roles and a function that feeds one list for as long as that list is
//! wanted. The [`run`] task starts the function when QML shows such a list and ends it when the list goes, is
//! about something else, or nobody looks at the window.

use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use cxx_qt::CxxQtThread;
use ostler_view::{Record, diff};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};

use crate::bridge::records::ffi::Records;
use crate::counter::Counter;
use crate::pages;
use crate::reach::Reach;

/// Where lists ask.
pub(crate) static COUNTER: Counter<RecordsAsk> = Counter::new();

/// What feeds one list; ends when there is nothing more to tell.
pub(crate) type Feeding = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where the records of a kind come from.
pub(crate) struct Source {
    /// Its name in QML.
    pub(crate) name: &'static str,
    /// What its records say, in order; the key comes on top.
    pub(crate) roles: &'static [&'static str],
    /// Whether there is nothing to list without a subject.
    pub(crate) needs_subject: bool,
    /// Feeds a list about a subject.
    pub(crate) feed: fn(Reach, String, Feed) -> Feeding,
}

impl Source {
    /// The source of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        let found = pages::SOURCES.iter().copied().find(|source| source.name == name);
        if found.is_none() && !name.is_empty() {
            tracing::error!(name, "the window names a source that does not exist");
        }
        found
    }
}

/// What lists ask for.
pub(crate) enum RecordsAsk {
    /// Feed this list.
    Want {
        /// Which list.
        id: u64,
        /// From where.
        source: &'static Source,
        /// About what.
        subject: String,
        /// The way to it.
        thread: CxxQtThread<Records>,
    },
    /// This list is not looked at; what it shows stays as it is for as long as it is about this.
    Rest {
        /// Which list.
        id: u64,
        /// About what it is now.
        subject: String,
    },
    /// This list is gone.
    Leave(u64),
}

/// How far a list is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing was heard yet.
    Loading,
    /// It shows what is.
    Ready,
    /// It cannot be read, and why.
    Failed(String),
}

/// The way of records to one list.
pub(crate) struct Feed {
    list: List,
    roles: usize,
}

/// A list, and what it shows.
#[derive(Clone)]
struct List {
    thread: CxxQtThread<Records>,
    shown: Arc<Mutex<Vec<Record>>>,
}

impl Feed {
    /// Shows these records; returns when they are shown.
    pub(crate) async fn put(&self, records: Vec<Record>) {
        debug_assert!(records.iter().all(|record| record.cells.len() == self.roles), "a cell for each role");
        self.list.show(records, State::Ready).await.ok();
    }

    /// Shows why there are no records.
    pub(crate) async fn fail(&self, why: impl Into<String>) {
        self.list.show(Vec::new(), State::Failed(why.into())).await.ok();
    }
}

impl List {
    fn show(&self, records: Vec<Record>, state: State) -> oneshot::Receiver<()> {
        let (done, shown) = oneshot::channel();
        let mut before = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let patches = diff(&before, &records);
        *before = records;
        let queued = self.thread.queue(move |list| {
            if catch_unwind(AssertUnwindSafe(|| list.put(patches, state))).is_err() {
                tracing::error!("a change of a list panicked; it may show something old");
            }
            done.send(()).ok();
        });
        if let Err(error) = queued {
            tracing::debug!(%error, "a list is gone");
        }
        shown
    }
}

/// A list that is wanted.
struct Wanted {
    source: &'static Source,
    subject: String,
    list: List,
    /// Whether nobody looks at it.
    rests: bool,
    job: Option<AbortHandle>,
}

impl Wanted {
    /// Feeds it no more; it is empty once it is about something else.
    fn rest(&mut self, subject: String) {
        stop(self.job.take());
        self.rests = true;
        if self.subject != subject {
            drop(self.list.show(Vec::new(), State::Loading));
            self.subject = subject;
        }
    }
}

/// Feeds all lists until the app ends.
pub(crate) async fn run(mut asks: mpsc::Receiver<RecordsAsk>, mut reach: Reach) {
    let mut wanted: HashMap<u64, Wanted> = HashMap::new();
    let mut jobs = JoinSet::new();
    loop {
        tokio::select! {
            ask = asks.recv() => match ask {
                None => return,
                Some(RecordsAsk::Leave(id)) => {
                    if let Some(list) = wanted.remove(&id) {
                        stop(list.job);
                    }
                }
                Some(RecordsAsk::Rest { id, subject }) => {
                    if let Some(list) = wanted.get_mut(&id) {
                        list.rest(subject);
                    }
                }
                Some(RecordsAsk::Want { id, source, subject, thread }) => {
                    let mut list = take(wanted.remove(&id), source, subject, thread);
                    if *reach.is_watched.borrow() {
                        list.job = Some(start(&list, &reach, &mut jobs));
                    }
                    wanted.insert(id, list);
                }
            },
            Some(_) = jobs.join_next() => {}
            Ok(()) = reach.is_watched.changed() => {
                let is_watched = *reach.is_watched.borrow_and_update();
                for list in wanted.values_mut() {
                    stop(list.job.take());
                    list.job = (is_watched && !list.rests).then(|| start(list, &reach, &mut jobs));
                }
            }
        }
    }
}

/// The list as it is wanted now; what it shows stays while it is about the same.
fn take(
    before: Option<Wanted>,
    source: &'static Source,
    subject: String,
    thread: CxxQtThread<Records>,
) -> Wanted {
    let list = match before {
        Some(before) => {
            stop(before.job);
            if before.source.name != source.name || before.subject != subject {
                drop(before.list.show(Vec::new(), State::Loading));
            }
            before.list
        }
        None => List { thread, shown: Arc::default() },
    };
    Wanted { source, subject, list, rests: false, job: None }
}

fn start(wanted: &Wanted, reach: &Reach, jobs: &mut JoinSet<()>) -> AbortHandle {
    let feed = Feed { list: wanted.list.clone(), roles: wanted.source.roles.len() };
    jobs.spawn((wanted.source.feed)(reach.clone(), wanted.subject.clone(), feed))
}

fn stop(job: Option<AbortHandle>) {
    if let Some(job) = job {
        job.abort();
    }
}
