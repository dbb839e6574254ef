//! The variant-tagged dialect of web servers that restart themselves: `"Status"`, `{"Restart":{"args":null}}` →
//! `{"success":true,"message":…,"data":…,"timestamp":…}`.

use std::{collections::BTreeMap, sync::Arc};

use ostler_api::{
    ActionParams, ApiError, CommandRef, CommandReply, CustomRestartParams, CustomRestartReply, ErrorCode,
    Event, EventKind, ExecuteCommandParams, HealthReply, Method, Phase, PlanReply, ReloadParams,
    ServiceParams, ServiceStatus, ShutdownParams,
};
use ostler_engine::EngineHandle;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Caller, words};
use crate::{encode, request};

const VARIANTS: &[&str] = &[
    "Status",
    "Stop",
    "Shutdown",
    "HealthCheck",
    "Restart",
    "ReloadConfig",
    "CustomRestart",
    "ExecuteCommand",
];

/// A request of this dialect.
#[derive(Debug)]
pub(crate) enum Request {
    Status,
    Stop,
    Shutdown,
    HealthCheck,
    Restart(RestartBody),
    ReloadConfig(ReloadBody),
    CustomRestart(CustomRestartBody),
    ExecuteCommand(ExecuteCommandParams),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RestartBody {
    args: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ReloadBody {
    config_path: Option<String>,
}

/// All may be `null`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CustomRestartBody {
    pre_commands: Option<Vec<CommandRef>>,
    start_args: Option<Vec<String>>,
    post_commands: Option<Vec<CommandRef>>,
    env_vars: Option<BTreeMap<String, String>>,
}

/// What an answer says.
struct Said {
    success: bool,
    message: String,
    data: Value,
}

#[derive(Serialize)]
struct Reply<'a> {
    success: bool,
    message: &'a str,
    data: &'a Value,
    timestamp: String,
}

impl Request {
    pub(super) fn read(name: &str, body: Value) -> Result<Self, ApiError> {
        let plain =
            |request: Self, body: Value| request::params::<ostler_api::NoParams>(body).map(|_| request);
        match name {
            "Status" => plain(Self::Status, body),
            "Stop" => plain(Self::Stop, body),
            "Shutdown" => plain(Self::Shutdown, body),
            "HealthCheck" => plain(Self::HealthCheck, body),
            "Restart" => request::params(body).map(Self::Restart),
            "ReloadConfig" => request::params(body).map(Self::ReloadConfig),
            "CustomRestart" => request::params(body).map(Self::CustomRestart),
            "ExecuteCommand" => request::params(body).map(Self::ExecuteCommand),
            _ => Err(words::unknown("command", name, VARIANTS)),
        }
    }

    pub(super) fn stands_for(&self) -> (Method, Value) {
        match self {
            Self::Status => (Method::Status, Value::Null),
            Self::Stop => (Method::Stop, Value::Null),
            Self::Shutdown => (Method::Shutdown, Value::Null),
            Self::HealthCheck => (Method::HealthCheck, Value::Null),
            Self::Restart(RestartBody { args: None }) => (Method::Restart, Value::Null),
            Self::Restart(RestartBody { args }) => (Method::Restart, json!({ "args": args })),
            Self::ReloadConfig(ReloadBody { config_path: None }) => (Method::ReloadConfig, Value::Null),
            Self::ReloadConfig(ReloadBody { config_path }) => {
                (Method::ReloadConfig, json!({ "config_path": config_path }))
            }
            Self::CustomRestart(body) => (Method::CustomRestart, json!(body.params(""))),
            Self::ExecuteCommand(params) => (Method::ExecuteCommand, json!(params)),
        }
    }
}

impl CustomRestartBody {
    fn params(&self, service: &str) -> CustomRestartParams {
        CustomRestartParams {
            service: service.to_owned(),
            pre_commands: self.pre_commands.clone().unwrap_or_default(),
            start_args: self.start_args.clone(),
            post_commands: self.post_commands.clone().unwrap_or_default(),
            env_vars: self.env_vars.clone().unwrap_or_default(),
            wait: None,
        }
    }
}

pub(super) async fn answer(request: Request, caller: &Caller) -> Vec<u8> {
    match said(request, caller).await {
        Ok(said) => line(said.success, &said.message, &said.data).unwrap_or_else(|error| refusal(&error)),
        Err(error) => refusal(&error),
    }
}

