//! A small world of processes around a supervisor: it answers effects late, wrongly ordered, with failures and
//! with facts about dead runs, as its choices tell it, and watches that the promises are kept.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use ostler_core::*;

use crate::script::{fleet, probed, s};

/// How long the world needs to end what was killed.
const KILL_TAKES: Duration = Duration::from_millis(700);

/// Timers that may be handled in a row at one instant of a life before something must be wrong.
const TIMERS_MAX: usize = 10_000;

/// One decision of a life: what, about whom, how.
pub(crate) type Choice = (u8, u8, u8);

pub(crate) struct World {
    pub(crate) supervisor: Supervisor,
    now: Instant,
    pub(crate) specs: Vec<ServiceSpec>,
    mode: String,
    pub(crate) runs: BTreeMap<RunId, Process>,
    dead: Vec<(InstanceId, RunId)>,
    histories: BTreeMap<InstanceId, History>,
    pub(crate) is_all_down: bool,
    /// Tells everything that happens.
    is_told: bool,
}

/// A run as the world knows it.
pub(crate) struct Process {
    pub(crate) instance: InstanceId,
    pub(crate) spec: Arc<ServiceSpec>,
    pub(crate) state: State,
    killed: Option<Instant>,
    /// Nothing ends it.
    pub(crate) is_stubborn: bool,
    /// The supervisor gave it up.
    pub(crate) is_abandoned: bool,
    healthy_since: Option<Instant>,
    was_long_healthy: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Asked,
    Alive,
    Orphans,
}

/// What is remembered of a slot to check its restarts.
#[derive(Default)]
struct History {
    causes: Vec<Cause>,
    automatic: Vec<Instant>,
    attempt: u32,
    delay: Duration,
    was_long_healthy: bool,
}

impl World {
    pub(crate) fn new(specs: Vec<ServiceSpec>, is_told: bool) -> Self {
        let mode = "default".to_owned();
        let supervisor = Supervisor::new(fleet(specs.clone()), mode.clone(), RunId(1));
        let now = Instant::now();
        let (runs, histories) = (BTreeMap::new(), BTreeMap::new());
        let mut world = Self {
            supervisor,
            now,
            specs,
            mode,
            runs,
            dead: Vec::new(),
            histories,
            is_all_down: false,
            is_told,
        };
        world.give(Input::Boot { intent: None });
        world
    }

    /// One step of a life.
    pub(crate) fn step(&mut self, (what, whom, how): Choice) {
        match what % 16 {
            0..=3 => {
                let wait = [1, 400, 1_500, 6_000, 40_000, 200_000][usize::from(whom) % 6];
                self.pass(Duration::from_millis(wait), Duration::from_millis(u64::from(how % 4) * 300));
            }
            4..=9 => self.let_happen(whom, how),
            10 => self.speak_of_the_dead(whom, how),
            11 => self.start(whom, how),
            12 => self.stop(whom),
            13 => self.command(Request::Restart { targets: vec![self.target(whom)] }),
            14 => self.reconfigure(whom, how),
            _ => match how % 8 {
                0 => self.replace_engine(),
                1 => self.command(Request::Shutdown),
                2 | 3 => {
                    self.mode = if self.mode == "default" { "other" } else { "default" }.to_owned();
                    self.command(Request::SetMode { mode: self.mode.clone() });
                }
                4 | 5 => {
                    let service = self.specs[usize::from(whom) % self.specs.len()].name.clone();
                    self.command(Request::Scale { service, instances: u16::from(how) / 8 % 4 });
                }
                _ => self.start(whom, 0),
            },
        }
    }
}

// Commands.
impl World {
    pub(crate) fn command(&mut self, request: Request) {
        self.give(Input::Command { request, actor: Actor::Desktop });
    }

    fn target(&self, whom: u8) -> Target {
        let slots: Vec<_> = self.supervisor.instances().map(|slot| slot.id().clone()).collect();
        match slots.get(usize::from(whom / 2) % slots.len().max(1)) {
            Some(id) if whom.is_multiple_of(2) => Target::Instance(id.clone()),
            Some(id) => Target::Service(id.service.clone()),
            None => Target::Service(self.specs[0].name.clone()),
        }
    }

    fn start(&mut self, whom: u8, how: u8) {
        let target = self.target(whom);
        self.command(Request::Start {
            targets: vec![target.clone()],
            with_dependencies: how.is_multiple_of(2),
        });
        self.expect_goal(&target, Goal::Up);
    }

