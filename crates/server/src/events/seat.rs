//! One who listens: what it wants, and where it is.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::Waker,
    time::Duration,
};

use jiff::Timestamp;
use ostler_api::SubscriberStatus;

use super::frame::Gap;

/// Where a subscriber is.
#[derive(Debug)]
pub(crate) struct Seat {
    number: u64,
    peer: String,
    since: Timestamp,
    cursor: AtomicU64,
    sent: AtomicU64,
    gaps: AtomicU64,
    waker: Mutex<Option<Waker>>,
}

/// What a subscriber wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// The last event that it has.
    pub(crate) last_event_id: Option<String>,
    /// Which events.
    pub(crate) wanted: Wanted,
    /// Who it is.
    pub(crate) peer: String,
}

/// Which events one wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Only those of these types; empty = all.
    pub(crate) types: Vec<String>,
    /// Only those of this source.
    pub(crate) source: Option<String>,
}

impl Wanted {
    /// Whether an event is one of them.
    pub(super) fn is(&self, event_type: &str, source: &str) -> bool {
        let is_type = self.types.is_empty() || self.types.iter().any(|wanted| wanted == event_type);
        is_type && self.source.as_ref().is_none_or(|wanted| wanted == source)
    }

    /// Whether all are.
    pub(super) fn is_all(&self) -> bool {
        self.types.is_empty() && self.source.is_none()
    }
}

/// Where a subscriber begins.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) seat: Arc<Seat>,
    pub(crate) cursor: u64,
    pub(crate) gap: Option<Gap>,
    pub(crate) heartbeat: Duration,
}

impl Seat {
    pub(super) fn new(number: u64, peer: &str, cursor: u64, has_gap: bool) -> Self {
        Self {
            number,
            peer: peer.to_owned(),
            since: Timestamp::now(),
            cursor: AtomicU64::new(cursor),
            sent: AtomicU64::new(0),
            gaps: AtomicU64::new(u64::from(has_gap)),
            waker: Mutex::default(),
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The last event that it was given.
    pub(super) fn cursor(&self) -> u64 {
        self.cursor.load(Ordering::Relaxed)
    }

    /// Where it is when the newest event is this.
    pub(super) fn status(&self, last: u64) -> SubscriberStatus {
        SubscriberStatus {
            peer: self.peer.clone(),
            since: format!("{:.3}", self.since),
            sent: self.sent.load(Ordering::Relaxed),
            gaps: self.gaps.load(Ordering::Relaxed),
            lag: last.saturating_sub(self.cursor()),
        }
    }

    /// There is something to read.
    pub(super) fn wake(&self) {
        if let Some(waker) = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waker.wake();
        }
    }

    /// It was told of a gap.
    pub(super) fn missed(&self) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
    }

    /// Has itself woken at the next event.
    pub(super) fn wait(&self, waker: &Waker) {
        let mut own = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if !own.as_ref().is_some_and(|own| own.will_wake(waker)) {
            *own = Some(waker.clone());
        }
    }

    /// Has been given events up to a number.
    pub(super) fn advance(&self, cursor: u64, sent: u64) {
        self.cursor.store(cursor, Ordering::Relaxed);
        self.sent.fetch_add(sent, Ordering::Relaxed);
    }

    /// For the records: who, since when, how many events, how many gaps.
    pub(super) fn summary(&self) -> (&str, Timestamp, u64, u64) {
        (&self.peer, self.since, self.sent.load(Ordering::Relaxed), self.gaps.load(Ordering::Relaxed))
    }
}
