//! The events over a WebSocket, for clients that have only that: the same ids, the same gaps, the same end.

use std::{
    future::poll_fn,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{body::Body, response::Response};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header, request::Parts};
use http_body::Body as _;
use ostler_api::{ApiError, ErrorCode};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, interval_at, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{answer, endless::Endless};
use crate::{
    connections::Streaming,
    events::EventStream,
    limits::{DRAIN_DEADLINE, SOCKET_BUFFER, SOCKET_FRAME_MAX, SOCKET_PING_EVERY, SOCKET_WRITE_MAX},
};

const WEBSOCKET: &str = "websocket";
/// The only version there is.
const VERSION: &str = "13";
/// Characters of the key that a client makes up: sixteen bytes.
const KEY_LENGTH: usize = 24;

/// The events of a connection that becomes a WebSocket; they are taken once.
#[derive(Clone)]
struct Tunnel(Arc<Mutex<Option<EventStream>>>);

/// What a client says to get a WebSocket.
#[derive(Clone, Debug)]
pub(super) struct Handshake {
    accept: String,
}

impl Handshake {
    /// Reads it; none if the request is no such, or not all of it is as it should be.
    pub(super) fn of(parts: &Parts) -> Option<Self> {
        let headers = &parts.headers;
        let has_word = |name: header::HeaderName, word: &str| {
            let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
        };
        let is_whole = parts.method == Method::GET
            && parts.version == Version::HTTP_11
            && has_word(header::CONNECTION, "upgrade")
            && has_word(header::UPGRADE, WEBSOCKET)
            && one(headers, header::SEC_WEBSOCKET_VERSION) == Some(VERSION);
        let key = one(headers, header::SEC_WEBSOCKET_KEY).filter(|key| key.len() == KEY_LENGTH)?;
        is_whole.then(|| Self { accept: derive_accept_key(key.as_bytes()) })
    }

    /// Has the connection become a WebSocket with these events, and says so.
    pub(super) fn accept(self, stream: EventStream) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response.extensions_mut().insert(Endless);
        response.extensions_mut().insert(Tunnel(Arc::new(Mutex::new(Some(stream)))));
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static(WEBSOCKET));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        response
    }
}

/// The events of an answer that makes its connection a WebSocket.
pub(super) fn taken(response: &Response) -> Option<EventStream> {
    let Tunnel(stream) = response.extensions().get()?;
    stream.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// What one gets who asks without a whole handshake.
pub(super) fn not_a_socket() -> Response {
    let text = "only a WebSocket is served here";
    let error = ApiError::new(ErrorCode::InvalidParams, text).hint(
        "open it as a WebSocket of version 13 over HTTP/1.1; /supervisor/events is the same as plain HTTP",
    );
    let mut response = answer::refusal(StatusCode::UPGRADE_REQUIRED, &error);
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static(WEBSOCKET));
    headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
    response
}

fn one(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then(|| first.trim())
}

/// Says that the connection is a WebSocket now, and serves it until either side ends it.
///
/// # Errors
/// The connection broke before it was one.
pub(super) async fn serve<S>(
    mut io: S,
    headers: &HeaderMap,
    mut stream: EventStream,
    streaming: &Streaming,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut head = b"HTTP/1.1 101 Switching Protocols\r\n".to_vec();
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    io.write_all(&head).await?;
    io.flush().await?;
    let config = WebSocketConfig::default()
        .read_buffer_size(SOCKET_BUFFER)
        .write_buffer_size(SOCKET_BUFFER)
        .max_write_buffer_size(SOCKET_WRITE_MAX)
        .max_message_size(Some(SOCKET_FRAME_MAX))
        .max_frame_size(Some(SOCKET_FRAME_MAX));
    let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
    let mut pings = interval_at(Instant::now() + SOCKET_PING_EVERY, SOCKET_PING_EVERY);
    let mut has_spoken = true;
    let end = loop {
        tokio::select! {
            piece = poll_fn(|ctx| Pin::new(&mut stream).poll_frame(ctx)) => {
                let Some(Ok(frame)) = piece else { break Some((CloseCode::Away, "the stream has ended")) };
                let bytes = frame.into_data().unwrap_or_default();
                streaming.holds(bytes.len());
                if tell(&mut socket, &bytes).await.is_err() {
                    break None;
                }
                streaming.holds(0);
            }
            heard = socket.next() => match heard {
                // What a client says is its own business; that it speaks shows that it lives.
                Some(Ok(_)) => has_spoken = true,
                Some(Err(Error::Capacity(_))) => break Some((CloseCode::Size, "too long")),
                Some(Err(_)) | None => break None,
            },
            _ = pings.tick() => {
                // A pong may have come while something was being written.
                has_spoken |= matches!(socket.next().now_or_never(), Some(Some(Ok(_))));
                if !has_spoken || socket.send(Message::Ping(Default::default())).await.is_err() {
                    break None;
                }
                has_spoken = false;
            }
        }
    };
    if let Some((code, reason)) = end {
        let _ = timeout(DRAIN_DEADLINE, socket.close(Some(CloseFrame { code, reason: reason.into() }))).await;
    }
    Ok(())
}

/// Sends the events of one piece, one message each.
async fn tell<S>(socket: &mut WebSocketStream<S>, piece: &[u8]) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let text = String::from_utf8_lossy(piece);
    for message in text.split("\n\n").filter_map(message) {
        socket.feed(Message::text(message)).await?;
    }
    socket.flush().await
}

/// A frame of the plain stream as a message; comments are none.
fn message(frame: &str) -> Option<String> {
    let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let (id, data) = (field("id")?, field("data")?);
    let id = serde_json::to_string(id).ok()?;
    Some(format!("{{\"type\":\"mcp_event\",\"id\":{id},\"data\":{data}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_message_and_a_comment_is_none() {
        let sent = "retry: 3000\n: welcome\n\nid: a-1\nevent: gap\ndata: {\"x\":\": \"}\n\n:\n\n";
        let messages: Vec<String> = sent.split("\n\n").filter_map(message).collect();
        assert_eq!(messages, ["{\"type\":\"mcp_event\",\"id\":\"a-1\",\"data\":{\"x\":\": \"}}"]);
    }
}
