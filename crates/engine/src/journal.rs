//! What happened, numbered: a bounded ring that any number of readers follow at their own pace.
//!
//! A writer never waits for a reader. A reader that falls out of the ring is told how many events it missed
//! and gets the present snapshot instead.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use ostler_api::{Event, EventKind, Snapshot};
use tokio::sync::watch;

use crate::sources::Sources;

/// Events kept for readers that come back or are slow.
pub const JOURNAL_EVENTS_MAX: usize = 1024;
/// Milestones kept beside them, for telling what happened when figures have pushed them out of the ring.
pub const JOURNAL_MILESTONES_MAX: usize = 1024;
/// Events handed out in one delivery.
const DELIVERY_MAX: usize = 256;

/// The ring and the present snapshot, published together.
#[derive(Debug)]
pub struct Journal {
    ring: Mutex<Ring>,
    snapshot: watch::Sender<Arc<Snapshot>>,
    /// How many listen to the event broadcast channel, as its hub says.
    listeners: AtomicU64,
    /// The other sources of events, as those in front of the engine say.
    pub(crate) sources: Sources,
}

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<Arc<Event>>,
    milestones: VecDeque<Arc<Event>>,
    last: u64,
}

/// What a reader gets.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// Events, in order, without a gap to the last ones.
    Events(Vec<Arc<Event>>),
    /// Events were missed; the snapshot includes them all.
    Gap {
        /// How many.
        missed: u64,
        /// What is now.
        snapshot: Arc<Snapshot>,
    },
}

/// A reader: the snapshot it begins with, then all that follows.
#[derive(Debug)]
pub struct Watcher {
    journal: Arc<Journal>,
    news: watch::Receiver<Arc<Snapshot>>,
    /// What was when it began; absent if it goes on where it was before.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The last event it knows.
    pub seq: u64,
    /// Events missed before it began (its `since` was too old).
    pub missed: u64,
}

impl Journal {
    /// An empty journal.
    pub fn new(snapshot: Snapshot) -> Arc<Self> {
        let snapshot = watch::Sender::new(Arc::new(snapshot));
        Arc::new(Self {
            ring: Mutex::default(),
            snapshot,
            listeners: AtomicU64::default(),
            sources: Sources::default(),
        })
    }

    /// Notes how many listen to the event broadcast channel.
    pub fn set_listeners(&self, count: u64) {
        self.listeners.store(count, Ordering::Relaxed);
    }

    /// How many listen to the event broadcast channel.
    pub fn listeners(&self) -> u64 {
        self.listeners.load(Ordering::Relaxed)
    }

    /// The number of the last event.
    pub fn last(&self) -> u64 {
        self.lock().last
    }

