//! How the sources are: what `event_stats` and `status` say of them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use ostler_api::{SourceState, SourceStatus, SourceTrouble};
use ostler_engine::EngineHandle;

/// A source, and the instance of its service that is listened to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) source: String,
    pub(super) instance: Option<u16>,
}

type Rows = Mutex<BTreeMap<Key, Arc<Row>>>;

/// All sources. Without any it holds nothing.
#[derive(Debug, Default)]
pub(crate) struct Board {
    rows: Arc<Rows>,
}

/// What is known of one.
#[derive(Debug)]
pub(super) struct Row {
    name: String,
    instance: Option<String>,
    facts: Mutex<Facts>,
}

#[derive(Clone, Debug)]
struct Facts {
    url: Option<String>,
    state: SourceState,
    since: Timestamp,
    last_event_at: Option<Timestamp>,
    events: u64,
    skipped: u64,
    duplicates: u64,
    connects: u64,
    next_try: Option<Timestamp>,
    trouble: Option<SourceTrouble>,
}

/// What became of some events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) events: u64,
    pub(super) skipped: u64,
    pub(super) duplicates: u64,
}

impl Board {
    /// How they are now, by name.
    pub(crate) fn now(&self) -> Vec<SourceStatus> {
        now(&self.rows)
    }

    /// Has `status` say how they are.
    pub(super) fn show(&self, engine: &EngineHandle) {
        let rows = Arc::clone(&self.rows);
        engine.sources_from(Arc::new(move || now(&rows)));
    }

    /// Others published under the name of a source.
    pub(crate) fn published(&self, source: &str, events: usize) {
        let rows = lock(&self.rows);
        let of_source = rows.iter().filter(|(key, _)| key.source == source).map(|(_, row)| row);
        // Of several the one that is of no instance, which is the first.
        if let Some(row) = of_source.into_iter().next() {
            row.count(Count { events: events as u64, ..Count::default() });
        }
    }

    /// The row of a source; a new one if there is none.
    pub(super) fn row(&self, key: &Key, instance: Option<String>) -> Arc<Row> {
        let mut rows = lock(&self.rows);
        let new = || Arc::new(Row::new(&key.source, instance));
        Arc::clone(rows.entry(key.clone()).or_insert_with(new))
    }

    /// Forgets all but these; says whether there were others.
    pub(super) fn retain(&self, is_kept: impl Fn(&Key) -> bool) -> bool {
        let mut rows = lock(&self.rows);
        let before = rows.len();
        rows.retain(|key, row| {
            let is_kept = is_kept(key);
            if !is_kept {
                tracing::info!(
                    source = key.source,
                    instance = row.instance,
                    "a source of events is forgotten"
                );
            }
            is_kept
        });
        before != rows.len()
    }
}

fn now(rows: &Rows) -> Vec<SourceStatus> {
    lock(rows).values().map(|row| row.status()).collect()
}

impl Row {
    fn new(name: &str, instance: Option<String>) -> Self {
        let facts = Facts {
            url: None,
            state: SourceState::Unknown,
            since: Timestamp::now(),
            last_event_at: None,
            events: 0,
            skipped: 0,
            duplicates: 0,
            connects: 0,
            next_try: None,
            trouble: None,
        };
        Self { name: name.to_owned(), instance, facts: Mutex::new(facts) }
    }

    fn status(&self) -> SourceStatus {
        let facts = lock(&self.facts).clone();
        let text = |at: Timestamp| format!("{at:.3}");
        SourceStatus {
            name: self.name.clone(),
            instance: self.instance.clone(),
            url: facts.url,
            state: facts.state,
            since: text(facts.since),
            last_event_at: facts.last_event_at.map(text),
            events: facts.events,
            skipped: facts.skipped,
            duplicates: facts.duplicates,
            reconnects: facts.connects.saturating_sub(1),
            next_try: facts.next_try.map(text),
            last_error: facts.trouble,
        }
    }

    /// It is at another address.
    pub(super) fn moved(&self, url: Option<String>) {
        lock(&self.facts).url = url;
    }

    /// It does something else; says whether it was something else before.
    pub(super) fn turned(&self, state: SourceState) -> bool {
        let mut facts = lock(&self.facts);
        facts.next_try = None;
        if state == SourceState::Connected {
            facts.connects += 1;
            facts.trouble = None;
        }
        facts.turned(state)
    }

    /// Something is wrong with it; it is tried again after a wait, or not at all. Says whether that is news.
    pub(super) fn failed(&self, trouble: SourceTrouble, wait: Option<Duration>) -> bool {
        let mut facts = lock(&self.facts);
        let wait = wait.map(|wait| jiff::SignedDuration::try_from(wait).unwrap_or_default());
        facts.next_try = wait.and_then(|wait| Timestamp::now().checked_add(wait).ok());
        let is_news = facts.trouble.as_ref() != Some(&trouble);
        facts.trouble = Some(trouble);
        facts.turned(if wait.is_some() { SourceState::Backoff } else { SourceState::Stopped });
        is_news
    }

    /// Events came.
    pub(super) fn count(&self, count: Count) {
        if count == Count::default() {
            return;
        }
        let mut facts = lock(&self.facts);
        facts.events += count.events;
        facts.skipped += count.skipped;
        facts.duplicates += count.duplicates;
        facts.last_event_at = Some(Timestamp::now());
    }
}

impl Facts {
    fn turned(&mut self, state: SourceState) -> bool {
        let is_new = self.state != state;
        if is_new {
            self.state = state;
            self.since = Timestamp::now();
        }
        is_new
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
