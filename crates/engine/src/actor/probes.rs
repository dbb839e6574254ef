//! Probes: started and ended as core says; what they find comes back through one bounded channel.

use std::{collections::HashSet, path::PathBuf, sync::Arc, time::Duration};

use ostler_api::{HealthReply, ProbeResult, ServiceParams};
use ostler_core::{Health, Input, InstanceId, PhaseKind, Probe, ProbeKind, RunId, ServiceSpec};
use tokio::{sync::watch, task::JoinSet};

use super::{
    Actor, boot,
    fact::Fact,
    prepare::{Filled, Plans},
    targets,
};
use crate::{
    ask::Reply,
    environment::Bases,
    keepers::Nursery,
    logs::LogStore,
    probe::{Answer, Notified, NotifySocket, ProbeContext, Prober, Question, Strictness, ask},
    process,
};

/// Between questions to a service that is ready and has no liveness probe.
const HEALTH_INTERVAL: Duration = Duration::from_secs(30);

/// Everything needed to ask about one run.
struct Asking {
    kind: ProbeKind,
    probe: Probe,
    interval: Duration,
    timeout: Duration,
    run: RunId,
    plans: Plans,
    logs: Arc<LogStore>,
    notified: Option<watch::Receiver<Notified>>,
    after_sleep: Option<Duration>,
    tree: Arc<dyn Fn() -> HashSet<u32> + Send + Sync>,
}

impl Actor {
    /// Starts asking, in place of what was asked before.
    pub(super) fn probe(
        &mut self,
        instance: InstanceId,
        run: RunId,
        spec: &Arc<ServiceSpec>,
        kind: ProbeKind,
    ) {
        let asking = self.asking(&instance, run, spec, kind);
        self.begin_asking(instance, run, asking);
    }

    /// Asks afresh after a pause, in place of questions that were under way when the machine slept.
    pub(super) fn probe_after_sleep(&mut self, pause: Duration) {
        let asked = self.supervisor.instances().filter_map(|it| {
            let kind = match it.phase_kind() {
                PhaseKind::Starting => ProbeKind::Ready,
                PhaseKind::Running => ProbeKind::Live,
                PhaseKind::Stopped | PhaseKind::Stopping | PhaseKind::Backoff | PhaseKind::Failed => {
                    return None;
                }
            };
            self.slots.get(it.id())?.probe.as_ref()?;
            Some((it.id().clone(), it.run()?, Arc::clone(it.spec()), kind))
        });
        for (instance, run, spec, kind) in asked.collect::<Vec<_>>() {
            let Some(asking) = self.asking(&instance, run, &spec, kind) else { continue };
            match asking.probe {
                Probe::Http { .. } | Probe::Tcp(_) | Probe::Exec(_) => {
                    let asking = Asking { after_sleep: Some(pause), ..asking };
                    self.begin_asking(instance, run, Some(asking));
                }
                // Nobody asks them: they come when they come.
                Probe::Log(_) | Probe::Notify | Probe::Mcp => {}
            }
        }
    }

    fn begin_asking(&mut self, instance: InstanceId, run: RunId, asking: Option<Asking>) {
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        slot.drop_probe();
        let Some(asking) = asking else { return };
        if matches!(asking.probe, Probe::Log(_)) {
            slot.probe_watches_log = true;
            slot.watch_log();
        }
        let (bases, facts) = (Arc::clone(&self.bases), self.facts.clone());
        let kind = asking.kind;
        let about = instance.clone();
        let task = self.probe_tasks.spawn(async move {
            boot::bases_of(&bases).await;
            let built = tokio::task::spawn_blocking(move || {
                let prober = asking.prober(bases.get().expect("awaited above"));
                prober.map(|(prober, _)| prober)
            });
            let tell = |result: Answer| {
                let (facts, instance) = (facts.clone(), about.clone());
                async move {
                    // The actor is gone only when the engine ends.
                    let _ = facts.send(Fact::Probed { instance, run, kind, result }).await;
                }
            };
            match built.await {
                Ok(Ok(prober)) => prober.run(tell).await,
                Ok(Err(reason)) => tell(Err(reason)).await,
                Err(error) => tell(Err(error.to_string())).await,
            }
        });
        if let Some(slot) = self.slots.get_mut(&instance) {
            slot.probe = Some(task);
        }
    }

