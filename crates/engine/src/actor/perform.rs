//! Doing what core says must be done. Nothing here waits: every job comes back as a fact.

use std::time::Duration;

use ostler_api::EventKind;
use ostler_core::{
    Effect, Ending, ExitStatus, Input, InstanceId, Phase, PhaseKind, ProbeKind, RunId, ServiceSpec, Signal,
    SpawnFailure, TreeReport,
};
use ostler_keeper::protocol::Request;

use super::{
    Actor,
    fact::{Fact, Prepared},
    slot::{RunState, Stage},
};
use crate::{
    keepers::{Ear, KeeperLink},
    wire,
};

impl Actor {
    pub(super) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.perform_one(effect);
        }
    }

    fn perform_one(&mut self, effect: Effect) {
        match effect {
            Effect::Spawn { instance, run, spec, mode } => self.prepare(instance, run, spec, mode),
            Effect::Terminate { instance, run, spec, signal } => {
                self.terminate(&instance, run, &spec, signal)
            }
            Effect::Kill { instance, run } => self.kill(&instance, run),
            Effect::ProbeReady { instance, run, spec } => self.probe(instance, run, &spec, ProbeKind::Ready),
            Effect::ProbeLive { instance, run, spec } => self.probe(instance, run, &spec, ProbeKind::Live),
            Effect::ProbeNone { instance } => {
                if let Some(slot) = self.slots.get_mut(&instance) {
                    slot.drop_probe();
                }
            }
            Effect::Phase { instance, from, to, run: _, causes } => {
                self.note_phase(instance, from, to, &causes)
            }
            Effect::Health { instance, to, causes } => {
                if to == ostler_core::Health::Ready {
                    self.remember(&instance, true);
                    self.was_ready(&instance);
                }
                let cause = causes.iter().map(|cause| wire::cause(cause, None)).collect();
                let health = wire::health(to);
                let id = instance.to_string();
                self.note(
                    Some(instance),
                    EventKind::InstanceHealth { instance: id, health, cause, status: <_>::default() },
                );
            }
            Effect::Added { instance } => {
                if !self.slots.contains_key(&instance) {
                    self.slots.insert(instance.clone(), super::slot::Slot::new(self.time.wall));
                    self.join_followers(&instance);
                }
                self.new_services.insert(instance.service);
            }
            Effect::Removed { instance } => self.remove(&instance),
            Effect::Incident { instance, run, causes } => {
                self.freeze(&instance, run, &causes);
                let cause = causes.iter().map(|cause| wire::cause(cause, None)).collect();
                self.note(None, EventKind::Incident { instance: instance.to_string(), run: run.0, cause });
            }
            Effect::LimitHit { instance, causes } => {
                let cause: Vec<_> = causes.iter().map(|cause| wire::cause(cause, None)).collect();
                let text = cause.first().map_or("", |cause| cause.text.as_str());
                tracing::warn!(%instance, why = text, "service is not restarted any more");
                self.note(None, EventKind::LimitHit { instance: instance.to_string(), cause });
            }
            Effect::Mode { mode, is_settled } => {
                self.note(None, EventKind::ModeChanged { mode, settled: is_settled });
            }
            Effect::AllDown => self.is_all_down = true,
        }
    }

    fn note_phase(
        &mut self,
        instance: InstanceId,
        from: PhaseKind,
        to: PhaseKind,
        causes: &[ostler_core::Cause],
    ) {
        let wall = self.time.wall;
        let slot = self.slots.entry(instance.clone()).or_insert_with(|| super::slot::Slot::new(wall));
        if from == to {
            // The same phase for another reason: shown, but nothing that happened.
            slot.is_dirty = true;
            return;
        }
        slot.since = wall;
        let last_line = slot.last_exit.as_ref().and_then(|exit| exit.last_line.clone());
        let cause: Vec<_> = causes.iter().map(|cause| wire::cause(cause, last_line.as_deref())).collect();
        let why = cause.first().map_or("", |cause| cause.text.as_str());
        if to == PhaseKind::Failed {
            tracing::warn!(%instance, why, "service failed");
            let why = why.to_owned();
            self.audit(&ostler_core::Actor::Supervisor, "failed", instance.to_string(), &why);
            self.failed_hook(&instance, &why);
        } else {
            tracing::info!(%instance, phase = ?to, why, "phase");
        }
        let (from, to) = (wire::phase(from), wire::phase(to));
        let id = instance.to_string();
        self.note(
            Some(instance),
            EventKind::InstancePhase { instance: id, from, to, cause, status: <_>::default() },
        );
    }

    fn terminate(&mut self, instance: &InstanceId, run: RunId, spec: &ServiceSpec, signal: Signal) {
        let Some(slot) = self.slots.get_mut(instance) else { return };
        match slot.run.as_mut().filter(|state| state.run == run) {
            Some(state) if state.stage == Stage::Preparing => state.stage = Stage::Cancelled,
            Some(state) if state.stage == Stage::Ordered => {
                let has_exited = state.has_exited;
                match &spec.stop.command {
                    Some(argv) if !has_exited => {
                        let argv = argv.clone();
                        self.run_stop_command(instance.clone(), run, &argv, spec);
                    }
                    Some(_) | None => self.signal_tree(instance, run, signal),
                }
            }
            Some(_) => {}
            None => self.feed(tree_gone(instance, run)),
        }
    }

    /// The signal to the whole group, by the keeper.
    pub(super) fn signal_tree(&mut self, instance: &InstanceId, run: RunId, signal: Signal) {
        let Some(link) = self.slots.get(instance).and_then(|slot| slot.link.as_ref()) else { return };
        let patience_ms = self.time_until_kill(instance).map(|time| time.as_millis() as u64);
        link.send(&Request::Terminate { run: run.0, signal: signal.0, grace_ms: None, patience_ms });
    }

    /// How long a run that is asked to end has left.
    fn time_until_kill(&self, instance: &InstanceId) -> Option<Duration> {
        let phase = self.supervisor.instance(instance)?.phase();
        let Phase::Stopping { ending: Ending::Polite { kill_at }, .. } = phase else { return None };
        Some(kill_at.saturating_duration_since(self.time.now))
    }

    fn kill(&mut self, instance: &InstanceId, run: RunId) {
        let Some(slot) = self.slots.get_mut(instance) else { return };
        match slot.run.as_mut().filter(|state| state.run == run) {
            Some(state) if state.stage == Stage::Ordered => {
                if let Some(link) = &slot.link {
                    link.send(&Request::Kill { run: run.0 });
                }
            }
            Some(state) => state.stage = Stage::Cancelled,
            None => self.feed(tree_gone(instance, run)),
        }
    }

    fn remove(&mut self, instance: &InstanceId) {
        self.terminals.remove(instance);
        self.ports.keep_only(instance, &std::collections::BTreeMap::new());
        if let Some(mut slot) = self.slots.remove(instance) {
            slot.drop_probe();
            if let Some(link) = slot.link.take() {
                link.send(&Request::Exit);
                self.leaving.insert(link.number(), link);
            }
        }
        if !self.slots.keys().any(|id| id.service == instance.service) {
            self.gone_services.insert(instance.service.clone());
        } else {
            self.new_services.insert(instance.service.clone());
        }
    }

    /// A spawn is prepared: hand it to the keeper, unless it is not wanted any more.
    pub(super) fn prepared(
        &mut self,
        instance: InstanceId,
        run: RunId,
        result: Result<Box<Prepared>, SpawnFailure>,
    ) {
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        let Some(state) = slot.run.as_mut().filter(|state| state.run == run) else { return };
        let is_cancelled = state.stage == Stage::Cancelled;
        match result {
            Err(failure) => {
                slot.run = None;
                let failure = self.secrets_of(&instance).mask_failure(failure);
                self.feed(if is_cancelled {
                    tree_gone(&instance, run)
                } else {
                    Input::SpawnFailed { instance, run, failure }
                });
            }
            Ok(prepared) => {
                if let Some(keeper) = prepared.keeper {
                    self.links += 1;
                    slot.keeper_pid = Some(keeper.pid());
                    let ear = Ear { news: self.news.clone(), terminals: self.terminals.clone() };
                    match KeeperLink::to_new(keeper, self.links, instance.clone(), ear, &mut self.link_tasks)
                    {
                        Ok(link) => slot.link = Some(link),
                        Err(error) => tracing::error!(%instance, %error, "keeper's socket cannot be used"),
                    }
                    self.configure(&instance);
                }
                let Some(slot) = self.slots.get_mut(&instance) else { return };
                if is_cancelled {
                    slot.run = None;
                    self.feed(tree_gone(&instance, run));
                    return;
                }
                let notify = prepared.notify;
                slot.ports = prepared.ports;
                slot.url = prepared.url;
                slot.launched = Some(prepared.launched);
                slot.run = Some(RunState {
                    run,
                    mark: prepared.order.mark.clone(),
                    stage: Stage::Ordered,
                    has_exited: false,
                });
                let ordered = match &slot.link {
                    Some(link) => link
                        .order(prepared.order)
                        .map_err(|error| format!("its arguments and environment are too long: {error}")),
                    None => Err("it ended before it was asked".to_owned()),
                };
                match (ordered, notify) {
                    (Ok(()), Some(socket)) => self.listen(&instance, socket),
                    (Ok(()), None) => {}
                    (Err(reason), _) => {
                        slot.run = None;
                        let failure = SpawnFailure::Keeper { reason };
                        self.feed(Input::SpawnFailed { instance, run, failure });
                    }
                }
            }
        }
    }

    /// Has the keeper remember what a later engine must know of this run.
    pub(super) fn remember(&self, instance: &InstanceId, is_ready: bool) {
        let Some(slot) = self.slots.get(instance) else { return };
        let Some(link) = &slot.link else { return };
        let memo = super::memo::Memo { is_ready, ports: slot.ports.clone(), url: slot.url.clone() };
        link.send(&Request::Remember { bytes: memo.to_bytes() });
    }

    fn run_stop_command(
        &mut self,
        instance: InstanceId,
        run: RunId,
        argv: &[ostler_core::Template],
        spec: &ServiceSpec,
    ) {
        let job = self.command_job(&instance, argv, spec);
        self.jobs.spawn(async move {
            match job {
                Ok(job) => match job.run().await {
                    Ok(outcome) => {
                        tracing::info!(%instance, outcome = ?outcome.last_line(), "stop command ended")
                    }
                    Err(error) => tracing::warn!(%instance, %error, "stop command cannot be run"),
                },
                Err(error) => tracing::warn!(%instance, %error, "stop command cannot be run"),
            }
            Fact::StopCommandDone { instance, run }
        });
    }
}

fn tree_gone(instance: &InstanceId, run: RunId) -> Input {
    Input::Exited {
        instance: instance.clone(),
        run,
        status: ExitStatus::Unknown,
        tree_is_gone: true,
        jitter: 0.0,
    }
}

/// A report of the keeper as core has it.
pub(super) fn report(from: ostler_keeper::protocol::TreeReport) -> TreeReport {
    let mut killed = from.killed;
    let unnamed = (from.killed_count as usize).saturating_sub(killed.len());
    if unnamed > 0 {
        killed.push(format!("{unnamed} more"));
    }
    TreeReport { ended: from.ended, killed, escaped: from.escaped }
}
