//! Services with several slots: how many there are, and how they are restarted one after another.

use std::collections::VecDeque;

use crate::{
    Cause, Effect, Gate, Goal, Health, Instance, InstanceId, Phase, Rest, RunId, ServiceName, Supervisor,
    supervisor::{Scope, Stage},
    turn::Turn,
    ways::chain,
};

/// A rolling restart under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Roll {
    queue: VecDeque<InstanceId>,
    turn: Option<Place>,
    gate: Gate,
    because: Vec<Cause>,
}

/// The slot whose turn it is.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    id: InstanceId,
    old_run: Option<RunId>,
    /// The run that must become ready.
    new_run: Option<RunId>,
}

/// How the slot whose turn it is does.
enum Progress {
    /// Not done yet.
    Waits,
    /// Ready, or not wanted any more.
    Done,
    /// The new run did not live.
    Failed,
}

// Rolling restarts.
impl Supervisor {
    /// Restarts slots of a service. If several are alive, one at a time, so that the service stays up.
    pub(crate) fn restart_rolling(
        &mut self,
        turn: &mut Turn,
        service: &ServiceName,
        ids: Vec<InstanceId>,
        gate: Gate,
        because: &[Cause],
    ) {
        self.end_roll(service);
        let is_wanted = |slot: &&Instance| slot.goal == Goal::Up && slot.is_alive();
        let is_pool = self.slots(service).filter(is_wanted).count() > 1;
        let mut queue = VecDeque::new();
        for id in ids {
            let Some(slot) = self.instances.get_mut(&id).filter(|slot| !slot.is_leaving) else { continue };
            if is_pool && slot.goal == Goal::Up && slot.is_alive() {
                slot.is_queued = true;
                queue.push_back(id);
            } else {
                slot.restart(turn, gate, because.to_vec());
            }
        }
        if !queue.is_empty() {
            let because = chain(Cause::RollingRestart, because);
            self.rolls.insert(service.clone(), Roll { queue, turn: None, gate, because });
            turn.touch(service);
        }
    }

    /// Goes on to the next slot when the present one is ready; stops when it failed.
    pub(crate) fn advance_roll(&mut self, turn: &mut Turn, service: &ServiceName) {
        let Some(mut roll) = self.rolls.remove(service) else { return };
        if let Some(place) = &mut roll.turn {
            match self.progress(place) {
                Progress::Waits => {
                    self.rolls.insert(service.clone(), roll);
                    return;
                }
                Progress::Done => {}
                Progress::Failed => {
                    self.rolls.insert(service.clone(), roll);
                    return self.end_roll(service);
                }
            }
        }
        while let Some(id) = roll.queue.pop_front() {
            let Some(slot) = self.instances.get_mut(&id).filter(|slot| slot.is_queued) else { continue };
            slot.is_queued = false;
            let old_run = slot.run();
            slot.restart(turn, roll.gate, roll.because.clone());
            let new_run = slot.run().filter(|run| Some(*run) != old_run);
            roll.turn = Some(Place { id, old_run, new_run });
            self.rolls.insert(service.clone(), roll);
            return;
        }
    }

    fn progress(&self, place: &mut Place) -> Progress {
        let slot = self.instances.get(&place.id).filter(|slot| slot.goal == Goal::Up);
        let Some(slot) = slot else { return Progress::Done };
        let run = slot.run();
        if run.is_some() && run == place.old_run {
            return Progress::Waits;
        }
        place.new_run = place.new_run.or(run);
        match &slot.phase {
            Phase::Stopped(Rest::Completed) => Progress::Done,
            Phase::Stopped(Rest::Waiting { .. }) if place.new_run.is_none() => Progress::Waits,
            Phase::Starting { .. } if run == place.new_run => Progress::Waits,
            Phase::Running { health: Health::Ready, .. } if run == place.new_run => {
                if slot.is_ready() {
                    Progress::Done
                } else {
                    Progress::Waits
                }
            }
            Phase::Starting { .. }
            | Phase::Running { .. }
            | Phase::Stopped(_)
            | Phase::Stopping { .. }
            | Phase::Backoff { .. }
            | Phase::Failed { .. } => Progress::Failed,
        }
    }

    /// Leaves the slots that were not restarted yet as they are.
    pub(crate) fn end_roll(&mut self, service: &ServiceName) {
        if self.rolls.remove(service).is_some() {
            for slot in self.slots_mut(service) {
                slot.is_queued = false;
            }
        }
    }
}

// Numbers of slots.
impl Supervisor {
    /// Another number of slots, by command.
    pub(crate) fn scale(&mut self, turn: &mut Turn, service: &ServiceName, wanted: u16, because: &[Cause]) {
        let Some(spec) = self.fleet.services.get(service) else { return };
        self.scales.insert(service.clone(), wanted.clamp(1, spec.max_instances.max(1)));
        self.resize(turn, service, because);
    }

    /// Makes as many slots as there should be: new ones start if the service is wanted, the highest ones go
    /// first.
    pub(crate) fn resize(&mut self, turn: &mut Turn, service: &ServiceName, because: &[Cause]) {
        let Some(spec) = self.fleet.services.get(service).cloned() else { return };
        let is_wanted = self.slots(service).any(|slot| !slot.is_leaving && slot.goal == Goal::Up);
        let scale = self.scales.get(service).map(|scale| (*scale).clamp(1, spec.max_instances.max(1)));
        let count = scale.unwrap_or(spec.instances).max(1);
        let mut starts = std::collections::BTreeSet::new();
        for index in 0..count {
            let id = InstanceId::new(service.clone(), index);
            match self.instances.get_mut(&id) {
                Some(slot) if !slot.is_leaving => continue,
                Some(slot) => {
                    slot.is_leaving = false;
                    slot.change(turn, &spec);
                }
                None => self.add_slot(turn, id.clone()),
            }
            starts.insert(id);
        }
        for slot in self.slots_mut(service).filter(|slot| slot.id.index >= count) {
            slot.is_leaving = true;
            slot.lower_goal(turn, because.to_vec());
        }
        turn.touch(service);
        if is_wanted && spec.schedule.is_some() {
            for slot in self.slots_mut(service).filter(|slot| starts.contains(&slot.id)) {
                slot.rest_scheduled(turn);
            }
        } else if is_wanted {
            self.start(turn, &starts, Gate::Dependencies, Scope::All, because);
        }
    }

    /// Makes a slot of a service of the fleet.
    pub(crate) fn add_slot(&mut self, turn: &mut Turn, id: InstanceId) {
        let Some(spec) = self.fleet.services.get(&id.service).cloned() else { return };
        turn.touch(&id.service);
        turn.effect(Effect::Added { instance: id.clone() });
        self.instances.insert(id.clone(), Instance::new(turn.now, id, spec));
    }

    /// The first input: the slots of the configuration appear.
    pub(crate) fn populate(&mut self, turn: &mut Turn) {
        if self.stage != Stage::New {
            return;
        }
        self.stage = Stage::Adopting;
        for spec in self.fleet.clone().services.values() {
            for index in 0..spec.instances.max(1) {
                self.add_slot(turn, InstanceId::new(spec.name.clone(), index));
            }
        }
    }

    /// Before the boot a living run may be found in a slot that only a later [`crate::Intent`] tells of.
    pub(crate) fn make_room(&mut self, turn: &mut Turn, id: &InstanceId) {
        let Some(spec) = self.fleet.services.get(&id.service) else { return };
        let is_possible = self.stage == Stage::Adopting && id.index < spec.max_instances;
        if is_possible && !self.instances.contains_key(id) {
            self.add_slot(turn, id.clone());
        }
    }
}
