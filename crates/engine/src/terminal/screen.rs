//! The terminal of one instance, or the way to the standard input of one whose output is logged.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use ostler_api::{ApiError, AttachRole, ErrorCode};
use ostler_core::InstanceId;
use ostler_keeper::protocol::{NOT_READ, Request};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, timeout},
};

use super::{Pair, Ring, replay::replay, ring::Piece};

/// Bytes kept of a terminal that nobody looks at.
const IDLE_BYTES_MAX: usize = 64 * 1024;
/// Bytes kept while somebody looks: so far may the slowest fall behind.
const WATCHED_BYTES_MAX: usize = 1024 * 1024;
/// How many may be attached to one instance.
const ATTACHED_MAX: usize = 32;
/// Bytes of one message to the keeper.
const TYPED_PIECE: usize = 4096;
/// How long a keeper may take to answer.
const KEEPER_WITHIN: Duration = Duration::from_secs(5);
/// How long a run may leave unread what was typed, until whoever typed is told.
const UNREAD_MAX: Duration = Duration::from_secs(10);
/// Pauses between tries to type what a run does not read: the first, doubled each time up to the last.
const UNREAD_PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));

/// The run and its streams, or why there are none.
type Handed = Result<(u64, Pair), String>;

/// A terminal and those who look at it.
#[derive(Debug)]
pub(crate) struct Screen {
    instance: InstanceId,
    state: Mutex<State>,
    /// Rises with every change.
    changed: watch::Sender<u64>,
    /// One piece is typed at a time.
    typing: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    ring: Ring,
    /// Lines and columns, as far as known: what an earlier engine said is not.
    size: Option<(u16, u16)>,
    link: Option<(u64, mpsc::WeakSender<Vec<u8>>)>,
    /// In the order they came.
    attached: BTreeMap<u64, Attached>,
    writer: Option<u64>,
    next: u64,
    /// What the keeper was asked about something typed.
    asked: Option<Asked>,
    streams: Option<oneshot::Sender<Handed>>,
    lease: Weak<()>,
}

#[derive(Debug)]
struct Attached {
    name: String,
    wants_to_write: bool,
    /// Types no matter who else does: lines for a standard input.
    is_free: bool,
}

#[derive(Debug)]
struct Asked {
    token: u64,
    refused: Option<String>,
    reply: oneshot::Sender<Option<String>>,
}

/// Who is attached, as one of them sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) role: AttachRole,
    pub(super) writer: Option<String>,
    pub(super) attached: u32,
    pub(super) size: Option<(u16, u16)>,
    pub(super) is_attached: bool,
    /// Where the output ends.
    pub(super) end: u64,
}

/// Somebody who attaches.
#[derive(Clone, Debug)]
pub(super) struct Newcomer {
    pub(super) name: String,
    pub(super) wants_to_write: bool,
    pub(super) takes: bool,
    pub(super) is_free: bool,
}

