//! What a change of one service means for its neighbours: who may start, who may stop, who lost something.

use std::collections::BTreeMap;

use crate::{
    Cause, Condition, Effect, Gate, Goal, Graph, Health, Instance, InstanceId, OnDependencyLoss, Phase, Rest,
    ServiceName, StartKind, Steady, Supervisor, Then, Waiting, supervisor::Stage, turn::Turn, ways::chain,
};

/// How far up a service is: the best of its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// No slot has a process that is meant to live.
    Down,
    /// A slot has a process.
    Started,
    /// A slot is ready.
    Ready,
}

impl Supervisor {
    /// Draws the consequences of everything that changed, until nothing changes any more.
    pub(crate) fn follow_up(&mut self, turn: &mut Turn) {
        loop {
            let touched = turn.take_touched();
            if touched.is_empty() && !self.advance_switch(turn) {
                break;
            }
            for service in touched {
                self.draw_consequences(turn, &service);
            }
        }
        let is_down = || self.instances.values().all(|slot| !slot.is_alive());
        if self.stage == Stage::ShuttingDown && is_down() {
            self.stage = Stage::AllDown;
            turn.effect(Effect::AllDown);
        }
    }

    fn draw_consequences(&mut self, turn: &mut Turn, service: &ServiceName) {
        self.notice_loss(turn, service);
        self.advance_roll(turn, service);
        let needs: Vec<_> = self.graph.needs(service).map(|(needed, _)| needed.clone()).collect();
        let needed_by: Vec<_> = self.graph.needed_by(service).cloned().collect();
        self.remove_settled(turn, service);
        for service in needs.iter().chain([service]) {
            self.stop_if_free(turn, service);
        }
        for service in needed_by.iter().chain([service]) {
            self.start_if_met(turn, service);
        }
    }

    /// If the service is less up than before, its dependants get to know.
    fn notice_loss(&mut self, turn: &mut Turn, service: &ServiceName) {
        let level = self.slots(service).map(level).max().unwrap_or(Level::Down);
        let before = self.levels.insert(service.clone(), level).unwrap_or(Level::Down);
        if level >= before {
            return;
        }
        let dependants: Vec<_> = self.graph.needed_by(service).cloned().collect();
        for slot in dependants.iter().flat_map(|name| self.instances_of(name)).collect::<Vec<_>>() {
            let Some(slot) = self.instances.get_mut(&slot) else { continue };
            let needed = match slot.spec.depends_on.get(service) {
                Some(Condition::Started) => Level::Started,
                Some(Condition::Ready) => Level::Ready,
                Some(Condition::Completed) | None => continue,
            };
            let is_lost = before >= needed && level < needed;
            if !is_lost || !slot.relies_on_dependencies() {
                continue;
            }
            let causes = vec![Cause::DependencyLost(service.clone())];
            match slot.spec.on_dependency_loss {
                OnDependencyLoss::Ignore => {}
                OnDependencyLoss::Restart => slot.await_dependency(turn, causes),
                OnDependencyLoss::Stop => slot.lower_goal(turn, causes),
            }
        }
    }

    /// Slots that are to stop are asked to end once no dependant that is to stop is alive.
    fn stop_if_free(&mut self, turn: &mut Turn, service: &ServiceName) {
        if !self.slots(service).any(Instance::is_pending_stop) {
            return;
        }
        let is_blocked = self
            .graph
            .needed_by(service)
            .any(|name| self.slots(name).any(|slot| slot.goal == Goal::Down && slot.is_alive()));
        if is_blocked {
            return;
        }
        for slot in self.slots_mut(service).filter(|slot| slot.is_pending_stop()) {
            let causes = slot.causes.clone();
            slot.begin_stop(turn, Then::Stay, causes);
        }
    }

    /// Slots that wait start once all that they need is there; else they say what is missing.
    fn start_if_met(&mut self, turn: &mut Turn, service: &ServiceName) {
        let waiting: Vec<_> =
            self.slots(service).filter(|slot| slot.is_waiting()).map(|it| it.id.clone()).collect();
        if waiting.is_empty() || self.is_held() {
            return;
        }
        for id in waiting {
            let Some(slot) = self.instances.get(&id) else { continue };
            let missing = self.missing(slot);
            let Some(slot) = self.instances.get_mut(&id) else { continue };
            match missing {
                Some((waiting, is_hopeless)) => slot.wait_on(turn, waiting, is_hopeless),
                None => slot.stop_waiting(turn),
            }
        }
    }

    /// A gate that need not be passed: nothing runs that is still to end, and nothing is missing.
    pub(crate) fn gate(&self, id: &InstanceId, gate: Gate) -> Gate {
        match self.instances.get(id) {
            Some(slot) if !slot.is_alive() && !self.is_held() && self.missing(slot).is_none() => Gate::Open,
            Some(_) | None => gate,
        }
    }

    /// Whether starts wait for the services that a mode switch stops.
    fn is_held(&self) -> bool {
        self.switch.as_ref().is_some_and(|switch| !switch.leaving.is_empty())
    }

    /// What the start of a slot still waits for, and whether nothing is under way to change that. What is
    /// hopeless is named first.
    fn missing(&self, slot: &Instance) -> Option<(Waiting, bool)> {
        let unmet = slot.spec.depends_on.iter().filter(|(needed, condition)| {
            let closes_a_cycle = self.fleet.services.contains_key(*needed)
                && !self.graph.needs(&slot.id.service).any(|(name, _)| name == *needed);
            !closes_a_cycle && !self.holds(needed, **condition)
        });
        let mut unmet = unmet.map(|(needed, condition)| {
            (Waiting { service: needed.clone(), condition: *condition }, self.is_hopeless(needed))
        });
        let first = unmet.next()?;
        if first.1 { Some(first) } else { unmet.find(|(_, is_hopeless)| *is_hopeless).or(Some(first)) }
    }

