//! The names and shapes that existing dashboards call. They mean the same methods, with the same rules, as the others.

use std::collections::BTreeMap;

use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use ostler_api::{
    ActionParams, ApiError, CommandRef, CustomRestartParams, Method, MetricsParams, ServiceParams,
    ServiceStatus, SetModeParams, Word,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    answer,
    rest::{Asked, read, value},
    routes::Means,
    site::Visitor,
};
use crate::{connection::Shared, dialect, policy};

/// Bytes of a megabyte, as memory is told.
const MEGABYTE: f64 = 1024.0 * 1024.0;

/// `POST …/restart`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Restart {
    /// None = the service that clients mean who name none.
    service: Option<String>,
}

/// `POST …/custom-restart`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CustomRestart {
    service: Option<String>,
    pre_commands: Option<Vec<CommandRef>>,
    post_commands: Option<Vec<CommandRef>>,
    start_args: Option<Vec<String>>,
    args: Option<Vec<String>>,
    env_vars: Option<BTreeMap<String, String>>,
}

/// Answers a request under `/dashboard/api`.
pub(super) async fn answer(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Response {
    let is_restart = matches!(asked.means, Means::SystemRestart | Means::SystemCustomRestart);
    match answered(shared, visitor, asked).await {
        Ok(value) => answer::json(&value),
        Err(error) if is_restart => {
            let status = StatusCode::from_u16(error.code.http_status());
            let data = json!({ "code": error.code, "hint": error.hint });
            let said = said(false, &dialect::error_text(&error), data);
            answer::with_status(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &said)
        }
        Err(error) => answer::error(&error),
    }
}

async fn answered(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Value, ApiError> {
    asked.no_query()?;
    let permit = |method, params: &Value| policy::permit(&shared.engine, &visitor.actor, method, params);
    match asked.means {
        Means::SystemRestart => restart(shared, visitor, asked.object()?).await,
        Means::SystemCustomRestart => custom_restart(shared, visitor, asked.object()?).await,
        Means::SetMode => {
            let members = Value::Object(asked.object()?);
            permit(Method::SetMode, &members)?;
            let params: SetModeParams = read(members)?;
            let mode = params.mode.clone();
            shared.engine.set_mode(&visitor.actor, params).await?;
            Ok(json!({ "mode": mode, "modes": shared.engine.snapshot().supervisor.modes }))
        }
        Means::Mode => {
            permit(Method::Status, &Value::Null)?;
            let supervisor = shared.engine.status(ServiceParams::default()).await?.supervisor;
            Ok(json!({ "mode": supervisor.mode, "modes": supervisor.modes }))
        }
        _ => {
            permit(Method::Status, &Value::Null)?;
            system(shared).await
        }
    }
}

/// All services, with what they use now.
async fn system(shared: &Shared) -> Result<Value, ApiError> {
    let used = shared.engine.metrics(MetricsParams::default()).await?;
    let used: BTreeMap<String, (f64, f64)> = used
        .instances
        .into_iter()
        .filter_map(|it| {
            it.latest.map(|latest| (it.instance, (latest.memory_bytes as f64, latest.cpu_percent)))
        })
        .collect();
    let snapshot = shared.engine.status(ServiceParams::default()).await?;
    let services: Map<String, Value> =
        snapshot.services.iter().map(|(name, service)| (name.clone(), one(service, &used))).collect();
    Ok(json!({
        "supervisor": {
            "status": value(&snapshot.supervisor.status)?,
            "uptime": snapshot.supervisor.uptime_seconds,
            "managed_services": snapshot.supervisor.managed_services,
        },
        "services": services,
    }))
}

/// A service; what it does not have is 0, but for its process.
fn one(service: &ServiceStatus, used: &BTreeMap<String, (f64, f64)>) -> Value {
    let of_instances = service.instances.iter().filter_map(|instance| used.get(&instance.id));
    let (memory, cpu) =
        of_instances.fold((0.0, 0.0), |(memory, cpu), (one, other)| (memory + one, cpu + other));
    json!({
        "status": word(service.status),
        "pid": service.instances.iter().find_map(|instance| instance.pid),
        "uptime": service.instances.iter().find_map(|instance| instance.uptime_seconds).unwrap_or(0),
        "memory_mb": tenth(memory / MEGABYTE),
        "cpu_percent": tenth(cpu),
        "restart_count": service.instances.iter().map(|instance| instance.restart_count).sum::<u32>(),
    })
}

/// The words that dashboards know.
fn word(word: Word) -> &'static str {
    match word {
        Word::Running => "running",
        Word::Starting => "starting",
        Word::Stopping => "stopping",
        Word::Backoff => "backoff",
        Word::Failed => "failed",
        Word::Degraded => "degraded",
        Word::Stopped | Word::Completed | Word::Disabled | Word::Unknown => "stopped",
    }
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

async fn restart(shared: &Shared, visitor: &Visitor, body: Map<String, Value>) -> Result<Value, ApiError> {
    let Restart { service } = read(Value::Object(body))?;
    policy::permit(&shared.engine, &visitor.actor, Method::Restart, &Value::Null)?;
    let service = meant(shared, service).await?;
    let params = ActionParams { service: Some(service.clone()), ..ActionParams::default() };
    let reply = shared.engine.restart(&visitor.actor, params).await?;
    let data = json!({ "service": service, "accepted_at": reply.accepted_at });
    Ok(said(true, &format!("{service} is restarting"), data))
}

async fn custom_restart(
    shared: &Shared,
    visitor: &Visitor,
    body: Map<String, Value>,
) -> Result<Value, ApiError> {
    let body: CustomRestart = read(Value::Object(body))?;
    let mut params = CustomRestartParams {
        service: String::new(),
        pre_commands: body.pre_commands.unwrap_or_default(),
        start_args: body.start_args.or(body.args),
        post_commands: body.post_commands.unwrap_or_default(),
        env_vars: body.env_vars.unwrap_or_default(),
        wait: None,
    };
    policy::permit(&shared.engine, &visitor.actor, Method::CustomRestart, &value(&params)?)?;
    params.service = meant(shared, body.service).await?;
    let reply = shared.engine.custom_restart(&visitor.actor, params).await?;
    let (success, message, data) = dialect::custom_restart(&reply);
    Ok(said(success, &message, data))
}

async fn meant(shared: &Shared, service: Option<String>) -> Result<String, ApiError> {
    match service {
        Some(service) => Ok(service),
        None => dialect::meant(&shared.engine).await.map(|(name, _)| name),
    }
}

fn said(success: bool, message: &str, data: Value) -> Value {
    let timestamp = format!("{:.3}", Timestamp::now());
    json!({ "success": success, "message": message, "data": data, "timestamp": timestamp })
}
