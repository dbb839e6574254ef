//! What processes use: processor time, wake-ups, memory.

use std::path::Path;
use std::time::{Duration, Instant};

/// What some processes used in a time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Percent of one core.
    pub(super) cpu_percent: f64,
    /// Times per second that a thread was put on a processor.
    pub(super) wakeups_per_second: f64,
    /// Resident memory, pages shared with others counted in full.
    pub(super) rss_kib: f64,
    /// Resident memory, each shared page divided by those who share it.
    pub(super) pss_kib: f64,
}

/// Measures processes for a time.
pub(super) fn over(pids: &[u32], time: Duration) -> Usage {
    let before = totals(pids);
    let started = Instant::now();
    // The measurement is the time that passes.
    std::thread::sleep(time);
    let seconds = started.elapsed().as_secs_f64();
    let after = totals(pids);
    let (rss_kib, pss_kib) = memory(pids);
    Usage {
        cpu_percent: (after.0.saturating_sub(before.0)) as f64 / 1e9 / seconds * 100.0,
        wakeups_per_second: (after.1.saturating_sub(before.1)) as f64 / seconds,
        rss_kib,
        pss_kib,
    }
}

/// Nanoseconds on a processor and turns on it, of all threads.
fn totals(pids: &[u32]) -> (u64, u64) {
    let mut totals = (0, 0);
    for pid in pids {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        for task in tasks {
            let (time, turns) = schedule(&task.path());
            totals.0 += time;
            totals.1 += turns;
        }
    }
    totals
}

fn schedule(task: &Path) -> (u64, u64) {
    let text = std::fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    let mut numbers = text.split_whitespace().map(|word| word.parse().unwrap_or(0));
    let time = numbers.next().unwrap_or(0);
    (time, numbers.nth(1).unwrap_or(0))
}

/// Resident and proportional memory in KiB.
pub(crate) fn memory(pids: &[u32]) -> (f64, f64) {
    let mut sums = (0.0, 0.0);
    for pid in pids {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let field = |name: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
        };
        sums.0 += field("Rss:");
        sums.1 += field("Pss:");
    }
    sums
}
