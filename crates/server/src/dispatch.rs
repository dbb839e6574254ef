//! Where a method meets the engine: parameters in, the engine's answer out as a line.

use ostler_api::{
    ApiError, DashboardCodeParams, DropConnectionParams, EmitTestEventParams, ErrorCode, HelloParams,
    HelloReply, LogsParams, Method, NoParams, Snapshot, WatchParams, WatchReply,
};
use ostler_engine::{Actor, Attachment, EngineHandle, LogFollower, Watcher};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::{
    connections::Listed,
    encode,
    events::{EVENTS_PATH, Hub},
    filter::Filter,
    policy,
    request::{Call, params},
};

/// The methods that this build answers.
pub(crate) const AVAILABLE: &[Method] = &[
    Method::Hello,
    Method::Status,
    Method::Start,
    Method::Stop,
    Method::Restart,
    Method::HealthCheck,
    Method::ReloadConfig,
    Method::ConfigGet,
    Method::ConfigValidate,
    Method::SetMode,
    Method::Shutdown,
    Method::Watch,
    Method::Logs,
    Method::Why,
    Method::Metrics,
    Method::Signal,
    Method::Scale,
    Method::Env,
    Method::Doctor,
    Method::Attach,
    Method::Input,
    Method::Resize,
    Method::Detach,
    Method::ConfigSave,
    Method::ConfigEdit,
    Method::ConfigHistory,
    Method::ConfigRestore,
    Method::CustomRestart,
    Method::ExecuteCommand,
    Method::Connections,
    Method::DropConnection,
    Method::Incidents,
    Method::SubscribeEvents,
    Method::EventStats,
    Method::EmitTestEvent,
    Method::DashboardCode,
    Method::Tls,
];

/// An answer, and what follows it.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The reply.
    pub(crate) line: Vec<u8>,
    /// What goes on afterwards.
    pub(crate) then: Then,
}

/// What goes on after an answer.
#[derive(Debug)]
pub(crate) enum Then {
    /// Nothing.
    Done,
    /// Events.
    Watch(Watch),
    /// A snapshot that was too long for the reply.
    Parts(Box<Snapshot>),
    /// Output.
    Follow(LogFollower),
    /// What a terminal shows.
    Show(Box<Attachment>),
}

/// A watch that begins.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) watcher: Watcher,
    pub(crate) filter: Filter,
    /// A snapshot that was too long for the reply.
    pub(crate) snapshot: Option<Snapshot>,
    /// Has metrics sampled while it lives.
    pub(crate) _look: Option<oneshot::Sender<()>>,
}

/// The names of the methods that this build answers.
pub(crate) fn capabilities() -> Vec<String> {
    AVAILABLE.iter().map(|method| method.as_str().to_owned()).collect()
}

/// Answers a request on a connection.
pub(crate) async fn answer_on(
    listed: &Listed,
    hub: &Hub,
    engine: &EngineHandle,
    actor: &Actor,
    call: Call,
) -> Result<Answer, ApiError> {
    match call.method {
        Method::Connections => {
            policy::permit(engine, actor, call.method, &call.params)?;
            params::<NoParams>(call.params)?;
            done(&call.id, &listed.list(hub).await)
        }
        Method::DropConnection => {
            policy::permit(engine, actor, call.method, &call.params)?;
            done(&call.id, &listed.send_away(&params(call.params)?)?)
        }
        Method::SubscribeEvents | Method::EventStats | Method::EmitTestEvent | Method::Tls => {
            policy::permit(engine, actor, call.method, &call.params)?;
            events(hub, call).await
        }
        Method::DashboardCode => {
            if let Actor::Remote(_) = actor {
                return Err(only_here());
            }
            done(&call.id, &hub.dashboard(&params(call.params)?)?)
        }
        _ => answer(engine, actor, call).await,
    }
}

/// Answers what is asked of the event stream.
async fn events(hub: &Hub, call: Call) -> Result<Answer, ApiError> {
    let Call { id, method, params: given } = call;
    match method {
        Method::EmitTestEvent => done(&id, &hub.emit(params(given)?)?),
        Method::EventStats => {
            params::<NoParams>(given)?;
            done(&id, &hub.stats())
        }
        Method::Tls => {
            params::<NoParams>(given)?;
            done(&id, &hub.tls())
        }
        _ => {
            params::<NoParams>(given)?;
            done(&id, &hub.addresses().await?)
        }
    }
}

