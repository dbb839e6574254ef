//! How long to wait before a source is connected to again.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

/// The times of connections, so that tests need not wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// The first wait; each that follows is twice as long.
    pub(super) first: Duration,
    /// The longest wait.
    pub(super) longest: Duration,
    /// From the look-up of the name to the head of the answer.
    pub(super) answer: Duration,
    /// Silence of a source that never comments.
    pub(super) silence: Duration,
    /// The least silence after which one that comments is given up.
    pub(super) silence_min: Duration,
    /// A connection that lasted so long was a good one.
    pub(super) good: Duration,
    /// One whose service has ended is read for so long.
    pub(super) last_words: Duration,
}

impl Default for Times {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            first: seconds(1),
            longest: seconds(30),
            answer: seconds(10),
            silence: seconds(300),
            silence_min: seconds(90),
            good: seconds(10),
            last_words: seconds(1),
        }
    }
}

/// Waits that grow.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    step: u32,
    /// The least wait, as the source wishes.
    pub(super) floor: Duration,
    hash: RandomState,
}

impl Backoff {
    /// Tries since the last good connection.
    pub(super) fn step(&self) -> u32 {
        self.step
    }

    /// The last connection was a good one.
    pub(super) fn reset(&mut self) {
        self.step = 0;
    }

    /// The next wait. Some are a fifth shorter or longer, so that many do not come at once.
    pub(super) fn next(&mut self, times: &Times) -> Duration {
        let plain = times.first.saturating_mul(1 << self.step.min(16)).min(times.longest);
        self.step = self.step.saturating_add(1);
        let share = 0.8 + 0.4 * (self.hash.hash_one(self.step) % 1000) as f64 / 1000.0;
        plain.mul_f64(share).min(times.longest).max(self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_never_undercut_what_the_source_wishes() {
        let times = Times::default();
        let mut backoff = Backoff::default();
        for expected in [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
            let wait = backoff.next(&times).as_secs_f64();
            assert!(
                (expected * 0.79..=expected * 1.21).contains(&wait) && wait <= 30.0,
                "{expected}: {wait}"
            );
        }
        backoff.reset();
        backoff.floor = Duration::from_secs(3);
        assert_eq!(backoff.next(&times), Duration::from_secs(3));
        for _ in 0..100 {
            assert!(backoff.next(&times) <= times.longest);
        }
    }
}
