//! What keepers say.

use ostler_core::{ExitStatus, Input, InstanceId, RunId, Signal, SpawnFailure};
use ostler_keeper::protocol::{self, Event, LogPosition, Request, SpawnStep};

use super::{Actor, fact::Fact, perform, slot::Stage};
use crate::keepers::{News, Said};

/// From the polite end of leftovers to their kill.
const LEFTOVERS_GRACE: std::time::Duration = std::time::Duration::from_millis(500);

impl Actor {
    pub(super) fn hear(&mut self, news: News) {
        if self.leaving.contains_key(&news.link) {
            if matches!(news.what, Said::Closed(_)) {
                self.leaving.remove(&news.link);
            }
            return;
        }
        let slot = self.slots.get(&news.instance);
        let is_current =
            slot.and_then(|slot| slot.link.as_ref()).is_some_and(|link| link.number() == news.link);
        if !is_current {
            return;
        }
        match news.what {
            Said::Event(event) => self.hear_event(news.instance, event),
            Said::Closed(trouble) => self.link_closed(news.instance, trouble),
        }
    }

    pub(super) fn hear_event(&mut self, instance: InstanceId, event: Event) {
        match event {
            Event::Hello(hello) => self.log_advanced(&instance, hello.log),
            Event::Spawned { run, pid, pid_start: _ } => self.spawned(instance, RunId(run), pid),
            Event::SpawnFailed { run, step, errno: _, text } => {
                self.spawn_failed(instance, RunId(run), spawn_failure(step, text));
            }
            Event::Exited { run, status, tree_is_gone, log } => {
                self.log_advanced(&instance, log);
                self.exited(instance, RunId(run), exit_status(status), tree_is_gone);
            }
            Event::TreeGone { run, report } => self.tree_gone(instance, RunId(run), perform::report(report)),
            Event::LogAdvanced(position) => {
                self.log_advanced(&instance, position);
                if let Some(link) = self.slots.get(&instance).and_then(|slot| slot.link.as_ref()) {
                    link.send(&Request::LogSeen);
                }
            }
            Event::LogTrouble { text } => self.log_trouble(instance, text),
            Event::Refused { request, text } => {
                let state = self.slots.get(&instance).and_then(|slot| slot.run.as_ref());
                let ordered = state.filter(|state| state.stage == Stage::Ordered).map(|state| state.run);
                let has_pid = self.supervisor.instance(&instance).is_some_and(|it| it.pid().is_some());
                match ordered {
                    Some(run) if Request::is_spawn(request) && !has_pid => {
                        tracing::error!(%instance, %run, %text, "keeper refused an order");
                        self.spawn_failed(instance, run, SpawnFailure::Keeper { reason: text });
                    }
                    // A request and the end of its run may cross.
                    Some(_) | None => tracing::debug!(%instance, request, %text, "keeper refused a request"),
                }
            }
            Event::CannotStart { text } => {
                tracing::error!(%instance, %text, "keeper cannot start");
                let run = self.slots.get(&instance).and_then(|slot| slot.run.as_ref()).map(|state| state.run);
                if let Some(run) = run {
                    self.spawn_failed(instance, run, SpawnFailure::Keeper { reason: text });
                }
            }
            // The link has passed them on already.
            Event::Output { .. } | Event::Streams { .. } | Event::Pong { .. } => {}
        }
    }

    fn spawned(&mut self, instance: InstanceId, run: RunId, pid: u32) {
        if let Some(slot) = self.slots.get_mut(&instance) {
            slot.started_at = Some(self.time.wall);
            slot.is_dirty = true;
        }
        self.remember(&instance, false);
        self.feed(Input::Spawned { instance, run, pid });
    }

    fn spawn_failed(&mut self, instance: InstanceId, run: RunId, failure: SpawnFailure) {
        let failure = self.secrets_of(&instance).mask_failure(failure);
        if let Some(slot) = self.slots.get_mut(&instance)
            && slot.run.as_ref().is_some_and(|state| state.run == run)
        {
            slot.run = None;
        }
        self.feed(Input::SpawnFailed { instance, run, failure });
    }

    pub(super) fn exited(
        &mut self,
        instance: InstanceId,
        run: RunId,
        status: ExitStatus,
        tree_is_gone: bool,
    ) {
        let time = self.time;
        if let Some(slot) = self.slots.get_mut(&instance) {
            slot.drop_probe();
            slot.note_exit(run, status, &time);
            slot.is_dirty = true;
            if let Some(state) = slot.run.as_mut().filter(|state| state.run == run) {
                state.has_exited = true;
            }
        }
        self.lived(&instance);
        self.read_last_line(&instance, run);
        if tree_is_gone {
            self.run_is_over(&instance, run);
        }
        self.exit_hook(&instance, run, status);
        let jitter = self.jitter.next();
        self.feed(Input::Exited { instance, run, status, tree_is_gone, jitter });
    }

    fn tree_gone(&mut self, instance: InstanceId, run: RunId, report: ostler_core::TreeReport) {
        if !report.escaped.is_empty() {
            tracing::warn!(%instance, escaped = ?report.escaped, "processes could not be ended");
        }
        self.run_is_over(&instance, run);
        self.feed(Input::TreeGone { instance, run, report });
    }

    /// The ports of a run that is over: those that were found for it stay its own, for the next one; others that the
    /// configuration names may go to whom it names them for as well.
    fn release_ports(&self, instance: &InstanceId) {
        let spec = self.supervisor.fleet().services.get(&instance.service);
        let is_automatic = |name: &str| {
            let port = spec.and_then(|spec| spec.ports.iter().find(|port| port.name == name));
            port.is_some_and(|port| port.number.is_none())
        };
        let ports = self.slots.get(instance).map(|slot| slot.ports.clone()).unwrap_or_default();
        let kept = ports.into_iter().filter(|(name, _)| is_automatic(name)).collect();
        self.ports.keep_only(instance, &kept);
    }