    fn holds(&self, service: &ServiceName, condition: Condition) -> bool {
        let mut slots = self.slots(service).filter(|slot| !slot.is_leaving).peekable();
        match condition {
            Condition::Started => slots
                .any(|slot| level(slot) >= Level::Started || slot.phase == Phase::Stopped(Rest::Completed)),
            Condition::Ready => {
                slots.any(|slot| slot.is_ready() || slot.phase == Phase::Stopped(Rest::Completed))
            }
            Condition::Completed => slots.peek().is_some() && slots.all(Instance::is_completed),
        }
    }

    /// Whether no slot is on its way to anything.
    fn is_hopeless(&self, service: &ServiceName) -> bool {
        self.slots(service).all(|slot| {
            slot.goal == Goal::Down
                || match &slot.phase {
                    Phase::Failed { .. } => true,
                    Phase::Stopped(rest) => !matches!(rest, Rest::Waiting { .. } | Rest::Scheduled),
                    Phase::Starting { .. }
                    | Phase::Running { .. }
                    | Phase::Stopping { .. }
                    | Phase::Backoff { .. } => false,
                }
        })
    }

    /// Slots that were to disappear disappear.
    fn remove_settled(&mut self, turn: &mut Turn, service: &ServiceName) {
        for id in self.instances_of(service) {
            if self.instances.get(&id).is_some_and(|slot| slot.is_leaving && !slot.is_alive()) {
                self.instances.remove(&id);
                turn.effect(Effect::Removed { instance: id });
            }
        }
        if !self.fleet.services.contains_key(service) && self.slots(service).next().is_none() {
            self.levels.remove(service);
            self.graph = self.whole_graph();
        }
    }

    /// The dependencies of the fleet, and of what was removed from it and still runs.
    pub(crate) fn whole_graph(&self) -> Graph {
        let mut services: BTreeMap<_, _> = self.fleet.services.clone();
        for slot in self.instances.values().filter(|slot| slot.is_leaving) {
            services.entry(slot.id.service.clone()).or_insert_with(|| slot.spec.clone());
        }
        Graph::without_cycles(&services)
    }

    pub(crate) fn instances_of(&self, service: &ServiceName) -> Vec<InstanceId> {
        self.slots(service).map(|slot| slot.id.clone()).collect()
    }
}

impl Instance {
    /// Whether it is ready in the sense of a condition: the probe said so, or it lived long enough without one.
    pub fn is_ready(&self) -> bool {
        match &self.phase {
            Phase::Running { health: Health::Ready, steady: Steady::Since(_), .. } => true,
            Phase::Running { .. }
            | Phase::Stopped(_)
            | Phase::Starting { .. }
            | Phase::Stopping { .. }
            | Phase::Backoff { .. }
            | Phase::Failed { .. } => false,
        }
    }

    /// Whether it runs, or will run again by policy; not while somebody's start is still to come, which has its
    /// own conditions.
    fn relies_on_dependencies(&self) -> bool {
        self.goal == Goal::Up
            && match &self.phase {
                Phase::Starting { .. } | Phase::Running { .. } | Phase::Backoff { .. } => true,
                Phase::Stopping { then: Then::Judge(_), .. } => true,
                Phase::Stopping { .. } | Phase::Stopped(_) | Phase::Failed { .. } => false,
            }
    }

    /// Whether it rests because it ended with success.
    pub(crate) fn is_completed(&self) -> bool {
        match &self.phase {
            Phase::Stopped(Rest::Completed | Rest::NotRestarted) => true,
            Phase::Stopped(Rest::Down | Rest::Scheduled | Rest::Waiting { .. })
            | Phase::Starting { .. }
            | Phase::Running { .. }
            | Phase::Stopping { .. }
            | Phase::Backoff { .. }
            | Phase::Failed { .. } => false,
        }
    }

    /// Whether its start waits for something.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(&self.phase, Phase::Stopped(Rest::Waiting { .. }))
    }

    fn wait_on(&mut self, turn: &mut Turn, waiting: Waiting, is_hopeless: bool) {
        let Phase::Stopped(Rest::Waiting { on, because, .. }) = &mut self.phase else { return };
        let (service, condition) = (waiting.service.clone(), waiting.condition);
        let mut causes = chain(Cause::WaitsFor { service: service.clone(), condition }, because);
        if is_hopeless {
            causes.insert(0, Cause::DependencyFailed(service));
        }
        let is_told = on.as_ref() == Some(&waiting) && self.causes.first() == causes.first();
        *on = Some(waiting);
        if !is_told {
            self.note(turn, causes);
        }
    }

    fn stop_waiting(&mut self, turn: &mut Turn) {
        let Phase::Stopped(Rest::Waiting { start, because, .. }) = &self.phase else { return };
        let because = because.clone();
        match start {
            StartKind::Explicit => self.spawn(turn, StartKind::Explicit, because),
            StartKind::Automatic => self.resume(turn, because),
        }
    }
}

fn level(slot: &Instance) -> Level {
    match &slot.phase {
        Phase::Running { .. } => Level::Ready,
        Phase::Starting { run, .. } if run.process.is_some() => Level::Started,
        Phase::Starting { .. }
        | Phase::Stopped(_)
        | Phase::Stopping { .. }
        | Phase::Backoff { .. }
        | Phase::Failed { .. } => Level::Down,
    }
}
