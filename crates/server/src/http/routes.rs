//! What there is, in one table.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{RawPathParams, State, rejection::RawPathParamsRejection},
    response::Response,
    routing::{MethodFilter, on},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use ostler_api::{ApiError, ErrorCode};

use super::{
    answer,
    guard::OPEN_PATH,
    operations::{self, Prefer},
    page::{File, PAGE_PATH},
    query::Kind,
    rest::{self, Asked},
    session::{PROOF_PATH, SESSION_PATH},
    site::Visitor,
};
use crate::{
    connection::Shared,
    events::{EVENTS_PATH, HEARTBEAT_PATH, HOOK_PATH, KEY, SOCKET_PATH, TICKET},
};

/// The last event that a client has.
const LAST_EVENT_ID: &str = "last-event-id";

/// A method and path, and what it means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) method: MethodFilter,
    pub(super) path: &'static str,
    pub(super) means: Means,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    Health,
    OpenApi,
    Status,
    Services,
    Service,
    Logs,
    Why,
    Incidents,
    Metrics,
    Start,
    Stop,
    Restart,
    Reload,
    Events,
    Heartbeat,
    EventsSocket,
    Operations,
    Operation,
    Publish,
    Config,
    SaveConfig,
    Connections,
    DropConnection,
    OpenMetrics,
    System,
    SystemRestart,
    SystemCustomRestart,
    Mode,
    SetMode,
    LogStream,
    RestartSeveral,
    Ticket,
    Page(File),
    PageHome,
    SignIn,
    Proof,
}

impl Means {
    /// What may stand behind the question mark.
    pub(super) fn parameters(self) -> &'static [(&'static str, Kind)] {
        match self {
            Self::Status => &[("service", Kind::Text)],
            Self::Logs | Self::LogStream => {
                &[("lines", Kind::Number), ("since", Kind::Text), ("grep", Kind::Text), ("level", Kind::Text)]
            }
            Self::Incidents => &[("id", Kind::Text), ("limit", Kind::Number), ("brief", Kind::Flag)],
            Self::Metrics => &[("history", Kind::Flag)],
            Self::Start | Self::Stop | Self::Restart => &[("wait", Kind::Text)],
            Self::Events | Self::EventsSocket => &[
                ("types", Kind::Text),
                ("source", Kind::Text),
                ("last_event_id", Kind::Text),
                (KEY, Kind::Text),
                (TICKET, Kind::Text),
            ],
            Self::Heartbeat => &[(KEY, Kind::Text), (TICKET, Kind::Text)],
            Self::DropConnection => &[("reason", Kind::Text)],
            Self::Health
            | Self::OpenApi
            | Self::Services
            | Self::Service
            | Self::Why
            | Self::Operations
            | Self::Operation
            | Self::Reload
            | Self::Publish
            | Self::Config
            | Self::SaveConfig
            | Self::Connections
            | Self::OpenMetrics
            | Self::System
            | Self::SystemRestart
            | Self::SystemCustomRestart
            | Self::Mode
            | Self::SetMode
            | Self::RestartSeveral
            | Self::Ticket
            | Self::Page(_)
            | Self::PageHome
            | Self::SignIn
            | Self::Proof => &[],
        }
    }
}

const fn get(path: &'static str, means: Means) -> Route {
    Route { method: MethodFilter::GET, path, means }
}

const fn post(path: &'static str, means: Means) -> Route {
    Route { method: MethodFilter::POST, path, means }
}

