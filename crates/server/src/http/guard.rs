//! Who may ask: looked at for each request, before its route.
//!
//! The order is that of the questions: does the request mean us (`Host`, against names that an attacker points at
//! this machine), does it come from a page of ours or from no page (`Origin`, `Sec-Fetch-Site`), does it know the
//! token, can it change anything (method and content type).

use std::{
    collections::HashSet,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use ostler_api::{ApiError, ErrorCode, Token};
use ostler_engine::EngineHandle;
use tokio::time::sleep;

use super::{HttpRules, routes::needs_token};
use crate::{
    TokenSource,
    events::{KEY, STREAM_PATHS, TICKET, source_of},
    limits::{FAILURE_PAUSE, HTTP_HEADERS_MAX},
    passes::Passes,
    tally::Tally,
};

/// Needs no token: it says only that somebody lives.
pub(super) const OPEN_PATH: &str = "/healthz";
const FETCH_SITE: &str = "sec-fetch-site";

/// Who may ask.
#[derive(Debug)]
pub(super) struct Guard {
    hosts: HashSet<String>,
    own_origins: HashSet<String>,
    other_origins: HashSet<String>,
    token: Option<TokenSource>,
    passes: Arc<Passes>,
    failures: Tally,
    unreadable: Tally,
    scheme: &'static str,
}

/// Why one may not.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: Box<ApiError>,
    /// The other site whose page may read why: it may ask, but not so.
    pub(super) origin: Option<HeaderValue>,
}

/// What one says to show who it is.
enum Said {
    /// The token itself, or the key of a browser that has signed in.
    Token(String),
    /// The key of the streams, to one of them.
    Key(String),
}

impl Said {
    fn is_right(&self, token: &Token) -> bool {
        match self {
            Self::Token(said) => token.is(said) || token.is_dashboard_key(said),
            Self::Key(said) => token.is_stream_key(said),
        }
    }
}

/// One who may ask.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    /// The other site whose page may read the answer.
    pub(super) origin: Option<HeaderValue>,
    /// It only asks whether its page may ask.
    pub(super) is_preflight: bool,
    /// The source under whose name alone it may publish.
    pub(super) source: Option<String>,
    /// It has shown who it is, or nobody has to.
    pub(super) is_known: bool,
}

impl Guard {
    pub(super) fn new(address: SocketAddr, rules: HttpRules, passes: Arc<Passes>) -> Self {
        let mut hosts = HashSet::new();
        let port = address.port();
        let (scheme, silent_port) = if rules.tls.is_some() { ("https", 443) } else { ("http", 80) };
        let mut add = |name: &str| {
            hosts.insert(format!("{name}:{port}"));
            // Browsers leave out the port that goes without saying.
            if port == silent_port {
                hosts.insert(name.to_owned());
            }
        };
        ["127.0.0.1", "[::1]", "localhost"].into_iter().for_each(&mut add);
        match address.ip() {
            ip if ip.is_unspecified() => {}
            IpAddr::V4(ip) => add(&ip.to_string()),
            IpAddr::V6(ip) => add(&format!("[{ip}]")),
        }
        hosts.extend(rules.allowed_hosts.iter().map(|host| host.to_ascii_lowercase()));
        let own_origins = hosts.iter().map(|host| format!("{scheme}://{host}")).collect();
        Self {
            hosts,
            own_origins,
            other_origins: rules.allowed_origins.into_iter().collect(),
            token: rules.token,
            passes,
            failures: Tally::default(),
            unreadable: Tally::default(),
            scheme,
        }
    }

    /// Whether a request may go on to its route; its body is looked at afterwards.
    pub(super) async fn admit(
        &self,
        parts: &Parts,
        peer: SocketAddr,
        engine: &EngineHandle,
    ) -> Result<Passed, Refusal> {
        check_headers(&parts.headers)?;
        self.check_host(parts)?;
        let origin = self.check_origin(&parts.headers)?;
        let known = origin.clone();
        let admitted = self.admit_from(origin, parts, peer, engine).await;
        admitted.map_err(|refusal| Refusal { origin: known, ..refusal })
    }

    /// The same once it is known which page asks.
    async fn admit_from(
        &self,
        origin: Option<HeaderValue>,
        parts: &Parts,
        peer: SocketAddr,
        engine: &EngineHandle,
    ) -> Result<Passed, Refusal> {
        self.check_fetch_site(&parts.headers, origin.is_some())?;
        let asks_before = parts.method == Method::OPTIONS
            && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if asks_before && origin.is_some() {
            return Ok(Passed { origin, is_preflight: true, ..Passed::default() });
        }
        let said = only(&parts.headers, header::AUTHORIZATION.as_str()).ok().flatten().and_then(bearer);
        let source = said.and_then(|said| source_of(engine, parts, said));
        let is_open = !needs_token(&parts.method, parts.uri.path());
        if !is_open && source.is_none() {
            self.check_token(parts, peer).await?;
        }
        check_content_type(parts)?;
        Ok(Passed { origin, is_preflight: false, source, is_known: !is_open || self.token.is_none() })
    }

