//! Every hostile shape of a request that is known, at every route: nothing changes, and nothing is learned.

#![cfg(target_os = "linux")]

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use ostler_e2e::{Daemon, Place, Service, wait_until};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);
/// One who says nothing for so long waits for more; a wrong token is answered earlier.
const SILENCE: Duration = Duration::from_millis(1000);
/// Requests that are made at once.
const HANDS: usize = 12;
/// What must never be read by a stranger: the name of the service.
const CANARY: &str = "canary-of-state";
/// The other site whose pages may ask.
const FRIEND: &str = "http://localhost:5173";

/// What needs no token, and tells nothing of what runs.
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

/// A method and path that the server knows.
#[derive(Clone, Debug)]
struct Route {
    method: String,
    path: String,
}

impl Route {
    fn is_change(&self) -> bool {
        self.method != "GET"
    }
}

/// Where a shape is tried.
#[derive(Clone, Copy, Debug)]
enum At {
    /// Everywhere.
    All,
    /// Wherever a token is needed.
    Guarded,
    /// Wherever something changes with a body.
    Changes,
}

/// One hostile shape; `{p}` is the port, `{m}` the method and `{r}` the path.
#[derive(Clone, Debug)]
struct Shape {
    name: String,
    at: At,
    /// The whole request.
    bytes: String,
}

struct World {
    place: Place,
    _daemon: Daemon,
    port: u16,
    token: String,
}

impl World {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = listener.expect("a port").port();
        let services = Service::config(&[Service::new(CANARY, &["sleep", "1000"])]);
        let place =
            Place::new(&format!("[http]\nport = {port}\nallowed_origins = [\"{FRIEND}\"]\n{services}"));
        let daemon = place.start();
        assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()), "it listens");
        let output = place.cli(&["token"]);
        let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Self { place, _daemon: daemon, port, token }
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_slice(&self.place.cli(args).stdout).expect("JSON")
    }

    /// All that a hostile request could have changed.
    fn state(&self) -> Value {
        let status = self.json(&["status", "--json"]);
        let stats = self.json(&["events", "--stats", "--json"]);
        let instance = &status["services"][CANARY]["instances"][0];
        let config = std::fs::read_to_string(self.place.config()).expect("the configuration");
        serde_json::json!({
            "pid": instance["pid"], "run": instance["run"], "restarts": instance["restart_count"],
            "goal": instance["goal"], "mode": status["supervisor"]["mode"], "config": config,
            "hash": status["supervisor"]["config_hash"], "told": stats["events_emitted"],
        })
    }

    /// The routes, as the server itself describes them.
    fn routes(&self) -> Vec<Route> {
        let head = format!(
            "GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.port, self.token
        );
        let answer = self.exchange(head.as_bytes());
        let (_, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let document: Value = serde_json::from_str(body).expect("the description");
        let mut routes = Vec::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            let path = path.replace("{name}", CANARY).replace("{id}", "1").replace("{operation}", "x-1");
            assert!(!path.contains('{'), "{path}");
            for method in methods.as_object().expect("methods").keys() {
                routes.push(Route { method: method.to_ascii_uppercase(), path: path.clone() });
            }
        }
        routes
    }

    /// Sends bytes and reads until the other side closes; one that waits for more is told that nothing follows.
    fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(SILENCE)).expect("a deadline");
        stream.set_write_timeout(Some(LIMIT)).expect("a deadline");
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let mut read = stream.read_to_end(&mut answer);
        if read.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock) {
            let _ = stream.shutdown(Shutdown::Write);
            stream.set_read_timeout(Some(LIMIT)).expect("a deadline");
            read = stream.read_to_end(&mut answer);
        }
        match read {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("no end within {LIMIT:?}: {}", String::from_utf8_lossy(bytes))
            }
            // A server that has heard enough may reset what is still on its way.
            Ok(_) | Err(_) => String::from_utf8_lossy(&answer).into_owned(),
        }
    }
}

fn has_token(more: &str) -> String {
    format!("Authorization: Bearer {{t}}\r\n{more}")
}

