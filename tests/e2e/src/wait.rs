//! Bounded waiting on a fact.

use std::time::{Duration, Instant};

/// How often a fact is looked at. Only the precision of a wait depends on it, never its outcome.
const STEP: Duration = Duration::from_millis(2);

/// Waits until `look` finds something; `None` when `limit` has passed.
pub fn wait_for<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(STEP);
    }
}

/// Waits until `is_so`; says whether it came in time.
pub fn wait_until(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    wait_for(limit, || is_so().then_some(())).is_some()
}
