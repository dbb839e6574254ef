//! The ways of one slot from phase to phase, and the policy that chooses among them.

use crate::{
    Cause, Effect, Ended, Ending, ExitStatus, Gate, Goal, Health, How, Instance, KILL_GRACE, Phase,
    PhaseKind, Rest, RestartWhen, Run, StartKind, Steady, Then, TreeReport, backoff::Next, turn::Turn,
    wish::is_same_launch,
};

/// The longest cause chain; older roots are cut off.
const CAUSES_MAX: usize = 8;

impl Instance {
    /// Makes a new run.
    pub(crate) fn spawn(&mut self, turn: &mut Turn, kind: StartKind, mut because: Vec<Cause>) {
        because.truncate(CAUSES_MAX);
        match kind {
            StartKind::Explicit => self.restarts.start_afresh(),
            StartKind::Automatic => self.restarts.restarted(turn.now, &self.spec.restart),
        }
        let id = turn.take_run_id();
        let run = Run { id, spec: self.spec.clone(), process: None, because: because.clone() };
        self.enter(turn, Phase::Starting { run, ready_by: None, last_probe: String::new() }, because);
        turn.effect(Effect::Spawn {
            instance: self.id.clone(),
            run: id,
            spec: self.spec.clone(),
            mode: turn.mode.as_ref().to_owned(),
        });
    }

    /// Asks the run to end.
    pub(crate) fn begin_stop(&mut self, turn: &mut Turn, then: Then, causes: Vec<Cause>) {
        self.end_health(turn);
        let Some(run) = self.phase.run().cloned() else { return };
        let ending = Ending::Polite { kill_at: turn.after(run.spec.stop.grace) };
        let then = if self.goal == Goal::Down { Then::Stay } else { then };
        self.enter(turn, Phase::Stopping { run, asked: turn.now, ending, then }, causes);
        self.ask_to_end(turn);
    }

    /// Kills the run that was asked to end.
    pub(crate) fn kill(&mut self, turn: &mut Turn, causes: Vec<Cause>) {
        let give_up_at = turn.after(KILL_GRACE);
        let Phase::Stopping { ending, run, .. } = &mut self.phase else { return };
        *ending = Ending::Killed { give_up_at };
        let run = run.id;
        self.note(turn, causes);
        turn.effect(Effect::Kill { instance: self.id.clone(), run });
    }

    /// The run is over, as far as it can be: what was to follow follows.
    pub(crate) fn settle(&mut self, turn: &mut Turn, report: TreeReport) {
        let Phase::Stopping { asked, then, .. } = &self.phase else { return };
        let (asked, then) = (*asked, then.clone());
        let has_escaped = !report.escaped.is_empty();
        self.last_stop = Some((report, turn.now.saturating_duration_since(asked)));
        match then {
            Then::Stay => {
                let nearest = has_escaped.then_some(Cause::LeftBehind);
                let causes = nearest.into_iter().chain(self.causes.iter().cloned()).collect();
                self.enter(turn, Phase::Stopped(Rest::Down), causes);
            }
            // A second run beside the remains of the first would be two runs.
            Then::Start { .. } | Then::AwaitDependency { .. } | Then::Judge(_) if has_escaped => {
                // Nor may its turn in a rolling restart, which was asked for before, be one.
                self.is_queued = false;
                self.fail(turn, chain(Cause::LeftBehind, &self.causes));
            }
            Then::Start { gate: Gate::Open, because } => self.spawn(turn, StartKind::Explicit, because),
            Then::Start { gate: Gate::Dependencies, because } => {
                self.wait(turn, StartKind::Explicit, because);
            }
            Then::AwaitDependency { because } => self.wait(turn, StartKind::Automatic, because),
            Then::Judge(ended) => self.judge(turn, ended),
        }
    }

    /// A run came to its end without being told to: the policy decides.
    pub(crate) fn judge(&mut self, turn: &mut Turn, ended: Ended) {
        if self.goal == Goal::Down {
            return self.enter(turn, Phase::Stopped(Rest::Down), ended.causes);
        }
        let policy = self.spec.restart.policy;
        if let How::Exit { status, .. } = ended.how
            && self.is_success(status)
        {
            self.restarts.end_trial();
            return match (self.spec.oneshot, policy) {
                (true, _) => {
                    let causes = chain(Cause::Completed, &ended.causes);
                    self.enter(turn, Phase::Stopped(Rest::Completed), causes);
                }
                (false, RestartWhen::Always) => self.try_again(turn, &ended),
                (false, RestartWhen::Never | RestartWhen::OnFailure) => {
                    let causes = chain(Cause::NotRestarted, &ended.causes);
                    self.enter(turn, Phase::Stopped(Rest::NotRestarted), causes);
                }
            };
        }
        if self.is_immediate(&ended.how) {
            let retries = if policy == RestartWhen::Never { 0 } else { self.spec.restart.startup_retries };
            if !self.restarts.tolerates_immediate_exit(retries) {
                return self.fail(turn, self.immediate_causes(&ended));
            }
        } else {
            self.restarts.end_trial();
        }
        match policy {
            RestartWhen::Never => self.fail(turn, chain(Cause::NotRestarted, &ended.causes)),
            RestartWhen::OnFailure | RestartWhen::Always => self.try_again(turn, &ended),
        }
    }