    /// The present snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.borrow().clone()
    }

    /// Publishes what happened in one turn of the engine, with the snapshot after it.
    pub fn publish(&self, kinds: Vec<EventKind>, at: &str, mut snapshot: Snapshot) {
        let mut ring = self.lock();
        for kind in kinds {
            ring.last += 1;
            let event = Event { seq: ring.last, at: at.to_owned(), kind };
            let event = Arc::new(event);
            if is_milestone(&event.kind) {
                if ring.milestones.len() == JOURNAL_MILESTONES_MAX {
                    ring.milestones.pop_front();
                }
                ring.milestones.push_back(Arc::clone(&event));
            }
            if ring.events.len() == JOURNAL_EVENTS_MAX {
                ring.events.pop_front();
            }
            ring.events.push_back(event);
        }
        snapshot.seq = ring.last;
        // Under the lock, so that a watcher never sees a snapshot without its events.
        self.snapshot.send_replace(Arc::new(snapshot));
    }

    /// What happened to one instance and to the machine, the oldest first; figures that changed are left out.
    pub fn history(&self, instance: &str) -> Vec<Event> {
        let is_about = |event: &&Arc<Event>| subject(&event.kind).is_none_or(|id| id == instance);
        self.lock().milestones.iter().filter(is_about).map(|event| Event::clone(event)).collect()
    }

    /// Begins to read: from the present, or after `since` if that is still known.
    pub fn watch(self: &Arc<Self>, since: Option<u64>) -> Watcher {
        let ring = self.lock();
        let mut news = self.snapshot.subscribe();
        let present = news.borrow_and_update().clone();
        let oldest = ring.last - ring.events.len() as u64;
        let (snapshot, seq, missed) = match since {
            Some(since) if since >= oldest && since <= ring.last => (None, since, 0),
            Some(since) => (Some(present), ring.last, ring.last.saturating_sub(since)),
            None => (Some(present), ring.last, 0),
        };
        drop(ring);
        Watcher { journal: Arc::clone(self), news, snapshot, seq, missed }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it tells more than figures, and of an instance or the machine.
fn is_milestone(kind: &EventKind) -> bool {
    match kind {
        EventKind::InstancePhase { .. }
        | EventKind::Incident { .. }
        | EventKind::LimitHit { .. }
        | EventKind::Machine { .. } => true,
        EventKind::InstanceHealth { cause, .. } => !cause.is_empty(),
        EventKind::ServiceAdded { .. }
        | EventKind::ServiceRemoved { .. }
        | EventKind::PlanApplied { .. }
        | EventKind::ConfigError { .. }
        | EventKind::ModeChanged { .. }
        | EventKind::Command { .. }
        | EventKind::ConnectionOpened { .. }
        | EventKind::ConnectionClosed { .. }
        | EventKind::Banner { .. }
        | EventKind::EventChannel { .. }
        | EventKind::Stopping { .. }
        | EventKind::Gap { .. }
        | EventKind::Unknown => false,
    }
}

/// The instance that a milestone is about; none when it is about the machine.
fn subject(kind: &EventKind) -> Option<&str> {
    match kind {
        EventKind::InstancePhase { instance, .. }
        | EventKind::InstanceHealth { instance, .. }
        | EventKind::Incident { instance, .. }
        | EventKind::LimitHit { instance, .. } => Some(instance),
        EventKind::Machine { .. }
        | EventKind::ServiceAdded { .. }
        | EventKind::ServiceRemoved { .. }
        | EventKind::PlanApplied { .. }
        | EventKind::ConfigError { .. }
        | EventKind::ModeChanged { .. }
        | EventKind::Command { .. }
        | EventKind::ConnectionOpened { .. }
        | EventKind::ConnectionClosed { .. }
        | EventKind::Banner { .. }
        | EventKind::EventChannel { .. }
        | EventKind::Stopping { .. }
        | EventKind::Gap { .. }
        | EventKind::Unknown => None,
    }
}

impl Watcher {
    /// Waits for what comes next. `None` once the engine is gone.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            if let Some(delivery) = self.take() {
                return Some(delivery);
            }
            self.news.changed().await.ok()?;
        }
    }

    /// What is now.
    pub fn present(&self) -> Arc<Snapshot> {
        self.journal.snapshot()
    }

    /// What is there already, if anything.
    pub fn take(&mut self) -> Option<Delivery> {
        let ring = self.journal.lock();
        if self.seq >= ring.last {
            return None;
        }
        let oldest = ring.last - ring.events.len() as u64;
        if self.seq < oldest {
            let missed = ring.last - self.seq;
            self.seq = ring.last;
            let snapshot = self.journal.snapshot.borrow().clone();
            return Some(Delivery::Gap { missed, snapshot });
        }
        let skip = (self.seq - oldest) as usize;
        let events: Vec<_> = ring.events.iter().skip(skip).take(DELIVERY_MAX).cloned().collect();
        self.seq += events.len() as u64;
        Some(Delivery::Events(events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(journal: &Journal, count: usize) {
        for _ in 0..count {
            let kind = EventKind::ConnectionClosed { id: 1, client: String::new(), reason: None };
            journal.publish(vec![kind], "", Snapshot::default());
        }
    }

    #[test]
    fn a_watcher_that_comes_back_gets_only_what_it_missed() {
        let journal = Journal::new(Snapshot::default());
        publish(&journal, 10);
        let mut watcher = journal.watch(Some(7));
        assert!(watcher.snapshot.is_none());
        match watcher.take() {
            Some(Delivery::Events(events)) => {
                assert_eq!(events.iter().map(|e| e.seq).collect::<Vec<_>>(), [8, 9, 10]);
            }
            other => panic!("{other:?}"),
        }
        assert!(watcher.take().is_none());
    }

    #[test]
    fn a_laggard_is_told_how_many_it_missed_and_sees_the_present() {
        let journal = Journal::new(Snapshot::default());
        let mut watcher = journal.watch(None);
        publish(&journal, JOURNAL_EVENTS_MAX + 5);
        match watcher.take() {
            Some(Delivery::Gap { missed, snapshot }) => {
                assert_eq!(missed, JOURNAL_EVENTS_MAX as u64 + 5);
                assert_eq!(snapshot.seq, missed);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_since_from_another_engine_gets_a_snapshot() {
        let journal = Journal::new(Snapshot::default());
        publish(&journal, 3);
        assert!(journal.watch(Some(99)).snapshot.is_some());
    }

    #[test]
    fn figures_push_no_milestone_out_of_the_history() {
        let journal = Journal::new(Snapshot::default());
        let limit = EventKind::LimitHit { instance: "api/0".to_owned(), cause: Vec::new() };
        journal.publish(vec![limit], "", Snapshot::default());
        let figures = EventKind::InstanceHealth {
            instance: "api/0".to_owned(),
            health: ostler_api::Health::Ready,
            cause: Vec::new(),
            status: <_>::default(),
        };
        for _ in 0..=JOURNAL_EVENTS_MAX {
            journal.publish(vec![figures.clone()], "", Snapshot::default());
        }
        let history = journal.history("api/0");
        assert!(
            matches!(history.as_slice(), [Event { kind: EventKind::LimitHit { .. }, .. }]),
            "{history:?}"
        );
        assert!(journal.history("db/0").is_empty());
    }
}
