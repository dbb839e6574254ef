//! What the routes mean: the same methods as on the control socket, with the same rules and errors.

use axum::{body::Bytes, response::Response};
use ostler_api::{ApiError, ErrorCode, Method, NoParams, ServiceStatus, Snapshot};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{
    answer, dashboard, log_stream, openapi, openmetrics,
    operations::{self, Prefer},
    page, query,
    routes::Means,
    session,
    site::Visitor,
    streams,
};
use crate::{
    connection::Shared,
    events::{Draft, published, published_by},
    json, policy, request,
};

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) means: Means,
    /// The service in the path, or the number of a connection, if there is one.
    pub(super) name: String,
    pub(super) query: Option<String>,
    /// The last event that the client says it has.
    pub(super) last_event_id: Option<String>,
    /// How long it wants to wait.
    pub(super) prefer: Prefer,
    /// Whether it wants to hear of each change.
    pub(super) wants_stream: bool,
    /// The version of a file that the client has.
    pub(super) if_none_match: Option<String>,
    pub(super) body: Bytes,
}

/// Answers it.
pub(super) async fn answer(shared: &Shared, visitor: &Visitor, asked: Asked) -> Response {
    let answered = match asked.means {
        Means::Events => streams::events(shared, visitor, &asked),
        Means::Heartbeat => streams::heartbeat(shared, visitor, &asked),
        Means::EventsSocket => streams::socket(shared, visitor, &asked),
        Means::Start | Means::Stop | Means::Restart | Means::RestartSeveral | Means::Reload => {
            operations::act(shared, visitor, &asked).await
        }
        Means::Operations => operations::list(shared, visitor, &asked),
        Means::Operation => operations::one(shared, visitor, &asked),
        Means::LogStream => log_stream::follow(shared, visitor, &asked).await,
        Means::Page(file) => asked.no_query().map(|()| page::file(file, &asked)),
        Means::PageHome => asked.no_query().map(|()| page::home()),
        Means::SignIn => session::sign_in(shared, visitor, &asked).await.map(|value| answer::json(&value)),
        Means::Proof => session::proof(shared, visitor, &asked).await.map(|value| answer::json(&value)),
        Means::Ticket => session::ticket(shared, &asked).map(|value| answer::json(&value)),
        Means::OpenMetrics => openmetrics::answer(shared, visitor, &asked).await,
        Means::OpenApi => asked.no_query().map(|()| answer::json(&openapi::document())),
        Means::System | Means::SystemRestart | Means::SystemCustomRestart | Means::Mode | Means::SetMode => {
            Ok(dashboard::answer(shared, visitor, &asked).await)
        }
        _ => answered(shared, visitor, &asked).await.map(|value| answer::json(&value)),
    };
    answered.unwrap_or_else(|error| answer::error(&error))
}

