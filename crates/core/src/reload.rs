//! A new configuration: told as a plan, then done by the same plan.

use std::sync::Arc;

use crate::{
    Action, Cause, Fleet, Gate, Goal, Plan, ServiceName, Supervisor, difference::differences, plan::Needs,
    supervisor::Scope, turn::Turn,
};

impl Supervisor {
    /// What applying this configuration would do now. What is stopped stays stopped, so only what runs is
    /// told to restart.
    pub fn plan(&self, fleet: &Fleet) -> Plan {
        let mut plan = Plan::between_in(&self.fleet, fleet, Some(&self.mode));
        for change in &mut plan.changes {
            let is_wanted = self.slots(&change.service).any(|slot| slot.goal == Goal::Up);
            let is_alive = self.slots(&change.service).any(|slot| slot.is_restarted_by_change());
            let needs_restart = || self.needs_restart(fleet, &change.service);
            change.action = match change.action {
                Action::Restart if !is_alive => Action::InPlace,
                Action::Start if is_alive && needs_restart() => Action::Restart,
                Action::Start if is_wanted => Action::InPlace,
                Action::Stop if !is_wanted => Action::InPlace,
                action @ (Action::Add { .. }
                | Action::Remove
                | Action::Restart
                | Action::Start
                | Action::Stop
                | Action::InPlace) => action,
            };
        }
        plan
    }

    fn needs_restart(&self, fleet: &Fleet, service: &ServiceName) -> bool {
        let (Some(old), Some(new)) = (self.fleet.services.get(service), fleet.services.get(service)) else {
            return false;
        };
        differences(old, new).iter().any(|(_, needs)| match needs {
            Needs::Nothing => false,
            Needs::Restart => true,
            Needs::RestartIn(mode) => **mode == *self.mode,
        })
    }

    pub(crate) fn apply(&mut self, turn: &mut Turn, fleet: Arc<Fleet>, by: &Cause) {
        let plan = self.plan(&fleet);
        self.fleet = fleet;
        for change in &plan.changes {
            turn.touch(&change.service);
            self.define(turn, &change.service, change.action, by);
        }
        self.graph = self.whole_graph();
        for change in &plan.changes {
            let keys = change.keys.clone();
            if keys.iter().any(|key| key == "instances") {
                self.scales.remove(&change.service);
            }
            let because = match change.action {
                Action::Add { .. } => vec![Cause::ConfigAdded, by.clone()],
                Action::Remove => continue,
                Action::Restart | Action::Start | Action::Stop | Action::InPlace => {
                    vec![Cause::ConfigChanged { keys }, by.clone()]
                }
            };
            self.resize(turn, &change.service, &because);
            self.perform(turn, &change.service, change.action, &because);
        }
    }

    /// Slots take their new specification, or learn that they have none.
    fn define(&mut self, turn: &mut Turn, service: &ServiceName, action: Action, by: &Cause) {
        match (action, self.fleet.services.get(service).cloned()) {
            (Action::Remove, _) | (_, None) => {
                self.scales.remove(service);
                self.end_roll(service);
                for slot in self.slots_mut(service) {
                    slot.is_leaving = true;
                    slot.lower_goal(turn, vec![Cause::ConfigRemoved, by.clone()]);
                }
            }
            // Slots of a service that comes back before it was gone are taken up again by `resize`.
            (Action::Add { .. }, Some(_)) => {}
            (Action::Restart | Action::Start | Action::Stop | Action::InPlace, Some(spec)) => {
                for slot in self.slots_mut(service) {
                    slot.change(turn, &spec);
                }
            }
        }
    }

    fn perform(&mut self, turn: &mut Turn, service: &ServiceName, action: Action, because: &[Cause]) {
        match action {
            Action::Add { starts: true } | Action::Start => {
                let ids = self.slots(service).filter(|slot| !slot.is_leaving).map(|slot| slot.id.clone());
                let ids = ids.collect();
                self.start(turn, &ids, Gate::Dependencies, Scope::Mode, because);
            }
            Action::Stop => {
                for slot in self.slots_mut(service) {
                    slot.lower_goal(turn, because.to_vec());
                }
            }
            Action::Restart => {
                let slots =
                    self.slots(service).filter(|slot| slot.is_restarted_by_change() && !slot.is_leaving);
                let ids = slots.map(|slot| slot.id.clone()).collect();
                self.restart_rolling(turn, service, ids, Gate::Open, because);
            }
            Action::Add { starts: false } | Action::Remove | Action::InPlace => {}
        }
    }
}
