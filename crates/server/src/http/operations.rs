//! Wishes that take their time: done while the client waits, or looked at later.
//!
//! A wish without `wait` is answered when it is accepted. One with `wait` is answered when it is so far; if that takes
//! long, or longer than its `timeout`, it is answered with 202 and where to look meanwhile. A client may prefer otherwise
//! (`Prefer`, RFC 7240): with `respond-async` any wish is answered with 202 at once, with `wait=SECONDS` after so long at
//! the latest. What the engine refuses is an error either way.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body::Frame;
use ostler_api::{ApiError, ErrorCode, Method};
use serde_json::{Map, Value};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    answer,
    rest::{Asked, read, value},
    routes::Means,
    site::Visitor,
    streams::endless,
};
use crate::{
    connection::Shared,
    limits::{OPERATION_COMMENT_EVERY, OPERATION_PATIENCE, OPERATION_REFUSAL_WAIT},
    operations::{Operation, State},
    policy,
};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const WAIT: &str = "wait";
const TIMEOUT: &str = "timeout";

/// How long a client wants to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefer {
    /// As the wish says.
    Default,
    /// Not at all.
    Async,
    /// For so long at most.
    Wait(Duration),
}

impl Prefer {
    /// Reads it; what is not known is left out, as such preferences are.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
        let mut said = values.flat_map(|value| value.split([',', ';'])).map(str::trim);
        said.find_map(|preference| match preference.split_once('=') {
            None if preference.eq_ignore_ascii_case("respond-async") => Some(Self::Async),
            Some((name, seconds)) if name.trim().eq_ignore_ascii_case(WAIT) => {
                let seconds: u32 = seconds.trim().trim_matches('"').parse().ok()?;
                Some(Self::Wait(Duration::from_secs(seconds.into())))
            }
            _ => None,
        })
        .unwrap_or(Self::Default)
    }

    fn applied(self) -> Option<String> {
        match self {
            Self::Default => None,
            Self::Async => Some("respond-async".to_owned()),
            Self::Wait(time) => Some(format!("{WAIT}={}", time.as_secs())),
        }
    }
}

/// Whether a client wants to hear of each change.
pub(super) fn wants_stream(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.any(|value| value.contains("text/event-stream"))
}

/// Starts, stops, restarts or reloads.
pub(super) async fn act(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Response, ApiError> {
    let (Some(method), mut members) = asked.call()? else {
        return Err(ApiError::new(ErrorCode::Internal, "this wish is no method: this is a defect of Ostler"));
    };
    policy::permit(&shared.engine, &visitor.actor, method, &Value::Object(members.clone()))?;
    let waits = members.get(WAIT).and_then(Value::as_str);
    // A reload is over when it is accepted.
    let is_short = asked.means == Means::Reload || waits.is_none_or(|wait| wait == "accepted");
    if is_short && asked.means != Means::Reload && asked.prefer == Prefer::Async {
        let end = if asked.means == Means::Stop { "settled" } else { "ready" };
        members.insert(WAIT.to_owned(), end.into());
    }
    let patience = if is_short { None } else { patience(asked.prefer, &mut members) };
    let work = work(shared, visitor, asked.means, Value::Object(members))?;
    if is_short && asked.prefer != Prefer::Async {
        return Ok(answer::json(&work.await?));
    }
    let service = Some(asked.name.clone()).filter(|name| !name.is_empty());
    let operation = shared.operations.begin(shared.hub.epoch(), method.as_str(), service, work)?;
    let outcome = match patience {
        Some(time) => timeout(time.max(OPERATION_REFUSAL_WAIT), operation.ended()).await.ok(),
        None => {
            let refused = timeout(OPERATION_REFUSAL_WAIT, operation.ended()).await;
            refused.ok().filter(Result::is_err)
        }
    };
    let mut response = match outcome {
        Some(Ok(value)) => answer::json(&value),
        Some(Err(error)) => {
            shared.operations.forget(&operation);
            return Err(error);
        }
        None => {
            let mut response = answer::with_status(StatusCode::ACCEPTED, &operation.value());
            if let Ok(path) = HeaderValue::from_str(&operation.path()) {
                response.headers_mut().insert(header::LOCATION, path);
            }
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
    };
    if let Some(applied) = asked.prefer.applied().and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(APPLIED, applied);
    }
    Ok(response)
}

/// How long the answer waits; none if it does not. A `timeout` that is shorter means the answer: the wish stays in
/// force, and what becomes of it is looked at. A longer one bounds the operation.
fn patience(prefer: Prefer, members: &mut Map<String, Value>) -> Option<Duration> {
    let most = match prefer {
        Prefer::Async => return None,
        Prefer::Default => OPERATION_PATIENCE,
        Prefer::Wait(time) => time,
    };
    let said = members.get(TIMEOUT).and_then(Value::as_f64);
    let said =
        said.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).filter(|said| *said <= most);
    if said.is_some() {
        members.remove(TIMEOUT);
    }
    Some(said.unwrap_or(most))
}

