//! The processes below the keeper: finding them, and ending them all.
//!
//! Only verified descendants are ever signalled. A child of the keeper keeps its process id until the keeper
//! reaps it, which never happens during a walk. Any other process is first held by a pidfd; it is ours if
//! its parent then is a process that is ours and, by its own pidfd, still lives.

use super::launch as sys;
use crate::identity::ProcessStat;
#[cfg(target_os = "linux")]
use crate::identity::parse_stat;
use crate::protocol::TreeReport;
use std::collections::{BTreeMap, HashSet};
use std::fs;
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a tree is killed before what is left counts as escaped.
const KILL_TIME: Duration = Duration::from_millis(1900);

/// How often one step looks for processes that were forked while it looked.
const PASSES_MAX: usize = 10;

/// How long a step may take, so that output and engine are not kept waiting.
const STEP_TIME: Duration = Duration::from_millis(50);

/// The first and the longest pause between steps.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// How many killed processes are named.
const NAMES_MAX: usize = 64;

/// A descendant that was found alive.
pub struct Found {
    pub pid: u32,
    pub stat: ProcessStat,
}

impl Found {
    fn name(&self) -> String {
        format!("{} ({})", self.stat.name, self.pid)
    }
}

/// The killing of a tree, in steps.
pub struct Kill {
    pub deadline: Instant,
    pub next: Instant,
    pause: Duration,
    killed: BTreeMap<(u32, u64), String>,
}

impl Kill {
    pub fn new(now: Instant) -> Self {
        Self { deadline: now + KILL_TIME, next: now, pause: PAUSES.0, killed: BTreeMap::new() }
    }

    /// Stops every process until no new one appears, then kills them. `leader` is the living leader, whose
    /// process group is hit as one.
    pub fn step(&mut self, now: Instant, leader: Option<u32>, cgroup: Option<&Path>) {
        let end = now + STEP_TIME;
        let group = leader.and_then(|pid| i32::try_from(pid).ok()).map(|pid| -pid);
        if let Some(group) = group {
            // A leader that is gone at this moment is found out when it is reaped.
            let _ = sys::kill(group, libc::SIGSTOP);
        }
        let mut stopped = HashSet::new();
        for _ in 0..PASSES_MAX {
            let found = signal_all(libc::SIGSTOP);
            let known = stopped.len();
            stopped.extend(found.iter().map(|it| (it.pid, it.stat.start)));
            self.killed.extend(found.iter().map(|it| ((it.pid, it.stat.start), it.name())));
            if stopped.len() == known || Instant::now() >= end {
                break;
            }
        }
        if let Some(group) = group {
            let _ = sys::kill(group, libc::SIGKILL);
        }
        for _ in 0..PASSES_MAX {
            let found = signal_all(libc::SIGKILL);
            let mut is_new = false;
            for it in found {
                is_new |= self.killed.insert((it.pid, it.stat.start), it.name()).is_none();
            }
            if !is_new || Instant::now() >= end {
                break;
            }
        }
        if let Some(cgroup) = cgroup {
            // Hits what left the tree but not the cgroup; kernels before 5.14 do not have it.
            let _ = fs::write(cgroup.join("cgroup.kill"), "1");
        }
        self.next = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(PAUSES.1);
    }

    /// Whether this process had to be killed; it is then not among those that ended by themselves.
    pub fn has_killed(&self, pid: u32) -> bool {
        self.killed.range((pid, 0)..=(pid, u64::MAX)).next().is_some()
    }

    /// Adds what was killed to the report.
    pub fn report(&self, report: &mut TreeReport) {
        report.killed_count = u32::try_from(self.killed.len()).unwrap_or(u32::MAX);
        report.killed = self.killed.values().take(NAMES_MAX).cloned().collect();
    }

    /// Those that live on.
    pub fn escaped() -> Vec<String> {
        signal_all(libc::SIGKILL).iter().take(NAMES_MAX).map(Found::name).collect()
    }
}

/// A process whose children are still to be visited.
#[cfg(target_os = "linux")]
struct Parent {
    pid: u32,
    hold: Hold,
}

/// What keeps a process id from being somebody else's.
#[cfg(target_os = "linux")]
enum Hold {
    /// We are its parent, or it is us.
    Unreaped,
    /// It is asked whether it still lives.
    Pidfd(OwnedFd),
}

/// Sends a polite signal, then `SIGCONT`, once to each descendant outside of the process group `except`;
/// looks again until nobody new is found, because processes move while others end.
pub fn ask(signal: i32, except: Option<u32>) {
    let mut asked = HashSet::new();
    for _ in 0..PASSES_MAX {
        let mut new = Vec::new();
        walk(|pid, stat| {
            let is_new = except != Some(stat.group) && !asked.contains(&(pid, stat.start));
            if is_new {
                new.push((pid, stat.start));
            }
            is_new.then_some([signal, libc::SIGCONT])
        });
        if new.is_empty() {
            return;
        }
        asked.extend(new);
    }
}

