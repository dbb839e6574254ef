//! What a connection does at the same time.

use serde_json::Value;
use tokio::{
    task::{Id, JoinError},
    time::Instant,
};

use super::{reading::Connection, refusal, stream::End};
use crate::{
    dialect::Dialect, dispatch::Then, limits::IN_FLIGHT_MAX, outbox::Gone, subscription, terminal,
    text::Spoken,
};

/// What a task of a connection does.
#[derive(Debug)]
pub(super) enum Job {
    /// Answers the request with this id.
    Request(Value),
    /// Answers a person.
    Command,
    /// Answers a line of a dialect.
    Turn(Dialect),
    /// Sends what the request with this id asked for; a person's has none.
    Subscription(Option<Value>),
}

/// What a task leaves.
#[derive(Debug)]
pub(super) enum Outcome {
    Answered(Value, Then),
    Spoken(Spoken),
    Over,
}

pub(super) type Ended = Result<(Id, Result<Outcome, Gone>), JoinError>;

impl Connection {
    /// Takes note of a task's end, and begins what follows it.
    pub(super) async fn reap(&mut self, ended: Ended) -> Result<Option<End>, Gone> {
        self.active_at = Instant::now();
        let outcome = match ended {
            Ok((task, outcome)) => {
                self.jobs.remove(&task);
                outcome?
            }
            Err(error) if error.is_cancelled() => {
                self.jobs.remove(&error.id());
                return Ok(None);
            }
            Err(error) => {
                let job = self.jobs.remove(&error.id()).map(|(job, _)| job);
                tracing::error!(%error, ?job, "a request failed inside");
                self.outbox.put(refusal::defect(job)).await?;
                return Ok(None);
            }
        };
        match outcome {
            Outcome::Over => {}
            Outcome::Answered(id, then) => self.follow(id, then),
            Outcome::Spoken(Spoken::Answer(text)) => self.outbox.put(text.into_bytes()).await?,
            Outcome::Spoken(Spoken::Farewell(text)) => {
                self.outbox.put(text.into_bytes()).await?;
                return Ok(Some(End::Finished));
            }
            Outcome::Spoken(Spoken::Events(first, watcher)) => {
                self.outbox.put(first.into_bytes()).await?;
                let (outbox, half_closed) = (self.outbox.clone(), self.half_closed.clone());
                self.stream_text(
                    async move { subscription::tell_events(watcher, &outbox, &half_closed).await },
                );
            }
            Outcome::Spoken(Spoken::Follow(first, follower)) => {
                self.outbox.put(first.into_bytes()).await?;
                let (outbox, half_closed) = (self.outbox.clone(), self.half_closed.clone());
                self.stream_text(
                    async move { subscription::tell_lines(follower, &outbox, &half_closed).await },
                );
            }
        }
        Ok(None)
    }

    /// A program that half-closes has heard all that it asked for; its subscriptions end.
    pub(super) fn follow(&mut self, id: Value, then: Then) {
        if matches!(then, Then::Done) {
            return;
        }
        let (outbox, half_closed) = (self.outbox.clone(), self.half_closed.clone());
        let job = Job::Subscription(Some(id.clone()));
        if let Then::Parts(snapshot) = then {
            // The rest of an answer is told to the end.
            let rest = async move { subscription::send_snapshot(*snapshot, &id, &outbox).await };
            return self.spawn(job, async move { rest.await.map(|()| Outcome::Over) });
        }
        let subscription = async move {
            match then {
                Then::Done | Then::Parts(_) => Ok(()),
                Then::Watch(watch) => subscription::watch(watch, &id, &outbox).await,
                Then::Follow(follower) => subscription::follow(follower, &id, &outbox).await,
                Then::Show(attachment) => terminal::show(*attachment, &id, &outbox).await,
            }
        };
        self.spawn(job, async move {
            tokio::select! {
                () = half_closed.cancelled() => Ok(Outcome::Over),
                result = subscription => result.map(|()| Outcome::Over),
            }
        });
    }

    /// A person's stream goes on after a half-close, as `echo events | nc -N` means it, until the server ends.
    pub(super) fn stream_text(&mut self, stream: impl Future<Output = Result<(), Gone>> + Send + 'static) {
        let closing = self.shared.closing.clone();
        self.spawn(Job::Subscription(None), async move {
            tokio::select! {
                () = closing.cancelled() => Ok(Outcome::Over),
                result = stream => result.map(|()| Outcome::Over),
            }
        });
    }

    pub(super) fn spawn(
        &mut self,
        job: Job,
        task: impl Future<Output = Result<Outcome, Gone>> + Send + 'static,
    ) {
        let handle = self.tasks.spawn(task);
        self.jobs.insert(handle.id(), (job, handle));
    }

    /// A request with the id of a watch or a followed log ends it.
    pub(super) fn end_subscription(&mut self, id: &Value) {
        let is_meant = |job: &Job| matches!(job, Job::Subscription(Some(request)) if request == id);
        for (_, task) in self.jobs.values().filter(|(job, _)| is_meant(job)) {
            task.abort();
        }
    }

    /// Commands with words, and lines without an id, run one after the other; of requests, a bounded number runs
    /// at once.
    pub(super) fn may_read(&self) -> bool {
        let is_turn_taken = self.count(|job| matches!(job, Job::Command | Job::Turn(_))) > 0;
        !is_turn_taken && self.count(|job| matches!(job, Job::Request(_))) < IN_FLIGHT_MAX
    }

    pub(super) fn count(&self, is_meant: impl Fn(&Job) -> bool) -> usize {
        self.jobs.values().filter(|(job, _)| is_meant(job)).count()
    }
}
