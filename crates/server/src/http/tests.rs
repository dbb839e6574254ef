//! The guard on every route, and what is behind it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{body::Body, routing::MethodFilter};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use ostler_api::{Snapshot, Token};
use ostler_engine::{EngineHandle, Journal, port::Ends};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

use super::{
    HttpRules,
    routes::{Means, ROUTES},
    site::Site,
    visit::Visit,
};
use crate::{
    Peer, TokenSource,
    connection::Shared,
    connections::Connections,
    events::Hub,
    limits::{HTTP_BODY_DEADLINE, HTTP_BODY_MAX, HTTP_HEADER_DEADLINE},
    outbox::Backlog,
    registry::Activity,
};

pub(super) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub(super) const PEER: &str = "127.0.0.1:40000";
pub(super) const OWN: &str = "127.0.0.1:3457";
const FRIEND: &str = "http://localhost:5173";

pub(super) fn shared() -> Arc<Shared> {
    let mut snapshot = Snapshot::default();
    snapshot.services.insert("web".to_owned(), Arc::default());
    let engine = EngineHandle::ended(Journal::new(snapshot));
    Arc::new(Shared {
        clients: Arc::default(),
        connections: Connections::new(engine.clone()),
        hub: Hub::new(engine.clone()),
        engine,
        operations: Arc::default(),
        long_lines: Arc::new(Semaphore::new(1)),
        closing: CancellationToken::new(),
    })
}

pub(super) fn site(shared: &Arc<Shared>, token: Option<&str>) -> Site {
    let rules = HttpRules {
        allowed_hosts: vec!["box.local:3457".to_owned()],
        allowed_origins: vec![FRIEND.to_owned()],
        trusted_proxies: Vec::new(),
        token: token.map(|token| TokenSource::Fixed(Token::new(token).unwrap())),
        tls: None,
    };
    Site::new(Arc::clone(shared), "127.0.0.1:3457".parse().unwrap(), rules)
}

pub(super) async fn ask(site: &Site, shared: &Arc<Shared>, request: Request<Body>) -> Response<Body> {
    let peer: SocketAddr = PEER.parse().unwrap();
    let ends = Ends { peer, own: OWN.parse().unwrap() };
    let listed = shared.connections.open(&Peer::Http { ends }, Backlog::none());
    site.answer(request, ends, Arc::new(listed), &Activity::default()).await
}

/// A request as a script of ours sends it, with other headers put over it; an empty value takes one away.
pub(super) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let bearer = format!("Bearer {TOKEN}");
    let usual = [
        ("host", "127.0.0.1:3457"),
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let mut builder = Request::builder().method(method).uri(path);
    for (name, value) in usual {
        if !headers.iter().any(|(other, _)| *other == name) {
            builder = builder.header(name, value);
        }
    }
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::from(body.to_owned())).unwrap()
}

