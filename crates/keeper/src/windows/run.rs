//! The life of a run: its leader, its job, its end.

use super::ladder::{Ladder, Way};
use super::output::Output;
use ostler_keeper::protocol::{ExitStatus, KeeperState, TreeReport};
use ostler_keeper::record::RunRecord;
use ostler_windows::job::{Job, Limits};
use ostler_windows::{console, process, window};
use std::collections::HashSet;
use std::os::windows::io::OwnedHandle;
use std::time::{Duration, Instant};
use windows_sys::Win32::System::SystemServices::{
    JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS, JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, JOB_OBJECT_MSG_EXIT_PROCESS,
};

/// How long a kill may take; then what is left has escaped.
const KILL_BOUND: Duration = Duration::from_secs(2);

/// Between two looks at what is being killed.
const KILL_PAUSE: Duration = Duration::from_millis(20);

/// The numbers by which engines know these ends.
const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;

/// How many of the killed are named.
const NAMES_MAX: usize = 16;

/// One run.
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) mark: String,
    pub(super) pid: u32,
    pub(super) pid_start: u64,
    pub(super) leader: OwnedHandle,
    pub(super) job: Job,
    pub(super) limits: Limits,
    pub(super) job_key: usize,
    pub(super) spawned: Instant,
    pub(super) memo: Vec<u8>,
    /// How the leader ended.
    pub(super) status: Option<ExitStatus>,
    pub(super) tree: Tree,
    pub(super) is_acknowledged: bool,
    /// Whether it is a batch file: after Ctrl-Break `cmd.exe` asks what to do with the rest of it.
    pub(super) is_batch: bool,
    /// How far it was asked to end, if it was.
    pub(super) asked: Option<Ladder>,
    /// The job has told that the leader ends.
    pub(super) is_leader_ending: bool,
    /// The job has told that nobody is left.
    pub(super) is_tree_ending: bool,
    pub(super) kill: Option<Kill>,
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

/// A kill that is under way, or was.
pub(super) struct Kill {
    pub(super) deadline: Instant,
    pub(super) next: Instant,
    pids: HashSet<u32>,
    names: Vec<String>,
}

impl Run {
    /// Nothing of it can run any more, as far as we can bring that about.
    pub(super) fn is_over(&self) -> bool {
        self.status.is_some() && self.tree != Tree::Alive
    }

    /// Takes note of a message of the job.
    pub(super) fn hear(&mut self, message: u32, pid: u32) {
        match message {
            JOB_OBJECT_MSG_EXIT_PROCESS | JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS => {
                self.is_leader_ending |= pid == self.pid;
            }
            JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO => self.is_tree_ending = true,
            _ => {}
        }
    }

    /// Whether an end that was told does not show yet.
    pub(super) fn is_ending(&self) -> bool {
        (self.is_leader_ending && self.status.is_none()) || (self.is_tree_ending && self.tree == Tree::Alive)
    }

    /// When the next way to ask is due.
    pub(super) fn ask_due(&self) -> Option<Instant> {
        let is_asking = self.tree == Tree::Alive && self.kill.is_none();
        self.asked.as_ref().filter(|_| is_asking).and_then(Ladder::due)
    }

    /// Asks the run to end in the ways that are due; gives in words what was done.
    pub(super) fn ask(&mut self, now: Instant) -> Vec<String> {
        if self.ask_due().is_none_or(|at| at > now) {
            return Vec::new();
        }
        let members = self.job.members();
        let Self { asked: Some(ladder), pid, output, is_batch, .. } = self else {
            return Vec::new();
        };
        ladder.climb(now, |way| match way {
            // The leader's number cannot be another's while we hold the leader.
            Way::Break if hears_break(&members) && console::send_break(*pid).is_ok() => {
                if *is_batch {
                    // An input at its end answers the question, whose letters depend on the language.
                    output.close_input();
                }
                Some("asked to end by Ctrl-Break".to_owned())
            }
            Way::Break => None,
            Way::Close => {
                let asked = window::ask_to_close(&members);
                (asked > 0).then(|| format!("asked to end by closing, {asked} windows"))
            }
            Way::EndOfInput => {
                output.close_input().then(|| "asked to end by the end of its input".to_owned())
            }
        })
    }

    /// Begins to kill the tree, or goes on.
    pub(super) fn kill_step(&mut self, now: Instant) {
        self.kill_at = None;
        let members = self.job.members();
        let kill = self.kill.get_or_insert_with(|| Kill {
            deadline: now + KILL_BOUND,
            next: now,
            pids: HashSet::new(),
            names: Vec::new(),
        });
        kill.note(&members);
        kill.next = now + KILL_PAUSE;
        // Who cannot be ended is reported at the deadline.
        let _ = self.job.terminate();
    }

    /// Looks whether the leader has ended, and whether anybody is left; gives what is new.
    pub(super) fn look(&mut self) -> Looked {
        let mut looked = Looked::default();
        if self.status.is_none()
            && let Some(code) = process::exit_code(&self.leader)
        {
            self.status = Some(self.status_of(code));
            looked.leader_ended = true;
        }
        // A job that cannot be asked is taken for one whose members live.
        looked.nobody_left = self.job.count().is_ok_and(|(active, _)| active == 0);
        looked
    }

    /// What an exit code says: the one that stands for Ctrl-C and for our kill is told as the signal that was meant.
    fn status_of(&self, code: u32) -> ExitStatus {
        match (&self.kill, self.asked.is_some()) {
            (Some(_), _) if code == process::KILLED => ExitStatus::Signal(SIGKILL),
            (None, true) if code == process::KILLED => ExitStatus::Signal(SIGTERM),
            (Some(_) | None, _) => ExitStatus::Code(code as i32),
        }
    }

    /// Those that live although they were killed.
    pub(super) fn survivors(&self) -> Vec<String> {
        name(&self.job.members())
    }

    pub(super) fn report(&self) -> TreeReport {
        let mut report = TreeReport::default();
        let (active, ever) = self.job.count().unwrap_or((0, 0));
        if let Some(kill) = &self.kill {
            report.killed_count = u32::try_from(kill.pids.len()).unwrap_or(u32::MAX);
            report.killed.clone_from(&kill.names);
        }
        report.ended = ever.saturating_sub(active).saturating_sub(report.killed_count);
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

/// What a look has found.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// The leader has ended just now.
    pub(super) leader_ended: bool,
    /// No member of the job is left.
    pub(super) nobody_left: bool,
}

impl Kill {
    /// Remembers whom it hits.
    fn note(&mut self, members: &[u32]) {
        let new: Vec<u32> = members.iter().copied().filter(|pid| self.pids.insert(*pid)).collect();
        if !new.is_empty() && self.names.len() < NAMES_MAX {
            self.names.extend(name(&new));
            self.names.truncate(NAMES_MAX);
        }
    }
}

/// Whether one of these shares our console, without which nobody hears Ctrl-Break. Where the system does not say, one may.
pub(super) fn hears_break(members: &[u32]) -> bool {
    console::sharers().is_none_or(|sharers| members.iter().any(|pid| sharers.contains(pid)))
}

/// `name (pid)` of each that is still in the process table.
fn name(pids: &[u32]) -> Vec<String> {
    let table = process::all();
    let entry = |pid: &u32| table.iter().find(|entry| entry.pid == *pid);
    pids.iter().filter_map(entry).map(|entry| format!("{} ({})", entry.name, entry.pid)).collect()
}
