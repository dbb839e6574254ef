//! Clocks on Windows. Differs from Unix: the steady clock goes on while the machine sleeps, and another one, which does
//! not, tells the two apart. The system tells all windows that the machine woke or that the clock was set, so there is
//! one that nobody sees.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use ostler_windows::{
    broadcast::{self, Said},
    clock,
};
use tokio::sync::Notify;

pub(crate) use super::reading::awake as since_boot;

/// How long the machine slept since this was asked for the first time.
pub(crate) fn asleep(steady: Instant) -> Duration {
    static FIRST: OnceLock<(Instant, Duration)> = OnceLock::new();
    let Some(awake) = clock::awake() else { return Duration::ZERO };
    let (first, first_awake) = FIRST.get_or_init(|| (steady, awake));
    steady.saturating_duration_since(*first).saturating_sub(awake.saturating_sub(*first_awake))
}

/// Wakes who waits when the wall clock was set or the machine woke.
#[derive(Debug)]
pub(crate) struct ClockWatch {
    moved: Arc<Notify>,
    _listener: Option<broadcast::Listener>,
}

impl ClockWatch {
    /// Begins to watch. Where it is not possible a sleep is noticed at the next turn of the engine.
    pub(crate) fn new() -> Self {
        let moved = Arc::new(Notify::new());
        let told = Arc::clone(&moved);
        let listener = broadcast::listen(move |said| match said {
            Said::Woke | Said::ClockSet => told.notify_one(),
            Said::MachineEnds | Said::SessionEnds | Said::ShouldClose => {}
        });
        if let Err(error) = &listener {
            tracing::debug!(%error, "the system does not tell when its clock is set");
        }
        Self { moved, _listener: listener.ok() }
    }

    /// Waits until the clock was set or the machine woke.
    pub(crate) async fn moved(&self) {
        self.moved.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_awake_has_not_slept() {
        let first = asleep(Instant::now());
        assert!(asleep(Instant::now()).saturating_sub(first) < Duration::from_secs(1));
    }
}
