//! Measuring CPU and memory, only while somebody looks.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use ostler_api::{InstanceMetrics, MetricsParams, MetricsReply};
use ostler_core::InstanceId;

use super::{Actor, Time, fact::Fact, targets, time};
use crate::{ask::Reply, metrics::Usage};

/// Between two measurements while somebody looks.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

impl Actor {
    /// It is time to measure, if anybody still looks.
    pub(super) fn sample(&mut self) {
        if self.lookers.is_empty() {
            self.next_sample = None;
            let limited = self.limited();
            for (id, slot) in &mut self.slots {
                slot.is_dirty |= slot.usage.take().is_some();
                if !limited.contains(id) {
                    slot.history.clear();
                }
            }
            if !limited.is_empty() {
                self.next_sample = Some(tokio::time::Instant::now() + INTERVAL);
                self.measure_of(Some(&limited), None);
            }
            return;
        }
        self.next_sample = Some(tokio::time::Instant::now() + INTERVAL);
        self.measure(None);
    }

    pub(super) fn measured(
        &mut self,
        usage: &BTreeMap<InstanceId, Usage>,
        asked: Option<(Vec<InstanceId>, bool, Reply<MetricsReply>)>,
    ) {
        let at = time::text(self.time.wall);
        for (id, usage) in usage {
            let Some(slot) = self.slots.get_mut(id) else { continue };
            slot.history.push(usage.sample(at.clone()));
            if asked.is_none() && !self.lookers.is_empty() {
                slot.is_dirty |= slot.usage != Some(*usage);
                slot.usage = Some(*usage);
            }
        }
        let Some((wanted, with_history, reply)) = asked else { return self.hold_against_limits(usage) };
        let instances =
            wanted.iter().map(|id| self.instance_metrics(id, usage.contains_key(id), with_history));
        let _ = reply.send(Ok(MetricsReply { instances: instances.collect() }));
    }

    pub(super) fn metrics(&mut self, params: &MetricsParams, reply: Reply<MetricsReply>) {
        match targets::instances(&self.supervisor, params.service.as_deref()) {
            Ok(wanted) => self.measure(Some((wanted, params.history, reply))),
            Err(error) => {
                let _ = reply.send(Err(error));
            }
        }
    }

    fn measure(&mut self, asked: Option<(Vec<InstanceId>, bool, Reply<MetricsReply>)>) {
        self.measure_of(None, asked);
    }

    /// Measures all, or only these.
    fn measure_of(
        &mut self,
        only: Option<&[InstanceId]>,
        asked: Option<(Vec<InstanceId>, bool, Reply<MetricsReply>)>,
    ) {
        let is_meant = |id: &InstanceId| only.is_none_or(|only| only.contains(id));
        let with_process = self.supervisor.instances().filter(|it| it.pid().is_some() && is_meant(it.id()));
        let roots: BTreeMap<_, _> = with_process
            .filter_map(|instance| Some((instance.id().clone(), self.slots.get(instance.id())?.keeper_pid?)))
            .collect();
        let sampler = Arc::clone(&self.sampler);
        self.jobs.spawn_blocking(move || {
            let mut sampler = sampler.lock().unwrap_or_else(PoisonError::into_inner);
            let usage = sampler.measure(Time::look().now, &roots);
            Fact::Measured { usage, asked }
        });
    }

    fn instance_metrics(&self, id: &InstanceId, is_up: bool, with_history: bool) -> InstanceMetrics {
        let history = self.slots.get(id).map(|slot| &slot.history);
        let latest = history.filter(|_| is_up).and_then(|history| history.latest().cloned());
        let samples = history.filter(|_| with_history).map(|history| history.samples().cloned().collect());
        InstanceMetrics { instance: id.to_string(), latest, history: samples.unwrap_or_default() }
    }
}
