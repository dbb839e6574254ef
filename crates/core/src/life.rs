//! The state machine of one slot: which fact leads from which phase to which.
//!
//! ```text
//!            start                 spawned, ready              asked to end, left something behind,
//!  Stopped ─────────▶ Starting ───────────────▶ Running ───┐   not ready in time, not live, over a limit
//!     ▲ ▲                │  │                      │       │
//!     │ └────────────────┼──┴──────────────────────┴───────┴──▶ Stopping{then}
//!     │      then: Stay  │ ended                   │ ended          │ tree gone, or time is over
//!     │                  └────────────▶ judge ◀────┴────────────────┘ then: Judge
//!     │   succeeded                       │ │ │     then: Start ──▶ Starting
//!     └───────────────────────────────────┘ │ └──▶ Failed   at once, over the limit, or policy `never`
//!                      Starting ◀── Backoff ◀┘
//! ```
//!
//! Each fact names its run; [`Instance::is_current`] is asked first, so that a dead run changes nothing.

use std::time::Duration;

use crate::{
    Cause, Effect, Ended, Ending, ExitStatus, Health, How, Instance, Phase, PhaseKind, ProbeKind, Process,
    Run, RunId, SpawnFailure, StartKind, Steady, Then, TreeReport, turn::Turn, ways::chain,
};

// Facts.
impl Instance {
    /// Whether this run is the one the slot lives by.
    pub(crate) fn is_current(&self, run: RunId) -> bool {
        self.run() == Some(run)
    }

    /// The run has a process.
    pub(crate) fn spawned(&mut self, turn: &mut Turn, pid: u32) {
        let process = Process { pid, since: turn.now };
        let Some(run) = self.phase.run_mut() else { return };
        if run.process.is_some() {
            return;
        }
        run.process = Some(process);
        turn.touch(&self.id.service);
        match &mut self.phase {
            Phase::Starting { run, ready_by, .. } => match &run.spec.ready {
                Some(ready) => {
                    *ready_by = Some(turn.after(ready.deadline));
                    let (run, spec) = (run.id, run.spec.clone());
                    turn.effect(Effect::ProbeReady { instance: self.id.clone(), run, spec });
                }
                None => self.run_without_probe(turn),
            },
            // The run was given up before it had a process: what was asked of it then could not reach anybody.
            Phase::Stopping { ending: Ending::Polite { .. }, .. } => self.ask_to_end(turn),
            Phase::Stopping { ending: Ending::Killed { .. }, run, .. } => {
                let run = run.id;
                turn.effect(Effect::Kill { instance: self.id.clone(), run });
            }
            Phase::Stopped(_) | Phase::Running { .. } | Phase::Backoff { .. } | Phase::Failed { .. } => {}
        }
    }

    /// The run never had a process.
    pub(crate) fn spawn_failed(&mut self, turn: &mut Turn, failure: SpawnFailure) {
        match &self.phase {
            Phase::Starting { run, .. } if run.process.is_none() => {
                let is_first = self.restarts.streak() == 0;
                let behind = if is_first { run.because.as_slice() } else { &[] };
                let causes = chain(Cause::SpawnFailed(failure.clone()), behind);
                let how = How::NotSpawned(failure);
                self.freeze_evidence(turn, causes.clone());
                self.judge(turn, Ended { how, jitter: 0.0, causes });
            }
            Phase::Stopping { run, .. } if run.process.is_none() => self.settle(turn, TreeReport::default()),
            Phase::Starting { .. }
            | Phase::Stopping { .. }
            | Phase::Stopped(_)
            | Phase::Running { .. }
            | Phase::Backoff { .. }
            | Phase::Failed { .. } => {}
        }
    }

