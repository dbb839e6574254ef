//! The type-tagged dialect of editors: `{"type":"Status"}` → `{"ok":true,"error":null,"data":…}`.

use ostler_api::{
    ActionParams, ApiError, EmitTestEventParams, Event, EventKind, HelloParams, Method, NOT_YET, Phase,
    ServiceParams, ServiceStatus, ShutdownParams, Word,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{Map, Value, json};

use super::{Caller, words};
use crate::{
    dispatch, encode,
    limits::{STATE_EVENTS_MAX, WINDOW_ID_MAX},
    request,
};

/// State events that are told if no number is given.
const STATE_EVENTS: usize = 50;

/// The types, in the order of [`Request`].
const TYPES: &[&str] = &[
    "Hello",
    "Status",
    "Start",
    "Stop",
    "Restart",
    "ServiceHealth",
    "StateEvents",
    "HealthSnapshot",
    "WhoAmI",
    "AttachClient",
    "DetachClient",
    "ListClients",
    "ShutdownSupervisor",
    "SubscribeEvents",
    "EventStats",
    "EmitTestEvent",
    "ListMcpConnections",
    "CloseMcpConnection",
    "ListMcpInstances",
    "ScaleUpMcp",
    "UpgradeMcp",
];

/// The types of this list that a later version will answer.
const TYPES_LATER: usize = 5;

/// A request of this dialect.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub(crate) enum Request {
    /// The token; where none is needed, it is not looked at.
    Hello {
        #[serde(rename = "token")]
        _token: Option<IgnoredAny>,
    },
    Status {},
    Start {
        service: String,
    },
    Stop {
        service: String,
    },
    Restart {
        service: String,
    },
    ServiceHealth {
        service: String,
    },
    StateEvents {
        service: String,
        limit: Option<usize>,
    },
    HealthSnapshot {},
    WhoAmI {
        #[serde(default)]
        request_id: Value,
        client: Option<String>,
        #[serde(rename = "client_version")]
        _client_version: Option<String>,
    },
    AttachClient {
        pid: Option<u32>,
        window_id: Option<WindowId>,
    },
    DetachClient {
        client_id: String,
    },
    ListClients {},
    ShutdownSupervisor {},
    SubscribeEvents {},
    EventStats {},
    EmitTestEvent {
        message: Option<String>,
    },
    ListMcpConnections {},
    CloseMcpConnection {
        #[serde(rename = "session_id")]
        _session_id: String,
    },
    ListMcpInstances {},
    ScaleUpMcp {},
    UpgradeMcp {},
}

/// What an editor calls its window: a text or a number.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct WindowId(Value);

impl TryFrom<Value> for WindowId {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, &'static str> {
        match &value {
            Value::String(text) if text.len() > WINDOW_ID_MAX => Err("the window's id is too long"),
            Value::String(_) | Value::Number(_) => Ok(Self(value)),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                Err("a window's id is a text or a number")
            }
        }
    }
}

#[derive(Serialize)]
struct Reply<'a> {
    ok: bool,
    error: Option<&'a str>,
    data: Value,
}

impl Request {
    pub(super) fn read(members: Map<String, Value>) -> Result<Self, ApiError> {
        let Some(Value::String(name)) = members.get("type") else {
            return Err(request::bad_params("type", "it is no text"));
        };
        if !TYPES.contains(&name.as_str()) {
            return Err(words::unknown("type", name, TYPES));
        }
        request::params(Value::Object(members))
    }

    pub(super) fn client(&self) -> Option<&str> {
        if let Self::WhoAmI { client, .. } = self { client.as_deref() } else { None }
    }

    pub(super) fn stands_for(&self) -> (Method, Value) {
        let of = |service: &String| json!({ "service": service });
        match self {
            Self::Hello { .. } | Self::WhoAmI { .. } => (Method::Hello, Value::Null),
            Self::Status {} | Self::HealthSnapshot {} => (Method::Status, Value::Null),
            Self::ServiceHealth { service } => (Method::Status, of(service)),
            Self::Start { service } => (Method::Start, of(service)),
            Self::Stop { service } => (Method::Stop, of(service)),
            Self::Restart { service } => (Method::Restart, of(service)),
            Self::StateEvents { service, .. } => (Method::Why, of(service)),
            Self::AttachClient { .. }
            | Self::DetachClient { .. }
            | Self::ListClients {}
            | Self::ListMcpConnections {}
            | Self::ListMcpInstances {} => (Method::Status, Value::Null),
            Self::ShutdownSupervisor {} => (Method::Shutdown, Value::Null),
            Self::SubscribeEvents {} => (Method::SubscribeEvents, Value::Null),
            Self::EventStats {} => (Method::EventStats, Value::Null),
            Self::EmitTestEvent { .. } => (Method::EmitTestEvent, Value::Null),
            Self::CloseMcpConnection { .. } => (Method::DropConnection, Value::Null),
            Self::ScaleUpMcp {} => (Method::Scale, Value::Null),
            Self::UpgradeMcp {} => (Method::Restart, Value::Null),
        }
    }
}