async fn answered(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Value, ApiError> {
    let (engine, actor) = (&shared.engine, &visitor.actor);
    let (method, members) = asked.call()?;
    let Some(method) = method else { return health(shared) };
    let params = Value::Object(members);
    // The key of a source says by itself what it permits.
    if visitor.source.is_none() {
        policy::permit(engine, actor, method, &params)?;
    }
    match asked.means {
        Means::Health => health(shared),
        Means::Status => status(shared, engine.status(read(params)?).await?).await,
        Means::Services => {
            let Snapshot { seq, services, .. } = engine.status(read(params)?).await?;
            Ok(json!({ "seq": seq, "services": value(&services)? }))
        }
        Means::Service => {
            let snapshot = engine.status(read(params)?).await?;
            let (name, status) = snapshot.services.first_key_value().ok_or_else(|| unknown(&asked.name))?;
            named(name, status)
        }
        Means::Logs => value(&engine.logs(actor, read(params)?).await?.0),
        Means::Why => value(&engine.why(read(params)?).await?),
        Means::Incidents => value(&engine.incidents(read(params)?).await?),
        Means::Metrics => value(&engine.metrics(read(params)?).await?),
        Means::Publish => {
            let ids = shared.hub.publish(&asked.published(visitor.source.as_deref())?)?;
            if let Some(source) = &visitor.source {
                shared.hub.sources().published(source, ids.len());
            }
            Ok(json!({ "ids": ids }))
        }
        Means::Config => {
            read::<NoParams>(params)?;
            value(&engine.config_get().await?)
        }
        Means::SaveConfig => value(&engine.config_save(actor, read(params)?).await?),
        Means::Connections => {
            read::<NoParams>(params)?;
            value(&visitor.listed.list(&shared.hub).await)
        }
        Means::DropConnection => {
            let params = read(params)?;
            // What the address names is not there.
            let gone = |error: ApiError| match error.code {
                ErrorCode::InvalidParams => ApiError { code: ErrorCode::UnknownMethod, ..error },
                _ => error,
            };
            value(&visitor.listed.send_away(&params).map_err(gone)?)
        }
        Means::Start
        | Means::Stop
        | Means::Restart
        | Means::RestartSeveral
        | Means::Reload
        | Means::Events
        | Means::Heartbeat
        | Means::EventsSocket
        | Means::Operations
        | Means::Operation
        | Means::OpenApi
        | Means::OpenMetrics
        | Means::System
        | Means::SystemRestart
        | Means::SystemCustomRestart
        | Means::Mode
        | Means::SetMode
        | Means::LogStream
        | Means::Ticket
        | Means::Page(_)
        | Means::PageHome
        | Means::SignIn
        | Means::Proof => Err(elsewhere()),
    }
}

impl Asked {
    /// The method that it stands for, with its parameters; none if the engine is not asked.
    pub(super) fn call(&self) -> Result<(Option<Method>, Map<String, Value>), ApiError> {
        let query = || query::read(self.query.as_deref(), self.means.parameters());
        let about = |mut members: Map<String, Value>| {
            members.insert("service".to_owned(), self.name.as_str().into());
            members
        };
        let change = || {
            let said = query()?;
            let mut members = self.object()?;
            if let Some(name) = said.keys().find(|name| members.contains_key(*name)) {
                return Err(request::bad_params(name, "is said twice, in the address and in the body"));
            }
            members.extend(said);
            let taken = ["service", "services", "group", "all"];
            if let Some(name) = taken.into_iter().find(|name| members.contains_key(*name)) {
                return Err(request::bad_params(name, "the service is the one in the address"));
            }
            Ok::<_, ApiError>(about(members))
        };
        Ok(match self.means {
            Means::Health => (None, query()?),
            Means::Status => (Some(Method::Status), query()?),
            Means::Services => (Some(Method::Status), query()?),
            Means::Service => (Some(Method::Status), about(query()?)),
            Means::Logs => {
                let mut members = query()?;
                members.insert("services".to_owned(), json!([self.name]));
                (Some(Method::Logs), members)
            }
            Means::Why => (Some(Method::Why), about(query()?)),
            Means::Incidents => (Some(Method::Incidents), about(query()?)),
            Means::Metrics => (Some(Method::Metrics), about(query()?)),
            Means::Start => (Some(Method::Start), change()?),
            Means::Stop => (Some(Method::Stop), change()?),
            Means::Restart => (Some(Method::Restart), change()?),
            Means::RestartSeveral => {
                query()?;
                (Some(Method::Restart), self.object()?)
            }
            Means::Reload => {
                query()?;
                (Some(Method::ReloadConfig), self.object()?)
            }
            Means::Publish => (Some(Method::EmitTestEvent), query()?),
            Means::Config => (Some(Method::ConfigGet), query()?),
            Means::SaveConfig => {
                query()?;
                (Some(Method::ConfigSave), self.object()?)
            }
            Means::Connections => (Some(Method::Connections), query()?),
            Means::DropConnection => {
                let mut members = query()?;
                let id: u64 = self.name.parse().map_err(|_| request::bad_params("id", "it is no number"))?;
                members.insert("id".to_owned(), id.into());
                (Some(Method::DropConnection), members)
            }
            Means::Events
            | Means::Heartbeat
            | Means::EventsSocket
            | Means::Operations
            | Means::Operation
            | Means::OpenApi
            | Means::OpenMetrics
            | Means::System
            | Means::SystemRestart
            | Means::SystemCustomRestart
            | Means::Mode
            | Means::SetMode
            | Means::LogStream
            | Means::Ticket
            | Means::Page(_)
            | Means::PageHome
            | Means::SignIn
            | Means::Proof => return Err(elsewhere()),
        })
    }

    /// Nothing may stand behind the question mark that is not known.
    pub(super) fn no_query(&self) -> Result<(), ApiError> {
        query::read(self.query.as_deref(), self.means.parameters()).map(drop)
    }

    /// The events in the body.
    fn published(&self, source: Option<&str>) -> Result<Vec<Draft>, ApiError> {
        let wrong = |error: json::JsonError| {
            ApiError::new(ErrorCode::InvalidParams, error.to_string())
                .hint("the body is one event, or an array of them")
        };
        let body = json::parse(&self.body).map_err(wrong)?;
        match source {
            None => published(body),
            Some(source) => published_by(source, body),
        }
    }

    /// The body; an empty one is an object without members.
    pub(super) fn object(&self) -> Result<Map<String, Value>, ApiError> {
        if self.body.trim_ascii().is_empty() {
            return Ok(Map::new());
        }
        match json::parse(&self.body) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(_) => Err(request::bad_params("", "the body is no object")
                .hint("the body is one JSON object, or empty")),
            Err(error) => Err(ApiError::new(ErrorCode::InvalidParams, error.to_string())
                .hint("the body is one JSON object, or empty")),
        }
    }
}

/// The snapshot, with the id after which the events go on.
async fn status(shared: &Shared, snapshot: Snapshot) -> Result<Value, ApiError> {
    let mut all = value(&snapshot)?;
    if let (Ok(()), Some(members)) = (shared.hub.check_open(), all.as_object_mut()) {
        members.insert("as_of".to_owned(), shared.hub.as_of(snapshot.seq).await.into());
    }
    Ok(all)
}

/// What is answered by another module never comes here.
fn elsewhere() -> ApiError {
    ApiError::new(ErrorCode::Internal, "this route has another answer: this is a defect of Ostler")
}

fn health(shared: &Shared) -> Result<Value, ApiError> {
    let status = shared.engine.snapshot().supervisor.status;
    Ok(json!({ "status": value(&status)? }))
}

pub(super) fn read<P: DeserializeOwned>(params: Value) -> Result<P, ApiError> {
    request::params(params)
}

pub(super) fn value<T: Serialize>(value: &T) -> Result<Value, ApiError> {
    serde_json::to_value(value).map_err(|error| {
        ApiError::new(ErrorCode::Internal, "the answer is no JSON: this is a defect of Ostler")
            .caused_by(&error)
    })
}

fn named(name: &str, status: &ServiceStatus) -> Result<Value, ApiError> {
    let mut value = value(status)?;
    if let Some(members) = value.as_object_mut() {
        members.insert("name".to_owned(), name.into());
    }
    Ok(value)
}

fn unknown(name: &str) -> ApiError {
    ApiError::new(ErrorCode::UnknownService, format!("there is no service {name:?}"))
        .hint("/api/v1/services lists them")
}
