//! Who publishes, who listens, and where each of them is.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ostler_api::{ApiError, ErrorCode, EventStatsReply, WatchParams};
use ostler_config::EventsSettings;
use ostler_engine::{Delivery, EngineHandle, JOURNAL_EVENTS_MAX, Watcher};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    frame::{Draft, Gap, GapReason},
    id::{EventId, epoch},
    publish::Allowance,
    pump,
    ring::{Frame, Read, Ring},
    seat::{Seat, Start, Wanted, Wish},
    sources::Board,
};
use crate::{
    Tls, TokenSource,
    limits::{
        EVENT_BYTES_MAX, EVENT_MARK_WAIT, EVENT_MARKS_MAX, EVENTS_AT_ONCE_BYTES, PUBLISHED_AT_ONCE,
        SUBSCRIBERS_MAX,
    },
    passes::Passes,
};

/// Asks for all that is kept.
const EARLIEST: &str = "earliest";
/// Characters of what somebody says as an id that are told back.
const REQUESTED_MAX: usize = 128;

/// The hub. It costs nothing until somebody needs it for the first time.
#[derive(Debug)]
pub(crate) struct Hub {
    engine: EngineHandle,
    epoch: String,
    state: Mutex<State>,
    seats: Mutex<Seats>,
    allowance: Mutex<Allowance>,
    sources: Board,
    door: Mutex<Option<Door>>,
    passes: Arc<Passes>,
    /// What follows the part of the engine's journal that was taken in when the hub was first needed.
    rest: Mutex<Option<Watcher>>,
    needed: CancellationToken,
    counted: Notify,
    /// The last event of the engine's journal that has been taken in.
    taken_in: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    ring: Ring,
    settings: EventsSettings,
    /// After which event of the ring each event of the journal is told, in order.
    marks: VecDeque<(u64, u64)>,
    emitted: u64,
    is_awake: bool,
}

#[derive(Debug, Default)]
struct Seats {
    taken: BTreeMap<u64, Arc<Seat>>,
    next: u64,
    lags: u64,
    dropped: u64,
    is_over: bool,
}

/// Where streams are reached.
#[derive(Clone, Debug)]
pub struct Door {
    /// `http://127.0.0.1:3457`.
    pub(crate) url: String,
    /// What the stream key is made of; none if no key is needed.
    pub(crate) token: Option<TokenSource>,
    /// The certificate that is shown there, if there is one.
    pub(crate) tls: Option<Arc<Tls>>,
}

impl Hub {
    pub(crate) fn new(engine: EngineHandle) -> Arc<Self> {
        let state = State {
            ring: Ring::new(1),
            settings: EventsSettings::default(),
            marks: VecDeque::new(),
            emitted: 0,
            is_awake: false,
        };
        Arc::new(Self {
            engine,
            epoch: epoch(),
            state: Mutex::new(state),
            seats: Mutex::default(),
            allowance: Mutex::default(),
            sources: Board::default(),
            door: Mutex::default(),
            passes: Arc::default(),
            rest: Mutex::default(),
            needed: CancellationToken::new(),
            counted: Notify::new(),
            taken_in: watch::Sender::new(0),
        })
    }

