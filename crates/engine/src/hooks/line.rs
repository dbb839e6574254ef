//! A queue of notes to one listener, one under way at a time; notes about the same subject that come too quickly
//! are folded into one.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

/// Notes that may wait.
pub(crate) const WAITING_MAX: usize = 16;
/// Subjects whose last note is remembered.
const SUBJECTS_MAX: usize = 4096;

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note<T> {
    /// What it is about.
    pub subject: String,
    /// What.
    pub what: T,
    /// Notes about the subject that this one stands for besides.
    pub folded: u32,
    /// Notes about anything that were dropped before this one.
    pub dropped: u32,
    not_before: Instant,
}

/// What waits to be told to one listener.
#[derive(Debug)]
pub(crate) struct Line<T> {
    waiting: VecDeque<Note<T>>,
    is_busy: bool,
    dropped: u32,
    /// Between two notes about the same subject; zero = none is folded.
    quiet: Duration,
    told: BTreeMap<String, Instant>,
}

impl<T> Line<T> {
    pub(crate) fn new(quiet: Duration) -> Self {
        Self { waiting: VecDeque::new(), is_busy: false, dropped: 0, quiet, told: BTreeMap::new() }
    }

    /// Adds a note. A waiting one about the same subject is replaced by it when the line keeps quiet times.
    /// `false` = there is no room, and it is dropped.
    pub(crate) fn add(&mut self, now: Instant, subject: &str, what: T) -> bool {
        let waiting = self.waiting.iter_mut().find(|note| note.subject == subject);
        if let (Some(note), false) = (waiting, self.quiet.is_zero()) {
            note.what = what;
            note.folded += 1;
            return true;
        }
        if self.waiting.len() >= WAITING_MAX {
            self.dropped += 1;
            return false;
        }
        let last = self.told.get(subject).map(|told| *told + self.quiet);
        let not_before = last.map_or(now, |last| last.max(now));
        let subject = subject.to_owned();
        self.waiting.push_back(Note { subject, what, folded: 0, dropped: 0, not_before });
        true
    }

    /// The next note to be told now, if none is under way. [`Self::done`] follows.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Note<T>> {
        if self.is_busy {
            return None;
        }
        let index = self.waiting.iter().position(|note| note.not_before <= now)?;
        let mut note = self.waiting.remove(index)?;
        note.dropped = std::mem::take(&mut self.dropped);
        self.is_busy = true;
        if !self.quiet.is_zero() {
            self.told.retain(|_, told| now.saturating_duration_since(*told) < self.quiet);
            if self.told.len() < SUBJECTS_MAX {
                self.told.insert(note.subject.clone(), now);
            }
        }
        Some(note)
    }

    /// What was taken is told, or could not be.
    pub(crate) fn done(&mut self) {
        self.is_busy = false;
    }

    /// When [`Self::take`] will give something, if nothing else happens.
    pub(crate) fn due(&self) -> Option<Instant> {
        if self.is_busy { None } else { self.waiting.iter().map(|note| note.not_before).min() }
    }

    /// Whether nothing waits and nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        !self.is_busy && self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Duration = Duration::from_secs(10);

    #[test]
    fn one_at_a_time_in_order_and_what_does_not_fit_is_counted() {
        let now = Instant::now();
        let mut line = Line::new(Duration::ZERO);
        let accepted = (0..WAITING_MAX + 3).filter(|number| line.add(now, "api", *number)).count();
        assert_eq!(accepted, WAITING_MAX);
        let first = line.take(now).expect("a note");
        assert_eq!((first.what, first.dropped), (0, 3));
        assert_eq!(line.take(now), None);
        line.done();
        assert_eq!(line.take(now).map(|note| (note.what, note.dropped)), Some((1, 0)));
    }

    #[test]
    fn a_flapping_subject_is_told_at_its_pace_with_its_latest_state() {
        let now = Instant::now();
        let mut line = Line::new(QUIET);
        line.add(now, "api", "failed");
        assert_eq!(line.take(now).map(|note| note.what), Some("failed"));
        line.done();
        for what in ["recovered", "failed", "recovered"] {
            line.add(now, "api", what);
        }
        line.add(now, "db", "failed");
        assert_eq!(line.take(now).map(|note| note.subject), Some("db".to_owned()));
        line.done();
        assert_eq!(line.due(), Some(now + QUIET));
        assert_eq!(line.take(now + QUIET / 2), None);
        let last = line.take(now + QUIET).expect("a note");
        assert_eq!((last.what, last.folded), ("recovered", 2));
        line.done();
        assert!(line.is_idle());
    }
}