impl Screen {
    pub(super) fn new(instance: InstanceId) -> Self {
        let state = State {
            ring: Ring::new(IDLE_BYTES_MAX),
            size: None,
            link: None,
            attached: BTreeMap::new(),
            writer: None,
            next: 1,
            asked: None,
            streams: None,
            lease: Weak::new(),
        };
        Self {
            instance,
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            typing: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn instance(&self) -> &InstanceId {
        &self.instance
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The run wrote.
    pub(super) fn show(&self, bytes: &[u8]) {
        self.lock().ring.push(bytes);
        self.tell();
    }

    /// Gives what was shown before, and the place where the output goes on.
    pub(super) fn attach(&self, newcomer: Newcomer) -> Result<(u64, Vec<u8>, u64), ApiError> {
        let mut state = self.lock();
        if state.attached.len() >= ATTACHED_MAX {
            let message = format!("{ATTACHED_MAX} are attached to {} already", self.instance);
            return Err(ApiError::new(ErrorCode::Busy, message).hint("detach one of them"));
        }
        let id = state.next;
        state.next += 1;
        let Newcomer { name, wants_to_write, takes, is_free } = newcomer;
        if wants_to_write && !is_free && (takes || state.writer.is_none()) {
            state.writer = Some(id);
        }
        state.attached.insert(id, Attached { name, wants_to_write, is_free });
        let shown = replay(&state.ring.all());
        state.ring.resize(WATCHED_BYTES_MAX);
        let end = state.ring.end();
        drop(state);
        self.tell();
        Ok((id, shown, end))
    }

    /// The longest waiting of those who want to write follows a writer that leaves.
    pub(super) fn detach(&self, id: u64) {
        let mut state = self.lock();
        state.attached.remove(&id);
        if state.writer == Some(id) {
            let mut waiting = state.attached.iter();
            state.writer = waiting.find(|(_, it)| it.wants_to_write && !it.is_free).map(|(id, _)| *id);
        }
        if state.attached.is_empty() {
            state.ring.resize(IDLE_BYTES_MAX);
        }
        drop(state);
        self.tell();
    }

    pub(super) fn view(&self, id: u64) -> View {
        let state = self.lock();
        let own = state.attached.get(&id);
        let writes = state.writer == Some(id) || own.is_some_and(|own| own.is_free && own.wants_to_write);
        let writer = state.writer.filter(|_| !writes).and_then(|writer| state.attached.get(&writer));
        View {
            role: if writes { AttachRole::Writer } else { AttachRole::Watcher },
            writer: writer.map(|writer| writer.name.clone()),
            attached: u32::try_from(state.attached.len()).unwrap_or(u32::MAX),
            size: state.size,
            is_attached: own.is_some(),
            end: state.ring.end(),
        }
    }

    pub(super) fn read(&self, from: u64, most: usize) -> Piece {
        self.lock().ring.read(from, most)
    }

    /// Whether nothing is lost when this is forgotten.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.attached.is_empty() && state.link.is_none() && state.lease.strong_count() == 0
    }

    /// The size that the next run's terminal begins with.
    pub(super) fn size_or(&self, default: (u16, u16)) -> (u16, u16) {
        *self.lock().size.get_or_insert(default)
    }

    /// Gives the terminal another size, in the name of its writer.
    pub(super) fn resize(&self, id: u64, size: (u16, u16)) -> Result<(), ApiError> {
        self.must_write(id)?;
        self.lock().size = Some(size);
        self.send(&resize(size));
        self.tell();
        Ok(())
    }

    /// Has the program paint anew: its terminal has another size for a moment. False when the size is not known.
    pub(super) fn shrink(&self) -> bool {
        let size = self.lock().size;
        let Some((rows, cols)) = size.filter(|(rows, _)| *rows > 1) else { return false };
        self.send(&resize((rows - 1, cols)));
        true
    }

    /// The end of [`Self::shrink`].
    pub(super) fn unshrink(&self) {
        let size = self.lock().size;
        if let Some(size) = size {
            self.send(&resize(size));
        }
    }

    /// Types for a writer, as fast as the run reads.
    ///
    /// # Errors
    /// `conflict` for a watcher, `not-running`, `timeout` if the run does not read.
    pub(super) async fn r#type(&self, id: u64, bytes: &[u8]) -> Result<(), ApiError> {
        let turn = timeout(UNREAD_MAX, self.typing.lock()).await;
        let _turn = turn.map_err(|_| self.unread())?;
        let give_up_at = Instant::now() + UNREAD_MAX;
        for piece in bytes.chunks(TYPED_PIECE) {
            let mut pause = UNREAD_PAUSES.0;
            loop {
                self.must_write(id)?;
                match self.offer(piece).await? {
                    None => break,
                    Some(reason) if reason != NOT_READ => {
                        let message = format!("{} takes no input: {reason}", self.instance);
                        return Err(ApiError::new(ErrorCode::NotAvailable, message).hint(format!(
                            "a new run has an input again: `ostler restart {}`",
                            self.instance.service
                        )));
                    }
                    Some(_) if Instant::now() >= give_up_at => return Err(self.unread()),
                    Some(_) => {
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(UNREAD_PAUSES.1);
                    }
                }
            }
        }
        Ok(())
    }

    /// Sends a piece; gives the reason when the keeper did not take it.
    async fn offer(&self, piece: &[u8]) -> Result<Option<String>, ApiError> {
        let (reply, answer) = oneshot::channel();
        let token = {
            let mut state = self.lock();
            state.next += 1;
            let token = state.next;
            state.asked = Some(Asked { token, refused: None, reply });
            token
        };
        let mut bytes = Vec::new();
        let encoded = Request::Input { bytes: piece.to_vec() }.encode(&mut bytes);
        // What is answered after the request says that it was followed.
        let encoded = encoded.and_then(|()| Request::Ping { token }.encode(&mut bytes));
        encoded.map_err(|error| ApiError::new(ErrorCode::TooLarge, error.to_string()))?;
        let sender = self.sender().ok_or_else(|| self.not_running())?;
        let exchange = async {
            sender.send(bytes).await.ok()?;
            drop(sender);
            answer.await.ok()
        };
        match timeout(KEEPER_WITHIN, exchange).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(self.not_running()),
            Err(_) => {
                Err(ApiError::new(ErrorCode::Timeout, format!("the keeper of {} is busy", self.instance))
                    .hint("try again in a moment"))
            }
        }
    }

