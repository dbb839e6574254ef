//! The whole: all slots, what they owe each other, and the three calls that move them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use crate::{
    Cause, Effect, Fleet, Gate, Goal, Graph, Input, Instance, InstanceId, Intent, Phase, Request, RunId,
    ServiceName, Target, Timer, modes::Switch, order::Level, pool::Roll, turn::Turn, ways::chain,
};

/// All slots of a fleet, in one mode.
///
/// The slots appear with the first input, because only inputs know what time it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Supervisor {
    pub(crate) fleet: Arc<Fleet>,
    /// Of the fleet and of what was removed from it and still runs.
    pub(crate) graph: Graph,
    pub(crate) mode: Arc<str>,
    next_run: RunId,
    pub(crate) instances: BTreeMap<InstanceId, Instance>,
    /// Numbers of slots set by command.
    pub(crate) scales: BTreeMap<ServiceName, u16>,
    /// How far up each service was when consequences were last drawn.
    pub(crate) levels: BTreeMap<ServiceName, Level>,
    pub(crate) rolls: BTreeMap<ServiceName, Roll>,
    pub(crate) switch: Option<Switch>,
    pub(crate) stage: Stage,
}

/// The life of the supervisor itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// No input yet.
    New,
    /// Before [`Input::Boot`]: living runs are being found.
    Adopting,
    /// At work.
    Booted,
    /// Everything goes down.
    ShuttingDown,
    /// Everything is down, and was told to be.
    AllDown,
}

impl Supervisor {
    /// A supervisor that has done nothing yet. `first_run` is the first number that no run has had; `fleet`
    /// has passed [`Graph::new`] (a dependency that closes a cycle is ignored).
    pub fn new(fleet: Arc<Fleet>, mode: String, first_run: RunId) -> Self {
        Self {
            graph: Graph::without_cycles(&fleet.services),
            fleet,
            mode: mode.into(),
            next_run: first_run,
            instances: BTreeMap::new(),
            scales: BTreeMap::new(),
            levels: BTreeMap::new(),
            rolls: BTreeMap::new(),
            switch: None,
            stage: Stage::New,
        }
    }

    /// Takes in a fact or a wish; says what must be done about it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Vec<Effect> {
        let mut turn = Turn::new(now, self.mode.clone(), self.next_run);
        self.populate(&mut turn);
        match input {
            Input::Command { request, actor } => {
                let by = |verb| Cause::Asked { by: actor.clone(), verb };
                self.command(&mut turn, request, &by);
            }
            Input::Boot { intent } => self.boot(&mut turn, intent),
            Input::Adopted { instance, run, pid, age, was_ready } => {
                turn.skip_run_id(run);
                self.make_room(&mut turn, &instance);
                match self.instances.get_mut(&instance) {
                    Some(slot) if matches!(slot.phase, Phase::Stopped(_)) => {
                        slot.adopt(&mut turn, run, pid, age, was_ready);
                        if self.stage == Stage::Adopting {
                            slot.goal = Goal::Up;
                        }
                    }
                    Some(_) | None => self.end_stranger(&mut turn, instance, run),
                }
            }
            Input::Spawned { instance, run, pid } => match self.current(&instance, run) {
                Some(slot) => slot.spawned(&mut turn, pid),
                None => self.end_stranger(&mut turn, instance, run),
            },
            Input::SpawnFailed { instance, run, failure } => {
                self.fact(&instance, run, |slot| slot.spawn_failed(&mut turn, failure));
            }
            Input::Exited { instance, run, status, tree_is_gone, jitter } => {
                self.fact(&instance, run, |slot| slot.exited(&mut turn, status, tree_is_gone, jitter));
            }
            Input::TreeGone { instance, run, report } => {
                self.fact(&instance, run, |slot| slot.tree_gone(&mut turn, report));
            }
            Input::KeeperLost { instance, run } => {
                self.fact(&instance, run, |slot| slot.keeper_lost(&mut turn));
            }
            Input::Ready { instance, run } => self.fact(&instance, run, |slot| slot.ready(&mut turn)),
            Input::ProbeFailed { instance, run, kind, message } => {
                self.fact(&instance, run, |slot| slot.probe_failed(&mut turn, kind, message));
            }
            Input::Limit { instance, run, what } => {
                self.fact(&instance, run, |slot| slot.limit_exceeded(&mut turn, what));
            }
            Input::Resumed { pause } => {
                self.instances.values_mut().for_each(|slot| slot.resumed(&turn, pause));
            }
        }
        self.finish(turn)
    }

    /// When time alone next moves something, and what.
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        let timers = self.instances.values().filter_map(|slot| slot.phase.timer(&slot.id));
        timers.min_by_key(|(at, _)| *at)
    }

    /// Moves everything that is due; afterwards nothing is.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<Effect> {
        let mut turn = Turn::new(now, self.mode.clone(), self.next_run);
        // A timer leads to a phase with a later timer or none, so each slot moves a few times at most.
        loop {
            let mut has_moved = false;
            for slot in self.instances.values_mut() {
                has_moved |= slot.on_time(&mut turn);
            }
            if !has_moved {
                break;
            }
            self.follow_up(&mut turn);
        }
        self.finish(turn)
    }

    /// All slots, by service and number.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.instances.values()
    }

    /// The slots of one service, by number.
    pub fn instances_of_service(&self, service: &ServiceName) -> impl Iterator<Item = &Instance> {
        self.slots(service)
    }

    /// One slot.
    pub fn instance(&self, id: &InstanceId) -> Option<&Instance> {
        self.instances.get(id)
    }

    /// The configuration in force.
    pub fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    /// The mode; during a switch the new one.
    pub fn mode(&self) -> &str {
        &self.mode
    }

    /// Whether a mode switch is under way.
    pub fn is_switching_mode(&self) -> bool {
        self.switch.is_some()
    }

    /// Whether everything is going down for good; commands change nothing any more, but a second
    /// [`Request::Shutdown`] kills.
    pub fn is_shutting_down(&self) -> bool {
        matches!(self.stage, Stage::ShuttingDown | Stage::AllDown)
    }

    /// What must survive a crash of the engine.
    pub fn intent(&self) -> Intent {
        let slots = || self.instances.values().filter(|slot| !slot.is_leaving);
        Intent {
            mode: self.mode.as_ref().to_owned(),
            goals: slots().map(|slot| (slot.id.clone(), slot.goal == Goal::Up)).collect(),
            completed: slots().filter(|slot| slot.is_completed()).map(|slot| slot.id.clone()).collect(),
            scales: self.scales.clone(),
        }
    }

    /// The number of the next run.
    pub fn next_run(&self) -> RunId {
        self.next_run
    }

    fn finish(&mut self, mut turn: Turn) -> Vec<Effect> {
        self.follow_up(&mut turn);
        self.next_run = turn.next_run();
        turn.effects
    }
}

