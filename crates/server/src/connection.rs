//! One connection, from its first byte to its last.

use std::{collections::HashMap, pin::pin, sync::Arc};

use ostler_api::{ApiError, ErrorCode, HelloParams, Method};
use ostler_engine::{Actor, EngineHandle};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::Semaphore,
    task::{AbortHandle, Id, JoinError, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Peer,
    dispatch::{self, Answer, Then},
    encode,
    frame::{Frame, Lines},
    limits::{
        DRAIN_DEADLINE, FIRST_LINE_DEADLINE, IDLE_DEADLINE, IN_FLIGHT_MAX, REQUEST_MAX, SUBSCRIPTIONS_MAX,
        TYPING_DEADLINE,
    },
    outbox::{Gone, Outbox, outbox},
    registry::Activity,
    request::{self, Call, Incoming},
    subscription,
    text::{self, Spoken},
};

/// What all connections of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) engine: EngineHandle,
    pub(crate) long_lines: Arc<Semaphore>,
    /// Set once the server ends.
    pub(crate) closing: CancellationToken,
}

/// Serves a connection until either side ends it.
pub(crate) async fn serve<S>(stream: S, peer: Peer, shared: Arc<Shared>, activity: Activity)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (read, mut write) = tokio::io::split(stream);
    let mut lines = Lines::new(read, REQUEST_MAX, Arc::clone(&shared.long_lines));
    let (outbox, outgoing) = outbox();
    let connection = Connection::new(outbox, peer, shared, activity);
    let end = {
        let mut writing = pin!(outgoing.write_to(&mut write));
        tokio::select! {
            end = connection.run(&mut lines) => match writing.await {
                Ok(()) => end,
                Err(_) => End::Gone,
            },
            // The requests that run are dropped with the connection; what they asked for stays in force.
            result = &mut writing => {
                if let Err(error) = result {
                    tracing::debug!(%error, "connection given up");
                }
                End::Gone
            }
        }
    };
    match end {
        End::Gone => {}
        End::Finished => drop(write.shutdown().await),
        End::Refused => {
            drop(write.shutdown().await);
            lines.linger().await;
        }
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Everything was said.
    Finished,
    /// The peer sent what cannot be taken, and may still be sending.
    Refused,
    /// The peer is gone.
    Gone,
}

/// Who writes the lines that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// No line has come yet.
    Nobody,
    /// A person.
    Person,
    /// A program.
    Program,
}

/// What a task of a connection does.
#[derive(Debug)]
enum Job {
    /// Answers the request with this id.
    Request(Value),
    /// Answers a person.
    Command,
    /// Sends what the request with this id asked for; a person's has none.
    Subscription(Option<Value>),
}

/// What a task leaves.
#[derive(Debug)]
enum Outcome {
    Answered(Value, Then),
    Spoken(Spoken),
    Over,
}

struct Connection {
    shared: Arc<Shared>,
    peer: Peer,
    actor: Actor,
    activity: Activity,
    outbox: Outbox,
    tasks: JoinSet<Result<Outcome, Gone>>,
    jobs: HashMap<Id, (Job, AbortHandle)>,
    writer: Writer,
    /// When the last line came or the last answer went.
    active_at: Instant,
    /// Set once the peer sends nothing any more.
    half_closed: CancellationToken,
}

impl Connection {
    fn new(outbox: Outbox, peer: Peer, shared: Arc<Shared>, activity: Activity) -> Self {
        Self {
            actor: peer.actor(),
            peer,
            shared,
            activity,
            outbox,
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
            writer: Writer::Nobody,
            active_at: Instant::now(),
            half_closed: CancellationToken::new(),
        }
    }

    async fn run<R: AsyncRead + Unpin>(mut self, lines: &mut Lines<R>) -> End {
        let end = match self.converse(lines).await {
            Ok(end) => end,
            Err(Gone) => return End::Gone,
        };
        self.half_closed.cancel();
        match self.drain().await {
            Ok(()) => end,
            Err(Gone) => End::Gone,
        }
    }

