//! The process table, as the kernel tells it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ostler_testkit::census;
use rustix::process::{Pid, Signal};

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its parent.
    pub parent: u32,
    /// Its start in clock ticks since boot: with the number, its identity.
    pub started: u64,
    /// Its name, cut off after 15 bytes.
    pub name: String,
    /// Its environment at its start.
    pub env: BTreeMap<String, String>,
    /// Its command line.
    pub args: Vec<String>,
}

impl Process {
    /// Reads one process; `None` when it is gone. A zombie is gone.
    pub fn read(pid: u32) -> Option<Self> {
        let found = census::process(pid)?;
        let dir = PathBuf::from(format!("/proc/{pid}"));
        let process = Self {
            pid,
            parent: found.parent,
            started: found.start,
            name: found.name,
            env: words(&dir.join("environ")).iter().filter_map(|word| pair(word)).collect(),
            args: words(&dir.join("cmdline")),
        };
        (found.state != 'Z' && found.state != 'X').then_some(process)
    }

    /// Whether this very process still lives.
    pub fn is_alive(&self) -> bool {
        Self::read(self.pid).is_some_and(|now| now.started == self.started)
    }

    /// Sends a signal to this very process, unless it is gone.
    pub fn signal(&self, signal: Signal) {
        if self.is_alive()
            && let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }
}

/// All processes that can be seen at one moment.
#[derive(Clone, Debug, Default)]
pub struct ProcessTable {
    by_pid: BTreeMap<u32, Process>,
}

impl ProcessTable {
    /// Reads the whole table.
    pub fn read() -> Self {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        Self { by_pid: pids.filter_map(|pid| Some((pid, Process::read(pid)?))).collect() }
    }

    /// A process.
    pub fn get(&self, pid: u32) -> Option<&Process> {
        self.by_pid.get(&pid)
    }

    /// All processes.
    pub fn iter(&self) -> impl Iterator<Item = &Process> {
        self.by_pid.values()
    }

    /// Processes that belong to a folder: it stands in their environment or on their command line.
    pub fn of_place(&self, dir: &Path) -> Vec<&Process> {
        let dir = dir.to_string_lossy();
        let is_ours = |process: &&Process| {
            process.args.iter().chain(process.env.values()).any(|word| word.contains(&*dir))
        };
        let own = std::process::id();
        self.iter().filter(|process| process.pid != own).filter(is_ours).collect()
    }

    /// Processes with this variable in their environment.
    pub fn with_env<'a>(&'a self, name: &'a str, value: &'a str) -> impl Iterator<Item = &'a Process> {
        self.iter().filter(move |process| process.env.get(name).is_some_and(|found| found == value))
    }

    /// Direct children.
    pub fn children(&self, pid: u32) -> impl Iterator<Item = &Process> {
        self.iter().filter(move |process| process.parent == pid)
    }
}

fn words(file: &Path) -> Vec<String> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let words = bytes.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

fn pair(word: &str) -> Option<(String, String)> {
    word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_found_by_its_mark_until_it_is_gone() {
        let mut child =
            std::process::Command::new("sleep").arg("600").env("MARK", "table-test").spawn().unwrap();
        let found = crate::wait_for(std::time::Duration::from_secs(5), || {
            ProcessTable::read().with_env("MARK", "table-test").next().cloned()
        });
        let process = found.unwrap();
        assert_eq!((process.pid, process.parent), (child.id(), std::process::id()));
        process.signal(Signal::KILL);
        child.wait().unwrap();
        assert!(!process.is_alive());
        assert_eq!(ProcessTable::read().with_env("MARK", "table-test").count(), 0);
    }
}
