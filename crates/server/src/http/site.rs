//! A request from its first byte to its answer.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use axum::{Router, body::Body, response::Response};
use http::{HeaderValue, Method, Request, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Limited};
use ostler_api::{ApiError, ErrorCode};
use ostler_engine::{Actor, port::Ends};
use tokio::time::timeout;
use tower::ServiceExt;

use super::{
    HttpRules, answer,
    guard::{Guard, Passed, Refusal},
    proxies::Proxies,
    routes,
    socket::Handshake,
};
use crate::{
    connection::Shared,
    connections::Listed,
    limits::{HTTP_BODY_DEADLINE, HTTP_BODY_MAX, HTTP_OPEN_BODY_MAX},
    peer,
    registry::Activity,
};

/// What answers at a port. Clones are the same site.
#[derive(Clone, Debug)]
pub(super) struct Site {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    guard: Guard,
    proxies: Proxies,
    shared: Arc<Shared>,
    /// Made for the first request that passes the guard: whoever asks nothing over HTTP pays nothing for it.
    router: OnceLock<Router>,
}

/// Who asks.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) actor: Actor,
    pub(super) peer: String,
    /// Both ends of its connection.
    pub(super) from: SocketAddr,
    pub(super) own: SocketAddr,
    /// How it calls us; the guard has looked at it.
    pub(super) host: String,
    pub(super) listed: Arc<Listed>,
    /// The source under whose name alone it may publish.
    pub(super) source: Option<String>,
    /// Whether it wants a WebSocket, and how.
    pub(super) handshake: Option<Handshake>,
}

impl Site {
    pub(super) fn new(shared: Arc<Shared>, address: SocketAddr, rules: HttpRules) -> Self {
        let proxies = Proxies::new(&rules.trusted_proxies);
        let guard = Guard::new(address, rules, Arc::clone(shared.hub.passes()));
        Self { inner: Arc::new(Inner { guard, proxies, shared, router: OnceLock::new() }) }
    }

    /// Answers a request that passes the guard, and refuses any other.
    pub(super) async fn answer(
        &self,
        request: Request<Body>,
        ends: Ends,
        listed: Arc<Listed>,
        activity: &Activity,
    ) -> Response {
        let from = ends.peer;
        let (parts, body) = request.into_parts();
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let mut origin = None;
        let mut response = match self.inner.guard.admit(&parts, from, &self.inner.shared.engine).await {
            Ok(Passed { origin: other, is_preflight, source, is_known }) => {
                origin = other;
                if is_preflight {
                    no_content()
                } else {
                    // One who has shown nothing makes room for others.
                    if is_known {
                        activity.spoke();
                    }
                    let most = if is_known { HTTP_BODY_MAX } else { HTTP_OPEN_BODY_MAX };
                    match heard(&parts, body, most).await {
                        Ok(body) => self.route((parts, body), ends, listed, source).await,
                        Err(refusal) => refuse(&refusal),
                    }
                }
            }
            Err(refusal) => {
                origin.clone_from(&refusal.origin);
                refuse(&refusal)
            }
        };
        answer::dress(response.headers_mut());
        if let Some(origin) = origin {
            allow(&mut response, origin);
        }
        // Never the query: it may hold a ticket.
        tracing::debug!(%from, %method, path, status = response.status().as_u16(), "HTTP");
        response
    }

    async fn route(
        &self,
        (mut parts, body): (Parts, Body),
        Ends { peer: from, own }: Ends,
        listed: Arc<Listed>,
        source: Option<String>,
    ) -> Response {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let name = match agent.and_then(|agent| agent.split(' ').next()).unwrap_or_default() {
            // They all claim to be it, so that it says nothing.
            name if name.starts_with("Mozilla/") => "browser",
            name => name,
        };
        let name = peer::shortened(name);
        listed.asked(&name, parts.uri.path());
        let peer = self.inner.proxies.shown(from, &parts.headers);
        let who = if name.is_empty() { "nobody in particular" } else { &name };
        let actor = Actor::Remote(format!("http:{who}"));
        let handshake = Handshake::of(&parts);
        let host = host(&parts).to_ascii_lowercase();
        parts.extensions.insert(Visitor { actor, peer, from, own, host, listed, source, handshake });
        let request = Request::from_parts(parts, body);
        let router = self.inner.router.get_or_init(|| routes::router(Arc::clone(&self.inner.shared)));
        match router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// How a request calls the server.
fn host(parts: &Parts) -> &str {
    let said = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    said.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default()
}

/// The body, within its bounds.
async fn heard(parts: &Parts, body: Body, most: usize) -> Result<Body, Refusal> {
    if [Method::GET, Method::HEAD].contains(&parts.method) {
        return Ok(Body::empty());
    }
    let refused = |status, code, text: String, mend: &str| Refusal {
        status,
        error: Box::new(ApiError::new(code, text).hint(mend)),
        origin: None,
    };
    let too_large = || {
        let text = format!("the body is longer than {} KiB", most / 1024);
        refused(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLarge, text, "send less")
    };
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > most) {
        return Err(too_large());
    }
    match timeout(HTTP_BODY_DEADLINE, Limited::new(body, most).collect()).await {
        Ok(Ok(whole)) => Ok(Body::from(whole.to_bytes())),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => {
            let text = "the body ended before it was whole".to_owned();
            Err(refused(StatusCode::BAD_REQUEST, ErrorCode::InvalidParams, text, "send all of it"))
        }
        Err(_) => {
            let text = format!("the body did not come within {} s", HTTP_BODY_DEADLINE.as_secs());
            Err(refused(StatusCode::REQUEST_TIMEOUT, ErrorCode::Timeout, text, "send it at once"))
        }
    }
}

fn refuse(refusal: &Refusal) -> Response {
    let mut response = answer::refusal(refusal.status, &refusal.error);
    if refusal.status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Lets a page of another site read the answer, as the settings say.
fn allow(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    let text = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, Last-Event-ID, Prefer"),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "Location, Preference-Applied, Retry-After, X-Ostler-Resumed-From",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    for (name, value) in text {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        http::HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
}
