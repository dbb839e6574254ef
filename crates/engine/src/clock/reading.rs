//! One look at all clocks.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

/// Who reads the clocks: the system's, or those of a test.
pub type Readings = Arc<dyn Fn() -> Reading + Send + Sync>;

/// One look at all clocks.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The steady clock, which stands still while the machine sleeps.
    pub steady: Instant,
    /// Where it goes on all the same: how long the machine slept since some moment.
    pub asleep: Duration,
    /// Since the machine was started, its sleep included.
    pub since_boot: Duration,
    /// The clock for people, which anybody may set.
    pub wall: Timestamp,
    /// How far apart these looks were at most: another program may have run between them.
    pub blur: Duration,
}

impl Reading {
    /// Looks at the system's.
    pub fn now() -> Self {
        let steady = Instant::now();
        let since_boot = super::since_boot(steady);
        let asleep = super::asleep(steady);
        let wall = Timestamp::now();
        Self { steady, asleep, since_boot, wall, blur: steady.elapsed() }
    }
}

/// Time that passed by the steady clock alone, where the system has no clock that counts sleep.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(crate) fn awake(steady: Instant) -> Duration {
    static FIRST: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    steady.saturating_duration_since(*FIRST.get_or_init(|| steady))
}

/// Wakes nobody, where the system does not tell.
#[cfg(not(any(target_os = "linux", target_os = "android", windows)))]
#[derive(Debug)]
pub(crate) struct Nobody;

#[cfg(not(any(target_os = "linux", target_os = "android", windows)))]
impl Nobody {
    pub(crate) fn new() -> Self {
        Self
    }

    /// Never ends.
    pub(crate) async fn moved(&self) {
        std::future::pending().await
    }
}