/// Signals every descendant once, parents before their children; gives those that are not zombies.
pub fn signal_all(signal: i32) -> Vec<Found> {
    walk(|_, _| Some([signal]))
}

/// Visits every descendant once, parents before their children, and sends it the signals that `choose` says;
/// gives those that are not zombies.
#[cfg(target_os = "linux")]
fn walk<const N: usize>(mut choose: impl FnMut(u32, &ProcessStat) -> Option<[i32; N]>) -> Vec<Found> {
    let own = std::process::id();
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut waiting = vec![Parent { pid: own, hold: Hold::Unreaped }];
    let fallback = children_by_scan_if_needed(own);
    while let Some(parent) = waiting.pop() {
        let children = match &fallback {
            None => children_of(parent.pid),
            Some(map) => map.get(&parent.pid).cloned().unwrap_or_default(),
        };
        for pid in children {
            if pid == own || !seen.insert(pid) {
                continue;
            }
            let Some((hold, stat)) = hold_one(pid, &parent, own) else { continue };
            for signal in choose(pid, &stat).into_iter().flatten() {
                // One that is gone at this moment needs no signal any more.
                let _ = hold.signal(pid, signal);
            }
            if stat.state != b'Z' && stat.state != b'X' {
                found.push(Found { pid, stat });
            }
            waiting.push(Parent { pid, hold });
        }
    }
    found
}

#[cfg(target_os = "linux")]
impl Hold {
    fn signal(&self, pid: u32, signal: i32) -> std::io::Result<()> {
        match self {
            Self::Unreaped => sys::kill(i32::try_from(pid).unwrap_or(0), signal),
            Self::Pidfd(pidfd) => sys::kill_pidfd(pidfd, signal),
        }
    }
}

/// Makes sure that `pid` is ours and stays itself.
#[cfg(target_os = "linux")]
fn hold_one(pid: u32, parent: &Parent, own: u32) -> Option<(Hold, ProcessStat)> {
    let raw = i32::try_from(pid).ok()?;
    if parent.pid == own {
        return if is_own_child(raw) { Some((Hold::Unreaped, stat_of(pid)?)) } else { None };
    }
    let flags = rustix::process::PidfdFlags::empty();
    let hold = rustix::process::pidfd_open(rustix::process::Pid::from_raw(raw)?, flags).ok()?;
    let stat = stat_of(pid)?;
    let parent_lives = match &parent.hold {
        Hold::Unreaped => true,
        Hold::Pidfd(parent) => sys::kill_pidfd(parent, 0).is_ok(),
    };
    if stat.parent == own || (stat.parent == parent.pid && parent_lives) {
        return Some((Hold::Pidfd(hold), stat));
    }
    // It has moved meanwhile; the next pass finds it at its new place.
    None
}

/// Whether the kernel counts `pid` as our unreaped child; asking does not reap it.
#[cfg(target_os = "linux")]
fn is_own_child(pid: i32) -> bool {
    use rustix::process::{Pid, WaitId, WaitIdOptions};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Pid::from_raw(pid).is_some_and(|pid| rustix::process::waitid(WaitId::Pid(pid), options).is_ok())
}

#[cfg(target_os = "linux")]
fn stat_of(pid: u32) -> Option<ProcessStat> {
    parse_stat(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

#[cfg(target_os = "linux")]
fn children_of(pid: u32) -> Vec<u32> {
    let mut children = Vec::new();
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return children };
    for task in tasks.flatten() {
        if let Ok(text) = fs::read_to_string(task.path().join("children")) {
            children.extend(text.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    children
}

/// Parent to children for kernels without `children` files (`CONFIG_PROC_CHILDREN`).
#[cfg(target_os = "linux")]
fn children_by_scan_if_needed(own: u32) -> Option<BTreeMap<u32, Vec<u32>>> {
    if Path::new(&format!("/proc/self/task/{own}/children")).exists() {
        return None;
    }
    let mut map = BTreeMap::<u32, Vec<u32>>::new();
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        if let Some((pid, stat)) = pid.and_then(|pid| Some((pid, stat_of(pid)?))) {
            map.entry(stat.parent).or_default().push(pid);
        }
    }
    Some(map)
}

/// Without a way to enumerate descendants the process group of the leader is all that is reached.
#[cfg(not(target_os = "linux"))]
fn walk<const N: usize>(_choose: impl FnMut(u32, &ProcessStat) -> Option<[i32; N]>) -> Vec<Found> {
    Vec::new()
}