    fn check_host(&self, parts: &Parts) -> Result<(), Refusal> {
        let wrong = || {
            let text = "this request was not meant for this server (Host)";
            let mend = "use the address that `ostler status` shows; other names: http.allowed_hosts";
            refusal(StatusCode::MISDIRECTED_REQUEST, ErrorCode::NotPermitted, text, mend)
        };
        let host = only(&parts.headers, header::HOST.as_str()).map_err(|()| wrong())?;
        let said = parts.uri.authority().map(http::uri::Authority::as_str);
        // Whichever way it names us, all of it must be right.
        let named: Vec<&str> = host.into_iter().chain(said).collect();
        let is_ours = |name: &&str| self.hosts.contains(&name.to_ascii_lowercase());
        let is_other_scheme = parts.uri.scheme_str().is_some_and(|scheme| scheme != self.scheme);
        if named.is_empty() || is_other_scheme || !named.iter().all(is_ours) {
            return Err(wrong());
        }
        Ok(())
    }

    /// The origin if it is that of another site that may ask.
    fn check_origin(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
        let wrong = || {
            let text = "pages of other sites may not ask (Origin)";
            let mend = "name the site in http.allowed_origins if it shall";
            refusal(StatusCode::FORBIDDEN, ErrorCode::NotPermitted, text, mend)
        };
        match only(headers, header::ORIGIN.as_str()) {
            Ok(None) => Ok(None),
            Ok(Some(origin)) if self.own_origins.contains(origin) => Ok(None),
            Ok(Some(origin)) if self.other_origins.contains(origin) => {
                HeaderValue::from_str(origin).map(Some).map_err(|_| wrong())
            }
            Ok(Some(_)) | Err(()) => Err(wrong()),
        }
    }

    fn check_fetch_site(&self, headers: &HeaderMap, is_other_allowed: bool) -> Result<(), Refusal> {
        match only(headers, FETCH_SITE) {
            Ok(None | Some("same-origin" | "none")) => Ok(()),
            Ok(Some("cross-site" | "same-site")) if is_other_allowed => Ok(()),
            Ok(Some(_)) | Err(()) => {
                let text = "pages of other sites may not ask (Sec-Fetch-Site)";
                let mend = "name the site in http.allowed_origins if it shall";
                Err(refusal(StatusCode::FORBIDDEN, ErrorCode::NotPermitted, text, mend))
            }
        }
    }

    async fn check_token(&self, parts: &Parts, peer: SocketAddr) -> Result<(), Refusal> {
        let Some(source) = &self.token else { return Ok(()) };
        if let Some(ticket) = in_query(parts, TICKET, &[Method::GET])
            && self.passes.take_ticket(&ticket)
        {
            return Ok(());
        }
        let said = only(&parts.headers, header::AUTHORIZATION.as_str()).ok().flatten().and_then(bearer);
        let said = said
            .map(|token| Said::Token(token.to_owned()))
            .or_else(|| in_query(parts, KEY, &[Method::GET, Method::HEAD]).map(Said::Key));
        let missing = "send `Authorization: Bearer TOKEN`; `ostler token` prints it";
        let Some(said) = said else {
            let text = "a token is needed";
            return Err(refusal(StatusCode::UNAUTHORIZED, ErrorCode::Unauthenticated, text, missing));
        };
        // Read anew each time, so that a new one is in force at once.
        match source.read().await {
            Ok(token) if said.is_right(&token) => Ok(()),
            Ok(_) => {
                if let Some(failures) = self.failures.again() {
                    tracing::warn!(target: "ostler::audit", %peer, failures, "a wrong token over HTTP");
                }
                sleep(FAILURE_PAUSE).await;
                let text = "the token is wrong";
                Err(refusal(StatusCode::UNAUTHORIZED, ErrorCode::Unauthenticated, text, missing))
            }
            Err(error) => {
                if let Some(failures) = self.unreadable.again() {
                    tracing::warn!(%error, failures, "the token cannot be read, so nobody is let in over HTTP");
                }
                let text = "the token cannot be read, so nobody is let in";
                let mend = "`ostler doctor` says more";
                Err(refusal(StatusCode::UNAUTHORIZED, ErrorCode::Unauthenticated, text, mend))
            }
        }
    }
}

/// Over HTTP/1.1 there were never more; HTTP/2 bounds only their bytes.
fn check_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.len() <= HTTP_HEADERS_MAX {
        return Ok(());
    }
    let text = format!("more than {HTTP_HEADERS_MAX} headers");
    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    Err(refusal(status, ErrorCode::TooLarge, &text, "send fewer"))
}

/// What may change something is JSON, which no page sends without having asked before.
fn check_content_type(parts: &Parts) -> Result<(), Refusal> {
    // No route knows other methods: they are told so, whatever they send.
    if ![Method::POST, Method::PUT, Method::PATCH].contains(&parts.method) {
        return Ok(());
    }
    let essence = only(&parts.headers, header::CONTENT_TYPE.as_str()).ok().flatten();
    let essence = essence.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let text = "the body must be JSON, and say so";
    let mend = "send `Content-Type: application/json`; an empty body is fine";
    Err(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::InvalidParams, text, mend))
}

/// The header's value; an error when it is there twice or is no text.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ()> {
    let mut all = headers.get_all(name).iter();
    let Some(first) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(());
    }
    first.to_str().map(Some).map_err(|_| ())
}

/// The stream key or a ticket in the query: they open the streams, and only to read them.
fn in_query(parts: &Parts, key: &str, methods: &[Method]) -> Option<String> {
    let opens = methods.contains(&parts.method) && STREAM_PATHS.contains(&parts.uri.path());
    let mut named = form_urlencoded::parse(parts.uri.query().filter(|_| opens)?.as_bytes());
    named.find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
}

fn bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn refusal(status: StatusCode, code: ErrorCode, text: &str, mend: &str) -> Refusal {
    Refusal { status, error: Box::new(ApiError::new(code, text).hint(mend)), origin: None }
}