    fn stop(&mut self, whom: u8) {
        let target = self.target(whom);
        self.command(Request::Stop { targets: vec![target.clone()] });
        self.expect_goal(&target, Goal::Down);
    }

    /// The last wish is the goal, unless an older wish took away what the service is not to be up without.
    fn expect_goal(&self, target: &Target, goal: Goal) {
        if self.supervisor.is_shutting_down() {
            return;
        }
        for slot in self.supervisor.instances().filter(|slot| !slot.is_leaving()) {
            let is_meant = match target {
                Target::Service(name) => slot.id().service == *name,
                Target::Instance(id) => slot.id() == id,
            };
            let is_lost = matches!(slot.causes().first(), Some(Cause::DependencyLost(_)));
            assert!(!is_meant || is_lost || slot.goal() == goal, "{} is not wanted {goal:?}", slot.id());
        }
    }

    fn reconfigure(&mut self, whom: u8, how: u8) {
        let at = usize::from(whom) % self.specs.len();
        let mut specs = self.specs.clone();
        let spec = &mut specs[at];
        match how % 6 {
            0 => drop(specs.remove(at)),
            1 => drop(spec.launch.env.insert("V".to_owned(), Template::literal(format!("{how}")))),
            2 => spec.enabled = !spec.enabled,
            3 if spec.ready.is_none() => probed(spec),
            3 => spec.ready = None,
            4 => spec.instances = 3 - spec.instances.min(2),
            _ => spec.stop.grace = s(u64::from(how) % 3),
        }
        if !how.is_multiple_of(6) {
            self.specs.clone_from(&specs);
        }
        let fleet = fleet(specs);
        let before = self.supervisor.clone();
        self.command(Request::Apply { fleet: fleet.clone() });
        let shutting_down = self.supervisor.is_shutting_down();
        assert!(shutting_down || self.supervisor.plan(&fleet).is_empty(), "a plan is left over");
        for slot in before.instances().filter(|_| !shutting_down) {
            let is_touched = before.plan(&fleet).change(&slot.id().service).is_some();
            let run = self.supervisor.instance(slot.id()).and_then(Instance::run);
            let is_kept = slot.run().is_none() || run == slot.run();
            assert!(is_touched || is_kept, "{} lost its run without being in the plan", slot.id());
        }
    }

    /// The engine dies; the next one finds what lives.
    fn replace_engine(&mut self) {
        if self.supervisor.is_shutting_down() {
            return;
        }
        let intent = self.supervisor.intent();
        let fleet = self.supervisor.fleet().clone();
        let next = self.supervisor.next_run();
        self.supervisor = Supervisor::new(fleet, "default".to_owned(), next);
        self.histories.clear();
        // What was not alive and well is ended before the boot.
        let (kept, ended) =
            std::mem::take(&mut self.runs).into_iter().partition::<BTreeMap<_, _>, _>(|(_, process)| {
                let is_possible = self.supervisor.fleet().services.contains_key(&process.instance.service);
                process.is_abandoned
                    || (process.state == State::Alive && process.killed.is_none() && is_possible)
            });
        self.runs = kept;
        self.dead.extend(ended.into_iter().map(|(run, process)| (process.instance, run)));
        let alive: Vec<_> = self.runs.iter_mut().filter(|(_, process)| !process.is_abandoned).collect();
        let mut inputs = Vec::new();
        for (run, process) in alive {
            let (instance, was_ready) = (process.instance.clone(), process.healthy_since.is_some());
            process.was_long_healthy = false;
            process.healthy_since = was_ready.then_some(self.now);
            inputs.push(Input::Adopted { instance, run: *run, pid: 1, age: Duration::ZERO, was_ready });
        }
        for input in inputs {
            let effects = self.supervisor.handle(self.now, input);
            assert!(
                !effects.iter().any(|it| matches!(it, Effect::Kill { .. })),
                "a living run is not adopted"
            );
        }
        self.give(Input::Boot { intent: Some(intent.clone()) });
        for (id, is_wanted) in &intent.goals {
            let slot = self.supervisor.instance(id).expect("a slot that was wanted");
            let is_lost = matches!(slot.causes().first(), Some(Cause::DependencyLost(_)));
            assert!(is_lost || (slot.goal() == Goal::Up) == *is_wanted, "{id} lost its goal");
        }
    }
}

