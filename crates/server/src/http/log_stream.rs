//! Output as it is written, as an answer that does not end.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http_body::Frame;
use ostler_api::{ApiError, Level, LogLine, LogsParams, Method};
use ostler_engine::LogFollower;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{query, rest, rest::Asked, site::Visitor, streams::endless};
use crate::{connection::Shared, policy};

/// Silence after which a comment shows that the stream lives.
const SILENCE: Duration = Duration::from_secs(15);
/// Lines of one event.
const LINES_AT_ONCE: usize = 500;

/// The latest lines of a service, and then what it writes.
pub(super) async fn follow(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Response, ApiError> {
    let mut members = query::read(asked.query.as_deref(), asked.means.parameters())?;
    members.insert("services".to_owned(), json!([asked.name]));
    members.insert("follow".to_owned(), true.into());
    let params = Value::Object(members);
    policy::permit(&shared.engine, &visitor.actor, Method::Logs, &params)?;
    let params: LogsParams = rest::read(params)?;
    let (reply, follower) = shared.engine.logs(&visitor.actor, params).await?;
    let first = events(&reply.lines, 0);
    let source = follower.map(|follower| Source { follower, closing: shared.closing.clone() });
    Ok(endless(Body::new(Lines {
        first: Some(first),
        next: source.map(|source| Box::pin(source.next()) as Next),
    })))
}

/// Where lines come from.
struct Source {
    follower: LogFollower,
    closing: CancellationToken,
}

impl Source {
    async fn next(mut self) -> Option<(Self, Bytes)> {
        let closing = self.closing.clone();
        let told = tokio::select! {
            () = closing.cancelled() => return None,
            told = timeout(SILENCE, self.follower.next()) => told,
        };
        let bytes = match told {
            Err(_) => Bytes::from_static(b":\n"),
            Ok(None) => return None,
            Ok(Some(notification)) => events(&notification.lines, notification.missed),
        };
        Some((self, bytes))
    }
}

/// Lines as events, with their level. There is always one, so that a log without lines is seen to be empty.
fn events(lines: &[LogLine], missed: u64) -> Bytes {
    let mut text = String::new();
    let mut missed = missed;
    let mut rest = lines;
    loop {
        let (now, later) = rest.split_at(rest.len().min(LINES_AT_ONCE));
        let told: Vec<Value> = now.iter().map(told).collect();
        let data = json!({ "lines": told, "missed": missed });
        text.push_str(&format!("event: log\ndata: {data}\n\n"));
        if later.is_empty() {
            return Bytes::from(text);
        }
        (missed, rest) = (0, later);
    }
}

fn told(line: &LogLine) -> Value {
    let mut value = serde_json::to_value(line).expect("our own types are JSON");
    if let (Some(members), Some(level)) = (value.as_object_mut(), Level::of_line(&line.text)) {
        members.insert("level".to_owned(), word(level).into());
    }
    value
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

type Next = Pin<Box<dyn Future<Output = Option<(Source, Bytes)>> + Send>>;

/// Lines as a body.
struct Lines {
    first: Option<Bytes>,
    next: Option<Next>,
}

impl http_body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        match next.as_mut().poll(ctx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.next = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some((source, bytes))) => {
                self.next = Some(Box::pin(source.next()));
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
        }
    }
}