// Facts.
impl Supervisor {
    fn current(&mut self, instance: &InstanceId, run: RunId) -> Option<&mut Instance> {
        self.instances.get_mut(instance).filter(|slot| slot.is_current(run))
    }

    /// Tells a slot about its present run. Of any other run nobody wants to know.
    fn fact(&mut self, instance: &InstanceId, run: RunId, tell: impl FnOnce(&mut Instance)) {
        if let Some(slot) = self.current(instance, run) {
            tell(slot);
        }
    }

    /// A run lives that no slot lives by: it must not, and nothing else changes.
    fn end_stranger(&mut self, turn: &mut Turn, instance: InstanceId, run: RunId) {
        let is_ours = self.instances.get(&instance).is_some_and(|slot| slot.is_current(run));
        if !is_ours {
            turn.effect(Effect::Kill { instance, run });
        }
    }
}

// Commands.
impl Supervisor {
    fn command(&mut self, turn: &mut Turn, request: Request, by: &dyn Fn(&'static str) -> Cause) {
        if self.is_shutting_down() && request != Request::Shutdown {
            return;
        }
        match request {
            Request::Start { targets, with_dependencies } => {
                let gate = if with_dependencies { Gate::Dependencies } else { Gate::Open };
                self.start(turn, &self.slots_of(&targets), gate, Scope::All, &[by("start")]);
            }
            Request::Stop { targets } => {
                for id in self.slots_of(&targets) {
                    if let Some(slot) = self.instances.get_mut(&id) {
                        slot.stop(turn, vec![by("stop")]);
                    }
                }
            }
            Request::Restart { targets } => self.restart(turn, &targets, &[by("restart")]),
            Request::Run { targets, because } => {
                let ids = self.wanted(&targets);
                self.start(turn, &ids, Gate::Dependencies, Scope::All, &[because]);
            }
            Request::Renew { targets, because } => {
                let services: BTreeSet<_> = self.wanted(&targets).into_iter().map(|id| id.service).collect();
                for service in services {
                    let ids = self.wanted(&[Target::Service(service.clone())]).into_iter().collect();
                    self.restart_rolling(turn, &service, ids, Gate::Open, std::slice::from_ref(&because));
                }
            }
            Request::Scale { service, instances } => {
                self.scale(turn, &service, instances, &[by("scale")]);
            }
            Request::SetMode { mode } => self.set_mode(turn, &mode, by("mode")),
            Request::Apply { fleet } => self.apply(turn, fleet, &by("reload")),
            Request::Shutdown => self.shut_down(turn, &by("shutdown")),
        }
    }

    /// Starts slots, and with a gate what they need. Needed services that are on their way, up or completed
    /// are left alone.
    pub(crate) fn start(
        &mut self,
        turn: &mut Turn,
        ids: &BTreeSet<InstanceId>,
        gate: Gate,
        scope: Scope,
        because: &[Cause],
    ) {
        let services: BTreeSet<_> = ids.iter().map(|id| id.service.clone()).collect();
        for id in ids {
            let gate = self.gate(id, gate);
            if let Some(slot) = self.instances.get_mut(id).filter(|slot| !slot.is_leaving) {
                let is_for_the_clock = scope == Scope::Mode && slot.spec.schedule.is_some();
                if is_for_the_clock && matches!(slot.phase, Phase::Stopped(_) | Phase::Failed { .. }) {
                    slot.rest_scheduled(turn);
                } else {
                    slot.start(turn, gate, because.to_vec());
                }
            }
        }
        if gate == Gate::Open {
            return;
        }
        for service in services {
            for needed in self.graph.all_needs(&service) {
                let is_in_scope = match scope {
                    Scope::All => true,
                    Scope::Mode => {
                        self.fleet.services.get(&needed).is_some_and(|it| it.fits_mode(&turn.mode))
                    }
                };
                let needed_by = chain(Cause::NeededBy(service.clone()), because);
                for slot in self.slots_mut(&needed).filter(|slot| !slot.is_leaving && is_in_scope) {
                    if slot.goal == Goal::Down || matches!(slot.phase, Phase::Failed { .. }) {
                        slot.start(turn, Gate::Dependencies, needed_by.clone());
                    }
                }
            }
        }
    }

    fn restart(&mut self, turn: &mut Turn, targets: &[Target], because: &[Cause]) {
        let ids = self.slots_of(targets);
        let services: BTreeSet<_> = ids.iter().map(|id| id.service.clone()).collect();
        let whole: BTreeSet<_> = targets
            .iter()
            .filter_map(|target| match target {
                Target::Service(name) => Some(name.clone()),
                Target::Instance(_) => None,
            })
            .collect();
        for service in services {
            // Those that are restarted together come up in order.
            let is_ordered =
                self.graph.needs(&service).any(|(needed, _)| ids.iter().any(|id| id.service == *needed));
            let gate = if is_ordered { Gate::Dependencies } else { Gate::Open };
            let slots: Vec<_> = ids.iter().filter(|id| id.service == service).cloned().collect();
            if whole.contains(&service) {
                self.restart_rolling(turn, &service, slots, gate, because);
            } else {
                for id in slots {
                    if let Some(slot) = self.instances.get_mut(&id) {
                        slot.restart(turn, gate, because.to_vec());
                    }
                }
            }
        }
    }

    fn shut_down(&mut self, turn: &mut Turn, by: &Cause) {
        let is_first = !self.is_shutting_down();
        self.stage = if is_first { Stage::ShuttingDown } else { self.stage };
        self.rolls.clear();
        self.switch = None;
        for slot in self.instances.values_mut() {
            let causes = vec![Cause::Shutdown, by.clone()];
            if is_first {
                slot.lower_goal(turn, causes);
            } else {
                slot.stop(turn, causes);
            }
        }
    }
}

/// Which needed services a start may bring up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Any.
    All,
    /// Those of the present mode.
    Mode,
}