    /// Which life of the server it is.
    pub(crate) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Waits until somebody needs the hub, and hands over what is to be taken in from then on.
    pub(super) async fn first_need(&self) -> Option<Watcher> {
        self.needed.cancelled().await;
        self.rest.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Takes in what the engine still knows, the first time.
    fn wake(&self) {
        let mut state = self.state();
        if state.is_awake {
            return;
        }
        state.is_awake = true;
        state.settings = self.engine.security().events.clone();
        let size = ring_size(&state.settings);
        state.ring.resize(size);
        let known = self.engine.snapshot().seq.saturating_sub(JOURNAL_EVENTS_MAX as u64);
        let mut watcher = self.engine.watch(&WatchParams { since: Some(known), ..WatchParams::default() });
        state.marks.push_back((watcher.seq, 0));
        while let Some(Delivery::Events(events)) = watcher.take() {
            for event in events {
                if let Some(draft) = pump::told(&event) {
                    // One that is too long is not told; what is now says the snapshot.
                    let _ = self.take_in(&mut state, &draft);
                }
                remember(&mut state, event.seq);
            }
        }
        drop(state);
        self.taken_in.send_replace(watcher.seq);
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(watcher);
        self.needed.cancel();
    }

    /// Takes over other settings; those who listen are sent away if nothing is broadcast any more.
    pub(super) fn configure(&self, settings: &EventsSettings) {
        let mut state = self.state();
        if !state.is_awake || state.settings == *settings {
            return;
        }
        state.ring.resize(ring_size(settings));
        state.settings = settings.clone();
        drop(state);
        self.wake_all();
    }

    /// Says where streams are reached, or that they are not any more.
    pub(crate) fn set_door(&self, door: Option<Door>) {
        *self.door.lock().unwrap_or_else(PoisonError::into_inner) = door;
    }

    /// What opens a stream, or signs a browser in, once.
    pub(crate) fn passes(&self) -> &Arc<Passes> {
        &self.passes
    }

    /// Where streams are reached.
    pub(crate) fn door(&self) -> Option<Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends all streams, those to come too.
    pub(super) fn end(&self) {
        self.seats().is_over = true;
        self.wake_all();
    }

    /// Whether streams go on.
    pub(crate) fn is_open(&self) -> bool {
        let is_over = self.seats().is_over;
        !is_over && self.state().settings.enabled
    }

    /// Whether events are broadcast, or the error that says how to have them.
    ///
    /// # Errors
    /// `busy`: they are switched off, or the end is near.
    pub(crate) fn check_open(&self) -> Result<(), ApiError> {
        self.wake();
        if self.is_open() { Ok(()) } else { Err(switched_off()) }
    }

    /// Tells all who listen what others publish, all or nothing, and says under which ids.
    ///
    /// # Errors
    /// Nothing is broadcast, one is too long, or they come too fast.
    pub(crate) fn publish(&self, drafts: &[Draft]) -> Result<Vec<String>, ApiError> {
        self.check_open()?;
        if drafts.len() > PUBLISHED_AT_ONCE {
            let text = format!("{} events at once are more than {PUBLISHED_AT_ONCE}", drafts.len());
            return Err(ApiError::new(ErrorCode::TooLarge, text).hint("send them in several requests"));
        }
        let longest = drafts.iter().map(|draft| draft.encode(&self.id(u64::MAX)).len()).max();
        if longest.is_some_and(|bytes| bytes > EVENT_BYTES_MAX) {
            return Err(too_long());
        }
        self.allowance.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now(), drafts.len())?;
        let mut state = self.state();
        let ids: Result<Vec<String>, ApiError> =
            drafts.iter().map(|draft| self.take_in(&mut state, draft)).collect();
        drop(state);
        self.wake_all();
        ids
    }

    /// Tells all who listen what other sources told; says how long those are that are too long.
    pub(super) fn ingest(&self, drafts: &[Draft]) -> Vec<u64> {
        if self.check_open().is_err() {
            return Vec::new();
        }
        let mut state = self.state();
        let refused = drafts.iter().filter(|draft| self.take_in(&mut state, draft).is_err());
        let too_long = refused.map(|draft| draft.encode("").len() as u64).collect();
        drop(state);
        self.wake_all();
        too_long
    }

    /// How the other sources are.
    pub(crate) fn sources(&self) -> &Board {
        &self.sources
    }

    /// Another source has changed its state.
    pub(super) fn tell_sources(&self) {
        self.engine.tell_sources();
    }

    /// Tells all who listen what the engine's journal says, up to one of its events.
    pub(super) fn tell(&self, draft: Option<&Draft>, journal_seq: u64) {
        let mut state = self.state();
        if let Some(draft) = draft.filter(|_| state.settings.enabled) {
            // One that is too long is not told; what is now says the snapshot.
            let _ = self.take_in(&mut state, draft);
        } else if draft.is_some() {
            // What happens while nothing is broadcast is missing for who comes back.
            state.ring.skip(1);
        }
        remember(&mut state, journal_seq);
        drop(state);
        if draft.is_some() {
            self.wake_all();
        }
        self.taken_in.send_replace(journal_seq);
    }