    /// Another run, now or later, unless there were too many.
    fn try_again(&mut self, turn: &mut Turn, ended: &Ended) {
        let policy = &self.spec.restart;
        if ended.how == How::KeeperLost {
            // Not the service's fault: no wait, but it counts.
            return match self.restarts.full_window(turn.now, policy) {
                Some(restarts) => self.hit_limit(turn, restarts, &ended.causes),
                None => self.spawn(turn, StartKind::Automatic, ended.causes.clone()),
            };
        }
        match self.restarts.crashed(turn.now, policy, ended.jitter) {
            Next::LimitHit { restarts } => self.hit_limit(turn, restarts, &ended.causes),
            Next::Retry { delay, attempt } => {
                let causes = chain(Cause::RestartPolicy { attempt, delay }, &ended.causes);
                if delay.is_zero() {
                    self.spawn(turn, StartKind::Automatic, causes);
                } else {
                    self.enter(turn, Phase::Backoff { until: turn.after(delay), attempt }, causes);
                }
            }
        }
    }

    /// Starts again by policy, without a crash of its own: after a lost dependency came back.
    pub(crate) fn resume(&mut self, turn: &mut Turn, because: Vec<Cause>) {
        match self.restarts.full_window(turn.now, &self.spec.restart) {
            Some(restarts) => self.hit_limit(turn, restarts, &because),
            None => self.spawn(turn, StartKind::Automatic, because),
        }
    }

    fn hit_limit(&mut self, turn: &mut Turn, restarts: u32, causes: &[Cause]) {
        let causes = chain(Cause::CrashLoop { restarts, window: self.spec.restart.window }, causes);
        self.fail(turn, causes.clone());
        turn.effect(Effect::LimitHit { instance: self.id.clone(), causes });
    }

    pub(crate) fn fail(&mut self, turn: &mut Turn, causes: Vec<Cause>) {
        let cause = causes.first().cloned().unwrap_or(Cause::NotRestarted);
        self.enter(turn, Phase::Failed { cause }, causes);
    }

    /// Rests until the supervisor finds its dependencies ready.
    pub(crate) fn wait(&mut self, turn: &mut Turn, start: StartKind, because: Vec<Cause>) {
        let rest = Phase::Stopped(Rest::Waiting { on: None, start, because: because.clone() });
        if self.phase.kind() == PhaseKind::Stopped {
            // What it waits for is told once it is known.
            self.phase = rest;
            turn.touch(&self.id.service);
        } else {
            self.enter(turn, rest, because);
        }
    }

    /// The run must end although nobody asked for it.
    pub(crate) fn end_as_crashed(&mut self, turn: &mut Turn, how: How, causes: Vec<Cause>) {
        let ended = self.ended(turn, how, 0.0, causes.clone());
        self.freeze_evidence(turn, causes.clone());
        self.begin_stop(turn, Then::Judge(ended), causes);
    }

    pub(crate) fn run_without_probe(&mut self, turn: &mut Turn) {
        let Some(run) = self.phase.run().cloned() else { return };
        let startup = run.spec.restart.startup_crash;
        let steady = if startup.is_zero() {
            self.proved_itself();
            Steady::Since(turn.now)
        } else {
            Steady::From(turn.after(startup))
        };
        let causes = run.because.clone();
        self.enter(turn, Phase::Running { run, health: Health::Ready, steady, failures: 0 }, causes);
        self.watch_health(turn);
    }
}

// Parts.
impl Instance {
    /// The one door between phases.
    pub(crate) fn enter(&mut self, turn: &mut Turn, to: Phase, causes: Vec<Cause>) {
        let (from, health) = (self.phase.kind(), self.health());
        let probed = self.phase.run().filter(|run| {
            from != PhaseKind::Stopping && run.process.is_some() && run.spec.has_probe() && {
                let stays = matches!(to, Phase::Starting { .. } | Phase::Running { .. });
                !(stays && to.run().is_some_and(|next| next.id == run.id))
            }
        });
        if probed.is_some() {
            turn.effect(Effect::ProbeNone { instance: self.id.clone() });
        }
        self.phase = to;
        self.since = turn.now;
        self.note_from(turn, from, causes);
        if self.health() != health {
            let causes = self.causes.clone();
            turn.effect(Effect::Health { instance: self.id.clone(), to: self.health(), causes });
        }
    }

