//! Asking a source for its stream.

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use ostler_api::SourceTrouble;
use ostler_engine::outbound;
use tokio::{task::JoinSet, time::timeout};

use super::address::Address;
use crate::limits::{SOURCE_HEAD_MAX, SOURCE_REDIRECTS_MAX, UPSTREAM_RETRY_MAX};

/// A source that tells its events.
#[derive(Debug)]
pub(super) struct Stream {
    body: Incoming,
    /// Moves the bytes; it ends with this value.
    _connection: JoinSet<()>,
}

/// Why there is no stream.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) trouble: SourceTrouble,
    pub(super) then: Then,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Try again, soon and then less often; not before this long.
    Again { not_before: Duration },
    /// It will hardly be better soon: try again now and then.
    Rarely,
    /// It is asked not to.
    Stop,
}

impl Refused {
    pub(super) fn again(message: impl Into<String>, hint: &str) -> Self {
        Self::new(message, hint, Then::Again { not_before: Duration::ZERO })
    }

    pub(super) fn rarely(message: impl Into<String>, hint: &str) -> Self {
        Self::new(message, hint, Then::Rarely)
    }

    fn new(message: impl Into<String>, hint: &str, then: Then) -> Self {
        Self { trouble: SourceTrouble { message: message.into(), hint: hint.to_owned() }, then }
    }
}

impl Stream {
    /// Asks for the stream, after the last event that is known.
    ///
    /// # Errors
    /// Says what is wrong, and whether to try again.
    pub(super) async fn open(
        address: &Address,
        last_id: Option<&str>,
        within: Duration,
    ) -> Result<Self, Refused> {
        let opening = async {
            let mut address = address.clone();
            for _ in 0..=SOURCE_REDIRECTS_MAX {
                let (response, connection) = ask(&address, last_id).await?;
                if let Some(location) = redirect(&response) {
                    address = address
                        .redirected(&location)
                        .map_err(|trouble| Refused { trouble, then: Then::Rarely })?;
                    continue;
                }
                check(&response)?;
                return Ok(Self { body: response.into_body(), _connection: connection });
            }
            let text = format!("redirects more than {SOURCE_REDIRECTS_MAX} times");
            Err(Refused::rarely(text, "write the address where it really is as its url"))
        };
        timeout(within, opening).await.unwrap_or_else(|_| {
            let text = format!("no answer within {} s", within.as_secs());
            Err(Refused::again(text, "look whether it hangs; its log may say why"))
        })
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, String> {
        loop {
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(in_words(&error)),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }
}

async fn ask(address: &Address, last_id: Option<&str>) -> Result<(Response<Incoming>, JoinSet<()>), Refused> {
    let stream = outbound::reach(&address.host, address.port, address.is_tls)
        .await
        .map_err(|unreached| Refused::again(unreached.text, unreached.hint))?;
    let broken = |error: hyper::Error| Refused::again(in_words(&error), "look whether it speaks HTTP there");
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(SOURCE_HEAD_MAX)
        .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        // How it ended is seen by the one who reads.
        let _ = connection.await;
    });
    let mut request = Request::get(&address.target)
        .header(header::HOST, &address.authority)
        .header(header::USER_AGENT, concat!("ostler/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT, "text/event-stream")
        .header(header::CACHE_CONTROL, "no-cache");
    if let Some(value) = last_id.and_then(|id| header::HeaderValue::from_bytes(id.as_bytes()).ok()) {
        request = request.header("last-event-id", value);
    }
    if let Some(value) = &address.authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    let request = request
        .body(Empty::new())
        .map_err(|_| Refused::rarely("its URL cannot be asked for", "write another url"))?;
    let response = sender.send_request(request).await.map_err(broken)?;
    Ok((response, tasks))
}

fn redirect(response: &Response<Incoming>) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

/// Whether an answer is a stream of events.
fn check(response: &Response<Incoming>) -> Result<(), Refused> {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let status = response.status();
    let answers = format!("answers {status}");
    match status {
        StatusCode::OK => {}
        StatusCode::NO_CONTENT => {
            let hint =
                "it asks not to be connected to again; it is when its service or its configuration is new";
            return Err(Refused::new(answers, hint, Then::Stop));
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let hint = "say who you are in its url: http://USER:PASSWORD@HOST/ or with a token in the query";
            return Err(Refused::again(answers, hint));
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            return Err(Refused::new(
                answers,
                "it has too much to do",
                again_after(text(header::RETRY_AFTER)),
            ));
        }
        status if status.is_server_error() => {
            return Err(Refused::new(answers, "its log may say why", again_after(text(header::RETRY_AFTER))));
        }
        // Its service may not have all of its routes yet.
        _ => return Err(Refused::again(answers, "look whether its url is right")),
    }
    let kind = text(header::CONTENT_TYPE);
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("text/event-stream") {
        let shown: String = essence.chars().take(64).collect();
        let shown = if shown.is_empty() { "no type".to_owned() } else { shown };
        let text = format!("sends {shown}, not text/event-stream");
        return Err(Refused::again(text, "look whether its url is that of the event stream"));
    }
    let encoding = text(header::CONTENT_ENCODING);
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(Refused::rarely("sends its events compressed", "switch compression off for this path"));
    }
    Ok(())
}

fn again_after(seconds: &str) -> Then {
    let not_before = seconds.trim().parse().map_or(Duration::ZERO, Duration::from_secs);
    Then::Again { not_before: not_before.min(UPSTREAM_RETRY_MAX) }
}

fn in_words(error: &hyper::Error) -> String {
    if error.is_parse() {
        return "the answer is not HTTP".to_owned();
    }
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return match io.kind() {
                std::io::ErrorKind::ConnectionReset => "connection reset".to_owned(),
                _ => io.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
            };
        }
        source = inner.source();
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return "the connection was closed in the middle of an answer".to_owned();
    }
    error.to_string()
}