    /// The first process of the run ended.
    pub(crate) fn exited(&mut self, turn: &mut Turn, status: ExitStatus, tree_is_gone: bool, jitter: f64) {
        let Some(run) = self.phase.run() else { return };
        let after = run.process.map_or(Duration::ZERO, |it| turn.now.saturating_duration_since(it.since));
        self.last_exit = Some((status, after));
        match self.phase.kind() {
            PhaseKind::Starting | PhaseKind::Running => {
                let causes = vec![Cause::Exited { status, after }];
                let ended = self.ended(turn, How::Exit { status, after }, jitter, causes.clone());
                if !self.is_success(status) {
                    self.freeze_evidence(turn, causes.clone());
                }
                if tree_is_gone {
                    self.judge(turn, ended);
                } else {
                    self.begin_stop(turn, Then::Judge(ended), chain(Cause::LeftBehind, &causes));
                }
            }
            PhaseKind::Stopping if tree_is_gone => {
                // Its first process at least; the rest has ended before.
                self.settle(turn, TreeReport { ended: 1, ..TreeReport::default() })
            }
            PhaseKind::Stopping | PhaseKind::Stopped | PhaseKind::Backoff | PhaseKind::Failed => {}
        }
    }

    /// No process of the run is left, or those that are cannot be ended.
    pub(crate) fn tree_gone(&mut self, turn: &mut Turn, report: TreeReport) {
        match self.phase.kind() {
            PhaseKind::Stopping => self.settle(turn, report),
            PhaseKind::Starting | PhaseKind::Running => self.exited(turn, ExitStatus::Unknown, true, 0.0),
            PhaseKind::Stopped | PhaseKind::Backoff | PhaseKind::Failed => {}
        }
    }

    /// The keeper died; what it kept was ended.
    pub(crate) fn keeper_lost(&mut self, turn: &mut Turn) {
        match self.phase.kind() {
            PhaseKind::Starting | PhaseKind::Running => {
                let ended = self.ended(turn, How::KeeperLost, 0.0, vec![Cause::KeeperLost]);
                self.freeze_evidence(turn, vec![Cause::KeeperLost]);
                self.judge(turn, ended);
            }
            PhaseKind::Stopping => self.settle(turn, TreeReport::default()),
            PhaseKind::Stopped | PhaseKind::Backoff | PhaseKind::Failed => {}
        }
    }

    /// A probe answered, for the first time or again.
    pub(crate) fn ready(&mut self, turn: &mut Turn) {
        match &mut self.phase {
            Phase::Starting { run, .. } if run.process.is_some() => {
                let run = run.clone();
                let causes = chain(Cause::BecameReady, &run.because);
                self.proved_itself();
                let steady = Steady::Since(turn.now);
                self.enter(turn, Phase::Running { run, health: Health::Ready, steady, failures: 0 }, causes);
                self.watch_health(turn);
            }
            Phase::Running { health: Health::Unready, steady, failures, .. } => {
                *failures = 0;
                *steady = Steady::Since(turn.now);
                self.set_health(turn, Health::Ready, vec![Cause::BecameReady]);
            }
            Phase::Running { health: Health::Ready | Health::Unknown, .. }
            | Phase::Starting { .. }
            | Phase::Stopped(_)
            | Phase::Stopping { .. }
            | Phase::Backoff { .. }
            | Phase::Failed { .. } => {}
        }
    }

    /// A probe failed.
    pub(crate) fn probe_failed(&mut self, turn: &mut Turn, kind: ProbeKind, message: String) {
        match &mut self.phase {
            Phase::Starting { last_probe, .. } if kind == ProbeKind::Ready => *last_probe = message,
            Phase::Running { run, steady, failures, .. } => {
                let retries = match (kind, &run.spec.live) {
                    (ProbeKind::Live, Some(live)) => Some(live.retries.max(1)),
                    (ProbeKind::Ready, None) if run.spec.ready.is_some() => None,
                    (ProbeKind::Live, None) | (ProbeKind::Ready, Some(_) | None) => return,
                };
                *failures = failures.saturating_add(1);
                let (times, before) = (*failures, std::mem::replace(steady, Steady::No));
                self.take_stock(turn, before);
                let causes = vec![Cause::ProbeFailed { times, last: message }];
                self.set_health(turn, Health::Unready, causes.clone());
                if retries.is_some_and(|retries| times >= retries) {
                    self.end_as_crashed(turn, How::NotLive, causes);
                }
            }
            Phase::Starting { .. }
            | Phase::Stopped(_)
            | Phase::Stopping { .. }
            | Phase::Backoff { .. }
            | Phase::Failed { .. } => {}
        }
    }

