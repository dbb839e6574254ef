//! What a life is made of, and how it ends.

use std::{collections::BTreeSet, time::Duration};

use ostler_core::*;

use crate::{
    script::{probed, s, watched, with},
    world::{State, World},
};

/// What a service is made of.
pub(crate) type Knobs = [u8; 8];

/// A service whose every trait comes from its knobs.
pub(crate) fn service(index: usize, knobs: Knobs, needed: Option<&ServiceName>) -> ServiceSpec {
    let bit = |at: usize| knobs[at / 8] >> (at % 8) & 1 == 1;
    let pick = |at: usize, of: &[u64]| of[usize::from(knobs[at]) % of.len()];
    with(["a", "b", "c"][index], |spec| {
        let restart = &mut spec.restart;
        restart.policy =
            [RestartWhen::OnFailure, RestartWhen::Always, RestartWhen::OnFailure, RestartWhen::Never]
                [usize::from(knobs[0] & 3)];
        restart.immediate = bit(2);
        restart.jitter = if bit(3) { 0.5 } else { 0.0 };
        restart.backoff = if bit(4) { 2.0 } else { 1.0 };
        restart.startup_crash = if bit(5) { s(1) } else { Duration::ZERO };
        restart.startup_retries = if bit(6) { 2 } else { 0 };
        restart.max_restarts = u32::try_from(pick(2, &[2, 1, 0, 3])).expect("small");
        restart.window = s(pick(3, &[10, 100]));
        restart.delay = s(pick(4, &[1, 0, 5]));
        restart.max_delay = s(20);
        restart.reset_after = s(pick(5, &[5, 30]));
        spec.stop.grace = s(pick(6, &[2, 0, 1]));
        spec.oneshot = knobs[1] & 7 == 7;
        spec.instances = if bit(11) { 2 } else { 1 };
        if bit(12) {
            probed(spec);
        }
        if bit(13) {
            watched(spec);
        }
        spec.modes = bit(14).then(|| BTreeSet::from(["default".to_owned()]));
        let conditions = [Condition::Started, Condition::Ready, Condition::Completed];
        if let Some(needed) = needed.filter(|_| knobs[7] & 3 != 3) {
            spec.depends_on.insert(needed.clone(), conditions[usize::from(knobs[7] & 3)]);
        }
        let losses = [OnDependencyLoss::Ignore, OnDependencyLoss::Restart, OnDependencyLoss::Stop];
        spec.on_dependency_loss = losses[usize::from(knobs[7] >> 2) % 3];
    })
}

// Ends of a life.
impl World {
    /// Everything is told to stop, and nobody ever answers again.
    pub(crate) fn end_by_time_alone(mut self, by_shutdown: bool) {
        let is_over = self.is_all_down;
        let targets = self.specs.iter().map(|spec| Target::Service(spec.name.clone())).collect();
        self.command(if by_shutdown { Request::Shutdown } else { Request::Stop { targets } });
        for process in self.runs.values_mut() {
            process.is_stubborn = true;
        }
        let bound: Duration =
            self.supervisor.instances().map(|slot| slot.spec().stop.grace + KILL_GRACE).sum();
        self.pass(bound + s(3), Duration::ZERO);
        for slot in self.supervisor.instances() {
            assert_eq!(slot.phase_kind(), PhaseKind::Stopped, "{} does not settle", slot.id());
        }
        assert!(self.supervisor.poll_timeout().is_none(), "a timer is left over");
        assert!(!by_shutdown || is_over || self.is_all_down, "nobody was told that all is down");
    }

    /// Everything is told to start, and from now on everything works.
    pub(crate) fn end_well(mut self) {
        if self.supervisor.is_shutting_down() {
            return self.end_by_time_alone(true);
        }
        let targets: Vec<_> = self.specs.iter().map(|spec| Target::Service(spec.name.clone())).collect();
        self.command(Request::Start { targets, with_dependencies: false });
        for _ in 0..200 {
            self.pass(s(5), Duration::ZERO);
            let waiting: Vec<_> =
                self.runs.iter().map(|(run, it)| (*run, it.state, it.is_abandoned)).collect();
            for (run, state, is_abandoned) in waiting {
                let Some(process) = self.runs.get(&run).filter(|_| !is_abandoned) else { continue };
                let instance = process.instance.clone();
                match state {
                    State::Asked => self.happen(run, Input::Spawned { instance, run, pid: 1 }),
                    State::Alive if process.spec.ready.is_some() => {
                        self.happen(run, Input::Ready { instance, run });
                    }
                    State::Alive | State::Orphans => {}
                }
            }
            let is_up = |slot: &Instance| slot.phase_kind() == PhaseKind::Running;
            if self.supervisor.instances().all(is_up) && !self.supervisor.is_switching_mode() {
                return;
            }
            // What failed meanwhile, or waits for what it lost, needs another start, and no more than that.
            let is_at_rest =
                |slot: &&Instance| matches!(slot.phase_kind(), PhaseKind::Failed | PhaseKind::Stopped);
            let at_rest = self.supervisor.instances().filter(is_at_rest);
            let targets: Vec<_> = at_rest.map(|slot| Target::Instance(slot.id().clone())).collect();
            self.command(Request::Start { targets, with_dependencies: false });
        }
        let stuck = self.supervisor.instances().find(|slot| slot.phase_kind() != PhaseKind::Running);
        panic!("a dead end: {:?} {:?}", stuck.map(Instance::id), stuck.map(Instance::phase));
    }
}
