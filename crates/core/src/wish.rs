//! What somebody wants of one slot. The last wish wins: it sets the goal and, while a run is being ended, what
//! follows its end.

use std::sync::Arc;

use crate::{
    Cause, Effect, Ending, Gate, Goal, Health, Instance, Phase, Rest, ServiceSpec, StartKind, Then,
    turn::Turn,
};

impl Instance {
    /// Up: at once, after its dependencies, or after the run that is being ended.
    pub(crate) fn start(&mut self, turn: &mut Turn, gate: Gate, because: Vec<Cause>) {
        let was_wanted = self.goal == Goal::Up;
        self.goal = Goal::Up;
        match &mut self.phase {
            Phase::Stopped(_) | Phase::Failed { .. } | Phase::Backoff { .. } => match gate {
                Gate::Open => self.spawn(turn, StartKind::Explicit, because),
                Gate::Dependencies => self.wait(turn, StartKind::Explicit, because),
            },
            Phase::Starting { .. } | Phase::Running { .. } => {
                if !was_wanted {
                    self.note(turn, because);
                }
            }
            Phase::Stopping { then, .. } => {
                *then = Then::Start { gate, because: because.clone() };
                self.note(turn, because);
            }
        }
    }

    /// Up, in the way that it had ended with success before.
    pub(crate) fn rest_completed(&mut self, turn: &mut Turn) {
        self.goal = Goal::Up;
        let (rest, cause) = if self.spec.oneshot {
            (Rest::Completed, Cause::Completed)
        } else {
            (Rest::NotRestarted, Cause::NotRestarted)
        };
        self.enter(turn, Phase::Stopped(rest), vec![cause]);
    }

    /// Up, as soon as its schedule is due.
    pub(crate) fn rest_scheduled(&mut self, turn: &mut Turn) {
        self.goal = Goal::Up;
        self.enter(turn, Phase::Stopped(Rest::Scheduled), vec![Cause::AwaitsSchedule]);
    }

    /// Down. A living run is asked to end as soon as its dependants are gone, which the supervisor sees to.
    pub(crate) fn lower_goal(&mut self, turn: &mut Turn, because: Vec<Cause>) {
        self.is_queued = false;
        if self.goal == Goal::Down {
            return;
        }
        self.goal = Goal::Down;
        match &mut self.phase {
            Phase::Stopped(_) | Phase::Failed { .. } | Phase::Backoff { .. } => {
                self.enter(turn, Phase::Stopped(Rest::Down), because);
            }
            Phase::Starting { .. } | Phase::Running { .. } => {
                self.causes = because;
                turn.touch(&self.id.service);
            }
            Phase::Stopping { then, .. } => {
                *then = Then::Stay;
                self.note(turn, because);
            }
        }
    }

    /// Down, said by somebody who may be saying it again: then without waiting, and at last without mercy.
    pub(crate) fn stop(&mut self, turn: &mut Turn, because: Vec<Cause>) {
        if self.goal == Goal::Up {
            return self.lower_goal(turn, because);
        }
        match &self.phase {
            Phase::Starting { .. } | Phase::Running { .. } => self.begin_stop(turn, Then::Stay, because),
            Phase::Stopping { ending: Ending::Polite { .. }, .. } => self.kill(turn, because),
            Phase::Stopping { ending: Ending::Killed { .. }, .. }
            | Phase::Stopped(_)
            | Phase::Failed { .. }
            | Phase::Backoff { .. } => {}
        }
    }

    /// A new run, after the present one if there is one.
    pub(crate) fn restart(&mut self, turn: &mut Turn, gate: Gate, because: Vec<Cause>) {
        match &self.phase {
            Phase::Starting { .. } | Phase::Running { .. } => {
                self.goal = Goal::Up;
                self.begin_stop(turn, Then::Start { gate, because: because.clone() }, because);
            }
            Phase::Stopped(_) | Phase::Stopping { .. } | Phase::Failed { .. } | Phase::Backoff { .. } => {
                self.start(turn, gate, because);
            }
        }
    }

