//! Answers that do not end: events and heartbeats.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use http_body::Frame;
use jiff::Timestamp;
use ostler_api::{ApiError, EventKind, Health, Method, WatchParams};
use ostler_engine::{Delivery, EngineHandle, Watcher};
use serde_json::{Map, Value, json};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{endless::Endless, query, rest::Asked, site::Visitor, socket};
use crate::{
    connection::Shared,
    connections::Connections,
    events::{EventStream, Hub, Wanted, Wish},
    limits::HEARTBEAT_PAUSE,
    policy,
};

/// Time between heartbeats when nothing changes.
const BEAT: Duration = Duration::from_secs(5);
/// Where one goes on who asked to go on elsewhere.
const RESUMED_FROM: HeaderName = HeaderName::from_static("x-ostler-resumed-from");

/// The stream of events.
pub(super) fn events(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Response, ApiError> {
    let (stream, resumed_from) = opened(shared, visitor, asked)?;
    Ok(from(endless(Body::new(stream)), resumed_from))
}

/// The same stream, over a WebSocket.
pub(super) fn socket(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Response, ApiError> {
    let Some(handshake) = visitor.handshake.clone() else {
        policy::permit(&shared.engine, &visitor.actor, Method::SubscribeEvents, &Value::Null)?;
        return Ok(socket::not_a_socket());
    };
    let (stream, resumed_from) = opened(shared, visitor, asked)?;
    Ok(from(handshake.accept(stream), resumed_from))
}

fn opened(
    shared: &Shared,
    visitor: &Visitor,
    asked: &Asked,
) -> Result<(EventStream, Option<String>), ApiError> {
    policy::permit(&shared.engine, &visitor.actor, Method::SubscribeEvents, &Value::Null)?;
    let mut members = query::read(asked.query.as_deref(), asked.means.parameters())?;
    let mut text = |name: &str| match members.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let types = text("types").unwrap_or_default();
    let wish = Wish {
        wanted: Wanted {
            types: types
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            source: text("source"),
        },
        last_event_id: asked.last_event_id.clone().or_else(|| text("last_event_id")),
        peer: visitor.peer.clone(),
    };
    let opened = EventStream::open(&shared.hub, wish, shared.closing.clone())?;
    visitor.listed.follows(opened.0.seat());
    Ok(opened)
}

/// Says where the stream goes on, if that is elsewhere than was asked for.
fn from(mut response: Response, resumed_from: Option<String>) -> Response {
    if let Some(id) = resumed_from.and_then(|id| HeaderValue::from_str(&id).ok()) {
        response.headers_mut().insert(RESUMED_FROM, id);
    }
    response
}

/// The stream of heartbeats.
pub(super) fn heartbeat(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Response, ApiError> {
    policy::permit(&shared.engine, &visitor.actor, Method::SubscribeEvents, &Value::Null)?;
    asked.no_query()?;
    shared.hub.check_open()?;
    let pulse = Pulse {
        engine: shared.engine.clone(),
        hub: Arc::clone(&shared.hub),
        connections: Arc::clone(&shared.connections),
        watcher: shared.engine.watch(&WatchParams::default()),
        closing: shared.closing.clone(),
        seq: 0,
    };
    let told = Told { peer: visitor.peer.clone(), since: Timestamp::now(), sent: 0 };
    tracing::info!(peer = told.peer, "a heartbeat stream begins");
    Ok(endless(Body::new(Beats { next: Some(Box::pin(pulse.first())), told })))
}

pub(super) fn endless(body: Body) -> Response {
    let mut response = Response::new(body);
    response.extensions_mut().insert(Endless);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Proxies that collect answers let this one through.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// What is needed for the next heartbeat.
struct Pulse {
    engine: EngineHandle,
    hub: Arc<Hub>,
    connections: Arc<Connections>,
    watcher: Watcher,
    closing: CancellationToken,
    seq: u64,
}

impl Pulse {
    async fn first(mut self) -> Option<(Self, Bytes)> {
        let bytes = self.beat();
        Some((self, bytes))
    }

    /// The next, in time or at a change; none once nothing more comes.
    async fn next(mut self) -> Option<(Self, Bytes)> {
        let closing = self.closing.clone();
        let is_going_on = tokio::select! {
            () = closing.cancelled() => false,
            // In time is as good as at a change.
            changed = timeout(BEAT, self.change()) => changed.unwrap_or(true),
        };
        if !is_going_on || !self.hub.is_open() {
            return None;
        }
        let bytes = self.beat();
        Some((self, bytes))
    }

    /// Waits until a phase or health has changed; false once the engine is gone.
    async fn change(&mut self) -> bool {
        sleep(HEARTBEAT_PAUSE).await;
        loop {
            match self.watcher.next().await {
                None => return false,
                Some(Delivery::Gap { .. }) => return true,
                Some(Delivery::Events(events)) => {
                    if events.iter().any(|event| is_change(&event.kind)) {
                        return true;
                    }
                }
            }
        }
    }

    fn beat(&mut self) -> Bytes {
        self.seq += 1;
        let snapshot = self.engine.snapshot();
        let services = snapshot.services.iter().map(|(name, service)| {
            let instances = service.instances.iter().map(
                |instance| json!({ "id": instance.id, "phase": instance.phase, "health": instance.health }),
            );
            let ready = service.instances.iter().filter(|one| one.health == Health::Ready).count();
            let pool = json!({ "ready": ready, "size": service.instances.len() });
            let of =
                json!({ "status": service.status, "instances": instances.collect::<Vec<_>>(), "pool": pool });
            (name.clone(), of)
        });
        let data = json!({
            "seq": self.seq,
            "time": format!("{:.3}", Timestamp::now()),
            "epoch": self.hub.epoch(),
            "uptime": uptime(&snapshot.supervisor.started_at),
            "connections": self.connections.count(),
            "subscribers": self.hub.subscriber_count(),
            "services": services.collect::<Map<_, _>>(),
        });
        Bytes::from(format!("event: heartbeat\ndata: {data}\n\n"))
    }
}

/// Seconds since a time.
fn uptime(started_at: &str) -> i64 {
    let started: Option<Timestamp> = started_at.parse().ok();
    started.map_or(0, |started| Timestamp::now().duration_since(started).as_secs().max(0))
}

fn is_change(kind: &EventKind) -> bool {
    match kind {
        EventKind::InstancePhase { .. }
        | EventKind::ServiceAdded { .. }
        | EventKind::ServiceRemoved { .. }
        | EventKind::Gap { .. } => true,
        EventKind::InstanceHealth { cause, .. } => !cause.is_empty(),
        EventKind::PlanApplied { .. }
        | EventKind::ConfigError { .. }
        | EventKind::ModeChanged { .. }
        | EventKind::Incident { .. }
        | EventKind::LimitHit { .. }
        | EventKind::Command { .. }
        | EventKind::ConnectionOpened { .. }
        | EventKind::ConnectionClosed { .. }
        | EventKind::Banner { .. }
        | EventKind::EventChannel { .. }
        | EventKind::Machine { .. }
        | EventKind::Stopping { .. }
        | EventKind::Unknown => false,
    }
}

type Next = Pin<Box<dyn Future<Output = Option<(Pulse, Bytes)>> + Send>>;

/// Heartbeats as a body; no ids, so that they disturb nobody's place in the events.
struct Beats {
    next: Option<Next>,
    told: Told,
}

/// What is said of a stream once it has ended.
struct Told {
    peer: String,
    since: Timestamp,
    sent: u64,
}

impl Drop for Told {
    fn drop(&mut self) {
        let seconds = Timestamp::now().duration_since(self.since).as_secs();
        tracing::info!(peer = self.peer, seconds, sent = self.sent, "a heartbeat stream has ended");
    }
}

impl http_body::Body for Beats {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        match next.as_mut().poll(ctx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.next = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some((pulse, bytes))) => {
                self.next = Some(Box::pin(pulse.next()));
                self.told.sent += 1;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
        }
    }
}
