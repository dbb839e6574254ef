//! How quick things must be.

use std::time::Duration;

/// How quick things must be for a scenario to be good.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// An answer to `status`, whatever else happens.
    pub status: Duration,
    /// The status behind the kernel. An exit is told by a wake-up, so this is what busy processors need to schedule
    /// the few processes that pass it on.
    pub lag: Duration,
    /// What a stop may need after its grace.
    pub after_grace: Duration,
    /// The part of its intended rate that a flooding service must reach.
    pub flood_share: f64,
}

impl Limits {
    /// As promised, on a machine that does nothing else.
    pub fn promised() -> Self {
        Self {
            status: Duration::from_millis(50),
            lag: Duration::from_millis(250),
            after_grace: Duration::from_secs(2),
            flood_share: 0.9,
        }
    }

    /// For tests, which run unoptimised on machines that do other things: speed is shown by `cargo xtask chaos` and
    /// `cargo xtask bench`, here something may only not get stuck.
    pub fn loaded() -> Self {
        Self {
            status: Duration::from_secs(3),
            lag: Duration::from_secs(3),
            after_grace: Duration::from_secs(4),
            flood_share: 0.0,
        }
    }
}