/// Answers a request.
pub(crate) async fn answer(engine: &EngineHandle, actor: &Actor, call: Call) -> Result<Answer, ApiError> {
    policy::permit(engine, actor, call.method, &call.params)?;
    let Call { id, method, params: given } = call;
    match method {
        Method::Hello => params(given).and_then(|params| done(&id, &hello(engine, &params))),
        Method::Status => whole_or_parts(&id, engine.status(params(given)?).await?),
        Method::Start => done(&id, &engine.start(actor, params(given)?).await?),
        Method::Stop => done(&id, &engine.stop(actor, params(given)?).await?),
        Method::Restart => done(&id, &engine.restart(actor, params(given)?).await?),
        Method::HealthCheck => done(&id, &engine.health_check(params(given)?).await?),
        Method::ReloadConfig => done(&id, &engine.reload(actor, params(given)?).await?),
        Method::ConfigGet => {
            params::<NoParams>(given)?;
            done(&id, &engine.config_get().await?)
        }
        Method::ConfigValidate => done(&id, &engine.config_validate(params(given)?).await?),
        Method::SetMode => done(&id, &engine.set_mode(actor, params(given)?).await?),
        Method::Shutdown => done(&id, &engine.shutdown(actor, params(given)?).await?),
        Method::Watch => watch(engine, &id, params(given)?).await,
        Method::Logs => logs(engine, actor, &id, params(given)?).await,
        Method::Why => done(&id, &engine.why(params(given)?).await?),
        Method::Metrics => done(&id, &engine.metrics(params(given)?).await?),
        Method::Signal => done(&id, &engine.signal(actor, params(given)?).await?),
        Method::Scale => done(&id, &engine.scale(actor, params(given)?).await?),
        Method::Incidents => done(&id, &engine.incidents(params(given)?).await?),
        Method::Env => done(&id, &engine.env(params(given)?).await?),
        Method::Doctor => {
            params::<NoParams>(given)?;
            done(&id, &engine.doctor().await?)
        }
        Method::Attach => {
            let attachment = engine.attach(actor, params(given)?).await?;
            let line = encode::result(&id, &attachment.reply())?;
            Ok(Answer { line, then: Then::Show(Box::new(attachment)) })
        }
        Method::Input => {
            engine.input(params(given)?).await?;
            done(&id, &NoParams {})
        }
        Method::Resize => {
            engine.resize(&params(given)?)?;
            done(&id, &NoParams {})
        }
        Method::Detach => {
            engine.detach(&params(given)?)?;
            done(&id, &NoParams {})
        }
        Method::CustomRestart => done(&id, &engine.custom_restart(actor, params(given)?).await?),
        Method::ExecuteCommand => done(&id, &engine.execute_command(actor, params(given)?).await?),
        Method::ConfigSave => done(&id, &engine.config_save(actor, params(given)?).await?),
        Method::ConfigEdit => done(&id, &engine.config_edit(actor, params(given)?).await?),
        Method::ConfigRestore => done(&id, &engine.config_restore(actor, params(given)?).await?),
        Method::ConfigHistory => {
            params::<NoParams>(given)?;
            done(&id, &engine.config_history().await?)
        }
        Method::SubscribeEvents | Method::EventStats | Method::Tls => {
            params::<NoParams>(given).and(Err(no_connection()))
        }
        Method::EmitTestEvent => params::<EmitTestEventParams>(given).and(Err(no_connection())),
        Method::DashboardCode => params::<DashboardCodeParams>(given).and(Err(no_connection())),
        Method::Connections => params::<NoParams>(given).and(Err(no_connection())),
        Method::DropConnection => params::<DropConnectionParams>(given).and(Err(no_connection())),
    }
}

/// What opens the dashboard is for whoever may use the local socket, whatever else others may.
fn only_here() -> ApiError {
    let error =
        ApiError::new(ErrorCode::NotPermitted, "codes for the dashboard are given on this machine alone");
    error.hint("run `ostler dashboard` there, or sign in with the token")
}

/// Who the engine is. What the client says of itself is the connection's business.
pub(crate) fn hello(engine: &EngineHandle, _params: &HelloParams) -> HelloReply {
    let url = engine.snapshot().supervisor.http_url.clone().filter(|_| engine.security().events.enabled);
    HelloReply { events_url: url.map(|url| url + EVENTS_PATH), ..engine.hello(capabilities()) }
}

