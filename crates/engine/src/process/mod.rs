//! Processes of the operating system: who they are, whose they are, and how they end.
//!
//! A process is named by its id together with its kernel start time; nothing is signalled whose start time does
//! not match when its handle is opened. Where the system offers no such handle, nothing is found and nothing is
//! signalled.
//!
//! [`Job`] runs a short command (a probe, a stop command, a login shell) in its own session with a time limit and
//! capped output, and ends everything that it started.

mod cgroup;
mod ending;
mod job;
mod launching;
mod limits;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as os;
#[cfg(windows)]
use windows as os;

pub use cgroup::*;
pub use ending::*;
pub use job::*;
pub use launching::*;
pub use limits::*;

use std::collections::{HashMap, HashSet};

/// A living process, as one look at the process table showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its kernel start time, in ticks since boot.
    pub start: u64,
    /// Its parent's id.
    pub parent: u32,
    /// Its session.
    pub session: u32,
    /// The program's short name.
    pub name: String,
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.pid)
    }
}

/// All living processes; those that ended and were not reaped yet are left out. Empty where the system does not
/// say.
pub fn all() -> Vec<Process> {
    os::all()
}

/// The processes of this user whose environment at their start held `variable=value`, this one excepted.
pub fn find_marked(variable: &str, value: &str) -> Vec<Process> {
    let entry = format!("{variable}={value}");
    os::all().into_iter().filter(|process| os::has_environment_entry(process.pid, entry.as_bytes())).collect()
}

/// Process `root` and all its descendants, by one look at the process table.
pub fn tree(root: u32) -> HashSet<u32> {
    let mut pids = descendants(&all(), root);
    pids.insert(root);
    pids
}

/// The descendants of `root` among `processes`, itself excepted.
pub fn descendants(processes: &[Process], root: u32) -> HashSet<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for process in processes {
        children.entry(process.parent).or_default().push(process.pid);
    }
    let mut found = HashSet::new();
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        for &child in children.get(&parent).into_iter().flatten() {
            if child != root && found.insert(child) {
                open.push(child);
            }
        }
    }
    found
}

/// What a process was started with under this name in its environment; `None` when it had none, or this user may
/// not look.
pub fn environment_value(pid: u32, variable: &str) -> Option<String> {
    os::environment_value(pid, variable)
}

/// The kernel's clock ticks per second: the unit of [`Process::start`] and of CPU times.
pub fn ticks_per_second() -> u64 {
    os::ticks_per_second()
}

/// Free bytes for this user on the disk that holds `path`; `None` where the system does not say.
pub fn free_bytes(path: &std::path::Path) -> Option<u64> {
    os::free_bytes(path)
}

/// How many files this process may have open, now and at most; `None` where the system does not say.
pub fn descriptor_limit() -> Option<(u64, u64)> {
    os::descriptor_limit()
}

/// The user of this process, where users have numbers.
pub fn uid() -> Option<u32> {
    os::uid()
}

/// Whether this process runs with all rights (root, or elevated).
pub fn is_root() -> bool {
    os::is_root()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_marked_child_is_found_and_is_in_the_tree() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .env("OSTLER_TEST_MARK", "found-in-tree")
            .spawn()
            .expect("sleep starts");
        let found = find_marked("OSTLER_TEST_MARK", "found-in-tree");
        let is_in_tree = tree(std::process::id()).contains(&child.id());
        child.kill().expect("kill");
        child.wait().expect("wait");
        assert_eq!(found.iter().map(|process| process.pid).collect::<Vec<_>>(), [child.id()]);
        assert!(is_in_tree);
        assert_eq!(find_marked("OSTLER_TEST_MARK", "found-in"), []);
        assert_eq!(find_marked("OSTLER_TEST_MARK", "found-in-tree"), []);
    }

    #[test]
    fn a_circle_in_the_process_table_ends() {
        let process = |pid, parent| Process { pid, parent, start: 1, session: 1, name: String::new() };
        let table = [process(2, 3), process(3, 2), process(4, 3)];
        assert_eq!(descendants(&table, 2), HashSet::from([3, 4]));
    }
}