// Facts.
impl World {
    /// Something happens to one of the living runs.
    fn let_happen(&mut self, whom: u8, how: u8) {
        let alive: Vec<_> = self.runs.iter().filter(|(_, process)| !process.is_abandoned).collect();
        let Some((run, process)) = alive.get(usize::from(whom) % alive.len().max(1)) else { return };
        let (run, instance, spec) = (**run, process.instance.clone(), process.spec.clone());
        let jitter = f64::from(whom) / 255.0;
        let exited = |status, tree_is_gone| Input::Exited {
            instance: instance.clone(),
            run,
            status,
            tree_is_gone,
            jitter,
        };
        let input = match (process.state, how % 12) {
            (State::Asked, 0) => self.failure(run),
            (State::Asked, _) => Input::Spawned { instance, run, pid: 1 },
            (State::Orphans, _) => Input::TreeGone { instance, run, report: TreeReport::default() },
            (State::Alive, 0) => exited(ExitStatus::Code(0), true),
            (State::Alive, 1 | 2) => exited(ExitStatus::Code(1), true),
            (State::Alive, 3) => exited(ExitStatus::Signal(Signal::KILL), true),
            (State::Alive, 4 | 5) => exited(ExitStatus::Code(1), false),
            (State::Alive, 6) => Input::KeeperLost { instance, run },
            (State::Alive, 7) => Input::Limit { instance, run, what: String::new() },
            (State::Alive, 8 | 9) if spec.ready.is_some() => Input::Ready { instance, run },
            (State::Alive, _) => {
                let kind = if how.is_multiple_of(2) { ProbeKind::Ready } else { ProbeKind::Live };
                Input::ProbeFailed { instance, run, kind, message: String::new() }
            }
        };
        self.happen(run, input);
    }

    fn failure(&self, run: RunId) -> Input {
        let instance = self.runs[&run].instance.clone();
        Input::SpawnFailed { instance, run, failure: SpawnFailure::NotFound { program: String::new() } }
    }

    /// Lets it happen in the world, and then says so.
    pub(crate) fn happen(&mut self, run: RunId, input: Input) {
        let phase = {
            let process = &self.runs[&run];
            let slot = self.supervisor.instance(&process.instance).filter(|slot| slot.run() == Some(run));
            slot.map(Instance::phase_kind)
        };
        let process = self.runs.get_mut(&run).expect("a living run");
        let is_up = matches!(phase, Some(PhaseKind::Starting | PhaseKind::Running));
        match &input {
            Input::Spawned { .. } => {
                process.state = State::Alive;
                if process.spec.ready.is_none() {
                    process.healthy_since = Some(self.now + process.spec.restart.startup_crash);
                }
            }
            Input::Exited { tree_is_gone: false, .. } => process.state = State::Orphans,
            Input::Ready { .. } => process.healthy_since = process.healthy_since.or(Some(self.now)),
            Input::ProbeFailed { kind, .. } if phase == Some(PhaseKind::Running) => {
                let is_asked = match kind {
                    ProbeKind::Live => process.spec.live.is_some(),
                    ProbeKind::Ready => process.spec.live.is_none() && process.spec.ready.is_some(),
                };
                if is_asked {
                    process.note_health(self.now);
                    process.healthy_since = None;
                }
            }
            _ => {}
        }
        process.note_health(self.now);
        let is_over = matches!(
            input,
            Input::SpawnFailed { .. }
                | Input::Exited { tree_is_gone: true, .. }
                | Input::TreeGone { .. }
                | Input::KeeperLost { .. }
        );
        if is_up && process.was_long_healthy {
            self.histories.entry(process.instance.clone()).or_default().was_long_healthy = true;
        }
        if is_over {
            let process = self.runs.remove(&run).expect("a living run");
            self.dead.push((process.instance, run));
        }
        self.give(input);
    }

    /// A fact about a run that is over changes nothing.
    fn speak_of_the_dead(&mut self, whom: u8, how: u8) {
        let unborn = (InstanceId::new(self.specs[0].name.clone(), 0), RunId(u64::MAX / 2));
        let dead = self.dead.get(usize::from(whom) % self.dead.len().max(1)).unwrap_or(&unborn);
        let (instance, run) = dead.clone();
        let input = match how % 8 {
            0 => Input::Spawned { instance, run, pid: 1 },
            1 => {
                let failure = SpawnFailure::NotFound { program: String::new() };
                Input::SpawnFailed { instance, run, failure }
            }
            2 => {
                let (status, tree_is_gone) = (ExitStatus::Code(1), how & 8 == 0);
                Input::Exited { instance, run, status, tree_is_gone, jitter: 1.0 }
            }
            3 => Input::TreeGone { instance, run, report: TreeReport::default() },
            4 => Input::KeeperLost { instance, run },
            5 => Input::Ready { instance, run },
            6 => Input::ProbeFailed { instance, run, kind: ProbeKind::Live, message: String::new() },
            _ => Input::Limit { instance, run, what: String::new() },
        };
        let before = self.supervisor.clone();
        let effects = self.supervisor.handle(self.now, input);
        assert!(self.supervisor == before, "a dead run changed something");
        let ends_it = |effect: &Effect| matches!(effect, Effect::Kill { run: killed, .. } if *killed == run);
        assert!(effects.iter().all(ends_it), "a dead run had an effect");
    }
}

