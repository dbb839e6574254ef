//! Measuring on Windows. Differs from Unix: a process that hides from this user counts with its threads alone, and what
//! is counted as open files are all open handles.

use std::time::SystemTime;

use ostler_windows::process;

use super::Reading;

/// From the beginning of the system's count of time, 1601, to that of Unix, in units of 100 ns.
const UNIX_BEGINNING: u64 = 116_444_736_000_000_000;

/// All living processes.
pub(super) fn readings() -> Vec<Reading> {
    let threads: std::collections::HashMap<u32, u32> =
        process::all().into_iter().map(|entry| (entry.pid, entry.threads)).collect();
    // With the parents that are still themselves.
    let measured = crate::process::all().into_iter().map(|process| {
        let usage = process::usage(process.pid).filter(|usage| usage.created == process.start);
        Reading {
            pid: process.pid,
            parent: process.parent,
            start: process.start,
            ticks: usage.map_or(0, |usage| usage.processor),
            threads: threads.get(&process.pid).copied().unwrap_or(0),
            memory_bytes: usage.map_or(0, |usage| usage.memory_bytes),
        }
    });
    measured.collect()
}

/// The time by the clock that creations are told by.
pub(super) fn uptime_ticks() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UNIX_BEGINNING + u64::try_from(since.as_nanos() / 100).unwrap_or(0)
}

/// Open handles of a process; 0 when this user may not see them.
pub(super) fn open_files(pid: u32) -> u32 {
    process::usage(pid).map_or(0, |usage| usage.handles)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        process::{Command, Stdio},
        time::{Duration, Instant},
    };

    use super::*;
    use crate::metrics::Sampler;

    #[test]
    fn the_tree_below_a_root_is_measured() {
        let mut child = Command::new("cmd.exe")
            .args(["/c", "cmd.exe /k"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let roots = BTreeMap::from([("tree", std::process::id()), ("inner", child.id())]);
        let mut sampler = Sampler::default();
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            // Whoever is below another root is that one's.
            let usage =
                sampler.measure(Instant::now(), &BTreeMap::from([("inner", roots["inner"])]))["inner"];
            if usage.processes > 0 && usage.memory_bytes > 100_000 && usage.threads > 0 {
                break;
            }
            assert!(Instant::now() < end, "{usage:?}");
            std::thread::yield_now();
        }
        let ours = readings().into_iter().find(|reading| reading.pid == child.id()).unwrap();
        assert_eq!(ours.parent, std::process::id());
        let age = uptime_ticks().saturating_sub(ours.start);
        assert!(age < 600 * crate::process::ticks_per_second(), "{age}");
        drop(child.stdin.take());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