type Work = Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send>>;

/// What is to be done, with all that it needs; what is wrong with the wish is said before it begins.
fn work(shared: &Shared, visitor: &Visitor, means: Means, params: Value) -> Result<Work, ApiError> {
    let (engine, actor) = (shared.engine.clone(), visitor.actor.clone());
    Ok(match means {
        Means::Start => {
            let params = read(params)?;
            Box::pin(async move { value(&engine.start(&actor, params).await?) })
        }
        Means::Stop => {
            let params = read(params)?;
            Box::pin(async move { value(&engine.stop(&actor, params).await?) })
        }
        Means::Restart | Means::RestartSeveral => {
            let params = read(params)?;
            Box::pin(async move { value(&engine.restart(&actor, params).await?) })
        }
        _ => {
            let params = read(params)?;
            Box::pin(async move { value(&engine.reload(&actor, params).await?) })
        }
    })
}

/// All operations.
pub(super) fn list(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Response, ApiError> {
    policy::permit(&shared.engine, &visitor.actor, Method::Status, &Value::Null)?;
    asked.no_query()?;
    Ok(answer::json(&shared.operations.list()))
}

/// One operation, as it is or as it goes on.
pub(super) fn one(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Response, ApiError> {
    policy::permit(&shared.engine, &visitor.actor, Method::Status, &Value::Null)?;
    asked.no_query()?;
    let operation = shared.operations.get(&asked.name).map_err(|error| {
        // Nothing else of the kind is looked for there.
        ApiError { code: ErrorCode::UnknownMethod, ..error }
    })?;
    if !asked.wants_stream {
        return Ok(answer::json(&operation.value()));
    }
    let states = operation.watch();
    let steps = Steps { operation, states, closing: shared.closing.clone(), is_first: true };
    Ok(endless(Body::new(Told { next: Some(Box::pin(steps.next())) })))
}

/// What is needed to tell of the next change.
struct Steps {
    operation: Arc<Operation>,
    states: watch::Receiver<State>,
    closing: CancellationToken,
    is_first: bool,
}

impl Steps {
    /// What is told next, and whether something follows.
    async fn next(mut self) -> (Option<Self>, Bytes) {
        if !self.is_first {
            tokio::select! {
                () = self.closing.cancelled() => return (None, Bytes::new()),
                () = sleep(OPERATION_COMMENT_EVERY) => return (Some(self), Bytes::from_static(b":\n")),
                changed = self.states.changed() => if changed.is_err() {
                    return (None, Bytes::new());
                },
            }
        }
        self.is_first = false;
        let is_over = matches!(*self.states.borrow_and_update(), State::Ended { .. });
        let frame = Bytes::from(format!("data: {}\n\n", self.operation.value()));
        (Some(self).filter(|_| !is_over), frame)
    }
}

type NextStep = Pin<Box<dyn Future<Output = (Option<Steps>, Bytes)> + Send>>;

/// An operation as a body: how it is, then each change, until its end.
struct Told {
    next: Option<NextStep>,
}

impl http_body::Body for Told {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        let Poll::Ready((steps, bytes)) = next.as_mut().poll(ctx) else { return Poll::Pending };
        self.next = steps.map(|steps| Box::pin(steps.next()) as NextStep);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, expected: Prefer) {
        let mut headers = HeaderMap::new();
        headers.insert(PREFER, said.parse().unwrap());
        assert_eq!(Prefer::of(&headers), expected, "{said}");
    }

    #[test]
    fn preferences_are_read_as_the_standard_writes_them() {
        check("respond-async", Prefer::Async);
        check("foo; bar=1, Respond-Async", Prefer::Async);
        check("wait=10", Prefer::Wait(Duration::from_secs(10)));
        check("return=minimal, WAIT = \"3\"", Prefer::Wait(Duration::from_secs(3)));
        check("wait=soon", Prefer::Default);
        check("handling=lenient", Prefer::Default);
    }
}