pub(super) fn refusal(error: &ApiError) -> Vec<u8> {
    line(false, &words::of_error(error), &Value::Null)
        .or_else(|_| line(false, "an error too long to be told", &Value::Null))
        .unwrap_or_default()
}

fn line(success: bool, message: &str, data: &Value) -> Result<Vec<u8>, ApiError> {
    let timestamp = format!("{:.3}", jiff::Timestamp::now());
    encode::line(&Reply { success, message, data, timestamp })
}

async fn said(request: Request, caller: &Caller) -> Result<Said, ApiError> {
    let Caller { engine, actor, .. } = caller;
    let done = |message: String, data: Value| Ok(Said { success: true, message, data });
    match request {
        Request::Status => {
            let (name, service) = meant(engine).await?;
            let reply = engine.why(ServiceParams { service: Some(name.clone()) }).await?;
            let history: Vec<_> = reply.instances.into_iter().flat_map(|it| it.history).collect();
            let word = service.status.as_str().to_lowercase();
            done(format!("{name} is {word}"), status(&service, &history))
        }
        Request::Stop => {
            let (name, _) = meant(engine).await?;
            engine.stop(actor, only(&name, None)).await?;
            done(format!("{name} is stopping"), json!({ "service": name }))
        }
        Request::Restart(RestartBody { args }) => {
            let (name, _) = meant(engine).await?;
            engine.restart(actor, only(&name, args)).await?;
            done(format!("{name} is restarting"), json!({ "service": name }))
        }
        Request::Shutdown => {
            let reply = engine.shutdown(actor, ShutdownParams::default()).await?;
            let services = if reply.services_kept { "go on" } else { "stop" };
            let message = format!("the supervisor is shutting down; the services {services}");
            done(message, json!({ "services_kept": reply.services_kept }))
        }
        Request::HealthCheck => {
            let (name, _) = meant(engine).await?;
            let reply = engine.health_check(ServiceParams { service: Some(name.clone()) }).await?;
            Ok(health(&name, &reply))
        }
        Request::ReloadConfig(ReloadBody { config_path }) => {
            let params = ReloadParams { config_path, ..ReloadParams::default() };
            let reply = engine.reload(actor, params).await?;
            done(plan_text(&reply), data(&reply)?)
        }
        Request::CustomRestart(body) => {
            let (name, _) = meant(engine).await?;
            let (success, message, data) =
                restarted(&engine.custom_restart(actor, body.params(&name)).await?);
            Ok(Said { success, message, data })
        }
        Request::ExecuteCommand(params) => Ok(executed(&engine.execute_command(actor, params).await?)),
    }
}

/// The service that is meant, as no command names one: `[control] default_service`, or the only one.
pub(crate) async fn meant(engine: &EngineHandle) -> Result<(String, Arc<ServiceStatus>), ApiError> {
    let mut snapshot = engine.status(ServiceParams::default()).await?;
    let default = snapshot.supervisor.default_service.clone();
    if let Some(name) = default
        && let Some(service) = snapshot.services.remove(&name)
    {
        return Ok((name, service));
    }
    if snapshot.services.len() == 1
        && let Some(only) = snapshot.services.pop_first()
    {
        return Ok(only);
    }
    let names: Vec<_> = snapshot.services.into_keys().collect();
    if names.is_empty() {
        let error = ApiError::new(ErrorCode::UnknownService, "there is no service");
        return Err(error.hint("define one in the configuration"));
    }
    let message = format!("the command names no service, and there are several: {}", names.join(", "));
    Err(ApiError::new(ErrorCode::InvalidParams, message)
        .hint("set `default_service` in `[control]` to one of them"))
}

fn only(service: &str, args: Option<Vec<String>>) -> ActionParams {
    ActionParams { service: Some(service.to_owned()), args, ..ActionParams::default() }
}

fn status(service: &ServiceStatus, history: &[Event]) -> Value {
    let first = service.instances.first();
    json!({
        "pid": first.and_then(|instance| instance.pid),
        "status": service.status.as_str(),
        "uptime_seconds": first.and_then(|instance| instance.uptime_seconds),
        "restart_count": service.instances.iter().map(|it| it.restart_count).sum::<u32>(),
        "last_restart": last_restart(history),
        "health_status": words::state(service),
        "args": service.args,
    })
}

