//! The one place that looks at a clock.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// One look at both clocks: the steady one decides, the other is for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    /// For everything that is measured.
    pub now: Instant,
    /// For everything that is shown.
    pub wall: Timestamp,
}

impl Time {
    /// Looks.
    pub(crate) fn look() -> Self {
        Self { now: Instant::now(), wall: Timestamp::now() }
    }

    /// What the other clock shows at an instant.
    pub(crate) fn wall(&self, at: Instant) -> Timestamp {
        let shift = |span: Duration| SignedDuration::try_from(span).unwrap_or(SignedDuration::ZERO);
        let moved = match at.checked_duration_since(self.now) {
            Some(later) => self.wall.checked_add(shift(later)),
            None => self.wall.checked_sub(shift(self.now.saturating_duration_since(at))),
        };
        moved.unwrap_or(self.wall)
    }
}

/// Both clocks, for the self-check.
pub(crate) fn look() -> (Instant, Timestamp) {
    let time = Time::look();
    (time.now, time.wall)
}

/// RFC 3339 with milliseconds.
pub(crate) fn text(at: Timestamp) -> String {
    format!("{at:.3}")
}