    pub(super) fn probed(&mut self, instance: InstanceId, run: RunId, kind: ProbeKind, result: Answer) {
        if result.is_err() && self.is_forgiving() {
            return;
        }
        let was_well = self.supervisor.instance(&instance).is_some_and(|it| it.health() == Health::Ready);
        if let Some(slot) = self.slots.get_mut(&instance)
            && (result.is_ok() || was_well)
        {
            slot.last_well = Some(self.time.wall);
        }
        self.note_answer(&instance, run, kind, &result);
        self.feed(match result {
            Ok(()) => Input::Ready { instance, run },
            Err(message) => {
                let message = self.secrets_of(&instance).mask(&message).into_owned();
                Input::ProbeFailed { instance, run, kind, message }
            }
        });
    }

    /// Listens to what a run says of its own accord.
    pub(super) fn listen(&mut self, instance: &InstanceId, socket: NotifySocket) {
        let tree = self.tree_of(instance);
        let Some(slot) = self.slots.get_mut(instance) else { return };
        slot.notified = Some(socket.notified());
        let task = self.probe_tasks.spawn(socket.listen(tree));
        if let Some(before) = slot.notify_task.replace(task) {
            before.abort();
        }
    }

    /// Where a slot's runs find their `NOTIFY_SOCKET`.
    pub(super) fn notify_path(&self, instance: &InstanceId) -> PathBuf {
        self.nursery.dir.join(format!("{}.notify", Nursery::key(instance)))
    }

