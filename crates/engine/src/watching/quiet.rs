//! From changes of files to restarts.

use std::{
    collections::VecDeque,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Changes without a pause lead to a restart all the same after so many pauses.
const PAUSES_MAX: u32 = 20;
/// Restarts within [`FLAP_WINDOW`] that no person can have meant.
pub(crate) const FLAP_MAX: usize = 10;
/// The window of [`FLAP_MAX`].
pub(crate) const FLAP_WINDOW: Duration = Duration::from_secs(60);

/// What changed since the last restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The first file.
    pub first: PathBuf,
    /// How many changes more.
    pub more: u32,
}

/// What is to be done about changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Restart.
    Restart(Change),
    /// It restarts again and again: no more, until somebody starts it.
    Suspend(Change),
}

/// Waits for a pause in the changes that concern one service.
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    pause: Duration,
    pending: Option<Pending>,
    restarts: VecDeque<Instant>,
    is_suspended: bool,
}

#[derive(Debug)]
struct Pending {
    change: Change,
    due: Instant,
    at_last: Instant,
}

impl Quiet {
    /// `pause` is the configured `debounce`.
    pub(crate) fn new(pause: Duration) -> Self {
        Self { pause, ..Self::default() }
    }

    /// Files changed.
    pub(crate) fn changed(&mut self, now: Instant, change: Change) {
        if self.is_suspended {
            return;
        }
        let due = now + self.pause;
        match &mut self.pending {
            Some(pending) => {
                pending.due = due.min(pending.at_last);
                pending.change.more = pending.change.more.saturating_add(1 + change.more);
            }
            None => {
                let at_last = now + self.pause * PAUSES_MAX;
                self.pending = Some(Pending { change, due, at_last });
            }
        }
    }

    /// When the pause is over.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.pending.as_ref().map(|pending| pending.due)
    }

    /// What is to be done now.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Verdict> {
        let pending = self.pending.take_if(|pending| pending.due <= now)?;
        self.restarts.retain(|at| now.saturating_duration_since(*at) < FLAP_WINDOW);
        if self.restarts.len() >= FLAP_MAX {
            self.is_suspended = true;
            return Some(Verdict::Suspend(pending.change));
        }
        self.restarts.push_back(now);
        Some(Verdict::Restart(pending.change))
    }

    /// Somebody started it: watch again. Whether it was suspended.
    pub(crate) fn resume(&mut self) -> bool {
        self.restarts.clear();
        self.pending = None;
        std::mem::take(&mut self.is_suspended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str) -> Change {
        Change { first: name.into(), more: 0 }
    }

    #[test]
    fn changes_within_a_pause_are_one_restart() {
        let now = Instant::now();
        let ms = |ms| now + Duration::from_millis(ms);
        let mut quiet = Quiet::new(Duration::from_millis(300));
        quiet.changed(now, change("a"));
        quiet.changed(ms(200), change("b"));
        assert_eq!((quiet.take(ms(400)), quiet.due()), (None, Some(ms(500))));
        assert_eq!(quiet.take(ms(500)), Some(Verdict::Restart(Change { first: "a".into(), more: 1 })));
        assert_eq!(quiet.take(ms(900)), None);
    }

    #[test]
    fn changes_without_a_pause_restart_at_last() {
        let now = Instant::now();
        let mut quiet = Quiet::new(Duration::from_millis(300));
        let at = (0..100).map(|step| now + Duration::from_millis(100) * step).find(|at| {
            quiet.changed(*at, change("a"));
            quiet.take(*at).is_some()
        });
        assert_eq!(at, Some(now + Duration::from_secs(6)));
    }

    #[test]
    fn a_service_that_changes_its_own_files_is_left_alone_until_it_is_started() {
        let mut now = Instant::now();
        let mut quiet = Quiet::new(Duration::from_millis(100));
        let mut turn = |quiet: &mut Quiet| {
            quiet.changed(now, change("out"));
            now += Duration::from_secs(1);
            quiet.take(now)
        };
        for _ in 0..FLAP_MAX {
            assert!(matches!(turn(&mut quiet), Some(Verdict::Restart(_))));
        }
        assert!(matches!(turn(&mut quiet), Some(Verdict::Suspend(_))));
        assert_eq!(turn(&mut quiet), None);
        assert!(quiet.resume());
        assert!(matches!(turn(&mut quiet), Some(Verdict::Restart(_))));
    }
}