    /// A dependency was lost, and this one is to be up only with it.
    pub(crate) fn await_dependency(&mut self, turn: &mut Turn, because: Vec<Cause>) {
        match &self.phase {
            Phase::Starting { .. } | Phase::Running { .. } => {
                self.begin_stop(turn, Then::AwaitDependency { because: because.clone() }, because);
            }
            Phase::Backoff { .. } => self.wait(turn, StartKind::Automatic, because),
            // What was left behind is being ended; the policy decides then.
            Phase::Stopping { .. } | Phase::Stopped(_) | Phase::Failed { .. } => {}
        }
    }

    /// Takes a new specification. What a run was launched with stays with the run.
    pub(crate) fn change(&mut self, turn: &mut Turn, spec: &Arc<ServiceSpec>) {
        if !is_same_launch(&self.spec, spec) {
            self.is_proven = false;
        }
        self.spec = spec.clone();
        if spec.schedule.is_none() && self.phase == Phase::Stopped(Rest::Scheduled) {
            let because = vec![Cause::ConfigChanged { keys: vec!["schedule".to_owned()] }];
            self.enter(turn, Phase::Stopped(Rest::NotRestarted), because);
        }
        let Some(run) = self.phase.run_mut() else { return };
        let old = run.spec.clone();
        run.spec = if is_same_launch(&old, spec) {
            spec.clone()
        } else {
            let (launch, ports) = (old.launch.clone(), old.ports.clone());
            Arc::new(ServiceSpec { launch, ports, oneshot: old.oneshot, ..spec.as_ref().clone() })
        };
        if old.ready != spec.ready || old.live != spec.live {
            self.ask_probes_anew(turn);
        }
    }

    fn ask_probes_anew(&mut self, turn: &mut Turn) {
        match &mut self.phase {
            Phase::Starting { run, ready_by, last_probe } => {
                let Some(process) = run.process else { return };
                last_probe.clear();
                match &run.spec.ready {
                    Some(ready) => {
                        *ready_by = Some(process.since.checked_add(ready.deadline).unwrap_or(turn.now));
                        let (run, spec) = (run.id, run.spec.clone());
                        turn.effect(Effect::ProbeReady { instance: self.id.clone(), run, spec });
                    }
                    None => {
                        turn.effect(Effect::ProbeNone { instance: self.id.clone() });
                        self.ready(turn);
                    }
                }
            }
            Phase::Running { run, failures, .. } => {
                *failures = 0;
                if run.spec.has_probe() {
                    self.watch_health(turn);
                } else {
                    turn.effect(Effect::ProbeNone { instance: self.id.clone() });
                    if self.health() == Health::Unready {
                        self.ready(turn);
                    }
                }
            }
            Phase::Stopped(_) | Phase::Stopping { .. } | Phase::Backoff { .. } | Phase::Failed { .. } => {}
        }
    }

    /// Whether a changed specification replaces what the slot is doing now.
    pub(crate) fn is_restarted_by_change(&self) -> bool {
        self.goal == Goal::Up
            && match &self.phase {
                Phase::Stopped(_) => false,
                Phase::Starting { .. }
                | Phase::Running { .. }
                | Phase::Stopping { .. }
                | Phase::Backoff { .. }
                | Phase::Failed { .. } => true,
            }
    }

    /// Whether it has, or may have, a process.
    pub(crate) fn is_alive(&self) -> bool {
        self.phase.run().is_some()
    }
}

impl ServiceSpec {
    /// Whether anything is asked of it while it runs.
    pub(crate) fn has_probe(&self) -> bool {
        self.ready.is_some() || self.live.is_some()
    }
}

/// Whether a run of one is a run of the other.
pub(crate) fn is_same_launch(a: &ServiceSpec, b: &ServiceSpec) -> bool {
    a.launch == b.launch && a.ports == b.ports && a.oneshot == b.oneshot
}