    /// Nobody could ask or answer for a while: what probes said before does not count any more, and a deadline that
    /// has not been met is given anew.
    pub(crate) fn resumed(&mut self, turn: &Turn, pause: Duration) {
        match &mut self.phase {
            Phase::Starting { run, ready_by: Some(ready_by), .. } => {
                if let Some(ready) = &run.spec.ready {
                    *ready_by = turn.after(ready.deadline.saturating_add(pause));
                }
            }
            Phase::Running { failures, .. } => *failures = 0,
            Phase::Starting { ready_by: None, .. }
            | Phase::Stopped(_)
            | Phase::Stopping { .. }
            | Phase::Backoff { .. }
            | Phase::Failed { .. } => {}
        }
    }

    /// It exceeded a limit.
    pub(crate) fn limit_exceeded(&mut self, turn: &mut Turn, what: String) {
        match self.phase.kind() {
            PhaseKind::Starting | PhaseKind::Running => {
                self.end_as_crashed(turn, How::LimitExceeded, vec![Cause::LimitExceeded { what }]);
            }
            PhaseKind::Stopped | PhaseKind::Stopping | PhaseKind::Backoff | PhaseKind::Failed => {}
        }
    }

    /// A living run of an earlier engine was found.
    pub(crate) fn adopt(&mut self, turn: &mut Turn, run: RunId, pid: u32, age: Duration, was_ready: bool) {
        let since = turn.now.checked_sub(age).unwrap_or(turn.now);
        let process = Some(Process { pid, since });
        let because = vec![Cause::Adopted];
        let spec = self.spec.clone();
        let run = Run { id: run, spec: spec.clone(), process, because: because.clone() };
        match &spec.ready {
            Some(ready) if !was_ready => {
                // Nobody asked the probe meanwhile, so the deadline is given anew.
                let ready_by = Some(turn.after(ready.deadline));
                let id = run.id;
                self.enter(turn, Phase::Starting { run, ready_by, last_probe: String::new() }, because);
                turn.effect(Effect::ProbeReady { instance: self.id.clone(), run: id, spec });
            }
            Some(_) => {
                let steady = Steady::Since(since);
                self.enter(turn, Phase::Running { run, health: Health::Ready, steady, failures: 0 }, because);
                self.proved_itself();
                self.watch_health(turn);
            }
            None => {
                let steady = Steady::From(since.checked_add(spec.restart.startup_crash).unwrap_or(turn.now));
                self.enter(turn, Phase::Running { run, health: Health::Ready, steady, failures: 0 }, because);
                self.watch_health(turn);
            }
        }
    }
}

// Time.
impl Instance {
    /// Moves what is due at the present instant; whether anything was.
    pub(crate) fn on_time(&mut self, turn: &mut Turn) -> bool {
        let is_due = self.phase.timer(&self.id).is_some_and(|(at, _)| at <= turn.now);
        if !is_due {
            return false;
        }
        match &mut self.phase {
            Phase::Starting { run, last_probe, .. } => {
                let after = run.spec.ready.as_ref().map_or(Duration::ZERO, |ready| ready.deadline);
                let last = std::mem::take(last_probe);
                self.end_as_crashed(turn, How::ReadyDeadline, vec![Cause::ReadyDeadline { after, last }]);
            }
            Phase::Running { steady, .. } => {
                if let Steady::From(at) = *steady {
                    *steady = Steady::Since(at);
                }
                self.proved_itself();
                turn.touch(&self.id.service);
            }
            Phase::Stopping { ending: Ending::Polite { .. }, run, .. } => {
                let cause = Cause::GraceOver { grace: run.spec.stop.grace };
                let causes = chain(cause, &self.causes);
                self.kill(turn, causes);
            }
            Phase::Stopping { ending: Ending::Killed { .. }, .. } => {
                let escaped = vec!["unknown".to_owned()];
                self.settle(turn, TreeReport { escaped, ..TreeReport::default() });
            }
            Phase::Backoff { .. } => {
                let causes = self.causes.clone();
                self.spawn(turn, StartKind::Automatic, causes);
            }
            Phase::Stopped(_) | Phase::Failed { .. } => {}
        }
        true
    }
}