    /// Events of the engine were missed: all who listen are told how many.
    pub(super) fn skip(&self, count: u64, journal_seq: u64) {
        self.state().ring.skip(count);
        self.tell(None, journal_seq);
        self.wake_all();
    }

    fn take_in(&self, state: &mut State, draft: &Draft) -> Result<String, ApiError> {
        let id = self.id(state.ring.last() + 1);
        let bytes = draft.encode(&id);
        if bytes.len() > EVENT_BYTES_MAX {
            return Err(too_long());
        }
        let (event_type, source) = (draft.event_type.clone(), draft.source.clone());
        state.ring.push(Frame { event_type, source, bytes });
        state.emitted += 1;
        Ok(id)
    }

    /// The id after which one goes on who has a snapshot as of this event of the journal.
    pub(crate) async fn as_of(&self, journal_seq: u64) -> String {
        self.wake();
        let mut taken_in = self.taken_in.subscribe();
        // An engine that has ended tells nothing more; then what is known is the best there is.
        let _ = timeout(EVENT_MARK_WAIT, taken_in.wait_for(|seq| *seq >= journal_seq)).await;
        let state = self.state();
        let mark = state.marks.iter().rev().find(|(journal, _)| *journal <= journal_seq);
        let seq = mark.map_or(0, |(_, seq)| *seq);
        self.id(seq)
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// Nothing is broadcast, or too many listen.
    pub(crate) fn subscribe(&self, wish: &Wish) -> Result<Start, ApiError> {
        self.check_open()?;
        let state = self.state();
        let (cursor, gap) = self.place(&state, wish);
        let heartbeat = state.settings.heartbeat_interval;
        drop(state);
        let mut seats = self.seats();
        if seats.taken.len() >= SUBSCRIBERS_MAX {
            let text = format!("{SUBSCRIBERS_MAX} listen already");
            return Err(ApiError::new(ErrorCode::Busy, text).hint("close one, or try again later"));
        }
        seats.next += 1;
        let number = seats.next;
        let seat = Arc::new(Seat::new(number, &wish.peer, cursor, gap.is_some()));
        seats.taken.insert(number, Arc::clone(&seat));
        self.counted.notify_one();
        Ok(Start { seat, cursor, gap, heartbeat })
    }

    /// Where one begins who says which event it has.
    fn place(&self, state: &State, wish: &Wish) -> (u64, Option<Gap>) {
        let last = state.ring.last();
        let reach = last.saturating_sub(u64::from(state.settings.replay_buffer_size));
        let floor = state.ring.gone().max(reach);
        let last_event_id = wish.last_event_id.as_deref().filter(|asked| !asked.is_empty());
        let Some(asked) = last_event_id else { return (last, None) };
        if asked == EARLIEST {
            return (floor, None);
        }
        let gap = |cursor: u64, dropped, reason| {
            // As it was asked, but no more of it than an id can have.
            let requested = Some(asked.chars().filter(|c| !c.is_control()).take(REQUESTED_MAX).collect());
            (cursor, Some(Gap { requested, resumed_from: self.id(cursor), dropped, reason }))
        };
        match EventId::parse(asked) {
            Some(id) if id.epoch != self.epoch => gap(floor, None, GapReason::Restart),
            Some(id) if id.seq > last => gap(last, None, GapReason::UnknownId),
            // Of what it does not want nothing is missing.
            Some(id) if id.seq < floor && !state.ring.is_missed(id.seq, floor, &wish.wanted) => (floor, None),
            Some(id) if id.seq < floor => {
                let dropped = wish.wanted.is_all().then_some(floor - id.seq);
                gap(floor, dropped, GapReason::Evicted)
            }
            Some(id) => (id.seq, None),
            None => gap(last, None, GapReason::UnknownId),
        }
    }

    /// What follows; a gap if the ring has gone on without this one.
    pub(super) fn read(&self, seat: &Seat, after: u64, wanted: &Wanted) -> (Read, Option<Gap>) {
        let state = self.state();
        let read = state.ring.read(after, EVENTS_AT_ONCE_BYTES);
        let Read::Lost { upto } = read else { return (read, None) };
        let is_missed = state.ring.is_missed(after, upto, wanted);
        drop(state);
        if !is_missed {
            return (read, None);
        }
        let dropped = upto - after;
        seat.missed();
        let mut seats = self.seats();
        seats.lags += 1;
        seats.dropped += dropped;
        drop(seats);
        let gap = Gap {
            requested: Some(self.id(after)),
            resumed_from: self.id(upto),
            dropped: wanted.is_all().then_some(dropped),
            reason: GapReason::Lagged,
        };
        (read, Some(gap))
    }

    /// Bytes of the events that follow where one is.
    pub(crate) fn unread(&self, seat: &Seat) -> u64 {
        self.state().ring.bytes_after(seat.cursor())
    }

    /// The id of a number.
    pub(crate) fn id(&self, seq: u64) -> String {
        EventId { epoch: &self.epoch, seq }.to_string()
    }

    pub(super) fn leave(&self, seat: &Seat) {
        self.seats().taken.remove(&seat.number());
        self.counted.notify_one();
    }

    /// Waits until others listen than were told.
    pub(super) async fn counted(&self) {
        self.counted.notified().await;
    }

    /// Has `status` say how many listen.
    pub(super) fn tell_count(&self) {
        self.engine.tell_listeners(self.subscriber_count() as u64);
    }

    /// Events so far.
    pub(crate) fn emitted(&self) -> u64 {
        self.state().emitted
    }

    /// How many listen.
    pub(crate) fn subscriber_count(&self) -> usize {
        self.seats().taken.len()
    }

    /// How it is used.
    pub(crate) fn stats(&self) -> EventStatsReply {
        self.wake();
        let events_url = self.door().map(|door| door.url + super::EVENTS_PATH);
        let state = self.state();
        let (last, gone) = (state.ring.last(), state.ring.gone());
        let seats = self.seats();
        EventStatsReply {
            enabled: state.settings.enabled,
            subscriber_count: seats.taken.len() as u64,
            events_emitted: state.emitted,
            events_url,
            lag_count: seats.lags,
            dropped: seats.dropped,
            replay_size: last - gone,
            oldest_id: (last > gone).then(|| self.id(gone + 1)),
            newest_id: (last > gone).then(|| self.id(last)),
            subscribers: seats.taken.values().map(|seat| seat.status(last)).collect(),
            sources: self.sources.now(),
        }
    }

    /// The frames that are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> Vec<String> {
        self.wake();
        let state = self.state();
        match state.ring.read(state.ring.gone(), usize::MAX) {
            Read::Frames(frames) => {
                frames.iter().map(|frame| String::from_utf8_lossy(&frame.bytes).into_owned()).collect()
            }
            Read::Nothing | Read::Lost { .. } => Vec::new(),
        }
    }

    fn wake_all(&self) {
        for seat in self.seats().taken.values() {
            seat.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Remembers after which event of the ring an event of the journal is told.
fn remember(state: &mut State, journal_seq: u64) {
    let last = state.ring.last();
    if state.marks.len() == EVENT_MARKS_MAX {
        state.marks.pop_front();
    }
    state.marks.push_back((journal_seq, last));
}

fn ring_size(settings: &EventsSettings) -> usize {
    settings.buffer_size.max(settings.replay_buffer_size) as usize
}

fn switched_off() -> ApiError {
    ApiError::new(ErrorCode::Busy, "events are switched off").hint("set events.enabled = true")
}

fn too_long() -> ApiError {
    let text = format!("the event is longer than {} KiB", EVENT_BYTES_MAX / 1024);
    ApiError::new(ErrorCode::TooLarge, text).hint("send a reference to what is long")
}