// Slots.
impl Supervisor {
    /// The slots of a service, in order.
    pub(crate) fn slots(&self, service: &ServiceName) -> impl Iterator<Item = &Instance> {
        self.instances.range(range(service)).map(|(_, slot)| slot)
    }

    /// The slots of a service, in order, to change them.
    pub(crate) fn slots_mut(&mut self, service: &ServiceName) -> impl Iterator<Item = &mut Instance> {
        self.instances.range_mut(range(service)).map(|(_, slot)| slot)
    }

    /// The slots that are meant to be up and do not wait for others already.
    fn wanted(&self, targets: &[Target]) -> BTreeSet<InstanceId> {
        let is_wanted = |id: &InstanceId| {
            self.instances.get(id).is_some_and(|it| it.goal == Goal::Up && !it.is_waiting())
        };
        self.slots_of(targets).into_iter().filter(is_wanted).collect()
    }

    fn slots_of(&self, targets: &[Target]) -> BTreeSet<InstanceId> {
        let ids = targets.iter().flat_map(|target| match target {
            Target::Service(name) => self.slots(name).map(|slot| slot.id.clone()).collect(),
            Target::Instance(id) => vec![id.clone()],
        });
        ids.filter(|id| self.instances.contains_key(id)).collect()
    }
}

fn range(service: &ServiceName) -> std::ops::RangeInclusive<InstanceId> {
    InstanceId::new(service.clone(), 0)..=InstanceId::new(service.clone(), u16::MAX)
}