/// All routes.
pub(super) const ROUTES: &[Route] = &[
    get(OPEN_PATH, Means::Health),
    get("/openapi.json", Means::OpenApi),
    get("/supervisor/status", Means::Status),
    get("/api/v1/services", Means::Services),
    get("/api/v1/services/{name}", Means::Service),
    get("/api/v1/services/{name}/logs", Means::Logs),
    get("/api/v1/services/{name}/why", Means::Why),
    get("/api/v1/services/{name}/incidents", Means::Incidents),
    get("/api/v1/services/{name}/metrics", Means::Metrics),
    post("/api/v1/services/{name}/start", Means::Start),
    post("/api/v1/services/{name}/stop", Means::Stop),
    post("/api/v1/services/{name}/restart", Means::Restart),
    post("/api/v1/reload", Means::Reload),
    get(EVENTS_PATH, Means::Events),
    get(HEARTBEAT_PATH, Means::Heartbeat),
    get(SOCKET_PATH, Means::EventsSocket),
    get("/api/v1/operations", Means::Operations),
    get("/api/v1/operations/{operation}", Means::Operation),
    post(EVENTS_PATH, Means::Publish),
    post(HOOK_PATH, Means::Publish),
    get("/api/v1/config", Means::Config),
    Route { method: MethodFilter::PUT, path: "/api/v1/config", means: Means::SaveConfig },
    get("/admin/connections", Means::Connections),
    Route { method: MethodFilter::DELETE, path: "/admin/connections/{id}", means: Means::DropConnection },
    get("/metrics", Means::OpenMetrics),
    get("/dashboard/api/system/status", Means::System),
    post("/dashboard/api/system/restart", Means::SystemRestart),
    post("/dashboard/api/system/custom-restart", Means::SystemCustomRestart),
    get("/dashboard/api/mode", Means::Mode),
    post("/dashboard/api/mode", Means::SetMode),
    get("/api/v1/services/{name}/logs/stream", Means::LogStream),
    post("/api/v1/restart", Means::RestartSeveral),
    post("/api/v1/tickets", Means::Ticket),
    get("/dashboard", Means::PageHome),
    get(PAGE_PATH, Means::Page(File::Index)),
    get("/dashboard/app.js", Means::Page(File::Script)),
    get("/dashboard/app.css", Means::Page(File::Style)),
    get("/dashboard/icon.svg", Means::Page(File::Icon)),
    post(SESSION_PATH, Means::SignIn),
    post(PROOF_PATH, Means::Proof),
];

/// Whether a request needs the token: all do but those that say nothing of what runs here.
pub(super) fn needs_token(method: &Method, path: &str) -> bool {
    let is_open = |means: Means| match means {
        Means::Health | Means::Page(_) | Means::PageHome => [Method::GET, Method::HEAD].contains(method),
        Means::SignIn | Means::Proof => *method == Method::POST,
        _ => false,
    };
    // As ever, `/healthz` is open to every method, none of which does more.
    path != OPEN_PATH && !ROUTES.iter().any(|route| route.path == path && is_open(route.means))
}

/// The router of the table. The guard stands before it.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let router = ROUTES.iter().fold(Router::new(), |router, route| {
        let means = route.means;
        let handler = move |State(shared): State<Arc<Shared>>,
                            Extension(visitor): Extension<Visitor>,
                            path: Result<RawPathParams, RawPathParamsRejection>,
                            uri: Uri,
                            headers: HeaderMap,
                            body: Bytes| async move {
            match name(path) {
                Ok(name) => {
                    let last_event_id = headers.get(LAST_EVENT_ID).map(HeaderValue::as_bytes);
                    let last_event_id = last_event_id.map(|id| String::from_utf8_lossy(id).into_owned());
                    let query = uri.query().map(str::to_owned);
                    let if_none_match = headers.get(header::IF_NONE_MATCH).and_then(|tag| tag.to_str().ok());
                    let if_none_match = if_none_match.map(str::to_owned);
                    let prefer = Prefer::of(&headers);
                    let wants_stream = operations::wants_stream(&headers);
                    let asked = Asked {
                        means,
                        name,
                        query,
                        last_event_id,
                        if_none_match,
                        prefer,
                        wants_stream,
                        body,
                    };
                    rest::answer(&shared, &visitor, asked).await
                }
                Err(error) => answer::error(&error),
            }
        };
        router.route(route.path, on(route.method, handler))
    });
    router.fallback(nothing_here).method_not_allowed_fallback(not_so).with_state(shared)
}

/// The name in the path; empty where there is none.
fn name(path: Result<RawPathParams, RawPathParamsRejection>) -> Result<String, ApiError> {
    let path = path.map_err(|_| {
        ApiError::new(ErrorCode::InvalidParams, "the path is not UTF-8")
            .hint("percent-encode the name as UTF-8")
    })?;
    Ok(path.iter().next().map(|(_, name)| name.to_owned()).unwrap_or_default())
}

async fn nothing_here() -> Response {
    let error = ApiError::new(ErrorCode::UnknownMethod, "there is nothing at this address")
        .hint("/supervisor/status says what runs, /api/v1/services lists the services");
    answer::error(&error)
}

async fn not_so() -> Response {
    let error = ApiError::new(ErrorCode::UnknownMethod, "this address is not asked with this method")
        .hint("GET looks, POST changes");
    answer::refusal(StatusCode::METHOD_NOT_ALLOWED, &error)
}