pub(super) async fn answer(request: Request, caller: &Caller) -> Vec<u8> {
    match data(request, caller).await {
        Ok(data) => {
            encode::line(&Reply { ok: true, error: None, data }).unwrap_or_else(|error| refusal(&error))
        }
        Err(error) => refusal(&error),
    }
}

pub(super) fn refusal(error: &ApiError) -> Vec<u8> {
    let text = words::of_error(error);
    encode::line(&Reply { ok: false, error: Some(&text), data: Value::Null }).unwrap_or_else(|_| {
        let error = Some("an error too long to be told");
        encode::line(&Reply { ok: false, error, data: Value::Null }).unwrap_or_default()
    })
}

async fn data(request: Request, caller: &Caller) -> Result<Value, ApiError> {
    let Caller { engine, actor, seat, hub } = caller;
    match request {
        Request::Hello { .. } => Ok(who_am_i(&Value::Null, caller)),
        Request::WhoAmI { request_id, .. } => Ok(who_am_i(&request_id, caller)),
        Request::Status {} => {
            let snapshot = engine.status(ServiceParams::default()).await?;
            Ok(snapshot.services.iter().map(|(name, service)| summary(name, service)).collect())
        }
        Request::Start { service } => {
            engine.start(actor, only(&service)).await?;
            Ok(json!({ "service": service, "status": "starting" }))
        }
        Request::Stop { service } => {
            engine.stop(actor, only(&service)).await?;
            Ok(json!({ "service": service, "status": "stopping" }))
        }
        Request::Restart { service } => {
            engine.restart(actor, only(&service)).await?;
            Ok(json!({ "service": service, "status": "starting" }))
        }
        Request::ServiceHealth { service } => {
            let snapshot = engine.status(ServiceParams { service: Some(service) }).await?;
            let mut found = snapshot.services.iter().map(|(name, service)| health(name, service));
            Ok(found.next().unwrap_or_default())
        }
        Request::HealthSnapshot {} => {
            let snapshot = engine.status(ServiceParams::default()).await?;
            let children: Vec<_> = snapshot.services.iter().map(|(name, it)| health(name, it)).collect();
            let states: Vec<_> = snapshot.services.values().map(|service| words::state(service)).collect();
            Ok(json!({ "state": aggregate(&states), "children": children }))
        }
        Request::StateEvents { service, limit } => {
            let limit = limit.unwrap_or(STATE_EVENTS).min(STATE_EVENTS_MAX);
            let reply = engine.why(ServiceParams { service: Some(service) }).await?;
            let mut events: Vec<Event> = reply.instances.into_iter().flat_map(|it| it.history).collect();
            events.sort_by_key(|event| event.seq);
            let changes: Vec<_> = events.iter().filter_map(state_event).collect();
            Ok(changes[changes.len().saturating_sub(limit)..].into())
        }
        Request::AttachClient { pid, window_id } => {
            let client = seat.attach(pid, window_id.map(|id| id.0).unwrap_or_default())?;
            Ok(json!({ "client_id": client.id }))
        }
        Request::DetachClient { client_id } => {
            let detached = seat.detach(&client_id);
            Ok(json!({ "client_id": client_id, "detached": detached }))
        }
        Request::ListClients {} => Ok(clients(caller)),
        Request::ShutdownSupervisor {} => {
            engine.shutdown(actor, ShutdownParams::default()).await?;
            Ok(json!({ "shutdown": "requested" }))
        }
        Request::SubscribeEvents {} => Ok(json!({ "events_url": hub.addresses().await?.events_url })),
        Request::EventStats {} => Ok(hub.brief_stats()),
        Request::EmitTestEvent { message } => {
            let data = message.map(|message| ("message".to_owned(), message.into()));
            let params = EmitTestEventParams { event_type: None, data: data.into_iter().collect() };
            Ok(json!({ "emitted": true, "id": hub.emit(params)?.id }))
        }
        Request::ListMcpConnections {} => Err(not_yet("ListMcpConnections")),
        Request::CloseMcpConnection { .. } => Err(not_yet("CloseMcpConnection")),
        Request::ListMcpInstances {} => Err(not_yet("ListMcpInstances")),
        Request::ScaleUpMcp {} => Err(not_yet("ScaleUpMcp")),
        Request::UpgradeMcp {} => Err(not_yet("UpgradeMcp")),
    }
}

fn only(service: &str) -> ActionParams {
    ActionParams { service: Some(service.to_owned()), ..ActionParams::default() }
}

fn who_am_i(request_id: &Value, caller: &Caller) -> Value {
    let hello = dispatch::hello(&caller.engine, &HelloParams::default());
    let mode = caller.engine.snapshot().supervisor.mode.clone();
    json!({
        "request_id": request_id,
        "ok": true,
        "server_name": hello.server,
        "server_version": hello.version,
        "instance_id": hello.engine_id,
        "mode": mode,
        "protocol_version": hello.protocol_version.to_string(),
        "capabilities": TYPES[..TYPES.len() - TYPES_LATER],
    })
}