    /// Asks now, on behalf of a client.
    pub(super) fn check_health(&mut self, params: &ServiceParams, reply: Reply<HealthReply>) {
        let instances = match targets::instances(&self.supervisor, params.service.as_deref()) {
            Ok(instances) => instances,
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        let mut results = Vec::new();
        let mut asked = Vec::new();
        for id in instances {
            let Some(instance) = self.supervisor.instance(&id) else { continue };
            let (Some(run), Some(_)) = (instance.run(), instance.pid()) else {
                results.push(plain(&id, "process", false, "not running"));
                continue;
            };
            let spec = Arc::clone(instance.spec());
            let kinds = [(ProbeKind::Ready, spec.ready.is_some()), (ProbeKind::Live, spec.live.is_some())];
            let before = asked.len();
            for (kind, _) in kinds.into_iter().filter(|(_, exists)| *exists) {
                asked.extend(self.asking(&id, run, &spec, kind).map(|asking| (id.clone(), asking)));
            }
            if asked.len() == before {
                results.push(plain(&id, "process", true, "runs; it has no probe"));
            }
        }
        let bases = Arc::clone(&self.bases);
        self.jobs.spawn(async move {
            boot::bases_of(&bases).await;
            let mut asking = JoinSet::new();
            for (id, one) in asked {
                let bases = Arc::clone(&bases);
                asking.spawn(async move { one.once(&id, bases.get().expect("awaited above")).await });
            }
            while let Some(Ok(result)) = asking.join_next().await {
                results.push(result);
            }
            results.sort_by(|a, b| (&a.instance, &a.probe).cmp(&(&b.instance, &b.probe)));
            let _ = reply.send(Ok(HealthReply { results }));
            Fact::Nothing
        });
    }

    fn asking(
        &self,
        instance: &InstanceId,
        run: RunId,
        spec: &Arc<ServiceSpec>,
        kind: ProbeKind,
    ) -> Option<Asking> {
        let (kind, probe, interval, timeout) = match (kind, &spec.live, &spec.ready) {
            (ProbeKind::Live, Some(live), _) => (kind, &live.probe, live.interval, live.timeout),
            (ProbeKind::Ready, _, Some(ready)) => (kind, &ready.probe, ready.interval, ready.timeout),
            // Without a liveness probe, readiness goes on to tell the health.
            (ProbeKind::Live, None, Some(ready)) => {
                (ProbeKind::Ready, &ready.probe, ready.interval.max(HEALTH_INTERVAL), ready.timeout)
            }
            (ProbeKind::Live | ProbeKind::Ready, None, None) | (ProbeKind::Ready, Some(_), None) => {
                return None;
            }
        };
        let slot = self.slots.get(instance)?;
        Some(Asking {
            kind,
            probe: probe.clone(),
            interval,
            timeout,
            run,
            plans: self.plans(instance, run, Arc::clone(spec), self.supervisor.mode().to_owned()),
            logs: Arc::clone(&self.options.logs),
            notified: slot.notified.clone(),
            after_sleep: None,
            tree: self.tree_of(instance),
        })
    }

    /// The processes of a slot's run, by a look at the process table.
    fn tree_of(&self, instance: &InstanceId) -> Arc<dyn Fn() -> HashSet<u32> + Send + Sync> {
        let keeper = self.slots.get(instance).and_then(|slot| slot.keeper_pid);
        Arc::new(move || keeper.map(process::tree).unwrap_or_default())
    }
}

impl Asking {
    /// Blocks: an exec probe gets the whole environment of the run.
    fn prober(self, bases: &Bases) -> Result<(Prober, Duration), String> {
        let needs_environment = matches!(self.probe, Probe::Exec(_));
        let Filled { question, env, working_dir } =
            self.plans.question(&self.probe, bases, needs_environment)?;
        let context = ProbeContext {
            instance: self.plans.instance().clone(),
            run: self.run,
            ports: self.plans.ports().values().copied().collect(),
            tree: self.tree,
            env,
            working_dir,
            logs: self.logs,
            notified: self.notified,
        };
        let prober = Prober {
            kind: self.kind,
            question,
            context,
            interval: self.interval,
            timeout: self.timeout,
            after_sleep: self.after_sleep,
        };
        Ok((prober, self.timeout))
    }

    async fn once(self, instance: &InstanceId, bases: &Bases) -> ProbeResult {
        let kind = match self.kind {
            ProbeKind::Ready => "ready",
            ProbeKind::Live => "live",
        };
        let began = super::Time::look();
        let answer = match self.prober(bases) {
            Ok((prober, timeout)) => {
                let well = well(&prober.question);
                ask(&prober.question, &prober.context, timeout, Strictness::Anybody).await.map(|()| well)
            }
            Err(reason) => Err(reason),
        };
        let took = super::Time::look().now.saturating_duration_since(began.now);
        let (ok, message) = match answer {
            Ok(message) => (true, message),
            Err(message) => (false, message),
        };
        let latency_ms = took.as_secs_f64() * 1000.0;
        ProbeResult { latency_ms, ..plain(instance, kind, ok, &message) }
    }
}

fn plain(instance: &InstanceId, probe: &str, ok: bool, message: &str) -> ProbeResult {
    ProbeResult {
        instance: instance.to_string(),
        probe: probe.to_owned(),
        ok,
        message: message.to_owned(),
        latency_ms: 0.0,
    }
}

/// What a good answer is called.
fn well(question: &Question) -> String {
    match question {
        Question::Http { target, .. } => format!("GET {target} answers"),
        Question::Tcp { host, port } => format!("{host}:{port} accepts"),
        Question::Exec(argv) => format!("{} succeeds", argv.first().map_or("command", String::as_str)),
        Question::Log(_) => "the line was written".to_owned(),
        Question::Notify => "it said READY=1".to_owned(),
    }
}
