//! The life of one run, from its spawn to the end of its last process.

use super::output::Output;
use ostler_keeper::os::unix::launch as sys;
use ostler_keeper::os::unix::tree::{self, Kill};
use ostler_keeper::protocol::{ExitStatus, KeeperState, TreeReport};
use ostler_keeper::record::RunRecord;
use rustix::process::{WaitOptions, WaitStatus};
use std::path::Path;
use std::time::Instant;

/// A run and what is left of it.
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) mark: String,
    pub(super) pid: u32,
    pub(super) pid_start: u64,
    pub(super) spawned: Instant,
    pub(super) memo: Vec<u8>,
    /// How the leader ended; its process id is then no longer ours.
    pub(super) status: Option<ExitStatus>,
    pub(super) tree: Tree,
    pub(super) is_acknowledged: bool,
    pub(super) ended: u32,
    pub(super) kill: Option<Kill>,
    /// The signal of a polite stop that is under way.
    pub(super) polite: Option<i32>,
    /// When the polite stop turns into a kill.
    pub(super) kill_at: Option<Instant>,
    pub(super) output: Output,
}

/// What is left of the processes of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    /// Some live.
    Alive,
    /// Some live on although they were killed; these.
    Escaped(Vec<String>),
    /// None.
    Gone,
}

/// What reaping has found.
pub(super) struct Reaped {
    /// The leader has ended just now.
    pub(super) leader_ended: bool,
    /// No child is left.
    pub(super) nobody_left: bool,
}

impl Run {
    /// The leader, while its process id is certainly its own.
    pub(super) fn leader(&self) -> Option<u32> {
        if self.status.is_none() { Some(self.pid) } else { None }
    }

    /// Nothing of it can run any more, as far as we can bring that about.
    pub(super) fn is_over(&self) -> bool {
        self.status.is_some() && self.tree != Tree::Alive
    }

    /// Sends a signal to the group of the leader, as long as that is certainly ours.
    fn signal_group(&self, signal: i32) -> std::io::Result<()> {
        match self.leader() {
            Some(pid) => sys::kill(-(pid as i32), signal),
            None => Ok(()),
        }
    }

    /// Asks the run to end: the group of the leader, or all that the leader left behind.
    pub(super) fn ask(&mut self, signal: i32) {
        self.polite = Some(signal);
        match self.leader() {
            Some(_) => {
                // A process that is gone at this moment is what we want.
                let _ = self.signal_group(signal);
                let _ = self.signal_group(libc::SIGCONT);
            }
            None => tree::ask(signal, None),
        }
    }

    /// Asks those whom the signal to the leader's group has not reached, now that the leader is gone.
    pub(super) fn ask_the_rest(&self) {
        if let Some(signal) = self.polite.filter(|_| self.kill.is_none()) {
            tree::ask(signal, Some(self.pid));
        }
    }

    /// Begins to kill the tree, or goes on.
    pub(super) fn kill_step(&mut self, now: Instant, cgroup: Option<&Path>) {
        self.kill_at = None;
        let leader = self.leader();
        self.kill.get_or_insert_with(|| Kill::new(now)).step(now, leader, cgroup);
    }

    /// Counts a reaped process that is not the leader.
    fn count(&mut self, pid: u32) {
        if !self.kill.as_ref().is_some_and(|kill| kill.has_killed(pid)) {
            self.ended = self.ended.saturating_add(1);
        }
    }

    pub(super) fn report(&self) -> TreeReport {
        let mut report = TreeReport { ended: self.ended, ..TreeReport::default() };
        if let Some(kill) = &self.kill {
            kill.report(&mut report);
        }
        if let Tree::Escaped(names) = &self.tree {
            report.escaped.clone_from(names);
        }
        report
    }

    pub(super) fn state(&self, now: Instant) -> KeeperState {
        let (run, mark, memo) = (self.id, self.mark.clone(), self.memo.clone());
        match self.status {
            None => KeeperState::Alive {
                run,
                mark,
                pid: self.pid,
                pid_start: self.pid_start,
                age_ms: u64::try_from(now.duration_since(self.spawned).as_millis()).unwrap_or(u64::MAX),
                memo,
            },
            Some(status) => KeeperState::Exited {
                run,
                mark,
                status,
                tree_is_gone: self.tree == Tree::Gone,
                report: self.report(),
                memo,
            },
        }
    }

    pub(super) fn record(&self) -> RunRecord {
        RunRecord {
            run: self.id,
            mark: self.mark.clone(),
            pid: self.pid,
            pid_start: self.pid_start,
            status: self.status,
        }
    }
}

/// Reaps everybody who has ended.
pub(super) fn reap(mut run: Option<&mut Run>) -> Reaped {
    let mut reaped = Reaped { leader_ended: false, nobody_left: false };
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => {
                let pid = pid.as_raw_pid() as u32;
                let Some(run) = run.as_deref_mut() else { continue };
                run.count(pid);
                if run.leader() == Some(pid) {
                    run.status = Some(exit_status(status));
                    reaped.leader_ended = true;
                }
            }
            Ok(None) => return reaped,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => {
                reaped.nobody_left = true;
                return reaped;
            }
        }
    }
}

fn exit_status(status: WaitStatus) -> ExitStatus {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => ExitStatus::Code(code),
        (None, Some(signal)) => ExitStatus::Signal(signal),
        (None, None) => ExitStatus::Code(status.as_raw()),
    }
}
