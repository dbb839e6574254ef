//! Waiting until a wish has come true, or cannot any more.

use std::time::Duration;

use ostler_api::{ActionReply, ApiError, ErrorCode, Goal, InstanceStatus, Phase, Snapshot, Wait};

use crate::{Watcher, ask::Accepted};

/// What is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Up.
    Start,
    /// Down.
    Stop,
    /// A new run.
    Restart,
}

impl Wish {
    /// The verb.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
        }
    }
}

/// Where an instance stands with a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Moving,
    Fulfilled,
    Refuted,
}

pub(crate) async fn until(
    mut watcher: Watcher,
    wish: Wish,
    wait: Wait,
    accepted: Accepted,
    limit: Duration,
) -> Result<ActionReply, ApiError> {
    let deadline = tokio::time::Instant::now() + limit;
    loop {
        let snapshot = watcher.present();
        if snapshot.seq >= accepted.seq
            && let Some(reply) = settled(&snapshot, wish, wait, &accepted)
        {
            return Ok(reply);
        }
        match tokio::time::timeout_at(deadline, watcher.next()).await {
            Ok(Some(_)) => {}
            Ok(None) => return Err(ApiError::new(ErrorCode::NoEngine, "the engine ended meanwhile")),
            Err(_) => return Err(too_late(&watcher.present(), wish, wait, &accepted, limit)),
        }
    }
}

/// Whether the runs of an answer go on for a while.
pub(crate) async fn still_up(
    mut watcher: Watcher,
    reply: ActionReply,
    probation: Duration,
) -> Result<ActionReply, ApiError> {
    let deadline = tokio::time::Instant::now() + probation;
    loop {
        let snapshot = watcher.present();
        let outcome: Vec<_> =
            reply.outcome.iter().filter_map(|was| find(&snapshot, &was.id)).cloned().collect();
        let goes_on = |status: &InstanceStatus| reply.outcome.iter().any(|was| was.run == status.run);
        if !outcome.iter().all(|status| status.phase == Phase::Running && goes_on(status)) {
            return Ok(ActionReply { outcome, ok: Some(false), ..reply });
        }
        match tokio::time::timeout_at(deadline, watcher.next()).await {
            Ok(Some(_)) => {}
            Ok(None) => return Err(ApiError::new(ErrorCode::NoEngine, "the engine ended meanwhile")),
            Err(_) => return Ok(ActionReply { outcome, ..reply }),
        }
    }
}

fn settled(snapshot: &Snapshot, wish: Wish, wait: Wait, accepted: &Accepted) -> Option<ActionReply> {
    let outcome: Vec<_> = accepted.instances.iter().filter_map(|id| find(snapshot, id)).cloned().collect();
    let standings: Vec<_> = outcome.iter().map(|status| standing(status, wish, wait)).collect();
    if standings.contains(&Standing::Moving) {
        return None;
    }
    let is_clean = |status: &InstanceStatus| {
        wish != Wish::Stop || status.last_stop.as_ref().is_none_or(|stop| stop.escaped.is_empty())
    };
    let ok = standings.iter().all(|s| *s == Standing::Fulfilled) && outcome.iter().all(is_clean);
    Some(ActionReply { accepted_at: accepted.seq, outcome, ok: Some(ok) })
}

fn standing(status: &InstanceStatus, wish: Wish, wait: Wait) -> Standing {
    if status.pending.is_some() {
        return Standing::Moving;
    }
    match (wish, status.phase) {
        (_, Phase::Starting | Phase::Stopping) => Standing::Moving,
        (Wish::Stop, Phase::Stopped | Phase::Failed) => Standing::Fulfilled,
        (Wish::Stop, Phase::Running | Phase::Backoff | Phase::Unknown) if status.goal == Goal::Up => {
            Standing::Refuted
        }
        (Wish::Stop, Phase::Running | Phase::Backoff | Phase::Unknown) => Standing::Moving,
        (Wish::Start | Wish::Restart, Phase::Running) => Standing::Fulfilled,
        (Wish::Start | Wish::Restart, Phase::Failed) => Standing::Refuted,
        // Waiting for a dependency, between two tries, or a task that has ended.
        (Wish::Start | Wish::Restart, Phase::Stopped) if status.waiting_for.is_some() => Standing::Moving,
        (Wish::Start | Wish::Restart, Phase::Stopped) if status.goal == Goal::Up => Standing::Fulfilled,
        (Wish::Start | Wish::Restart, Phase::Stopped) => Standing::Refuted,
        (Wish::Start | Wish::Restart, Phase::Backoff | Phase::Unknown) => match wait {
            Wait::Ready => Standing::Moving,
            Wait::Accepted | Wait::Settled => Standing::Refuted,
        },
    }
}

fn too_late(snapshot: &Snapshot, wish: Wish, wait: Wait, accepted: &Accepted, limit: Duration) -> ApiError {
    let late: Vec<_> = accepted
        .instances
        .iter()
        .filter_map(|id| find(snapshot, id))
        .filter(|status| standing(status, wish, wait) == Standing::Moving)
        .map(|status| {
            let why = status.cause.first().map_or("", |cause| cause.text.as_str());
            let separator = if why.is_empty() { "" } else { ": " };
            format!("{} is {}{separator}{why}", status.id, status.word.as_str())
        })
        .collect();
    let message =
        format!("{} did not settle within {} s: {}", wish.verb(), limit.as_secs_f64(), late.join("; "));
    ApiError::new(ErrorCode::Timeout, message)
        .hint("the wish stays in force; `ostler why SERVICE` says what it waits for")
}

fn find<'a>(snapshot: &'a Snapshot, id: &str) -> Option<&'a InstanceStatus> {
    let service = id.split('/').next()?;
    snapshot.services.get(service)?.instances.iter().find(|status| status.id == id)
}