impl Process {
    fn note_health(&mut self, now: Instant) {
        let healthy_for = self.healthy_since.and_then(|since| now.checked_duration_since(since));
        self.was_long_healthy |= healthy_for.is_some_and(|it| it >= self.spec.restart.reset_after);
    }
}

// Time and effects.
impl World {
    fn give(&mut self, input: Input) {
        let is_command = matches!(input, Input::Command { .. } | Input::Boot { .. } | Input::Adopted { .. });
        let goals = self.goals();
        self.tell(&input);
        let effects = self.supervisor.handle(self.now, input);
        if !is_command {
            self.expect_same_goals(&goals);
        }
        self.perform(effects);
    }

    fn goals(&self) -> BTreeMap<InstanceId, Goal> {
        self.supervisor.instances().map(|slot| (slot.id().clone(), slot.goal())).collect()
    }

    /// Nothing but a wish changes a goal, unless a lost dependency is to stop the service.
    fn expect_same_goals(&self, goals: &BTreeMap<InstanceId, Goal>) {
        for slot in self.supervisor.instances() {
            let may_stop = slot.spec().on_dependency_loss == OnDependencyLoss::Stop;
            let is_same = goals.get(slot.id()) == Some(&slot.goal());
            assert!(is_same || (may_stop && slot.goal() == Goal::Down), "{} changed its goal", slot.id());
        }
    }

