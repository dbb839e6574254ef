//! What the engine knows of a slot beyond core: its keeper, ports, probes, and times for people.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ostler_api as api;
use ostler_core::{ExitStatus, Goal, Health, Instance, Phase, PhaseKind, Rest, RunId};
use ostler_keeper::protocol::{LogPosition, Request};
use tokio::{sync::watch, task::AbortHandle};

use crate::{
    keepers::KeeperLink,
    metrics::{History, Usage},
    probe::Notified,
    wire,
};

/// The engine's side of an instance.
pub(super) struct Slot {
    /// The way to its keeper.
    pub link: Option<KeeperLink>,
    /// The run being prepared or running, and how far it is.
    pub run: Option<RunState>,
    /// The ports of the present or last run.
    pub ports: BTreeMap<String, u16>,
    /// What "Open" opens.
    pub url: Option<String>,
    /// The probe's task, aborted when it is not wanted any more.
    pub probe: Option<AbortHandle>,
    /// Whether the probe wants to hear of the log's growth.
    pub probe_watches_log: bool,
    /// What the present run said of its own accord.
    pub notified: Option<watch::Receiver<Notified>>,
    /// Listens to it.
    pub notify_task: Option<AbortHandle>,
    /// The keeper's process.
    pub keeper_pid: Option<u32>,
    /// When the phase was entered.
    pub since: Timestamp,
    /// When the present run was spawned.
    pub started_at: Option<Timestamp>,
    /// Until when the probe's word held that it is well.
    pub last_well: Option<Timestamp>,
    /// What the probes of the present run last said by themselves.
    pub said: Vec<super::probing::Said>,
    /// What the present or last run was launched as.
    pub launched: Option<super::incidents::Launched>,
    /// When the last healthy run was spawned.
    pub last_good: Option<Timestamp>,
    /// How the last run ended.
    pub last_exit: Option<api::LastExit>,
    /// Ports that the last stop gave free.
    pub ports_free: Vec<u16>,
    /// Where the log ends.
    pub log: watch::Sender<LogPosition>,
    /// How many want to hear of the log's growth.
    pub log_watchers: u32,
    /// Use of CPU and memory, while somebody looks.
    pub usage: Option<Usage>,
    /// The curve of it.
    pub history: History,
    /// What is wrong with writing the log, in words.
    pub log_trouble: Option<String>,
    /// Whether it shows anything new since the last publication.
    pub is_dirty: bool,
}

/// How far a run is.
#[derive(Debug)]
pub(super) struct RunState {
    /// Which.
    pub run: RunId,
    /// What proves its processes to be ours.
    pub mark: String,
    /// How far.
    pub stage: Stage,
    /// Whether its leader has ended.
    pub has_exited: bool,
}

/// How far a spawn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Ports and environment are looked at; no keeper knows of it.
    Preparing,
    /// As before, and it is not wanted any more.
    Cancelled,
    /// The keeper has the order.
    Ordered,
}

