//! Restarting what uses too much.

use std::collections::BTreeMap;

use ostler_api as api;
use ostler_core::{Actor as Who, Cause, Input, InstanceId, Limits};

use super::Actor;
use crate::{limits::Excess, metrics::Usage, wire};

impl Actor {
    /// Instances that run and have a limit.
    pub(super) fn limited(&self) -> Vec<InstanceId> {
        let limited = self.supervisor.instances().filter(|it| it.spec().limits != Limits::default());
        limited.filter(|it| it.pid().is_some()).map(|it| it.id().clone()).collect()
    }

    /// Measuring begins when something runs that has a limit.
    pub(super) fn begin_to_measure(&mut self) {
        if self.next_sample.is_none() && !self.limited().is_empty() {
            self.next_sample = Some(tokio::time::Instant::now() + super::sampling::INTERVAL);
        }
    }

    /// Holds a measurement against the limits.
    pub(super) fn hold_against_limits(&mut self, measured: &BTreeMap<InstanceId, Usage>) {
        let mut excesses: BTreeMap<InstanceId, Excess> = std::mem::take(&mut self.excesses);
        excesses.retain(|id, _| measured.contains_key(id));
        for id in self.limited() {
            let (Some(usage), Some(instance)) = (measured.get(&id), self.supervisor.instance(&id)) else {
                continue;
            };
            let Some(run) = instance.run() else { continue };
            let limits = instance.spec().limits.clone();
            let Some(what) = excesses.entry(id.clone()).or_default().take(run, usage, &limits) else {
                continue;
            };
            tracing::warn!(instance = %id, what, "limit exceeded; it is restarted");
            self.audit(&Who::Supervisor, "limit", id.to_string(), &what);
            let cause = vec![wire::cause(&Cause::LimitExceeded { what: what.clone() }, None)];
            self.note(None, api::EventKind::LimitHit { instance: id.to_string(), cause });
            self.feed(Input::Limit { instance: id, run, what });
        }
        self.excesses = excesses;
    }
}