/// A request that is right but for its lines; a `Host` among them replaces the right one.
fn request(line: &str, lines: &str) -> String {
    let is_named = lines.to_ascii_lowercase().split("\r\n").any(|line| line.starts_with("host:"));
    let host = if is_named || lines.contains("{nohost}") { "" } else { "Host: 127.0.0.1:{p}\r\n" };
    let lines = lines.replace("{nohost}", "");
    let kind = if lines.to_ascii_lowercase().contains("content-type:") {
        ""
    } else {
        "Content-Type: application/json\r\n"
    };
    format!("{line} HTTP/1.1\r\n{host}{lines}{kind}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}")
}

#[rustfmt::skip]
const HOSTS: &[&str] = &[
    "", "evil.example", "evil.example:{p}", "EVIL.EXAMPLE:{p}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{p}0", "127.0.0.1:0{p}",
    "127.0.0.1:{p}.evil.example", "127.0.0.1.evil.example:{p}", "evil.example#127.0.0.1:{p}", "evil.example/127.0.0.1:{p}",
    "127.0.0.1:{p}@evil.example", "evil.example@127.0.0.1:{p}", "user:pass@127.0.0.1:{p}", "127.0.0.1:{p},evil.example",
    "127.0.0.1:{p} evil.example", "evil.example 127.0.0.1:{p}", "localhost", "localhost.:{p}", "localhost.evil.example:{p}",
    "evil-localhost:{p}", "localhost.localdomain:{p}", "sub.localhost:{p}", "127.0.0.1.:{p}", "127.0.0.1.nip.io:{p}",
    "127.1:{p}", "127.0.1:{p}", "0177.0.0.1:{p}", "0x7f.0.0.1:{p}", "0x7f000001:{p}", "2130706433:{p}", "127.0.0.2:{p}",
    "127.255.255.254:{p}", "0:{p}", "0.0.0.0:{p}", "[::]:{p}", "[::1]", "[::1%25lo]:{p}", "::1:{p}", "[0:0:0:0:0:0:0:1]:{p}",
    "[::ffff:127.0.0.1]:{p}", "[::ffff:7f00:1]:{p}", "[::127.0.0.1]:{p}", "169.254.169.254", "192.168.0.1:{p}",
    "http://127.0.0.1:{p}", "127.0.0.1:{p}/", "127.0.0.1:{p}?", "127.0.0.1:{p}#", "127.0.0.1%00:{p}", "127.0.0.1\\@evil.example:{p}",
    "%31%32%37.0.0.1:{p}", "１２７.0.0.1:{p}", "localhos\u{74}\u{301}:{p}", "*", "null", ":{p}", "127.0.0.1::{p}", "127.0.0.1:-1",
];

#[rustfmt::skip]
const ORIGINS: &[&str] = &[
    "null", "NULL", "", "*", "file://", "http://evil.example", "http://evil.example:{p}", "https://127.0.0.1:{p}", "http://127.0.0.1",
    "http://127.0.0.1:1", "http://127.0.0.1:{p}/", "http://127.0.0.1:{p}.evil.example", "http://127.0.0.1:{p}@evil.example",
    "http://evil.example#127.0.0.1:{p}", "http://user@127.0.0.1:{p}", "HTTP://127.0.0.1:{p}", "http://127.0.0.1:{p}, http://evil.example",
    "http://127.0.0.1:{p} http://evil.example", "http://localhost.evil.example:{p}", "http://localhost", "http://LOCALHOST:{p}",
    "http://localhost.:{p}", "http://[::1].evil:{p}", "http://[::1]", "http://0.0.0.0:{p}", "http://127.0.0.2:{p}", "http://127.1:{p}",
    "ws://127.0.0.1:{p}", "chrome-extension://abcdefghijklmnop", "moz-extension://0-0-0", "data:text/html,x", "blob:http://127.0.0.1:{p}/x",
    "http://localhost:5173.evil.example", "http://localhost:51730", "http://localhost:517", "https://localhost:5173", "http://evil-localhost:5173",
    "http://localhost:5173/", "http://127.0.0.1:5173", "app://.",
];

