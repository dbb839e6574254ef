//! A command meets the engine; its answer becomes text.

use ostler_api::{
    ApiError, LogsParams, Method, MetricsParams, ReloadParams, ScaleParams, ServiceParams, SetModeParams,
    ShutdownParams, SignalParams, WatchParams,
};
use ostler_engine::{Actor, EngineHandle, LogFollower, Watcher};

use super::{
    command::{Command, Mistake, Verb},
    render,
};
use crate::{dispatch, policy};

/// What is said, and what follows.
#[derive(Debug)]
pub(crate) enum Spoken {
    /// A whole answer.
    Answer(String),
    /// A whole answer, after which the connection is closed.
    Farewell(String),
    /// A first line; then events.
    Events(String, Watcher),
    /// The latest lines; then new ones.
    Follow(String, LogFollower),
}

/// Answers a line that a person typed. An empty line is answered with nothing.
pub(crate) async fn answer(engine: &EngineHandle, actor: &Actor, line: &[u8]) -> Spoken {
    let Ok(line) = std::str::from_utf8(line) else {
        let mistake =
            Mistake { message: "the line is not UTF-8".into(), hint: "`help` lists the commands".into() };
        return Spoken::Answer(finished(render::mistake(&mistake)));
    };
    if line.trim().is_empty() {
        return Spoken::Answer(String::new());
    }
    match Command::parse(line) {
        Ok(command) => {
            run(engine, actor, command).await.unwrap_or_else(|error| Spoken::Answer(refusal(&error)))
        }
        Err(mistake) => Spoken::Answer(finished(render::mistake(&mistake))),
    }
}

/// Whether a line is a command.
pub(crate) fn is_command(line: &str) -> bool {
    Command::parse(line).is_ok()
}

/// The method that a command is, for those who say who may call it.
fn method(command: &Command) -> Method {
    match command {
        Command::Help | Command::Quit | Command::Version => Method::Hello,
        Command::Status(_) | Command::Mode(None) => Method::Status,
        Command::Act(Verb::Start, _) => Method::Start,
        Command::Act(Verb::Stop, _) => Method::Stop,
        Command::Act(Verb::Restart, _) => Method::Restart,
        Command::Health(_) => Method::HealthCheck,
        Command::Logs { .. } => Method::Logs,
        Command::Reload { .. } => Method::ReloadConfig,
        Command::Why(_) => Method::Why,
        Command::Events => Method::Watch,
        Command::Mode(Some(_)) => Method::SetMode,
        Command::Scale { .. } => Method::Scale,
        Command::Signal { .. } => Method::Signal,
        Command::Environment(_) => Method::Env,
        Command::Metrics(_) => Method::Metrics,
        Command::Doctor => Method::Doctor,
        Command::Shutdown(_) => Method::Shutdown,
    }
}

async fn run(engine: &EngineHandle, actor: &Actor, command: Command) -> Result<Spoken, ApiError> {
    policy::permit(engine, actor, method(&command), &serde_json::Value::Null)?;
    let text = match command {
        Command::Help => render::help(),
        Command::Quit => return Ok(Spoken::Farewell(finished("goodbye\n".to_owned()))),
        Command::Version => render::hello(&dispatch::hello(engine, &ostler_api::HelloParams::default())),
        Command::Status(service) => render::status(&engine.status(ServiceParams { service }).await?),
        Command::Act(verb, params) => {
            let reply = match verb {
                Verb::Start => engine.start(actor, params).await?,
                Verb::Stop => engine.stop(actor, params).await?,
                Verb::Restart => engine.restart(actor, params).await?,
            };
            render::action(&reply)
        }
        Command::Health(service) => render::health(&engine.health_check(ServiceParams { service }).await?),
        Command::Logs { services, lines, follow } => {
            let params = LogsParams { services, lines: Some(lines), follow, ..LogsParams::default() };
            let (reply, follower) = engine.logs(actor, params).await?;
            match follower {
                Some(follower) => return Ok(Spoken::Follow(render::log_lines(&reply.lines), follower)),
                None => render::logs(&reply.lines),
            }
        }
        Command::Reload { plan_only } => {
            let params = ReloadParams { plan_only, ..ReloadParams::default() };
            render::plan(&engine.reload(actor, params).await?)
        }
        Command::Why(service) => render::why(&engine.why(ServiceParams { service: Some(service) }).await?),
        Command::Events => {
            let watcher = engine.watch(&WatchParams::default());
            let first = format!("what happens after event {} follows\n", watcher.seq);
            return Ok(Spoken::Events(first, watcher));
        }
        Command::Mode(None) => render::modes(&engine.snapshot()),
        Command::Mode(Some(mode)) => render::plan(&engine.set_mode(actor, SetModeParams { mode }).await?),
        Command::Scale { service, instances } => {
            render::plan(&engine.scale(actor, ScaleParams { service, instances }).await?)
        }
        Command::Signal { service, signal } => {
            render::signal(&engine.signal(actor, SignalParams { service, signal }).await?)
        }
        Command::Environment(service) => {
            render::environment(&engine.env(ServiceParams { service: Some(service) }).await?)
        }
        Command::Metrics(service) => {
            render::metrics(&engine.metrics(MetricsParams { service, history: false }).await?)
        }
        Command::Doctor => render::doctor(&engine.doctor().await?),
        Command::Shutdown(services) => {
            render::shutdown(&engine.shutdown(actor, ShutdownParams { services }).await?)
        }
    };
    Ok(Spoken::Answer(finished(text)))
}

/// What is said instead of an answer.
pub(crate) fn refusal(error: &ApiError) -> String {
    finished(render::error(error))
}

/// An answer ends with an empty line.
fn finished(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push('\n');
    text
}