/// The latest of the starts that are remembered, if it was not the first.
fn last_restart(history: &[Event]) -> Option<&str> {
    let is_start =
        |event: &&Event| matches!(&event.kind, EventKind::InstancePhase { to: Phase::Starting, .. });
    let mut starts = history.iter().filter(is_start);
    starts.next()?;
    starts.next_back().map(|event| event.at.as_str())
}

fn health(name: &str, reply: &HealthReply) -> Said {
    let failed = reply.results.iter().find(|result| !result.ok);
    let message = match failed {
        Some(result) => format!("{name} is not healthy: {}: {}", result.probe, result.message),
        None => format!("{name} is healthy"),
    };
    let data = json!({ "healthy": failed.is_none(), "checks": reply.results });
    Said { success: failed.is_none(), message, data }
}

fn plan_text(reply: &PlanReply) -> String {
    if reply.plan.changes.is_empty() {
        return "the configuration was read again; nothing changes".to_owned();
    }
    let changes: Vec<_> = reply.plan.changes.iter().map(|change| change.text.as_str()).collect();
    format!("the configuration was read again: {}", changes.join("; "))
}

pub(crate) fn restarted(reply: &CustomRestartReply) -> (bool, String, Value) {
    let service = &reply.service;
    let message = match &reply.error {
        Some(error) => error.clone(),
        None if reply.ok => format!("{service} was restarted"),
        None => format!("not all of the restart of {service} went as asked"),
    };
    let data = json!({
        "pre_command_results": results(&reply.pre_commands),
        "restart_successful": reply.restarted,
        "post_command_results": results(&reply.post_commands),
        "total_execution_time_ms": reply.duration_ms,
        "overall_success": reply.ok,
    });
    (reply.ok, message, data)
}

fn executed(reply: &CommandReply) -> Said {
    let message = match &reply.error {
        Some(error) => error.clone(),
        None if reply.ok => format!("{} ended with success", reply.command),
        None => format!("{} failed", reply.command),
    };
    Said { success: reply.ok, message, data: result(reply) }
}

fn results(replies: &[CommandReply]) -> Vec<Value> {
    replies.iter().map(result).collect()
}

fn result(reply: &CommandReply) -> Value {
    json!({
        "command": reply.command,
        "success": reply.ok,
        "exit_code": reply.exit_code,
        "stdout": reply.stdout.text,
        "stderr": reply.stderr.text,
        "execution_time_ms": reply.duration_ms,
        "error_message": reply.error,
    })
}

fn data<T: Serialize>(value: &T) -> Result<Value, ApiError> {
    serde_json::to_value(value)
        .map_err(|error| ApiError::new(ErrorCode::Internal, "the answer cannot be written").caused_by(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, body: Value) -> Result<Request, String> {
        Request::read(name, body).map_err(|error| words::of_error(&error))
    }

    fn check_refused(name: &str, body: Value, expected: &str) {
        assert_eq!(read(name, body).unwrap_err(), expected);
    }

    #[test]
    fn what_is_wrong_with_a_line_is_named() {
        check_refused("Statsu", Value::Null, "no command is called \"Statsu\" (did you mean \"Status\"?)");
        check_refused(
            "Restart",
            json!({"args": [7]}),
            "args[0]: invalid type: integer `7`, expected a string",
        );
        check_refused("Restart", json!([1]), "params is no object");
        check_refused(
            "Stop",
            json!({"service": "a"}),
            "service: unknown field `service`, there are no fields",
        );
    }

    #[test]
    fn every_variant_of_the_list_is_read_and_nulls_are_nothing() {
        for name in VARIANTS {
            let body = if *name == "ExecuteCommand" { json!({"command": "clean"}) } else { Value::Null };
            assert!(read(name, body).is_ok(), "{name}");
        }
        let body = json!({"pre_commands": null, "start_args": null, "post_commands": null, "env_vars": null});
        assert!(read("CustomRestart", body).is_ok());
    }

    #[test]
    fn the_last_restart_is_the_latest_start_but_the_first() {
        let starts = |count: u64| -> Vec<Event> {
            let kind = EventKind::InstancePhase {
                instance: "a/0".to_owned(),
                from: Phase::Stopped,
                to: Phase::Starting,
                cause: Vec::new(),
                status: <_>::default(),
            };
            (0..count).map(|seq| Event { seq, at: format!("t{seq}"), kind: kind.clone() }).collect()
        };
        assert_eq!(last_restart(&starts(1)), None);
        assert_eq!(last_restart(&starts(3)), Some("t2"));
    }
}