    /// Another cause for the same phase.
    pub(crate) fn note(&mut self, turn: &mut Turn, causes: Vec<Cause>) {
        self.note_from(turn, self.phase.kind(), causes);
    }

    fn note_from(&mut self, turn: &mut Turn, from: PhaseKind, mut causes: Vec<Cause>) {
        causes.truncate(CAUSES_MAX);
        self.causes.clone_from(&causes);
        turn.touch(&self.id.service);
        let (instance, to, run) = (self.id.clone(), self.phase.kind(), self.run());
        turn.effect(Effect::Phase { instance, from, to, run, causes });
    }

    pub(crate) fn set_health(&mut self, turn: &mut Turn, to: Health, causes: Vec<Cause>) {
        let Phase::Running { health, .. } = &mut self.phase else { return };
        if *health != to {
            *health = to;
            turn.touch(&self.id.service);
            turn.effect(Effect::Health { instance: self.id.clone(), to, causes });
        }
    }

    /// Has the probes of a running service asked, if it has any.
    pub(crate) fn watch_health(&self, turn: &mut Turn) {
        let Phase::Running { run, .. } = &self.phase else { return };
        if run.spec.has_probe() {
            let (instance, run, spec) = (self.id.clone(), run.id, run.spec.clone());
            turn.effect(Effect::ProbeLive { instance, run, spec });
        }
    }

    pub(crate) fn ask_to_end(&self, turn: &mut Turn) {
        let Some(run) = self.phase.run() else { return };
        let (spec, signal) = (run.spec.clone(), run.spec.stop.signal);
        turn.effect(Effect::Terminate { instance: self.id.clone(), run: run.id, spec, signal });
    }

    pub(crate) fn freeze_evidence(&self, turn: &mut Turn, causes: Vec<Cause>) {
        let Some(run) = self.run() else { return };
        turn.effect(Effect::Incident { instance: self.id.clone(), run, causes });
    }

    pub(crate) fn ended(&mut self, turn: &Turn, how: How, jitter: f64, causes: Vec<Cause>) -> Ended {
        self.end_health(turn);
        Ended { how, jitter, causes }
    }

    /// The run is at its end: how long it was healthy is remembered for later.
    pub(crate) fn end_health(&mut self, turn: &Turn) {
        if let Phase::Running { steady, .. } = &self.phase {
            self.take_stock(turn, *steady);
        }
    }

    pub(crate) fn take_stock(&mut self, turn: &Turn, steady: Steady) {
        if let Some(healthy_for) = steady.healthy_for(turn.now) {
            self.proved_itself();
            self.restarts.was_healthy(&self.spec.restart, healthy_for);
        }
    }

    /// The present run is healthy: what ends it later is no mistake in the configuration it was launched with.
    pub(crate) fn proved_itself(&mut self) {
        self.is_proven |= self.phase.run().is_some_and(|run| is_same_launch(&run.spec, &self.spec));
        self.restarts.end_trial();
    }

    pub(crate) fn is_success(&self, status: ExitStatus) -> bool {
        match status {
            ExitStatus::Code(code) => self.spec.success_exit_codes.contains(&code),
            ExitStatus::Signal(_) | ExitStatus::Unknown => false,
        }
    }

    /// Whether the end of this run is a sign that the specification cannot work.
    fn is_immediate(&self, how: &How) -> bool {
        let within = self.spec.restart.startup_crash;
        if within.is_zero() || !self.restarts.is_on_trial() {
            return false;
        }
        match how {
            How::Exit { status: ExitStatus::Code(_), after } => !self.is_proven && *after < within,
            How::NotSpawned(_) => true,
            How::Exit { status: ExitStatus::Signal(_) | ExitStatus::Unknown, .. }
            | How::ReadyDeadline
            | How::NotLive
            | How::LimitExceeded
            | How::KeeperLost => false,
        }
    }

    fn immediate_causes(&self, ended: &Ended) -> Vec<Cause> {
        match ended.how {
            How::NotSpawned(_) => ended.causes.clone(),
            How::Exit { .. } | How::ReadyDeadline | How::NotLive | How::LimitExceeded | How::KeeperLost => {
                let within = self.spec.restart.startup_crash;
                chain(Cause::ImmediateExit { within }, &ended.causes)
            }
        }
    }
}

/// A cause and what lies behind it.
pub(crate) fn chain(nearest: Cause, behind: &[Cause]) -> Vec<Cause> {
    std::iter::once(nearest).chain(behind.iter().cloned()).collect()
}
