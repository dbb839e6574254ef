//! The event stream over HTTP, for one who has its address.
//!
//! Only what our own server sends is understood: frames of `id`, `event` and one `data` line. What is longer than
//! [`FRAME_MAX`] is no frame of ours.

use std::{collections::VecDeque, io, path::Path, time::Duration};

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{
    Request, Response, StatusCode, Uri,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use ostler_api::{ApiError, ErrorCode};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

use crate::trusted;

/// Bytes of a frame.
const FRAME_MAX: usize = 1024 * 1024;
/// Bytes of a refusal.
const REFUSAL_MAX: usize = 64 * 1024;
/// An answer must begin by then.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// The event stream, open.
#[derive(Debug)]
pub struct EventStream {
    body: Incoming,
    frames: Frames,
    /// Moves the bytes; it ends with this value.
    _connection: JoinSet<()>,
}

/// Both ways of a connection, encrypted or not.
trait Both: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Both for S {}

/// An event as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamedEvent {
    /// Its id.
    pub id: String,
    /// Its name, if it has one: `gap`, `shutdown`.
    pub name: Option<String>,
    /// What it says: one JSON object.
    pub data: String,
}

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub enum EventStreamError {
    /// What should be its address is none.
    #[error("{address:?} is no address of an event stream")]
    Address {
        /// The address, without its query.
        address: String,
    },
    /// Nobody answers there.
    #[error("the event stream at {authority} cannot be reached")]
    Connect {
        /// Host and port.
        authority: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It cannot be shown that it is the engine's.
    #[error("what listens at {authority} is not proven to be the engine; it was told nothing")]
    NotProven {
        /// Host and port.
        authority: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not HTTP, or ended in between.
    #[error("the event stream broke off")]
    Broken(#[source] Option<hyper::Error>),
    /// The server says no.
    #[error("{0}")]
    Refused(Box<ApiError>),
    /// A frame is longer than [`FRAME_MAX`].
    #[error("an event is longer than {} KiB", FRAME_MAX / 1024)]
    TooLong,
}

impl From<EventStreamError> for ApiError {
    fn from(error: EventStreamError) -> Self {
        let text = error.to_string();
        match error {
            EventStreamError::Refused(error) => *error,
            EventStreamError::NotProven { source, .. } => {
                let error = ApiError::new(ErrorCode::Unauthenticated, text).caused_by(&source);
                error.hint("`ostler tls` shows the certificate; if it was just renewed, try again")
            }
            other => ApiError::new(ErrorCode::NotAvailable, other.to_string())
                .hint("`ostler doctor` says how HTTP is; `ostler status` where it listens"),
        }
    }
}

impl EventStream {
    /// Opens it, to go on after an event if one is named. With TLS, only who has a certificate that the file of
    /// trusted ones names or vouches for is told anything.
    ///
    /// # Errors
    /// It cannot be reached, is not the engine's, or the server refuses.
    pub async fn open(
        address: &str,
        last_event_id: Option<&str>,
        trusted: Option<&Path>,
    ) -> Result<Self, EventStreamError> {
        let bare = || EventStreamError::Address {
            address: address.split('?').next().unwrap_or_default().to_owned(),
        };
        let uri: Uri = address.parse().map_err(|_| bare())?;
        let authority = uri.authority().ok_or_else(bare)?.to_string();
        let target = uri.path_and_query().ok_or_else(bare)?.as_str();
        let opening = async {
            let failed = |source| EventStreamError::Connect { authority: authority.clone(), source };
            let stream = TcpStream::connect(&authority).await.map_err(failed)?;
            let stream: Box<dyn Both> = if uri.scheme_str() == Some("https") {
                let host = uri.host().unwrap_or_default();
                let proven = trusted::connect(stream, host, trusted).await;
                let not_proven =
                    |source| EventStreamError::NotProven { authority: authority.clone(), source };
                Box::new(proven.map_err(not_proven)?)
            } else {
                Box::new(stream)
            };
            let (mut sender, connection) =
                http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.map_err(broken)?;
            let mut tasks = JoinSet::new();
            tasks.spawn(async move {
                // How it ended is seen by the one who reads.
                let _ = connection.await;
            });
            let mut request = Request::get(target)
                .header(header::HOST, &authority)
                .header(header::ACCEPT, "text/event-stream")
                .header(header::USER_AGENT, concat!("ostler/", env!("CARGO_PKG_VERSION")));
            if let Some(id) = last_event_id {
                request = request.header("last-event-id", id);
            }
            let request = request.body(Empty::new()).map_err(|_| bare())?;
            let response = sender.send_request(request).await.map_err(broken)?;
            Ok((tasks, response))
        };
        let (connection, response) = match timeout(ANSWER_WAIT, opening).await {
            Ok(opened) => opened?,
            Err(_) => {
                let source = io::Error::from(io::ErrorKind::TimedOut);
                return Err(EventStreamError::Connect { authority, source });
            }
        };
        if response.status() != StatusCode::OK {
            return Err(refusal(response).await);
        }
        Ok(Self { body: response.into_body(), frames: Frames::default(), _connection: connection })
    }

    /// Waits for the next event; none once the server has ended the stream.
    ///
    /// # Errors
    /// The connection broke, or what comes is not of our server.
    pub async fn next(&mut self) -> Result<Option<StreamedEvent>, EventStreamError> {
        loop {
            if let Some(told) = self.frames.take() {
                return Ok(Some(told));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(broken(error)),
                Some(Ok(frame)) => {
                    if let Some(bytes) = frame.data_ref() {
                        self.frames.feed(bytes)?;
                    }
                }
            }
        }
    }
}

async fn refusal(response: Response<Incoming>) -> EventStreamError {
    let status = response.status();
    let body = Limited::new(response.into_body(), REFUSAL_MAX).collect();
    let said = timeout(ANSWER_WAIT, body).await.ok().and_then(Result::ok);
    let error = said.and_then(|body| serde_json::from_slice::<ApiError>(&body.to_bytes()).ok());
    EventStreamError::Refused(Box::new(error.unwrap_or_else(|| {
        ApiError::new(ErrorCode::NotAvailable, format!("the event stream answers {status}"))
    })))
}

fn broken(error: hyper::Error) -> EventStreamError {
    EventStreamError::Broken(Some(error))
}

/// Bytes that become frames.
#[derive(Debug, Default)]
struct Frames {
    unfinished: Vec<u8>,
    whole: VecDeque<StreamedEvent>,
}

impl Frames {
    fn feed(&mut self, bytes: &[u8]) -> Result<(), EventStreamError> {
        let mut from = self.unfinished.len().saturating_sub(1);
        self.unfinished.extend_from_slice(bytes);
        while let Some(at) = end_of_frame(&self.unfinished, from) {
            let frame: Vec<u8> = self.unfinished.drain(..at + 2).collect();
            from = 0;
            let told = read(&String::from_utf8_lossy(&frame));
            // Comments have no data.
            self.whole.extend(Some(told).filter(|told| !told.data.is_empty()));
        }
        if self.unfinished.len() > FRAME_MAX { Err(EventStreamError::TooLong) } else { Ok(()) }
    }

    fn take(&mut self) -> Option<StreamedEvent> {
        self.whole.pop_front()
    }
}

fn end_of_frame(bytes: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(2).position(|pair| pair == b"\n\n").map(|at| from + at)
}

fn read(frame: &str) -> StreamedEvent {
    let mut told = StreamedEvent::default();
    for line in frame.lines() {
        let Some((field, value)) = line.split_once(':') else { continue };
        let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
        match field {
            "id" => told.id = value,
            "event" => told.name = Some(value),
            "data" => told.data = value,
            _ => {}
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_however_they_are_cut() {
        let sent = "retry: 3000\n: welcome\n\nid: a-1\ndata: {\"x\":\": \"}\n\n:\n\nid: a-2\nevent: gap\ndata: {}\n\nid: a-3\nda";
        let expected = [("a-1", None, "{\"x\":\": \"}"), ("a-2", Some("gap"), "{}")];
        for size in 1..sent.len() {
            let mut frames = Frames::default();
            for piece in sent.as_bytes().chunks(size) {
                frames.feed(piece).expect("short");
            }
            let told: Vec<StreamedEvent> = std::iter::from_fn(|| frames.take()).collect();
            let told: Vec<_> =
                told.iter().map(|it| (it.id.as_str(), it.name.as_deref(), it.data.as_str())).collect();
            assert_eq!(told, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn an_endless_frame_is_given_up() {
        let mut frames = Frames::default();
        let piece = vec![b'x'; FRAME_MAX / 2 + 1];
        assert!(frames.feed(&piece).is_ok());
        assert!(matches!(frames.feed(&piece), Err(EventStreamError::TooLong)));
    }
}