pub(super) async fn text(response: Response<Body>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

pub(super) async fn value(response: Response<Body>) -> Value {
    serde_json::from_str(&text(response).await).unwrap()
}

/// What hostile pages and strangers send, with what they get.
#[rustfmt::skip]
const HOSTILE: &[(&[(&str, &str)], u16)] = &[
    (&[("host", "")], 421),
    (&[("host", "evil.example")], 421),
    (&[("host", "evil.example:3457")], 421),
    (&[("host", "127.0.0.1")], 421),
    (&[("host", "127.0.0.1:3458")], 421),
    (&[("host", "127.0.0.1:3457.evil.example")], 421),
    (&[("host", "localhost.evil.example:3457")], 421),
    (&[("host", "user@127.0.0.1:3457")], 421),
    (&[("host", "0.0.0.0:3457")], 421),
    (&[("host", "127.0.0.2:3457")], 421),
    (&[("host", "[::]:3457")], 421),
    (&[("host", "2130706433:3457")], 421),
    (&[("host", "127.0.0.1:3457"), ("host", "evil.example")], 421),
    (&[("origin", "null")], 403),
    (&[("origin", "http://evil.example")], 403),
    (&[("origin", "http://127.0.0.1:8080")], 403),
    (&[("origin", "https://127.0.0.1:3457")], 403),
    (&[("origin", "http://127.0.0.1:3457/")], 403),
    (&[("origin", "http://127.0.0.1:3457.evil.example")], 403),
    (&[("origin", "http://localhost:51730")], 403),
    (&[("origin", "file://")], 403),
    (&[("origin", "http://127.0.0.1:3457"), ("origin", "http://evil.example")], 403),
    (&[("sec-fetch-site", "cross-site")], 403),
    (&[("sec-fetch-site", "same-site")], 403),
    (&[("sec-fetch-site", "anything")], 403),
    (&[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")], 403),
    (&[("origin", "http://127.0.0.1:3457"), ("sec-fetch-site", "cross-site")], 403),
    (&[("authorization", "")], 401),
    (&[("authorization", "Bearer")], 401),
    (&[("authorization", "Bearer ")], 401),
    (&[("authorization", "Bearer 0123456789abcdef0123456789abcdeg")], 401),
    (&[("authorization", "Bearer 0123456789abcdef0123456789abcdef0")], 401),
    (&[("authorization", "Basic 0123456789abcdef0123456789abcdef")], 401),
    (&[("authorization", "0123456789abcdef0123456789abcdef")], 401),
];

/// What needs no token.
const OPEN: &[&str] = &[
    "/healthz",
    "/dashboard",
    "/dashboard/",
    "/dashboard/app.js",
    "/dashboard/app.css",
    "/dashboard/icon.svg",
    "/dashboard/session",
    "/dashboard/proof",
];

#[tokio::test(start_paused = true)]
async fn no_route_is_reached_past_the_guard() {
    let shared = shared();
    let site = site(&shared, Some(TOKEN));
    for route in ROUTES {
        let method = match route.method {
            MethodFilter::GET => "GET",
            MethodFilter::POST => "POST",
            MethodFilter::PUT => "PUT",
            _ => "DELETE",
        };
        let is_change = ["POST", "PUT"].contains(&method);
        let path = route.path.replace("{name}", "web").replace("{id}", "7").replace("{operation}", "a-1");
        for (headers, expected) in HOSTILE {
            let is_open = *expected == 401 && OPEN.contains(&path.as_str());
            let response = ask(&site, &shared, request(method, &path, headers, "{}")).await;
            let status = response.status().as_u16();
            let said = text(response).await;
            if is_open {
                assert!([200, 308, 400].contains(&status), "{path} {headers:?}: {status}");
                assert!(!said.contains("\"web\""), "{path}: {said}");
                continue;
            }
            assert_eq!(status, *expected, "{method} {path} {headers:?}: {said}");
            assert!(!said.contains("web") && said.contains("\"hint\""), "{method} {path}: {said}");
        }
        if is_change {
            for kind in [
                "",
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data",
                "application/jsonp",
            ] {
                let response =
                    ask(&site, &shared, request(method, &path, &[("content-type", kind)], "{}")).await;
                assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path} {kind}");
            }
            let long = "x".repeat(HTTP_BODY_MAX + 1);
            let response = ask(&site, &shared, request(method, &path, &[], &long)).await;
            assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        }
        // What passes it reaches the policy, which wants some of it named, or the engine, which has ended.
        let body = if route.means == Means::Publish { "{\"event_type\":\"test\"}" } else { "" };
        let response = ask(&site, &shared, request(method, &path, &[], body)).await;
        let is_named = [
            Means::Incidents,
            Means::Config,
            Means::SaveConfig,
            Means::Connections,
            Means::DropConnection,
            Means::SetMode,
            Means::SystemCustomRestart,
        ]
        .contains(&route.means);
        let passed = if is_named {
            &[StatusCode::FORBIDDEN][..]
        } else if OPEN.contains(&path.as_str()) {
            &[StatusCode::OK, StatusCode::PERMANENT_REDIRECT, StatusCode::BAD_REQUEST][..]
        } else {
            match route.means {
                Means::EventsSocket => &[StatusCode::UPGRADE_REQUIRED][..],
                Means::Operation => &[StatusCode::NOT_FOUND],
                _ => &[StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE],
            }
        };
        let status = response.status();
        assert!(passed.contains(&status), "{path}: {status} {}", text(response).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_names_two_servers_is_refused() {
    let shared = shared();
    let site = site(&shared, Some(TOKEN));
    let absolute = request("GET", "http://evil.example/supervisor/status", &[], "");
    assert_eq!(ask(&site, &shared, absolute).await.status(), StatusCode::MISDIRECTED_REQUEST);
    let absolute = request("GET", "http://localhost:3457/healthz", &[], "");
    assert_eq!(ask(&site, &shared, absolute).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn who_is_named_in_the_settings_may_ask() {
    let shared = shared();
    let site = site(&shared, Some(TOKEN));
    for host in ["localhost:3457", "LOCALHOST:3457", "[::1]:3457", "box.local:3457"] {
        let response = ask(&site, &shared, request("GET", "/healthz", &[("host", host)], "")).await;
        assert_eq!(response.status(), StatusCode::OK, "{host}");
    }
    let headers = [("origin", FRIEND), ("sec-fetch-site", "cross-site")];
    let response = ask(&site, &shared, request("GET", "/healthz", &headers, "")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["access-control-allow-origin"], FRIEND);
    let headers = [("origin", FRIEND), ("access-control-request-method", "POST"), ("authorization", "")];
    let before = ask(&site, &shared, request("OPTIONS", "/api/v1/reload", &headers, "")).await;
    assert_eq!(before.status(), StatusCode::NO_CONTENT);
    assert!(before.headers()["access-control-allow-headers"].to_str().unwrap().contains("Authorization"));
    let headers = [("origin", "http://evil.example"), ("access-control-request-method", "POST")];
    let before = ask(&site, &shared, request("OPTIONS", "/api/v1/reload", &headers, "")).await;
    assert_eq!(before.status(), StatusCode::FORBIDDEN);
    assert!(!before.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn without_a_token_all_other_questions_stay() {
    let shared = shared();
    let site = site(&shared, None);
    let open = request("GET", "/healthz", &[("authorization", "")], "");
    assert_eq!(ask(&site, &shared, open).await.status(), StatusCode::OK);
    for (headers, expected) in HOSTILE.iter().filter(|(_, expected)| *expected != 401) {
        let response = ask(&site, &shared, request("POST", "/api/v1/reload", headers, "{}")).await;
        assert_eq!(response.status().as_u16(), *expected, "{headers:?}");
    }
    let plain = request("POST", "/api/v1/reload", &[("content-type", "text/plain")], "{}");
    assert_eq!(ask(&site, &shared, plain).await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test(start_paused = true)]
async fn the_stream_key_opens_the_streams_and_nothing_else() {
    let shared = shared();
    let site = site(&shared, Some(TOKEN));
    let key = Token::new(TOKEN).unwrap().stream_key();
    let none = ("authorization", "");
    let check = async |method: &str, path: &str, headers: &[(&str, &str)], status: u16| {
        let response = ask(&site, &shared, request(method, path, headers, "{}")).await;
        assert_eq!(response.status().as_u16(), status, "{method} {path} {headers:?}");
    };
    for path in ["/supervisor/events", "/supervisor/heartbeat"] {
        check("GET", &format!("{path}?key={key}"), &[none], 200).await;
        check("GET", &format!("{path}?key={key}0"), &[none], 401).await;
        check("GET", &format!("{path}?key={TOKEN}"), &[none], 401).await;
        check("GET", &format!("{path}?key="), &[none], 401).await;
        check("GET", &format!("{path}?token={TOKEN}"), &[none], 401).await;
        check("GET", &format!("{path}?key={key}"), &[none, ("origin", "null")], 403).await;
        check("GET", &format!("{path}?key={key}"), &[none, ("host", "evil.example")], 421).await;
        check("GET", &format!("{path}?key={key}&no_such=1"), &[none], 400).await;
    }
    check("POST", &format!("/supervisor/events?key={key}"), &[none], 401).await;
    check("GET", &format!("/supervisor/status?key={key}"), &[none], 401).await;
    check("GET", &format!("/supervisor/events/?key={key}"), &[none], 401).await;
    let as_token = format!("Bearer {key}");
    check("GET", "/supervisor/status", &[("authorization", &as_token)], 401).await;
}

#[tokio::test]
async fn what_is_wrong_is_said_in_json() {
    let shared = shared();
    let site = site(&shared, Some(TOKEN));
    let check = async |method: &str, path: &str, body: &str, status: u16, code: &str| {
        let response = ask(&site, &shared, request(method, path, &[], body)).await;
        assert_eq!(response.status().as_u16(), status, "{method} {path}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let said = value(response).await;
        assert_eq!(said["code"], code, "{method} {path}: {said}");
        assert!(said["hint"].is_string() || said["path"].is_string(), "{method} {path}: {said}");
    };
    check("GET", "/nothing", "", 404, "unknown-method").await;
    check("DELETE", "/api/v1/services", "", 405, "unknown-method").await;
    check("POST", "/api/v1/services/web/start", "[1]", 400, "invalid-params").await;
    check("POST", "/api/v1/services/web/start", "{", 400, "invalid-params").await;
    check("POST", "/api/v1/services/web/start", "{\"service\":\"db\"}", 400, "invalid-params").await;
    check("POST", "/api/v1/services/web/start", "{\"no_such\":1}", 400, "invalid-params").await;
    check("POST", "/api/v1/services/web/restart", "{\"args\":[\"-x\"]}", 403, "not-permitted").await;
    check("POST", "/api/v1/services/web/restart?now", "", 400, "invalid-params").await;
    check("GET", "/api/v1/services/web/logs?lines=many", "", 400, "invalid-params").await;
    check("GET", "/api/v1/services/web/logs?follow=true", "", 400, "invalid-params").await;
    check("GET", "/api/v1/services/%FF/logs", "", 400, "invalid-params").await;
    check("POST", "/api/v1/reload", "{\"config_path\":\"/tmp/x\"}", 403, "not-permitted").await;
}

/// Serves a stream as a connection, for as long as its other end lives.
pub(super) fn connect(site: Site, shared: Arc<Shared>) -> (DuplexStream, tokio::task::JoinHandle<()>) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let visit = Visit {
        site,
        shared,
        peer: PEER.parse().unwrap(),
        own: OWN.parse().unwrap(),
        activity: Activity::default(),
    };
    (near, tokio::spawn(visit.serve(far)))
}

async fn rest_of(stream: &mut DuplexStream) -> String {
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test(start_paused = true)]
async fn slow_headers_and_slow_bodies_end_in_time() {
    let shared = shared();
    let site = site(&shared, Some(TOKEN));
    let check = async |sent: &str, limit: Duration, answered: &str| {
        let (mut stream, served) = connect(site.clone(), Arc::clone(&shared));
        let before = tokio::time::Instant::now();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let said = rest_of(&mut stream).await;
        served.await.unwrap();
        assert!(said.starts_with(answered), "{sent:?}: {said}");
        assert!(before.elapsed() <= limit + Duration::from_secs(1), "{sent:?}: {:?}", before.elapsed());
    };
    check("GET /healthz HTTP/1.1\r\nHost: loc", HTTP_HEADER_DEADLINE, "").await;
    check("", HTTP_HEADER_DEADLINE, "").await;
    let head = format!(
        "POST /api/v1/reload HTTP/1.1\r\nHost: localhost:3457\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{{"
    );
    check(&head, HTTP_BODY_DEADLINE + HTTP_HEADER_DEADLINE, "HTTP/1.1 408").await;
    let long = format!("GET /healthz HTTP/1.1\r\nHost: localhost:3457\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    check(&long, HTTP_HEADER_DEADLINE, "HTTP/1.1 431").await;
    let many = "X: x\r\n".repeat(100);
    let many = format!("GET /healthz HTTP/1.1\r\nHost: localhost:3457\r\n{many}\r\n");
    check(&many, HTTP_HEADER_DEADLINE, "HTTP/1.1 431").await;
}

#[tokio::test]
async fn a_connection_is_listed_and_ends_when_it_is_dropped_or_the_server_ends() {
    let shared = shared();
    let site = site(&shared, Some(TOKEN));
    let (mut stream, served) = connect(site.clone(), Arc::clone(&shared));
    let head = "GET /healthz HTTP/1.1\r\nHost: localhost:3457\r\nUser-Agent: curl/8.0 x\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut begun = [0; 15];
    stream.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200 OK");
    let own = shared.connections.open(&Peer::Desktop, Backlog::none());
    let listed = serde_json::to_value(own.list(&shared.hub).await).unwrap();
    let entry = &listed["connections"][0];
    assert_eq!(
        (&entry["kind"], &entry["peer"], &entry["client"], &entry["route"]),
        (&json!("http"), &json!(PEER), &json!("curl/8.0"), &json!("/healthz"))
    );
    let id = entry["id"].as_u64().unwrap();
    own.send_away(&ostler_api::DropConnectionParams { id, reason: None }).unwrap();
    served.await.unwrap();
    let (_stream, served) = connect(site, Arc::clone(&shared));
    shared.closing.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn what_no_route_knows_is_said_so_whatever_is_sent_with_it() {
    let shared = shared();
    let site = site(&shared, Some(TOKEN));
    for route in ROUTES {
        let path = route.path.replace("{name}", "web").replace("{id}", "7").replace("{operation}", "x-1");
        for method in ["TRACE", "PROPFIND", "get"] {
            let response = ask(&site, &shared, request(method, &path, &[("content-type", "")], "")).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert!(response.headers().contains_key("allow"), "{method} {path}");
        }
        let response = ask(&site, &shared, request("PATCH", &path, &[("content-type", "")], "")).await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "PATCH {path}");
    }
}