    /// No process of the run is left: the keeper may forget it.
    fn run_is_over(&mut self, instance: &InstanceId, run: RunId) {
        if self.slots.get(instance).and_then(|slot| slot.run.as_ref()).is_some_and(|state| state.run == run) {
            self.release_ports(instance);
        }
        let Some(slot) = self.slots.get_mut(instance) else { return };
        if slot.run.as_ref().is_some_and(|state| state.run == run) {
            slot.run = None;
            slot.notified = None;
            if let Some(task) = slot.notify_task.take() {
                task.abort();
            }
            slot.ports_free = slot.ports.values().copied().collect();
            slot.is_dirty = true;
        }
        if let Some(link) = &slot.link {
            link.send(&Request::Ack { run: run.0 });
        }
    }

    fn link_closed(&mut self, instance: InstanceId, trouble: Option<String>) {
        let Some(slot) = self.slots.get_mut(&instance) else { return };
        slot.link = None;
        let Some(state) = slot.run.as_mut().filter(|state| state.stage == Stage::Ordered) else { return };
        let (run, mark) = (state.run, state.mark.clone());
        slot.drop_probe();
        let trouble = trouble.unwrap_or_default();
        tracing::warn!(%instance, %run, %trouble, "keeper died; what it left is being ended");
        let who = ostler_core::Actor::Supervisor;
        self.audit(&who, "keeper-lost", instance.to_string(), &trouble);
        let cgroup = self.cgroup_of(&instance);
        self.jobs.spawn(async move {
            if let Some(group) = cgroup.and_then(|path| crate::process::Cgroup::at(&path)) {
                let _ = group.kill();
            }
            let report = crate::process::end_marked(super::prepare::RUN_ID, &mark, LEFTOVERS_GRACE).await;
            Fact::Ended { instance, run, killed: report.killed }
        });
    }

    pub(super) fn leftovers_ended(&mut self, instance: InstanceId, run: RunId, killed: &[String]) {
        if !killed.is_empty() {
            tracing::info!(%instance, ?killed, "leftovers of a dead keeper were killed");
        }
        if let Some(slot) = self.slots.get_mut(&instance) {
            if slot.run.as_ref().is_some_and(|state| state.run == run) {
                slot.run = None;
            }
            slot.note_exit(run, ExitStatus::Unknown, &self.time);
            slot.is_dirty = true;
        }
        self.exit_hook(&instance, run, ExitStatus::Unknown);
        self.feed(Input::KeeperLost { instance, run });
    }

    pub(super) fn stop_command_done(&mut self, instance: &InstanceId, run: RunId) {
        let state = self.slots.get(instance).and_then(|slot| slot.run.as_ref());
        if state.is_some_and(|state| state.run == run) {
            let signal = self.supervisor.instance(instance).map_or(Signal::TERM, |it| it.spec().stop.signal);
            self.signal_tree(instance, run, signal);
        }
    }

    fn log_advanced(&mut self, instance: &InstanceId, position: LogPosition) {
        if let Some(slot) = self.slots.get(instance) {
            slot.log.send_replace(position);
            self.options.logs.advanced(&crate::logs::Source::Instance(instance.clone()));
        }
    }

    fn log_trouble(&mut self, instance: InstanceId, text: String) {
        let trouble = (!text.is_empty()).then_some(text);
        match &trouble {
            Some(text) => tracing::warn!(%instance, %text, "log cannot be written"),
            None => tracing::info!(%instance, "log is written again"),
        }
        let words = trouble.clone().unwrap_or_else(|| "the log is written again".to_owned());
        self.audit(&ostler_core::Actor::Supervisor, "log-trouble", instance.to_string(), &words);
        if let Some(slot) = self.slots.get_mut(&instance) {
            slot.log_trouble = trouble;
            slot.is_dirty = true;
        }
    }

    pub(super) fn last_line(&mut self, instance: &InstanceId, run: RunId, line: String) {
        let Some(slot) = self.slots.get_mut(instance) else { return };
        if let Some(exit) = slot.last_exit.as_mut().filter(|exit| exit.run == run.0) {
            exit.last_line = Some(line);
            slot.is_dirty = true;
        }
    }
}

/// How a process ended, as core has it.
pub(super) fn exit_status(from: protocol::ExitStatus) -> ExitStatus {
    match from {
        protocol::ExitStatus::Code(code) => ExitStatus::Code(code),
        protocol::ExitStatus::Signal(signal) => ExitStatus::Signal(Signal(signal)),
    }
}

fn spawn_failure(step: SpawnStep, text: String) -> SpawnFailure {
    let os = |step: &str, reason| SpawnFailure::Os { step: step.to_owned(), reason };
    match step {
        SpawnStep::Order => os("the order", text),
        SpawnStep::Stdio => os("making its pipes", text),
        SpawnStep::Fork => os("making its process", text),
        SpawnStep::Session => os("making its session", text),
        SpawnStep::Cgroup => os("entering its cgroup", text),
        SpawnStep::ResourceLimit => os("setting its resource limits", text),
        SpawnStep::Nice => os("setting its niceness", text),
        SpawnStep::Gid => os("changing its group", text),
        SpawnStep::Uid => os("changing its user", text),
        SpawnStep::WorkingDirectory => os("entering its working directory", text),
        SpawnStep::Exec => os("executing its program", text),
        SpawnStep::ProgramNotFound => SpawnFailure::NotFound { program: text },
        SpawnStep::InterpreterNotFound => os("executing its interpreter", text),
        SpawnStep::NotExecutable => os("executing its program", text),
    }
}