    /// Lets time pass; timers are handled up to `late` after they are due.
    pub(crate) fn pass(&mut self, wait: Duration, late: Duration) {
        let end = self.now + wait;
        for _ in 0..TIMERS_MAX {
            let timer = self.supervisor.poll_timeout().map(|(at, _)| at + late);
            let killed =
                self.runs.iter().filter(|(_, process)| !process.is_stubborn && !process.is_abandoned);
            let killed = killed.filter_map(|(run, process)| Some((process.killed? + KILL_TAKES, *run))).min();
            match (timer.filter(|at| *at <= end), killed.filter(|(at, _)| *at <= end)) {
                (timer, Some((at, run))) if timer.is_none_or(|timer| at <= timer) => {
                    self.now = self.now.max(at);
                    self.finish_off(run);
                }
                (Some(at), _) => {
                    self.now = self.now.max(at);
                    self.handle_timeout();
                }
                (None, _) => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("time does not pass any more");
    }

    fn handle_timeout(&mut self) {
        let goals = self.goals();
        for (run, process) in &mut self.runs {
            process.note_health(self.now);
            let slot = self.supervisor.instance(&process.instance);
            let is_up = |slot: &&Instance| {
                slot.run() == Some(*run) && matches!(slot.phase_kind(), PhaseKind::Running)
            };
            if process.was_long_healthy && slot.filter(is_up).is_some() {
                self.histories.entry(process.instance.clone()).or_default().was_long_healthy = true;
            }
        }
        self.tell(&self.supervisor.poll_timeout());
        let effects = self.supervisor.handle_timeout(self.now);
        self.expect_same_goals(&goals);
        let next = self.supervisor.poll_timeout();
        assert!(next.as_ref().is_none_or(|(at, _)| *at > self.now), "a due timer did not move: {next:?}");
        self.perform(effects);
    }

    /// What was killed ends.
    fn finish_off(&mut self, run: RunId) {
        let process = &self.runs[&run];
        let instance = process.instance.clone();
        let input = match process.state {
            State::Asked => self.failure(run),
            State::Alive => {
                let status = ExitStatus::Signal(Signal::KILL);
                Input::Exited { instance, run, status, tree_is_gone: true, jitter: 0.0 }
            }
            State::Orphans => Input::TreeGone { instance, run, report: TreeReport::default() },
        };
        self.happen(run, input);
    }

    fn tell(&self, what: &impl std::fmt::Debug) {
        if self.is_told {
            println!("{what:?}");
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.tell(&effect);
            match effect {
                Effect::Phase { instance, causes, from, to, .. } => {
                    self.note_phase(instance, from, to, causes);
                }
                Effect::Spawn { instance, run, spec, .. } => self.spawn(instance, run, spec),
                Effect::Kill { run, .. } => {
                    if let Some(process) = self.runs.get_mut(&run) {
                        process.killed = process.killed.or(Some(self.now));
                    }
                }
                Effect::Removed { instance } => drop(self.histories.remove(&instance)),
                Effect::AllDown => {
                    assert!(!self.is_all_down, "all down twice");
                    self.is_all_down = true;
                }
                Effect::Terminate { .. }
                | Effect::ProbeReady { .. }
                | Effect::ProbeLive { .. }
                | Effect::ProbeNone { .. }
                | Effect::Health { .. }
                | Effect::Added { .. }
                | Effect::Incident { .. }
                | Effect::LimitHit { .. }
                | Effect::Mode { .. } => {}
            }
        }
        self.compare();
    }

    /// What the supervisor believes is what is.
    fn compare(&mut self) {
        for slot in self.supervisor.instances() {
            let Some(run) = slot.run() else { continue };
            assert!(self.runs.contains_key(&run), "{} believes in run {run}, which is dead", slot.id());
            let process = self.runs.get_mut(&run).expect("just found");
            process.spec = slot.phase().run().expect("a run").spec.clone();
            if slot.health() == Health::Ready {
                // Also without a probe's word: when a reload took the probe away.
                process.healthy_since = process.healthy_since.or(Some(self.now));
            }
        }
        for (run, process) in &mut self.runs {
            let slot = self.supervisor.instance(&process.instance);
            if process.is_abandoned || slot.is_some_and(|slot| slot.run() == Some(*run)) {
                continue;
            }
            let is_given_up = process.killed.is_some_and(|at| self.now >= at + KILL_GRACE);
            assert!(is_given_up, "run {run} of {} was forgotten", process.instance);
            process.is_abandoned = true;
        }
    }

    fn note_phase(&mut self, instance: InstanceId, from: PhaseKind, to: PhaseKind, causes: Vec<Cause>) {
        let spec = self.supervisor.instance(&instance).map(|slot| slot.spec().clone());
        let history = self.histories.entry(instance.clone()).or_default();
        if let (Some(Cause::RestartPolicy { attempt, delay }), Some(spec)) = (causes.first(), spec)
            && from != PhaseKind::Backoff
            && matches!(to, PhaseKind::Backoff | PhaseKind::Starting)
        {
            let expected =
                if std::mem::take(&mut history.was_long_healthy) { 1 } else { history.attempt + 1 };
            assert_eq!(*attempt, expected, "{instance} counts its restarts wrongly");
            let is_monotone = expected == 1 || *delay >= history.delay;
            assert!(is_monotone || spec.restart.jitter > 0.0, "{instance} backs off less than before");
            assert!(*delay <= spec.restart.max_delay, "{instance} backs off for too long");
            (history.attempt, history.delay) = (*attempt, *delay);
        }
        history.causes = causes;
    }

    fn spawn(&mut self, instance: InstanceId, run: RunId, spec: Arc<ServiceSpec>) {
        let other =
            self.runs.iter().find(|(_, process)| process.instance == instance && !process.is_abandoned);
        assert!(other.is_none(), "{instance} has a second run beside {:?}", other.map(|(run, _)| run));
        let history = self.histories.entry(instance.clone()).or_default();
        let is_automatic = matches!(
            history.causes.first(),
            Some(Cause::RestartPolicy { .. } | Cause::KeeperLost | Cause::DependencyLost(_))
        );
        if is_automatic {
            let (limit, window) = (spec.restart.max_restarts as usize, spec.restart.window);
            history.automatic.retain(|at| self.now < *at + window);
            history.automatic.push(self.now);
            assert!(limit == 0 || history.automatic.len() <= limit, "{instance} restarts too often");
        } else {
            history.automatic.clear();
            history.attempt = 0;
            history.was_long_healthy = false;
        }
        let process = Process {
            instance,
            spec,
            state: State::Asked,
            killed: None,
            is_stubborn: run.0.is_multiple_of(7),
            is_abandoned: false,
            healthy_since: None,
            was_long_healthy: false,
        };
        assert!(self.runs.insert(run, process).is_none(), "run {run} exists twice");
    }
}