    /// The keeper refused what was typed.
    pub(super) fn refused(&self, reason: String) {
        if let Some(asked) = &mut self.lock().asked {
            asked.refused = Some(reason);
        }
    }

    /// The keeper has followed what came before this token.
    pub(super) fn followed(&self, token: u64) {
        let mut state = self.lock();
        if let Some(asked) = state.asked.take_if(|asked| asked.token == token) {
            // Whoever asked may have left.
            let _ = asked.reply.send(asked.refused);
        }
    }

    pub(super) fn link(&self, number: u64, requests: mpsc::WeakSender<Vec<u8>>) {
        self.lock().link = Some((number, requests));
    }

    /// The keeper is gone, and answers nothing any more.
    pub(super) fn unlink(&self, number: u64) {
        let mut state = self.lock();
        if state.link.as_ref().is_some_and(|(current, _)| *current == number) {
            state.link = None;
            state.asked = None;
            state.streams = None;
        }
    }

    /// Asks for the streams of the run, for one holder at a time.
    pub(super) fn ask_streams(&self) -> Result<(Arc<()>, oneshot::Receiver<Handed>), ApiError> {
        let (reply, answer) = oneshot::channel();
        let lease = Arc::new(());
        {
            let mut state = self.lock();
            if state.lease.strong_count() > 0 {
                let message = format!("the streams of {} are in use", self.instance);
                return Err(ApiError::new(ErrorCode::Conflict, message)
                    .hint("one at a time speaks with a service of stdio = \"stream\""));
            }
            state.lease = Arc::downgrade(&lease);
            state.streams = Some(reply);
        }
        if self.send(&Request::AttachStreams) { Ok((lease, answer)) } else { Err(self.not_running()) }
    }

    pub(super) fn handed(&self, answer: Handed) {
        let waiting = self.lock().streams.take();
        if let Some(waiting) = waiting {
            let _ = waiting.send(answer);
        }
    }

    /// Has the keeper close its end of the run's standard input.
    pub(crate) fn close_input(&self) -> Result<(), ApiError> {
        if self.send(&Request::CloseInput) { Ok(()) } else { Err(self.not_running()) }
    }

    /// Sends a request without waiting; false when there is no keeper, or it does not take requests.
    pub(super) fn send(&self, request: &Request) -> bool {
        let mut bytes = Vec::new();
        request.encode(&mut bytes).is_ok()
            && self.sender().is_some_and(|sender| sender.try_send(bytes).is_ok())
    }

