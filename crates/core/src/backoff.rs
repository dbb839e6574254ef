//! How often and how soon a run is followed by another.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::RestartPolicy;

/// The shortest wait before a restart that is not immediate, whatever the configuration says.
pub(crate) const DELAY_MIN: Duration = Duration::from_millis(10);

/// What an instance remembers of its restarts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Restarts {
    /// Automatic restarts in a row, without a healthy time of `reset_after` between them.
    streak: u32,
    /// Automatic restarts since the last explicit start.
    total: u32,
    /// When the automatic restarts were that may still be inside the window; at most `max_restarts`.
    recent: VecDeque<Instant>,
    /// Whether runs are still on trial after an explicit start, and how many ended at once.
    trial: Option<u32>,
}

/// What the counts say after a run has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another run.
    Retry {
        /// After this wait.
        delay: Duration,
        /// Which automatic restart in a row it is, from 1.
        attempt: u32,
    },
    /// No more: the window is full.
    LimitHit {
        /// How many restarts it holds.
        restarts: u32,
    },
}

impl Restarts {
    /// An explicit start: everything begins afresh, and the run is on trial.
    pub(crate) fn start_afresh(&mut self) {
        *self = Self { trial: Some(0), ..Self::default() };
    }

    /// Automatic restarts in a row.
    pub(crate) fn streak(&self) -> u32 {
        self.streak
    }

    /// Automatic restarts since the last explicit start.
    pub(crate) fn total(&self) -> u32 {
        self.total
    }

    /// Whether runs are still on trial after an explicit start.
    pub(crate) fn is_on_trial(&self) -> bool {
        self.trial.is_some()
    }

    /// The trial is over: a run was healthy, or ended in another way than at once.
    pub(crate) fn end_trial(&mut self) {
        self.trial = None;
    }

    /// A run on trial ended at once: whether `retries` tolerates it.
    pub(crate) fn tolerates_immediate_exit(&mut self, retries: u32) -> bool {
        match &mut self.trial {
            Some(failures) if *failures < retries => {
                *failures += 1;
                true
            }
            Some(_) => false,
            None => true,
        }
    }

    /// A run failed.
    pub(crate) fn crashed(&mut self, now: Instant, policy: &RestartPolicy, jitter: f64) -> Next {
        if let Some(restarts) = self.full_window(now, policy) {
            return Next::LimitHit { restarts };
        }
        self.streak = self.streak.saturating_add(1);
        let is_immediate = policy.immediate && !self.is_on_trial();
        Next::Retry { delay: delay(policy, is_immediate, self.streak, jitter), attempt: self.streak }
    }

    /// A run was healthy for some time: the trial is over, and a long time makes the backoff start over.
    pub(crate) fn was_healthy(&mut self, policy: &RestartPolicy, healthy_for: Duration) {
        self.end_trial();
        if healthy_for >= policy.reset_after {
            self.streak = 0;
        }
    }

    /// How many restarts fill the window, if it is full.
    pub(crate) fn full_window(&mut self, now: Instant, policy: &RestartPolicy) -> Option<u32> {
        while self.recent.front().is_some_and(|at| now.saturating_duration_since(*at) >= policy.window) {
            self.recent.pop_front();
        }
        let restarts = u32::try_from(self.recent.len()).unwrap_or(u32::MAX);
        (policy.max_restarts > 0 && restarts >= policy.max_restarts).then_some(restarts)
    }

    /// An automatic restart happens now.
    pub(crate) fn restarted(&mut self, now: Instant, policy: &RestartPolicy) {
        self.total = self.total.saturating_add(1);
        if policy.max_restarts > 0 {
            self.recent.push_back(now);
        }
    }
}

/// The wait before automatic restart number `streak` in a row: nothing for the first if it is immediate, then
/// `delay · backoffⁿ` up to `max_delay`, of which the fraction `policy.jitter` is random.
pub(crate) fn delay(policy: &RestartPolicy, is_immediate: bool, streak: u32, jitter: f64) -> Duration {
    let step = match (is_immediate, streak) {
        (true, 0 | 1) => return Duration::ZERO,
        (true, streak) => streak - 2,
        (false, streak) => streak.saturating_sub(1),
    };
    let factor = policy.backoff.max(1.0).powi(i32::try_from(step).unwrap_or(i32::MAX));
    let whole = policy.delay.max(DELAY_MIN).as_secs_f64() * factor;
    let whole = whole.min(policy.max_delay.max(DELAY_MIN).as_secs_f64());
    let random = unit(policy.jitter) * unit(jitter);
    Duration::try_from_secs_f64(whole * (1.0 - random)).unwrap_or(policy.max_delay).max(DELAY_MIN)
}

/// A fraction, whatever was given for it.
fn unit(number: f64) -> f64 {
    if number.is_finite() { number.clamp(0.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RestartWhen;

    fn policy() -> RestartPolicy {
        RestartPolicy {
            policy: RestartWhen::OnFailure,
            delay: Duration::from_secs(5),
            max_delay: Duration::from_secs(60),
            backoff: 2.0,
            jitter: 0.1,
            max_restarts: 10,
            window: Duration::from_secs(600),
            reset_after: Duration::from_secs(60),
            startup_crash: Duration::from_secs(2),
            startup_retries: 0,
            immediate: true,
        }
    }

    #[test]
    fn the_backoff_doubles_up_to_its_cap() {
        let seconds = |streak| delay(&policy(), true, streak, 0.0).as_secs_f64();
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 7, u32::MAX].map(seconds),
            [0.0, 5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0]
        );
        assert_eq!(delay(&policy(), false, 1, 0.0), Duration::from_secs(5));
    }

    #[test]
    fn jitter_takes_its_fraction_away_and_also_at_the_cap() {
        assert_eq!(delay(&policy(), true, 2, 1.0), Duration::from_millis(4_500));
        assert_eq!(delay(&policy(), true, 9, 0.5), Duration::from_secs(57));
    }

    #[test]
    fn no_numbers_lead_to_a_storm_or_a_panic() {
        let strange = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, f64::MAX];
        for (backoff, jitter) in strange.iter().flat_map(|a| strange.map(|b| (*a, b))) {
            for (first, longest) in [(Duration::ZERO, Duration::ZERO), (Duration::MAX, Duration::MAX)] {
                let policy = RestartPolicy { backoff, jitter, delay: first, max_delay: longest, ..policy() };
                for streak in [2, 3, 1_000, u32::MAX] {
                    let wait = delay(&policy, true, streak, jitter);
                    assert!(wait >= DELAY_MIN && wait <= longest.max(DELAY_MIN), "{wait:?} for {policy:?}");
                }
            }
        }
    }
}
