//! Bounded waits on facts.

use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Waits until `fact` holds; false when it does not within `limit`.
pub fn wait_until(limit: Duration, mut fact: impl FnMut() -> bool) -> bool {
    wait_for(limit, || fact().then_some(())).is_some()
}

/// Waits until `find` finds something; `None` when it does not within `limit`.
pub fn wait_for<T>(limit: Duration, mut find: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = find() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