#[rustfmt::skip]
const TOKENS: &[&str] = &[
    "", "Authorization:\r\n", "Authorization: Bearer\r\n", "Authorization: Bearer \r\n", "Authorization: Bearer null\r\n",
    "Authorization: Bearer undefined\r\n", "Authorization: Bearer {t}x\r\n", "Authorization: Bearer x{t}\r\n",
    "Authorization: Bearer {t} {t}\r\n", "Authorization: Basic {t}\r\n", "Authorization: {t}\r\n", "Authorization: Token {t}\r\n",
    "Authorization: Bearer {t}\r\nAuthorization: Bearer {t}\r\n", "Authorization: Bearer {t}, Bearer {t}\r\n",
    "Cookie: token={t}\r\n", "X-Api-Key: {t}\r\n", "X-Auth-Token: {t}\r\n", "Proxy-Authorization: Bearer {t}\r\n",
    "Authorization: Bearer 00000000000000000000000000000000\r\n", "X-Forwarded-For: 127.0.0.1\r\n", "X-Real-IP: 127.0.0.1\r\n",
    "X-Original-URL: /healthz\r\n", "X-Rewrite-URL: /healthz\r\n", "X-Forwarded-Prefix: /healthz\r\n", "X-Forwarded-User: root\r\n",
    "X-HTTP-Method-Override: GET\r\n", "X-HTTP-Method-Override: POST\r\n", "X-Method-Override: DELETE\r\n", "_method: POST\r\n",
    "Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n", "Origin: http://127.0.0.1:{p}\r\n", "Origin: http://localhost:5173\r\n",
    "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
    "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n", "Expect: 100-continue\r\n", "Range: bytes=0-\r\n", "Accept: text/event-stream\r\n",
    "Last-Event-ID: earliest\r\n",
];

/// Targets that may look like another one to somebody; none of them says the token.
#[rustfmt::skip]
const TARGETS: &[&str] = &[
    "/healthz/..{r}", "/healthz/%2e%2e{r}", "/healthz/%2E%2E{r}", "/healthz%2f..{r}", "/healthz/..;{r}", "/healthz\\..{r}", "/healthz;{r}",
    "/healthz%00{r}", "/healthz{r}", "//healthz/..{r}", "/./healthz/..{r}", "/dashboard/..{r}", "/dashboard/%2e%2e{r}", "/dashboard/..%2f..{r}",
    "/dashboard/..;{r}", "/dashboard/assets/../..{r}", "/dashboard/%252e%252e{r}", "/{r}", "//127.0.0.1:1{r}", "/.{r}", "/x/..{r}", "{r}/", "{r}.",
    "{r}//", "{r}/.", "{r}/../healthz", "{r}%2f", "{r}%20", "{r}%00", "{r};/healthz", "{r}?/healthz", "{r}?token={t}", "{r}?access_token={t}",
    "{r}?key={t}", "{r}?key=", "{r}?ticket=x", "{r}?ticket=", "{r}#/healthz", "{r}.json", "http://evil.example{r}", "http://evil.example:{p}{r}",
    "http://127.0.0.1:1{r}", "https://127.0.0.1:{p}{r}", "ftp://127.0.0.1:{p}{r}", "http://127.0.0.1:{p}@evil.example{r}", "127.0.0.1:{p}{r}", "*",
];