fn clients(caller: &Caller) -> Value {
    let client = |client: crate::clients::Client| {
        json!({
            "client_id": client.id,
            "pid": client.pid,
            "window_id": client.window,
            "attached_at": client.attached_at.as_second(),
            "active_session_ids": [],
        })
    };
    caller.seat.list().into_iter().map(client).collect()
}

fn summary(name: &str, service: &ServiceStatus) -> Value {
    json!({
        "name": name,
        "status": status(service),
        "pid": service.instances.iter().find_map(|instance| instance.pid),
        "last_error": words::last_error(service),
        "last_health": last_health(service),
    })
}

/// A service that is tried again and again is no more running than one that was given up.
fn status(service: &ServiceStatus) -> Value {
    match service.status {
        Word::Running | Word::Degraded => "Running".into(),
        Word::Stopped | Word::Completed | Word::Disabled => "Stopped".into(),
        Word::Starting => "Starting".into(),
        Word::Stopping => "Stopping".into(),
        Word::Failed | Word::Backoff | Word::Unknown => {
            let text = words::last_error(service).unwrap_or_else(|| service.status.as_str().to_owned());
            json!({ "Error": text })
        }
    }
}

fn health(name: &str, service: &ServiceStatus) -> Value {
    json!({
        "service": name,
        "state": words::state(service),
        "last_health": last_health(service),
        "last_error": words::last_error(service),
        "backend": null,
    })
}

fn last_health(service: &ServiceStatus) -> Option<i64> {
    words::worst(service)?.last_health.as_deref().and_then(words::unix)
}

/// The first of these that any service is.
fn aggregate(states: &[&str]) -> &'static str {
    const ORDER: [&str; 5] = ["unhealthy", "unknown", "starting", "stopping", "healthy"];
    ORDER.into_iter().find(|state| states.contains(state)).unwrap_or("stopped")
}

fn state_event(event: &Event) -> Option<Value> {
    let EventKind::InstancePhase { instance, from, to, cause, .. } = &event.kind else { return None };
    let reason = cause.iter().map(|cause| cause.text.as_str()).collect::<Vec<_>>().join(" ← ");
    Some(json!({
        // The first slot stands for its service.
        "service": instance.strip_suffix("/0").unwrap_or(instance),
        "old_state": phase(*from),
        "new_state": phase(*to),
        "reason": reason,
        "timestamp": words::unix(&event.at),
    }))
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Stopped => "Stopped",
        Phase::Starting => "Starting",
        Phase::Running => "Running",
        Phase::Stopping => "Stopping",
        Phase::Backoff => "Backoff",
        Phase::Failed => "Failed",
        Phase::Unknown => "Unknown",
    }
}

fn not_yet(name: &str) -> ApiError {
    ApiError::new(NOT_YET, format!("{name} is not available yet"))
        .hint("a later version of Ostler answers it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Request, String> {
        let Ok(Value::Object(members)) = serde_json::from_str(text) else { panic!("{text}") };
        Request::read(members).map_err(|error| words::of_error(&error))
    }

    fn check_refused(text: &str, expected: &str) {
        assert_eq!(read(text).unwrap_err(), expected, "{text}");
    }

    #[test]
    fn what_is_wrong_with_a_line_is_named() {
        check_refused(r#"{"type":"Statsu"}"#, "no type is called \"Statsu\" (did you mean \"Status\"?)");
        check_refused(r#"{"type":7}"#, "type: it is no text");
        check_refused(r#"{"type":"Start"}"#, "missing field `service`");
        check_refused(r#"{"type":"Start","service":"a","x":1}"#, "unknown field `x`, expected `service`");
        check_refused(r#"{"type":"Status","x":1}"#, "unknown field `x`, there are no fields");
        check_refused(
            r#"{"type":"AttachClient","pid":1,"window_id":[]}"#,
            "a window's id is a text or a number",
        );
    }

    #[test]
    fn every_type_of_the_list_is_read() {
        let body = r#""service":"a","client_id":"c","session_id":"s""#;
        for name in TYPES {
            let fields: Vec<_> = body.split(',').collect();
            let is_read = |fields: &str| read(&format!("{{\"type\":\"{name}\"{fields}}}")).is_ok();
            assert!(is_read("") || fields.iter().any(|field| is_read(&format!(",{field}"))), "{name}");
        }
    }

    #[test]
    fn the_aggregate_is_the_worst_of_what_is_meant_to_run() {
        assert_eq!(aggregate(&[]), "stopped");
        assert_eq!(aggregate(&["stopped", "healthy"]), "healthy");
        assert_eq!(aggregate(&["healthy", "unhealthy", "starting"]), "unhealthy");
    }
}
