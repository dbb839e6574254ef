//! Listening to one source, for as long as it is wanted.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ostler_api::{SourceState, SourceTrouble};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    address::Address,
    backoff::{Backoff, Times},
    board::{Count, Row},
    dial::{Refused, Stream, Then},
    parser::{Heard, Parser, Upstream},
    reach::Reach,
    seen::Seen,
    told,
};
use crate::{
    events::{frame::Draft, hub::Hub, publish::Allowance},
    limits::{SOURCE_EVENT_ENDLESS, SOURCE_EVENTS_AT_ONCE, SOURCE_RATE_PAUSE},
};

/// Comments that are closer are no rhythm.
const COMMENTS_APART: Duration = Duration::from_secs(1);

/// One source, or one instance of its service.
pub(super) struct Subscription {
    pub(super) name: String,
    pub(super) instance: Option<String>,
    pub(super) hub: Arc<Hub>,
    pub(super) row: Arc<Row>,
    pub(super) reach: watch::Receiver<Reach>,
    pub(super) seen: Arc<Mutex<Seen>>,
    pub(super) times: Times,
    last_id: Option<String>,
    backoff: Backoff,
    allowance: Allowance,
    /// Ids that could not be used.
    bad_ids: u64,
    skipped: u64,
}

/// What is known of the source that one connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Goal {
    run: Option<u64>,
    address: Address,
}

/// How often a source says something, so that its silence can be told from its end.
#[derive(Debug)]
struct Pulse {
    comment: Option<Instant>,
    interval: Option<Duration>,
}

impl Pulse {
    fn commented(&mut self) {
        let now = Instant::now();
        if let Some(last) = self.comment.replace(now) {
            let gap = now - last;
            // The longest that was seen: some comment only when there is nothing else. Several at once are one.
            if gap >= COMMENTS_APART {
                self.interval = Some(self.interval.map_or(gap, |known| known.max(gap)));
            }
        }
    }

    /// Silence after which it is given up.
    fn limit(&self, times: &Times) -> Duration {
        let expected = self.interval.map(|interval| interval.saturating_mul(3));
        expected.map_or(times.silence, |limit| limit.clamp(times.silence_min, times.silence))
    }
}

impl Subscription {
    pub(super) fn new(
        (name, instance): (String, Option<String>),
        (hub, row): (Arc<Hub>, Arc<Row>),
        reach: watch::Receiver<Reach>,
        seen: Arc<Mutex<Seen>>,
        times: Times,
    ) -> Self {
        Self {
            name,
            instance,
            hub,
            row,
            reach,
            seen,
            times,
            last_id: None,
            backoff: Backoff::default(),
            allowance: Allowance::default(),
            bad_ids: 0,
            skipped: 0,
        }
    }

    /// Listens until nobody says any more where the source is.
    pub(super) async fn run(mut self) {
        while let Some(goal) = self.reachable().await {
            self.turned(SourceState::Connecting);
            let began = Instant::now();
            let ended = self.listen(&goal).await;
            let Some(refused) = ended else { continue };
            if matches!(*self.reach.borrow(), Reach::Leaving | Reach::Down(_)) {
                // Its service stops, as it was told to: it is waited for.
                continue;
            }
            if began.elapsed() >= self.times.good {
                self.backoff.reset();
            }
            self.pause(&goal, refused).await;
        }
    }

    /// Waits until the source can be reached; none once it is not wanted any more.
    async fn reachable(&mut self) -> Option<Goal> {
        loop {
            let now = self.reach.borrow_and_update().clone();
            match now {
                Reach::Up { run, address } => {
                    self.row.moved(Some(address.to_string()));
                    return Some(Goal { run, address });
                }
                Reach::Down(why) => self.waits(&why),
                Reach::Leaving => self.waits("its service stops"),
                Reach::Never(why) => {
                    self.fail(SourceTrouble { message: why, hint: "mend its url".to_owned() }, None)
                }
            }
            self.reach.changed().await.ok()?;
        }
    }

    /// Connects and reads; how it ended, or nothing if the source is elsewhere now.
    async fn listen(&mut self, goal: &Goal) -> Option<Refused> {
        let mut reach = self.reach.clone();
        let last_id = self.last_id.clone();
        let opening = Stream::open(&goal.address, last_id.as_deref(), self.times.answer);
        let stream = tokio::select! {
            opened = opening => match opened {
                Ok(stream) => stream,
                Err(refused) => return Some(refused),
            },
            () = left(&mut reach, goal) => return None,
        };
        self.turned(SourceState::Connected);
        let last_words = self.times.last_words;
        tokio::select! {
            ended = self.read(stream) => Some(ended),
            // What it said at its end may be on its way still.
            () = async { left(&mut reach, goal).await; sleep(last_words).await } => None,
        }
    }

    /// Reads to the end; says what ended it.
    async fn read(&mut self, mut stream: Stream) -> Refused {
        let mut parser = Parser::after(self.last_id.clone());
        let mut pulse = Pulse { comment: None, interval: None };
        let mut heard = Vec::new();
        loop {
            let limit = pulse.limit(&self.times);
            let bytes = match timeout(limit, stream.next()).await {
                Ok(Ok(Some(bytes))) => bytes,
                Ok(Ok(None)) => return Refused::again("the stream has ended", "it is connected to again"),
                Ok(Err(text)) => return Refused::again(text, "it is connected to again"),
                Err(_) => {
                    let text = format!("nothing came for {} s", limit.as_secs());
                    let hint =
                        "have it send a comment now and then, so that its silence can be told from its end";
                    return Refused::again(text, hint);
                }
            };
            parser.feed(&bytes, &mut heard);
            let told = self.tell(&mut heard, &mut pulse).await;
            self.last_id = parser.last_id().map(str::to_owned);
            if let Err(refused) = told {
                return refused;
            }
            if parser.unfinished() > SOURCE_EVENT_ENDLESS {
                let text = format!("an event that does not end within {} MiB", SOURCE_EVENT_ENDLESS >> 20);
                return Refused::rarely(text, "look whether its url is that of the event stream");
            }
        }
    }