    /// Takes lines until one of the two sides has had enough.
    async fn converse<R: AsyncRead + Unpin>(&mut self, lines: &mut Lines<R>) -> Result<End, Gone> {
        let closing = self.shared.closing.clone();
        let outbox = self.outbox.clone();
        loop {
            let silence = self.silence_deadline();
            tokio::select! {
                () = closing.cancelled() => return Ok(End::Finished),
                Some(ended) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                    if self.reap(ended).await? == Some(End::Finished) {
                        return Ok(End::Finished);
                    }
                }
                // A peer that does not read its answers is not asked for more.
                frame = async { outbox.has_room().await; lines.next().await }, if self.may_read() => {
                    match frame {
                        Ok(Frame::Line(line)) => self.line(line).await?,
                        Ok(Frame::TooLong) => {
                            self.outbox.put(too_long(self.writer)).await?;
                            return Ok(End::Refused);
                        }
                        Ok(Frame::End) => return Ok(End::Finished),
                        Err(_) => return Err(Gone),
                    }
                }
                () = tokio::time::sleep_until(silence.unwrap_or(self.active_at)), if silence.is_some() => {
                    return Ok(End::Finished);
                }
            }
        }
    }

    /// Lets answers and streams of text that are under way come to their end.
    async fn drain(&mut self) -> Result<(), Gone> {
        let closing = self.shared.closing.clone();
        let last_call = async {
            closing.cancelled().await;
            tokio::time::sleep(DRAIN_DEADLINE).await;
        };
        let mut last_call = pin!(last_call);
        while !self.tasks.is_empty() {
            tokio::select! {
                Some(ended) = self.tasks.join_next_with_id() => { self.reap(ended).await?; }
                () = &mut last_call => return Ok(()),
            }
        }
        Ok(())
    }

    async fn line(&mut self, line: Vec<u8>) -> Result<(), Gone> {
        self.active_at = Instant::now();
        self.activity.spoke();
        if !request::is_json(&line) {
            self.writer = Writer::Person;
            let (engine, actor) = (self.shared.engine.clone(), self.actor.clone());
            self.spawn(Job::Command, async move {
                Ok(Outcome::Spoken(text::answer(&engine, &actor, &line).await))
            });
            return Ok(());
        }
        self.writer = Writer::Program;
        match request::read(&line) {
            Incoming::Refused(reply) => self.outbox.put(reply).await,
            Incoming::Call(call) => self.call(call).await,
        }
    }

    async fn call(&mut self, call: Call) -> Result<(), Gone> {
        if call.method == Method::Hello
            && let Ok(hello) = request::params::<HelloParams>(call.params.clone())
            && !hello.client.is_empty()
        {
            // At once, so that the requests behind it have its name.
            self.actor = self.peer.named(&hello);
        }
        self.end_subscription(&call.id);
        if is_subscription(&call)
            && self.count(|job| matches!(job, Job::Subscription(_))) >= SUBSCRIPTIONS_MAX
        {
            let message = format!("this connection has {SUBSCRIPTIONS_MAX} watches already");
            let error =
                ApiError::new(ErrorCode::Busy, message).hint("open another connection, or close this");
            return self.outbox.put(encode::error(&call.id, error)).await;
        }
        let (engine, actor, outbox) = (self.shared.engine.clone(), self.actor.clone(), self.outbox.clone());
        let id = call.id.clone();
        self.spawn(Job::Request(id.clone()), async move {
            match dispatch::answer(&engine, &actor, call).await {
                Ok(Answer { line, then }) => {
                    outbox.put(line).await?;
                    Ok(Outcome::Answered(id, then))
                }
                Err(error) => {
                    outbox.put(encode::error(&id, error)).await?;
                    Ok(Outcome::Over)
                }
            }
        });
        Ok(())
    }

    /// Takes note of a task's end, and begins what follows it.
    async fn reap(&mut self, ended: Ended) -> Result<Option<End>, Gone> {
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
                self.outbox.put(defect(job)).await?;
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
    fn follow(&mut self, id: Value, then: Then) {
        if matches!(then, Then::Done) {
            return;
        }
        let (outbox, half_closed) = (self.outbox.clone(), self.half_closed.clone());
        let job = Job::Subscription(Some(id.clone()));
        let subscription = async move {
            match then {
                Then::Done => Ok(()),
                Then::Watch(watch) => subscription::watch(watch, &id, &outbox).await,
                Then::Follow(follower) => subscription::follow(follower, &id, &outbox).await,
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
    fn stream_text(&mut self, stream: impl Future<Output = Result<(), Gone>> + Send + 'static) {
        let closing = self.shared.closing.clone();
        self.spawn(Job::Subscription(None), async move {
            tokio::select! {
                () = closing.cancelled() => Ok(Outcome::Over),
                result = stream => result.map(|()| Outcome::Over),
            }
        });
    }

    fn spawn(&mut self, job: Job, task: impl Future<Output = Result<Outcome, Gone>> + Send + 'static) {
        let handle = self.tasks.spawn(task);
        self.jobs.insert(handle.id(), (job, handle));
    }

    /// A request with the id of a watch or a followed log ends it.
    fn end_subscription(&mut self, id: &Value) {
        let is_meant = |job: &Job| matches!(job, Job::Subscription(Some(request)) if request == id);
        for (_, task) in self.jobs.values().filter(|(job, _)| is_meant(job)) {
            task.abort();
        }
    }

    /// Commands with words run one after the other; of requests, a bounded number runs at once.
    fn may_read(&self) -> bool {
        let is_command_running = self.jobs.values().any(|(job, _)| matches!(job, Job::Command));
        !is_command_running && self.count(|job| matches!(job, Job::Request(_))) < IN_FLIGHT_MAX
    }

    fn silence_deadline(&self) -> Option<Instant> {
        if !self.jobs.is_empty() || !self.peer.may_time_out() {
            return None;
        }
        Some(match self.writer {
            Writer::Nobody => self.active_at + FIRST_LINE_DEADLINE,
            Writer::Person => self.active_at + TYPING_DEADLINE,
            Writer::Program => self.active_at + IDLE_DEADLINE,
        })
    }

    fn count(&self, is_meant: impl Fn(&Job) -> bool) -> usize {
        self.jobs.values().filter(|(job, _)| is_meant(job)).count()
    }
}

type Ended = Result<(Id, Result<Outcome, Gone>), JoinError>;

fn is_subscription(call: &Call) -> bool {
    call.method == Method::Watch
        || call.method == Method::Logs && call.params.get("follow") == Some(&Value::Bool(true))
}

fn too_long(writer: Writer) -> Vec<u8> {
    let message = format!("the line is longer than {} MiB", REQUEST_MAX / 1024 / 1024);
    match writer {
        Writer::Person => format!("error: {message}\nhint: this connection is closed now\n\n").into_bytes(),
        Writer::Program | Writer::Nobody => {
            let error = ApiError::new(ErrorCode::TooLarge, message).hint("this connection is closed now");
            encode::error(&Value::Null, error)
        }
    }
}

fn defect(job: Option<Job>) -> Vec<u8> {
    const MESSAGE: &str = "this is a defect of Ostler; everything else goes on";
    match job {
        Some(Job::Request(id)) => encode::error(&id, ApiError::new(ErrorCode::Internal, MESSAGE)),
        Some(Job::Command) => format!("error: {MESSAGE}\n\n").into_bytes(),
        Some(Job::Subscription(_)) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use ostler_api::Snapshot;
    use ostler_engine::Journal;
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn a_request_that_fails_inside_is_answered_and_the_connection_goes_on() {
        let shared = Arc::new(Shared {
            engine: EngineHandle::ended(Journal::new(Snapshot::default())),
            long_lines: Arc::new(Semaphore::new(1)),
            closing: CancellationToken::new(),
        });
        let (outbox, outgoing) = outbox();
        let mut connection = Connection::new(outbox, Peer::Desktop, shared, Activity::default());
        connection.spawn(Job::Request(7.into()), async { panic!("on purpose") });
        let lines = &b"{\"id\":8,\"method\":\"hello\"}\n"[..];
        let mut lines = Lines::new(lines, REQUEST_MAX, Arc::new(Semaphore::new(1)));
        let (mut near, mut far) = tokio::io::duplex(64 * 1024);
        let (end, _) = tokio::join!(connection.run(&mut lines), outgoing.write_to(&mut near));
        drop(near);
        let mut answered = String::new();
        far.read_to_string(&mut answered).await.unwrap();
        assert_eq!(end, End::Finished);
        assert!(answered.contains("\"id\":7,\"error\":{\"code\":-32000"), "{answered}");
        assert!(answered.contains("\"id\":8,\"result\""), "{answered}");
    }
}