/// Whole requests that are no HTTP, or two at once.
#[rustfmt::skip]
const RAW: &[(&str, &str)] = &[
    ("HTTP/0.9", "{m} {r}\r\n"),
    ("HTTP/1.0 without a host", "{m} {r} HTTP/1.0\r\n\r\n"),
    ("HTTP/3.0", "{m} {r} HTTP/3.0\r\nHost: 127.0.0.1:{p}\r\n\r\n"),
    ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("the first bytes of TLS", "\u{16}\u{3}\u{1}\u{2}"),
    ("nothing", ""),
    ("half a header", "{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nAuthorization: Bearer {t}\r\nX: "),
    ("half a host", "{m} {r} HTTP/1.1\r\nHost: 127.0.0"),
    ("a host that is folded", "{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\n evil.example\r\nAuthorization: Bearer {t}\r\n\r\n"),
    ("a token that is folded", "{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nAuthorization: Bearer\r\n {t}\r\n\r\n"),
    ("a blank before the colon", "{m} {r} HTTP/1.1\r\nHost : 127.0.0.1:{p}\r\nAuthorization: Bearer {t}\r\n\r\n"),
    ("a header without a name", "{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\n: x\r\n\r\n"),
    ("a header without a colon", "{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nAuthorization\r\n\r\n"),
    ("a NUL in a header", "{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nX: a\0b\r\nAuthorization: Bearer {t}\r\n\r\n"),
    ("two hosts, ours last", "{m} {r} HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1:{p}\r\nAuthorization: Bearer {t}\r\n\r\n"),
    ("two hosts, ours first", "{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nHost: evil.example\r\nAuthorization: Bearer {t}\r\n\r\n"),
    ("our host twice", "{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nHost: 127.0.0.1:{p}\r\nAuthorization: Bearer {t}\r\n\r\n"),
    ("a blank in the target", "{m} {r} /healthz HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\n\r\n"),
    ("a tab instead of a blank", "{m}\t{r}\tHTTP/1.1\r\nHost: 127.0.0.1:{p}\r\n\r\n"),
    ("a method of small letters", "get {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nConnection: close\r\n\r\n"),
    ("TRACE", "TRACE {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nConnection: close\r\n\r\n"),
    ("PROPFIND", "PROPFIND {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nConnection: close\r\n\r\n"),
    ("HEAD without a token", "HEAD {r}/ HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nConnection: close\r\n\r\n"),
    ("CONNECT to us", "CONNECT 127.0.0.1:{p} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nConnection: close\r\n\r\n"),
    ("CONNECT to others", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n"),
    ("OPTIONS of a page", "OPTIONS {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: {m}\r\nConnection: close\r\n\r\n"),
    ("OPTIONS for a private network", "OPTIONS {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: {m}\r\nAccess-Control-Request-Private-Network: true\r\nConnection: close\r\n\r\n"),
    ("two lengths", "{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}"),
    ("a length below nothing", "{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nContent-Length: -1\r\n\r\n"),
    ("a length that is too long a number", "{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
    ("a second request behind a length and chunks", "POST {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nContent-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nConnection: close\r\n\r\n"),
    ("a second request behind odd chunks", "POST {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nContent-Type: application/json\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nConnection: close\r\n\r\n"),
    ("chunks twice", "POST {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    ("a chunk that is no number", "POST {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n\r\n"),
    ("a second request in the pipe", "{m} /nothing HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nContent-Length: 0\r\n\r\n{m} {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nConnection: close\r\n\r\n"),
];

#[rustfmt::skip]
const TYPES: &[&str] = &[
    "Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded", "Content-Type: multipart/form-data; boundary=x",
    "Content-Type: text/html", "Content-Type: application/jsonp", "Content-Type: text/json", "Content-Type: application/json5",
    "Content-Type: text/plain; charset=application/json", "Content-Type: text/plain, application/json", "Content-Type:", "Content-Type: */*",
    "Content-Type: application/json\r\nContent-Type: text/plain",
];

#[rustfmt::skip]
const FETCHES: &[&str] = &[
    "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: CROSS-SITE", "Sec-Fetch-Site: x", "Sec-Fetch-Site:",
    "Sec-Fetch-Site: same-origin, cross-site", "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site",
    "Origin: http://127.0.0.1:{p}\r\nSec-Fetch-Site: cross-site", "Origin: http://127.0.0.1:{p}\r\nOrigin: http://evil.example",
    "Origin: http://evil.example\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13",
    "Origin: null\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13",
    "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script",
];

fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    let mut add = |at, name: String, bytes: String| shapes.push(Shape { name, at, bytes });
    for host in HOSTS {
        add(At::All, format!("host {host:?}"), request("{m} {r}", &has_token(&format!("Host: {host}\r\n"))));
    }
    add(At::All, "no host".to_owned(), request("{m} {r}", &has_token("{nohost}")));
    for origin in ORIGINS {
        let lines = has_token(&format!("Origin: {origin}\r\n"));
        add(At::All, format!("origin {origin:?}"), request("{m} {r}", &lines));
    }
    for fetch in FETCHES {
        add(At::All, fetch.replace("\r\n", " "), request("{m} {r}", &has_token(&format!("{fetch}\r\n"))));
    }
    for token in TOKENS {
        add(At::Guarded, format!("token {token:?}"), request("{m} {r}", token));
    }
    for target in TARGETS {
        add(At::Guarded, format!("target {target}"), request(&format!("{{m}} {target}"), ""));
    }
    for (name, bytes) in RAW {
        add(At::Guarded, (*name).to_owned(), (*bytes).to_owned());
    }
    for kind in TYPES {
        add(At::Changes, kind.replace("\r\n", " "), request("{m} {r}", &has_token(&format!("{kind}\r\n"))));
    }
    let long = format!("X: {}\r\n", "x".repeat(20_000));
    add(At::All, "a long header".to_owned(), request("{m} {r}", &has_token(&long)));
    let many: String = (0..100).map(|number| format!("X-{number}: x\r\n")).collect();
    add(At::All, "many headers".to_owned(), request("{m} {r}", &has_token(&many)));
    let deep = format!("{{m}} {{r}}?{}", "x".repeat(70_000));
    add(At::All, "a long target".to_owned(), request(&deep, &has_token("")));
    let body = "POST {r} HTTP/1.1\r\nHost: 127.0.0.1:{p}\r\nAuthorization: Bearer {t}\r\nContent-Type: application/json\r\n\
                Content-Length: 9000000\r\n\r\n{}";
    add(At::Changes, "a long body".to_owned(), body.to_owned());
    shapes
}

/// What is wrong with an answer, if a stranger must not get it.
fn fault(shape: &Shape, route: &Route, answer: &str) -> Option<String> {
    let said = answer.to_ascii_lowercase();
    if answer.contains(CANARY) {
        return Some("it tells of the state".to_owned());
    }
    // A page that may ask reads why it was refused, and nobody else does.
    let is_friend = shape.bytes.contains(&format!("Origin: {FRIEND}\r\n"));
    if said.contains("access-control-allow-origin") && !is_friend {
        return Some("a page may read it".to_owned());
    }
    // Also of a second answer, if there is one.
    let statuses = answer.match_indices("HTTP/1.").map(|(at, _)| answer.get(at + 9..at + 12).unwrap_or(""));
    for status in statuses {
        let is_refusal =
            status.parse::<u16>().is_ok_and(|status| (400..=599).contains(&status) && status != 500);
        if !is_refusal && status != "100" {
            return Some(format!("{} {} is answered {status}", route.method, route.path));
        }
    }
    None
}

#[test]
fn no_hostile_shape_reaches_anything_at_any_route() {
    let world = World::new();
    let shapes = shapes();
    assert!(shapes.len() >= 200, "{}", shapes.len());
    let routes = world.routes();
    assert!(routes.len() >= 29, "{}", routes.len());
    assert!(wait_until(LIMIT, || world.state()["pid"].is_u64()));
    let before = world.state();
    let tries: Vec<(&Shape, &Route)> = shapes
        .iter()
        .flat_map(|shape| routes.iter().map(move |route| (shape, route)))
        .filter(|(shape, route)| match shape.at {
            At::All => true,
            At::Guarded => !OPEN.contains(&route.path.as_str()),
            At::Changes => route.is_change() && route.method != "DELETE",
        })
        .collect();
    let (next, silent) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let faults = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                while let Some((shape, route)) = tries.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let bytes = shape
                        .bytes
                        .replace("{m}", &route.method)
                        .replace("{r}", &route.path)
                        .replace("{p}", &world.port.to_string())
                        .replace("{t}", &world.token);
                    let answer = world.exchange(bytes.as_bytes());
                    silent.fetch_add(usize::from(answer.is_empty()), Ordering::Relaxed);
                    if let Some(fault) = fault(shape, route, &answer) {
                        let shown: String = answer.chars().take(300).collect();
                        faults.lock().expect("faults").push(format!("{}: {fault}\n{shown}", shape.name));
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().expect("faults");
    let silent = silent.into_inner();
    assert!(silent * 5 < tries.len(), "{silent} of {} were not answered", tries.len());
    assert!(
        faults.is_empty(),
        "{} of {}:\n{}",
        faults.len(),
        tries.len(),
        faults[..faults.len().min(20)].join("\n---\n")
    );
    assert_eq!(world.state(), before, "after {} tries", tries.len());
}