fn done<T: Serialize>(id: &Value, result: &T) -> Result<Answer, ApiError> {
    Ok(Answer { line: encode::result(id, result)?, then: Then::Done })
}

fn whole_or_parts(id: &Value, snapshot: Snapshot) -> Result<Answer, ApiError> {
    match encode::result(id, &snapshot) {
        Err(error) if error.code == ErrorCode::TooLarge => {
            let head = Snapshot { services: <_>::default(), parts: true, ..snapshot.clone() };
            Ok(Answer { line: encode::result(id, &head)?, then: Then::Parts(Box::new(snapshot)) })
        }
        line => Ok(Answer { line: line?, then: Then::Done }),
    }
}

async fn watch(engine: &EngineHandle, id: &Value, params: WatchParams) -> Result<Answer, ApiError> {
    let filter = Filter::new(&params.filter)?;
    let look = if params.metrics { Some(engine.look().await?) } else { None };
    let mut watcher = engine.watch(&params);
    let snapshot = watcher.snapshot.take().map(|snapshot| filter.narrow(&snapshot));
    let mut reply = WatchReply { snapshot, seq: watcher.seq, missed: watcher.missed, parts: false };
    let line = match encode::result(id, &reply) {
        Err(error) if error.code == ErrorCode::TooLarge => {
            let snapshot = reply.snapshot.take();
            reply.parts = true;
            let line = encode::result(id, &reply)?;
            return Ok(Answer { line, then: Then::Watch(Watch { watcher, filter, snapshot, _look: look }) });
        }
        line => line?,
    };
    Ok(Answer { line, then: Then::Watch(Watch { watcher, filter, snapshot: None, _look: look }) })
}

async fn logs(
    engine: &EngineHandle,
    actor: &Actor,
    id: &Value,
    params: LogsParams,
) -> Result<Answer, ApiError> {
    let (reply, follower) = engine.logs(actor, params).await?;
    let line = encode::result(id, &reply)?;
    Ok(Answer { line, then: follower.map_or(Then::Done, Then::Follow) })
}

/// Those who ask without a connection of their own see none.
fn no_connection() -> ApiError {
    ApiError::new(ErrorCode::NotAvailable, "connections are known to those who are connected")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_status_that_is_too_long_for_a_line_comes_in_parts() {
        let mut snapshot = Snapshot { seq: 7, ..Snapshot::default() };
        assert!(matches!(whole_or_parts(&1.into(), snapshot.clone()).unwrap().then, Then::Done));
        let long = ostler_api::ServiceStatus { command: "x".repeat(20_000), ..<_>::default() };
        let long = std::sync::Arc::new(long);
        snapshot.services = (0..1000).map(|number| (format!("s{number}"), long.clone())).collect();
        let Answer { line, then } = whole_or_parts(&1.into(), snapshot.clone()).unwrap();
        let reply: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!((&reply["result"]["parts"], &reply["result"]["seq"]), (&true.into(), &7.into()));
        let Then::Parts(rest) = then else { panic!("{then:?}") };
        let (outbox, outgoing) = crate::outbox::outbox();
        let mut sink = Vec::new();
        let sending = async move { crate::subscription::send_snapshot(*rest, &1.into(), &outbox).await };
        let (written, sent) = tokio::join!(outgoing.write_to(&mut sink), sending);
        assert!(written.is_ok() && sent.is_ok());
        let parts = sink.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let parts: Vec<Value> = parts.map(|line| serde_json::from_slice(line).unwrap()).collect();
        let count = |part: &Value| part["params"]["snapshot"]["services"].as_object().unwrap().len();
        assert_eq!(parts.iter().map(count).sum::<usize>(), 1000);
        assert_eq!(parts.last().unwrap()["params"]["is_last"], true);
    }

    #[tokio::test]
    async fn what_hello_lists_is_what_is_answered() {
        let engine = EngineHandle::ended(ostler_engine::Journal::new(Snapshot::default()));
        for method in Method::ALL {
            let call = Call { id: 1.into(), method: *method, params: serde_json::json!({"no such": 1}) };
            let error = answer(&engine, &Actor::Desktop, call).await.unwrap_err();
            let expected =
                if AVAILABLE.contains(method) { ErrorCode::InvalidParams } else { ErrorCode::NotAvailable };
            assert_eq!(error.code, expected, "{method:?}: {error}");
        }
    }
}