    pub(super) fn not_running(&self) -> ApiError {
        ApiError::new(ErrorCode::NotRunning, format!("{} does not run", self.instance))
            .hint(format!("start it with `ostler start {}`", self.instance.service))
    }

    fn unread(&self) -> ApiError {
        let seconds = UNREAD_MAX.as_secs();
        let message = format!("{} has not read its input for {seconds} s", self.instance);
        ApiError::new(ErrorCode::Timeout, message).hint("what was typed last is lost")
    }

    fn must_write(&self, id: u64) -> Result<(), ApiError> {
        let view = self.view(id);
        if view.role == AttachRole::Writer {
            return Ok(());
        }
        let message = match view.writer {
            Some(writer) => format!("{writer} types into {}; this one watches", self.instance),
            None => format!("this one only watches {}", self.instance),
        };
        Err(ApiError::new(ErrorCode::Conflict, message).hint("attach with `take` to type instead"))
    }

    fn sender(&self) -> Option<mpsc::Sender<Vec<u8>>> {
        self.lock().link.as_ref()?.1.upgrade()
    }

    pub(super) fn tell(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn resize((rows, cols): (u16, u16)) -> Request {
    Request::Resize { rows, cols }
}

#[cfg(test)]
mod tests {
    use ostler_core::ServiceName;

    use super::*;

    fn screen() -> Screen {
        Screen::new(InstanceId { service: ServiceName::new("sh").unwrap(), index: 0 })
    }

    fn newcomer(name: &str) -> Newcomer {
        Newcomer { name: name.to_owned(), wants_to_write: true, takes: false, is_free: false }
    }

    fn writers(screen: &Screen, ids: &[u64]) -> Vec<bool> {
        ids.iter().map(|id| screen.view(*id).role == AttachRole::Writer).collect()
    }

    #[test]
    fn the_first_who_wants_to_write_does_and_the_next_follows() {
        let screen = screen();
        let looks = Newcomer { wants_to_write: false, ..newcomer("looks") };
        let ids = [looks, newcomer("first"), newcomer("second"), newcomer("third")]
            .map(|newcomer| screen.attach(newcomer).unwrap().0);
        assert_eq!(writers(&screen, &ids), [false, true, false, false]);
        assert_eq!(screen.view(ids[0]).writer.as_deref(), Some("first"));
        let thief = screen.attach(Newcomer { takes: true, ..newcomer("thief") }).unwrap().0;
        assert_eq!(writers(&screen, &[ids[1], thief]), [false, true]);
        screen.detach(ids[1]);
        screen.detach(thief);
        assert_eq!(writers(&screen, &ids), [false, false, true, false]);
        assert!(screen.resize(ids[3], (10, 10)).is_err());
        screen.detach(ids[2]);
        screen.detach(ids[3]);
        assert_eq!(writers(&screen, &ids), [false; 4]);
    }

    #[test]
    fn lines_may_come_from_several() {
        let screen = screen();
        let free = |name| Newcomer { is_free: true, ..newcomer(name) };
        let ids = [free("one"), free("two")].map(|newcomer| screen.attach(newcomer).unwrap().0);
        assert_eq!(writers(&screen, &ids), [true, true]);
    }

    #[test]
    fn there_is_an_end_to_those_who_attach() {
        let screen = screen();
        let count = (0..100).take_while(|_| screen.attach(newcomer("one")).is_ok()).count();
        assert_eq!(count, ATTACHED_MAX);
    }

    #[tokio::test]
    async fn without_a_keeper_nothing_is_typed() {
        let screen = screen();
        let id = screen.attach(newcomer("one")).unwrap().0;
        assert_eq!(screen.r#type(id, b"x").await.unwrap_err().code, ErrorCode::NotRunning);
    }
}
