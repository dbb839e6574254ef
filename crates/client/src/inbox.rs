//! Who waits for what.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ostler_api::{
    ApiError, AttachState, Event, EventKind, LogNotification, OutputNotification, SnapshotPart,
};
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    ClientError,
    line::{Message, Tag},
};

/// What a request is answered with: the result as it came, or a refusal.
pub(crate) type Reply = Result<String, ClientError>;

/// What a watch gets.
#[derive(Debug)]
pub(crate) enum News {
    Event(Event),
    Part(SnapshotPart),
}

/// What notifications of one request are put into.
#[derive(Debug)]
pub(crate) enum Feed {
    /// Cut off when it is full: the end of the queue says so.
    Watch(mpsc::Sender<News>),
    /// What finds no room is counted.
    Follow { lines: mpsc::Sender<LogNotification>, missed: u64 },
    /// Output that finds no room is counted; of states the latest stays.
    Attached { output: mpsc::Sender<OutputNotification>, missed: u64, state: watch::Sender<AttachState> },
}

/// Who waits, by the number of the request.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<u64, oneshot::Sender<Reply>>,
    feeds: HashMap<u64, Feed>,
    /// Why the connection ended, if the server said so before.
    farewell: Option<ApiError>,
    is_lost: bool,
}

impl Inbox {
    /// Waits for the answer to a request.
    pub(crate) fn expect(
        &self,
        id: u64,
        feed: Option<Feed>,
    ) -> Result<oneshot::Receiver<Reply>, ClientError> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        if state.is_lost {
            return Err(state.farewell.clone().map_or(ClientError::Lost, ClientError::Refused));
        }
        state.waiting.insert(id, sender);
        if let Some(feed) = feed {
            state.feeds.insert(id, feed);
        }
        Ok(receiver)
    }

    /// Nobody waits for this answer any more.
    pub(crate) fn forget(&self, id: u64) {
        self.lock().waiting.remove(&id);
    }

    /// Nobody wants these notifications any more.
    pub(crate) fn unsubscribe(&self, id: u64) {
        self.lock().feeds.remove(&id);
    }

    /// The connection has ended.
    pub(crate) fn lose(&self) {
        let mut state = self.lock();
        state.is_lost = true;
        state.feeds.clear();
        let farewell = state.farewell.clone();
        for (_, waiting) in state.waiting.drain() {
            // One that was given up in this moment does not mind.
            let _ = waiting.send(Err(farewell.clone().map_or(ClientError::Lost, ClientError::Refused)));
        }
    }

    /// Takes a line of the server. What makes no sense is passed over, as a later version may say more.
    pub(crate) fn deliver(&self, line: &[u8]) {
        let message: Message<'_> = match serde_json::from_slice(line) {
            Ok(message) => message,
            Err(error) => return tracing::debug!(%error, "a line of the server makes no sense"),
        };
        match (&message.method, message.id.as_u64()) {
            (Some(method), _) => {
                let params = message.params.map_or("{}", |params| params.get());
                if let Ok(Tag { request }) = serde_json::from_str(params) {
                    self.notify(request, method, params);
                }
            }
            (None, Some(id)) => self.answer(id, message),
            (None, None) => {
                let error = message.error.and_then(|error| error.data);
                tracing::debug!(?error, "the server complains");
                self.lock().farewell = error;
            }
        }
    }

    fn answer(&self, id: u64, message: Message<'_>) {
        let mut state = self.lock();
        let reply = match message.error {
            Some(error) => {
                state.feeds.remove(&id);
                let unsaid = || ApiError::new(ostler_api::ErrorCode::Unknown, error.message.clone());
                Err(ClientError::Refused(error.data.clone().unwrap_or_else(unsaid)))
            }
            None => Ok(message.result.map_or("null", |result| result.get()).to_owned()),
        };
        if let Some(waiting) = state.waiting.remove(&id) {
            let _ = waiting.send(reply);
        }
    }

    fn notify(&self, request: u64, method: &str, params: &str) {
        let mut state = self.lock();
        let is_cut_off = match (state.feeds.get_mut(&request), method) {
            (Some(Feed::Watch(queue)), "event") => queue.try_send(News::Event(event(params))).is_err(),
            (Some(Feed::Watch(queue)), "snapshot_part") => match serde_json::from_str(params) {
                Ok(part) => queue.try_send(News::Part(part)).is_err(),
                Err(_) => true,
            },
            (Some(Feed::Follow { lines, missed }), "log") => {
                let Ok(mut news) = serde_json::from_str::<LogNotification>(params) else { return };
                let counted = *missed + news.missed;
                news.missed = counted;
                match lines.try_send(news) {
                    Ok(()) => *missed = 0,
                    Err(mpsc::error::TrySendError::Full(news)) => *missed = counted + news.lines.len() as u64,
                    Err(mpsc::error::TrySendError::Closed(_)) => {}
                }
                false
            }
            (Some(Feed::Attached { output, missed, .. }), "output") => {
                let Ok(mut news) = serde_json::from_str::<OutputNotification>(params) else { return };
                let counted = *missed + news.missed;
                news.missed = counted;
                match output.try_send(news) {
                    Ok(()) => *missed = 0,
                    Err(mpsc::error::TrySendError::Full(news)) => {
                        *missed = counted + news.data.0.len() as u64
                    }
                    Err(mpsc::error::TrySendError::Closed(_)) => {}
                }
                false
            }
            (Some(Feed::Attached { state, .. }), "attach_state") => {
                if let Ok(news) = serde_json::from_str(params) {
                    state.send_replace(news);
                }
                false
            }
            (Some(_) | None, _) => false,
        };
        if is_cut_off {
            state.feeds.remove(&request);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads an event; of one whose shape this build does not know, the number stays.
fn event(params: &str) -> Event {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Outline {
        seq: u64,
        at: String,
    }
    serde_json::from_str(params).unwrap_or_else(|_| {
        let Outline { seq, at } = serde_json::from_str(params).unwrap_or_default();
        Event { seq, at, kind: EventKind::Unknown }
    })
}
