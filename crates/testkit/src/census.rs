//! Who is in the process table (Linux; empty elsewhere).
//!
//! A process is of a run when its initial environment holds the run's mark. That is inherited over any
//! number of forks, sessions and changes of parent, so nothing that merely tries to hide escapes the census;
//! only a program that executes another one with a clean environment does, and that one is found below its
//! parents by [`descendants`].

use std::collections::BTreeMap;
use std::fs;

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its parent.
    pub parent: u32,
    /// Its short name.
    pub name: String,
    /// Its state letter; `Z` is a zombie.
    pub state: char,
    /// When the kernel started it, in ticks since boot.
    pub start: u64,
}

/// Everybody.
pub fn everybody() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(process).collect()
}

/// Process `pid`, if there is one.
pub fn process(pid: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, tail) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = tail.split_ascii_whitespace().collect();
    Some(Process {
        pid,
        name: head.split_once('(')?.1.to_owned(),
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
    })
}

/// Whether process `pid` lives and is no zombie.
pub fn is_alive(pid: u32) -> bool {
    process(pid).is_some_and(|process| process.state != 'Z' && process.state != 'X')
}

/// Whether process `pid` ignores or handles a signal, which then does not end it.
pub fn takes_signal(pid: u32, signal: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let masks = status.lines().filter_map(|line| {
        line.strip_prefix("SigIgn:").or_else(|| line.strip_prefix("SigCgt:")).map(str::trim)
    });
    masks.filter_map(|mask| u64::from_str_radix(mask, 16).ok()).any(|mask| mask >> (signal - 1) & 1 == 1)
}

/// The living processes whose environment holds `name=value`.
pub fn with_environment(name: &str, value: &str) -> Vec<Process> {
    let wanted = format!("{name}={value}").into_bytes();
    everybody()
        .into_iter()
        .filter(|process| process.state != 'Z' && process.state != 'X')
        .filter(|process| {
            let environment = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|entry| entry == wanted)
        })
        .collect()
}

/// The living processes of the run with this `OSTLER_RUN_ID`.
pub fn of_run(mark: &str) -> Vec<Process> {
    with_environment("OSTLER_RUN_ID", mark)
}

/// The living processes below `pid`.
pub fn descendants(pid: u32) -> Vec<Process> {
    let mut children = BTreeMap::<u32, Vec<Process>>::new();
    for process in everybody() {
        children.entry(process.parent).or_default().push(process);
    }
    let (mut found, mut waiting) = (Vec::new(), vec![pid]);
    while let Some(parent) = waiting.pop() {
        for process in children.remove(&parent).unwrap_or_default() {
            waiting.push(process.pid);
            if process.state != 'Z' {
                found.push(process);
            }
        }
    }
    found
}
