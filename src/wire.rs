//! The control protocol over any stream, as far as the link needs it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ostler_api::{ApiError, ErrorCode, Event, Method, Snapshot, WatchParams, WatchReply};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

const LINES_MAX: usize = 64;
const EVENTS_MAX: usize = 1024;

type Replies = Arc<Mutex<HashMap<u64, oneshot::Sender<Result<Value, ApiError>>>>>;

/// A client over one stream.
pub(crate) struct Client {
    lines: mpsc::Sender<String>,
    replies: Replies,
    events: Mutex<Option<mpsc::Receiver<Event>>>,
    next_id: std::sync::atomic::AtomicU64,
    _tasks: JoinSet<()>,
}

/// What a watch tells.
pub(crate) enum Watched {
    /// Everything anew.
    Snapshot(Box<Snapshot>),
    /// What happened since.
    Event(Box<Event>),
}

impl Client {
    /// Speaks over a stream.
    pub(crate) fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (read, mut write) = tokio::io::split(stream);
        let (lines, mut outgoing) = mpsc::channel::<String>(LINES_MAX);
        let (events_in, events) = mpsc::channel(EVENTS_MAX);
        let replies = Replies::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Some(line) = outgoing.recv().await {
                if write.write_all(line.as_bytes()).await.is_err() {
                    break;
                }
            }
        });
        let routed = Arc::clone(&replies);
        tasks.spawn(async move {
            let mut incoming = BufReader::new(read).lines();
            while let Ok(Some(line)) = incoming.next_line().await {
                if let Some(event) = route(&line, &routed)
                    && events_in.send(event).await.is_err()
                {
                    break;
                }
            }
            routed.lock().expect("no holder panics").clear();
        });
        Self { lines, replies, events: Mutex::new(Some(events)), next_id: 1.into(), _tasks: tasks }
    }

    /// Calls a method.
    pub(crate) async fn call<P: Serialize, R: DeserializeOwned>(
        &self,
        method: Method,
        params: &P,
    ) -> Result<R, ApiError> {
        let id = self.next_id.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method.as_str(), "params": params});
        let (tx, rx) = oneshot::channel();
        self.replies.lock().expect("no holder panics").insert(id, tx);
        if self.lines.send(format!("{request}\n")).await.is_err() {
            return Err(lost());
        }
        let value = rx.await.map_err(|_| lost())??;
        serde_json::from_value(value).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
    }

    /// Watches. One watch for each client.
    pub(crate) async fn watch(&self, params: &WatchParams) -> Result<Watch, ApiError> {
        let reply: WatchReply = self.call(Method::Watch, params).await?;
        let events = self.events.lock().expect("no holder panics").take().ok_or_else(lost)?;
        Ok(Watch { first: reply.snapshot, events })
    }
}

/// What happens from now on.
pub(crate) struct Watch {
    first: Option<Snapshot>,
    events: mpsc::Receiver<Event>,
}

impl Watch {
    /// What comes next; nothing when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Watched> {
        if let Some(snapshot) = self.first.take() {
            return Some(Watched::Snapshot(Box::new(snapshot)));
        }
        self.events.recv().await.map(|event| Watched::Event(Box::new(event)))
    }
}

fn route(line: &str, replies: &Replies) -> Option<Event> {
    let mut message: Value = serde_json::from_str(line).ok()?;
    let Some(id) = message.get("id").and_then(Value::as_u64) else {
        return (message["method"] == "event")
            .then(|| message["params"].take())
            .and_then(|params| serde_json::from_value(params).ok());
    };
    let reply = replies.lock().expect("no holder panics").remove(&id)?;
    let result = match message.get_mut("error") {
        Some(error) => Err(serde_json::from_value(error["data"].take()).unwrap_or_else(|_| lost())),
        None => Ok(message["result"].take()),
    };
    reply.send(result).err();
    None
}

fn lost() -> ApiError {
    ApiError::new(ErrorCode::NoEngine, "the connection to the engine was lost")
}