    /// Broadcasts what was heard. A source that says more than it may is read more slowly; nobody else waits for it.
    async fn tell(&mut self, heard: &mut Vec<Heard>, pulse: &mut Pulse) -> Result<(), Refused> {
        let mut count = Count::default();
        let mut events = Vec::new();
        for one in heard.drain(..) {
            match one {
                Heard::Comment => pulse.commented(),
                Heard::Retry(wait) => self.backoff.floor = wait,
                Heard::BadId => self.bad_id(),
                Heard::Skipped { bytes } => {
                    count.skipped += 1;
                    self.too_long(bytes);
                }
                Heard::Event(event) => {
                    self.check_foreign(&event)?;
                    events.push(event);
                }
            }
        }
        self.row.count(count);
        for some in events.chunks(SOURCE_EVENTS_AT_ONCE) {
            while self.allowance.take(Instant::now(), some.len()).is_err() {
                sleep(SOURCE_RATE_PAUSE).await;
            }
            let told = self.broadcast(some);
            self.row.count(told);
            // A source that tells something is well.
            self.backoff.reset();
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Tells those that are new. Nothing is waited for in between: whatever is seen is told, also if the source is lost
    /// right afterwards.
    fn broadcast(&mut self, events: &[Upstream]) -> Count {
        let drafts: Vec<Draft> = events.iter().filter_map(|event| self.draft(event)).collect();
        let too_long = self.hub.ingest(&drafts);
        for bytes in &too_long {
            self.too_long(*bytes);
        }
        Count {
            events: (drafts.len() - too_long.len()) as u64,
            skipped: too_long.len() as u64,
            duplicates: (events.len() - drafts.len()) as u64,
        }
    }

    /// Whether an event is not one of ours.
    fn check_foreign(&self, event: &Upstream) -> Result<(), Refused> {
        if event.id.as_deref().is_some_and(|id| told::is_ours(id, self.hub.epoch())) {
            let hint =
                "write the stream of another as its url: what the supervisor tells is broadcast already";
            return Err(Refused::rarely("this is the supervisor's own stream", hint));
        }
        Ok(())
    }

    /// The event as one of ours; none if it was told already.
    fn draft(&self, event: &Upstream) -> Option<Draft> {
        let is_new = self.seen.lock().unwrap_or_else(PoisonError::into_inner).is_new(event);
        if is_new { told::draft(&self.name, event, self.hub.epoch()) } else { None }
    }

    /// Waits before the next try, at most until the source is another one.
    async fn pause(&mut self, goal: &Goal, refused: Refused) {
        let Refused { trouble, then } = refused;
        let wait = match then {
            Then::Again { not_before } => Some(self.backoff.next(&self.times).max(not_before)),
            Then::Rarely => Some(self.times.longest.max(self.backoff.floor)),
            Then::Stop => None,
        };
        self.fail(trouble, wait);
        let mut reach = self.reach.clone();
        let is_over = async {
            match wait {
                Some(wait) => sleep_until(Instant::now() + wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = is_over => {}
            () = left(&mut reach, goal) => self.backoff.reset(),
        }
    }

    fn waits(&mut self, why: &str) {
        self.backoff.reset();
        if self.row.turned(SourceState::Waiting) {
            tracing::info!(
                source = self.name,
                instance = self.instance,
                why,
                "a source of events is waited for"
            );
            self.hub.tell_sources();
        }
    }

    fn turned(&self, state: SourceState) {
        if !self.row.turned(state) {
            return;
        }
        if state == SourceState::Connected {
            tracing::info!(source = self.name, instance = self.instance, "a source of events is listened to");
        } else {
            tracing::debug!(source = self.name, instance = self.instance, ?state, "a source of events");
        }
        self.hub.tell_sources();
    }

    fn fail(&self, trouble: SourceTrouble, wait: Option<Duration>) {
        let error = trouble.message.clone();
        let is_news = self.row.failed(trouble, wait);
        let seconds = wait.map(|wait| wait.as_secs_f64());
        // One that is never there does not fill the log.
        if is_news || self.backoff.step().is_power_of_two() {
            tracing::warn!(
                source = self.name,
                instance = self.instance,
                error,
                again_in_seconds = seconds,
                "a source of events is not listened to"
            );
        }
        self.hub.tell_sources();
    }

    fn too_long(&mut self, bytes: u64) {
        self.skipped += 1;
        if self.skipped.is_power_of_two() {
            let (source, skipped) = (&self.name, self.skipped);
            tracing::warn!(
                source,
                instance = self.instance,
                bytes,
                skipped,
                "an event is too long and is left out"
            );
        }
    }

    fn bad_id(&mut self) {
        self.bad_ids += 1;
        if self.bad_ids.is_power_of_two() {
            let (source, count) = (&self.name, self.bad_ids);
            tracing::warn!(source, instance = self.instance, count, "an event has an id that cannot be used");
        }
    }
}

/// Resolves once the source is not what is connected to any more.
async fn left(reach: &mut watch::Receiver<Reach>, goal: &Goal) {
    let is_left = |now: &Reach| match now {
        Reach::Up { run, address } => *run != goal.run || *address != goal.address,
        Reach::Leaving => false,
        Reach::Down(_) | Reach::Never(_) => true,
    };
    // Nobody says any more where it is: the task is about to end.
    if reach.wait_for(is_left).await.is_err() {
        std::future::pending::<()>().await;
    }
}
