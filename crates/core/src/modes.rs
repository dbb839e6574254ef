//! What is wanted at boot and in each mode.

use std::collections::BTreeSet;

use crate::{
    Action, Cause, Change, Effect, Gate, Goal, InstanceId, Intent, Phase, Plan, Rest, ServiceName,
    Supervisor,
    plan::mode_keys,
    supervisor::{Scope, Stage},
    turn::Turn,
};

/// A mode switch under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Switch {
    /// Services that are still being stopped; nothing starts before they are gone, for the new ones may need
    /// their ports.
    pub(crate) leaving: BTreeSet<ServiceName>,
    /// Services that the switch touched.
    involved: BTreeSet<ServiceName>,
}

impl Supervisor {
    /// Decides what is wanted, once, after all living runs were found.
    pub(crate) fn boot(&mut self, turn: &mut Turn, intent: Option<Intent>) {
        if self.stage != Stage::Adopting {
            return;
        }
        self.stage = Stage::Booted;
        let Some(intent) = intent else { return self.boot_afresh(turn) };
        if self.fleet.modes.contains(&intent.mode) {
            self.mode = intent.mode.as_str().into();
            turn.mode = self.mode.clone();
        }
        self.scales = intent.scales;
        self.scales.retain(|service, _| self.fleet.services.contains_key(service));
        let services: Vec<_> = self.fleet.services.keys().cloned().collect();
        for service in services {
            self.resize(turn, &service, &[Cause::Boot]);
        }
        let mode = self.mode.clone();
        let mut starts = BTreeSet::new();
        for slot in self.instances.values_mut().filter(|slot| !slot.is_leaving) {
            match intent.goals.get(&slot.id) {
                Some(false) => slot.lower_goal(turn, vec![Cause::Boot]),
                Some(true) if slot.is_alive() => {}
                Some(true) if intent.completed.contains(&slot.id) => slot.rest_completed(turn),
                // Whether a run was due meanwhile is for the clock to say.
                Some(true) if slot.spec.schedule.is_some() => slot.rest_scheduled(turn),
                Some(true) => slot.start(turn, Gate::Dependencies, vec![Cause::Boot]),
                None if slot.is_alive() => {}
                None if slot.spec.enabled && slot.spec.fits_mode(&mode) => {
                    starts.insert(slot.id.clone());
                }
                None => {}
            }
        }
        self.start(turn, &starts, Gate::Dependencies, Scope::Mode, &[Cause::Boot]);
    }

    fn boot_afresh(&mut self, turn: &mut Turn) {
        let services: Vec<_> = self.fleet.services.keys().cloned().collect();
        for service in services {
            self.resize(turn, &service, &[Cause::Boot]);
        }
        let wanted = self.instances.values().filter(|slot| !slot.is_alive() && !slot.is_leaving);
        let starts = wanted
            .filter(|slot| slot.spec.enabled && slot.spec.fits_mode(&self.mode))
            .map(|slot| slot.id.clone())
            .collect();
        self.start(turn, &starts, Gate::Dependencies, Scope::Mode, &[Cause::Boot]);
    }

    /// Goes over to another mode: stops what is not in it, starts what is, restarts what it changes.
    pub(crate) fn set_mode(&mut self, turn: &mut Turn, mode: &str, by: Cause) {
        if *mode == *self.mode {
            if self.switch.is_none() {
                turn.effect(Effect::Mode { mode: mode.to_owned(), is_settled: true });
            }
            return;
        }
        let plan = self.plan_mode(mode);
        self.mode = mode.into();
        turn.mode = self.mode.clone();
        turn.effect(Effect::Mode { mode: mode.to_owned(), is_settled: false });
        let because = vec![Cause::ModeChanged { mode: mode.to_owned() }, by];
        let mut switch = self.switch.take().unwrap_or_default();
        for change in &plan.changes {
            switch.involved.insert(change.service.clone());
            if change.action == Action::Stop {
                switch.leaving.insert(change.service.clone());
                for slot in self.slots_mut(&change.service) {
                    slot.lower_goal(turn, because.clone());
                }
            }
        }
        self.switch = Some(switch);
        for change in &plan.changes {
            let slots = self.slots(&change.service);
            match change.action {
                Action::Restart => {
                    let ids = slots.filter(|slot| slot.is_restarted_by_change()).map(|it| it.id.clone());
                    let ids: Vec<InstanceId> = ids.collect();
                    self.restart_rolling(turn, &change.service, ids, Gate::Open, &because);
                }
                Action::Start => {
                    let ids =
                        slots.filter(|slot| slot.goal == Goal::Down).map(|slot| slot.id.clone()).collect();
                    self.start(turn, &ids, Gate::Dependencies, Scope::Mode, &because);
                }
                Action::Stop | Action::Add { .. } | Action::Remove | Action::InPlace => {}
            }
        }
    }

    /// What switching to a mode would do now.
    pub fn plan_mode(&self, mode: &str) -> Plan {
        let changes = self.fleet.services.values().filter_map(|spec| {
            let keys = mode_keys(spec, &self.mode, mode);
            let is_wanted = self.slots(&spec.name).any(|slot| slot.goal == Goal::Up);
            let is_changed =
                !keys.is_empty() && self.slots(&spec.name).any(|slot| slot.is_restarted_by_change());
            let action = match (spec.fits_mode(mode), is_wanted) {
                (false, true) => Action::Stop,
                (true, false) if spec.enabled => Action::Start,
                (true, true) if is_changed => Action::Restart,
                (true, false | true) | (false, false) => return None,
            };
            Some(Change { service: spec.name.clone(), action, keys })
        });
        Plan { changes: changes.collect() }
    }

    /// Lets the new services start when the old ones are gone, and says when all is settled. To be called
    /// until it says that nothing moved.
    pub(crate) fn advance_switch(&mut self, turn: &mut Turn) -> bool {
        let Some(mut switch) = self.switch.take() else { return false };
        if !switch.leaving.is_empty() {
            let is_going = |service: &ServiceName| {
                self.slots(service).any(|slot| slot.goal == Goal::Down && slot.is_alive())
            };
            switch.leaving.retain(is_going);
            let is_free = switch.leaving.is_empty();
            if is_free {
                for slot in self.instances.values().filter(|slot| slot.is_waiting()) {
                    turn.touch(&slot.id.service);
                }
            }
            self.switch = Some(switch);
            return is_free;
        }
        if switch.involved.iter().any(|service| self.is_in_motion(service)) {
            self.switch = Some(switch);
            return false;
        }
        turn.effect(Effect::Mode { mode: self.mode.as_ref().to_owned(), is_settled: true });
        true
    }

    /// Whether a service will change its phase before long, by itself or by time.
    fn is_in_motion(&self, service: &ServiceName) -> bool {
        self.rolls.contains_key(service)
            || self.slots(service).any(|slot| match &slot.phase {
                Phase::Starting { .. } | Phase::Stopping { .. } => true,
                Phase::Running { .. } => slot.goal == Goal::Down,
                Phase::Stopped(Rest::Waiting { on, .. }) => {
                    on.as_ref().is_none_or(|waiting| self.is_in_motion(&waiting.service))
                }
                Phase::Stopped(Rest::Down | Rest::Scheduled | Rest::Completed | Rest::NotRestarted)
                | Phase::Backoff { .. }
                | Phase::Failed { .. } => false,
            })
    }
}