impl Slot {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            link: None,
            run: None,
            ports: BTreeMap::new(),
            url: None,
            probe: None,
            probe_watches_log: false,
            notified: None,
            notify_task: None,
            keeper_pid: None,
            since: now,
            started_at: None,
            last_well: None,
            said: Vec::new(),
            launched: None,
            last_good: None,
            last_exit: None,
            ports_free: Vec::new(),
            log: watch::Sender::new(LogPosition::default()),
            log_watchers: 0,
            usage: None,
            history: History::default(),
            log_trouble: None,
            is_dirty: true,
        }
    }

    /// Stops asking the probe.
    pub(super) fn drop_probe(&mut self) {
        if let Some(probe) = self.probe.take() {
            probe.abort();
        }
        if std::mem::take(&mut self.probe_watches_log) {
            self.unwatch_log();
        }
    }

    /// One more wants to hear of the log's growth.
    pub(super) fn watch_log(&mut self) {
        self.log_watchers += 1;
        if let (1, Some(link)) = (self.log_watchers, &self.link) {
            link.send(&Request::WatchLog { on: true });
        }
    }

    /// One less wants to hear of the log's growth.
    pub(super) fn unwatch_log(&mut self) {
        self.log_watchers = self.log_watchers.saturating_sub(1);
        if let (0, Some(link)) = (self.log_watchers, &self.link) {
            link.send(&Request::WatchLog { on: false });
        }
    }

    /// The state for everybody.
    pub(super) fn status(&self, instance: &Instance, time: &super::Time) -> api::InstanceStatus {
        let phase = instance.phase_kind();
        let has_process = instance.pid().is_some();
        let last_line = self.last_exit.as_ref().and_then(|exit| exit.last_line.as_deref());
        let usage = self.usage.as_ref().filter(|_| has_process);
        api::InstanceStatus {
            id: instance.id().to_string(),
            goal: match instance.goal() {
                Goal::Up => api::Goal::Up,
                Goal::Down => api::Goal::Down,
            },
            phase: wire::phase(phase),
            health: wire::health(instance.health()),
            word: word(instance),
            since: super::time::text(self.since),
            pid: instance.pid(),
            run: instance.run().map(|run| run.0).or(self.last_exit.as_ref().map(|exit| exit.run)),
            started_at: self.started_at.filter(|_| has_process).map(super::time::text),
            uptime_seconds: instance
                .started()
                .filter(|_| has_process)
                .map(|started| time.now.saturating_duration_since(started).as_secs()),
            memory_mb: usage.map(|usage| usage.memory_bytes as f64 / (1024.0 * 1024.0)),
            cpu_percent: usage.map(|usage| usage.cpu_percent),
            restart_count: instance.restart_count(),
            ports: self.ports.clone(),
            url: self.url.clone(),
            last_health: self.last_health(instance, time),
            last_exit: self.last_exit.clone(),
            last_stop: instance.last_report().map(|report| api::StopOutcome {
                ended: report.ended,
                killed: report.killed.clone(),
                escaped: report.escaped.clone(),
                ports_free: self.ports_free.clone(),
                duration_ms: instance.stop_duration().map_or(0, |duration| duration.as_millis() as u64),
            }),
            pending: pending(instance),
            waiting_for: instance.waiting_for().map(|waiting| waiting.service.to_string()),
            next_try: instance.next_retry().map(|at| super::time::text(time.wall(at))),
            cause: instance.causes().iter().map(|cause| wire::cause(cause, last_line)).collect(),
        }
    }

    /// What the probe last said holds until it says something else; without a probe, to run is to be well.
    fn last_health(&self, instance: &Instance, time: &super::Time) -> Option<String> {
        let spec = instance.spec();
        let has_probe = spec.ready.is_some() || spec.live.is_some();
        let is_well = !has_probe || instance.health() == Health::Ready;
        if is_well && instance.phase_kind() == PhaseKind::Running {
            return Some(super::time::text(time.wall));
        }
        let ended_at = || self.last_exit.as_ref().filter(|_| !has_probe).map(|exit| exit.at.clone());
        self.last_well.map(super::time::text).or_else(ended_at)
    }

    /// Notes how a run ended.
    pub(super) fn note_exit(&mut self, run: RunId, status: ExitStatus, time: &super::Time) {
        let after = self
            .started_at
            .map_or(0, |started| u64::try_from(time.wall.duration_since(started).as_millis()).unwrap_or(0));
        let (code, signal) = match status {
            ExitStatus::Code(code) => (Some(code), None),
            ExitStatus::Signal(signal) => (None, Some(signal.name())),
            ExitStatus::Unknown => (None, None),
        };
        self.last_exit = Some(api::LastExit {
            run: run.0,
            code,
            signal,
            at: super::time::text(time.wall),
            after_ms: after,
            last_line: None,
        });
    }
}

/// The word that the UI says.
pub(super) fn word(instance: &Instance) -> api::Word {
    match instance.phase_kind() {
        PhaseKind::Starting => api::Word::Starting,
        PhaseKind::Running => match instance.health() {
            Health::Unready => api::Word::Degraded,
            Health::Unknown | Health::Ready => api::Word::Running,
        },
        PhaseKind::Stopping => api::Word::Stopping,
        PhaseKind::Backoff => api::Word::Backoff,
        PhaseKind::Failed => api::Word::Failed,
        PhaseKind::Stopped => match (instance.phase(), instance.goal()) {
            (Phase::Stopped(Rest::Completed), _) => api::Word::Completed,
            (Phase::Stopped(Rest::Waiting { .. }), _) => api::Word::Starting,
            (_, Goal::Down) if !instance.spec().enabled => api::Word::Disabled,
            (_, Goal::Up | Goal::Down) => api::Word::Stopped,
        },
    }
}

fn pending(instance: &Instance) -> Option<String> {
    let wish = if instance.is_pending_restart() {
        "restart"
    } else if instance.is_pending_stop() {
        "stop"
    } else {
        return None;
    };
    Some(wish.to_owned())
}
