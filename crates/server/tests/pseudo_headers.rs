//! HTTP/2 as only an attacker writes it, frame by frame, at every route: what the pseudo-headers say counts like the
//! address line and `Host`, and what is missing or said twice reaches nothing.
#![cfg(target_os = "linux")]

mod common;
#[path = "common/tls.rs"]
mod within_tls;

use std::{net::SocketAddr, sync::Arc};

use common::{LIMIT, engine};
use ostler_server::{ControlServer, HttpFront, ServerOptions, TlsWish};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{client::TlsStream, rustls::ClientConfig};
use tokio_util::sync::CancellationToken;
use within_tls::{TOKEN, rules, trusting};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// The headers are whole, and nothing follows them.
const WHOLE: u8 = 0b101;
/// The stream ends with it.
const END: u8 = 1;
/// More than any answer here: the bytes that are taken without a word.
const WINDOW: u32 = 1 << 24;
const WINDOW_UPDATE: u8 = 8;

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

/// The names and values of a request, in the order in which they are sent.
type Fields = Vec<(&'static str, String)>;

struct Rig {
    _home: tempfile::TempDir,
    config: Arc<ClientConfig>,
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Rig {
    async fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let rules = rules(&["box.local:3457"], Some(TlsWish::Own { folder: home.path().join("tls") }));
        let front = HttpFront::bind("127.0.0.1", 0, false, rules).await.expect("it listens");
        let address = front.address();
        let server = ControlServer::new(engine(), ServerOptions::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { server.accept_http(front, CancellationToken::new()).await.finish().await });
        let config = trusting(&home.path().join("tls/ca.pem"), &[b"h2"]);
        Self { _home: home, config, address, _tasks: tasks }
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        let mut stream = within_tls::connect(&self.config, self.address, "localhost").await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        stream.write_all(PREFACE).await.expect("it is sent");
        let window = [&[0, 4][..], &WINDOW.to_be_bytes()].concat();
        stream.write_all(&frame(SETTINGS, 0, 0, &window)).await.expect("it is sent");
        stream.write_all(&frame(WINDOW_UPDATE, 0, 0, &WINDOW.to_be_bytes())).await.expect("it is sent");
        stream
    }

    /// The status that is answered to a request of these fields, on a connection of its own; none if it was reset, or
    /// the connection ended.
    async fn ask(&self, fields: &[(&str, String)]) -> Option<u16> {
        let mut stream = self.connect().await;
        stream.write_all(&frame(HEADERS, WHOLE, 1, &packed(fields))).await.expect("it is sent");
        timeout(LIMIT, status(&mut stream)).await.expect("an answer in time")
    }

    /// The body that is answered.
    async fn body(&self, fields: &[(&str, String)]) -> Vec<u8> {
        let mut stream = self.connect().await;
        stream.write_all(&frame(HEADERS, WHOLE, 1, &packed(fields))).await.expect("it is sent");
        let mut body = Vec::new();
        let read = async {
            while let Some((kind, flags, payload)) = next(&mut stream).await {
                if kind == DATA {
                    body.extend_from_slice(&payload);
                }
                if flags & END != 0 && matches!(kind, DATA | HEADERS) {
                    break;
                }
            }
        };
        timeout(LIMIT, read).await.expect("an end in time");
        body
    }

    /// A request that is right.
    fn right(&self, method: &str, path: &str) -> Fields {
        vec![
            (":method", method.to_owned()),
            (":scheme", "https".to_owned()),
            (":authority", self.address.to_string()),
            (":path", path.to_owned()),
            ("authorization", format!("Bearer {TOKEN}")),
            ("content-type", "application/json".to_owned()),
        ]
    }

    /// The routes, as the server itself describes them.
    async fn routes(&self) -> Vec<(String, String)> {
        let body = self.body(&self.right("GET", "/openapi.json")).await;
        let document: Value = serde_json::from_slice(&body).expect("the description");
        let mut routes = Vec::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            let path = path.replace("{name}", "web").replace("{id}", "1").replace("{operation}", "x-1");
            for method in methods.as_object().expect("methods").keys() {
                routes.push((method.to_ascii_uppercase(), path.clone()));
            }
        }
        routes
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// Each field as a literal that nobody remembers (RFC 7541, 6.2.2), without any packing.
fn packed(fields: &[(&str, String)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name.as_bytes(), value.as_bytes()] {
            let length = u8::try_from(text.len()).expect("short");
            if length < 127 {
                block.push(length);
            } else {
                block.extend_from_slice(&[127, length - 127]);
            }
            block.extend_from_slice(text);
        }
    }
    block
}

/// The next frame; none once the connection has ended.
async fn next(stream: &mut TlsStream<TcpStream>) -> Option<(u8, u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).expect("short")];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], head[4], payload))
}

async fn status(stream: &mut TlsStream<TcpStream>) -> Option<u16> {
    loop {
        match next(stream).await? {
            (HEADERS, _, block) => return Some(status_of(&block)),
            (RESET | GOAWAY, ..) => return None,
            _ => {}
        }
    }
}

/// The status, which is the first field of an answer (RFC 7541, appendices A and B).
fn status_of(block: &[u8]) -> u16 {
    let block = if block[0] & 0xe0 == 0x20 { &block[1..] } else { block };
    match block[0] {
        indexed @ 0x88..=0x8e => [200, 204, 206, 304, 400, 404, 500][usize::from(indexed) - 0x88],
        0x48 | 0x08 | 0x18 => {
            let text = &block[2..2 + usize::from(block[1] & 0x7f)];
            let digits = if block[1] & 0x80 == 0 { text.to_vec() } else { unpacked(text) };
            String::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).expect("a status")
        }
        other => panic!("no status: {other:x}"),
    }
}

/// Three digits: `0`, `1` and `2` take five bits, the others six.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let mut rest = &*bits;
    let mut digits = Vec::new();
    while digits.len() < 3 {
        let five = u8::from_str_radix(&rest[..5], 2).expect("bits");
        if five <= 2 {
            digits.push(b'0' + five);
            rest = &rest[5..];
        } else {
            let six = u8::from_str_radix(&rest[..6], 2).expect("bits");
            digits.push(b'3' + six - 0b01_1001);
            rest = &rest[6..];
        }
    }
    digits
}

/// Takes every field of a name away, and puts these in their place: pseudo-headers first, all else last.
fn with(mut fields: Fields, name: &str, values: &[&str]) -> Fields {
    let names = [":method", ":scheme", ":authority", ":path", ":protocol", ":status", ":evil", "host"];
    let name = names.into_iter().find(|known| *known == name).expect("a known name");
    fields.retain(|(other, _)| *other != name);
    let new = values.iter().map(|value| (name, (*value).to_owned()));
    if name.starts_with(':') { new.chain(fields).collect() } else { fields.into_iter().chain(new).collect() }
}

/// What is wrong with a request, and the request.
fn shapes(right: &Fields, at: SocketAddr, method: &str, path: &str) -> Vec<(String, Fields)> {
    let (ours, port) = (at.to_string(), at.port());
    let evil = format!("evil.example:{port}");
    let mut shapes = Vec::new();
    let mut add = |name: &str, fields: Fields| shapes.push((name.to_owned(), fields));
    // Who has the token may ask for what is not there; who has not must not get there by another name for it.
    let mut unknown = right.clone();
    unknown.retain(|(name, _)| *name != "authorization");
    let named = |value: &str| with(right.clone(), ":authority", &[value]);
    for wrong in [
        &*evil,
        "127.0.0.1",
        "localhost",
        "",
        "*",
        &format!("{ours},{evil}"),
        &format!("{ours}@{evil}"),
        &format!("user@{ours}"),
        &format!("{evil}@{ours}"),
        &format!("{ours}/"),
        &format!("https://{ours}"),
        &format!("0.0.0.0:{port}"),
        &format!("127.1:{port}"),
        &format!("[::ffff:127.0.0.1]:{port}"),
        &format!("localhost.:{port}"),
        &format!("{ours}.evil.example"),
        "box.local",
        "box.local:3458",
    ] {
        add(&format!(":authority {wrong:?}"), named(wrong));
    }
    add(":authority evil, host ours", with(named(&evil), "host", &[&ours]));
    add(":authority ours, host evil", with(right.clone(), "host", &[&evil]));
    add(":authority ours, host empty", with(right.clone(), "host", &[""]));
    add(":authority ours, two hosts", with(right.clone(), "host", &[&ours, &ours]));
    let nameless = with(right.clone(), ":authority", &[]);
    add("no :authority", nameless.clone());
    add("no :authority, host evil", with(nameless.clone(), "host", &[&evil]));
    add("no :authority, two hosts", with(nameless.clone(), "host", &[&ours, &evil]));
    add("two :authority", with(right.clone(), ":authority", &[&ours, &evil]));
    for scheme in ["http", "ftp", "", "HTTPS://", "wss"] {
        add(&format!(":scheme {scheme:?}"), with(right.clone(), ":scheme", &[scheme]));
    }
    add("no :scheme", with(right.clone(), ":scheme", &[]));
    add("two :scheme", with(right.clone(), ":scheme", &["https", "http"]));
    for wrong in [
        "",
        "*",
        &path[1..],
        &format!("https://{evil}{path}"),
        &format!("http://{ours}{path}"),
        &format!("/{path}"),
        &format!("//{evil}{path}"),
        &format!("{path}\0"),
        &format!("{path}\r\nhost: {evil}"),
        &format!("{path} /healthz"),
        &format!("/healthz/..{path}"),
        &format!("/healthz/%2e%2e{path}"),
        &format!("\\{path}"),
    ] {
        // What is left of the home page is the page without a slash.
        if wrong != "dashboard" {
            add(&format!(":path {wrong:?}"), with(unknown.clone(), ":path", &[wrong]));
        }
    }
    add("no :path", with(right.clone(), ":path", &[]));
    add("two :path", with(right.clone(), ":path", &["/healthz", path]));
    add("no :method", with(right.clone(), ":method", &[]));
    add("two :method", with(right.clone(), ":method", &["GET", method]));
    add(":method with a blank", with(right.clone(), ":method", &["GET /healthz"]));
    for wrong in ["CONNECT", "TRACE", "PROPFIND", &method.to_ascii_lowercase()] {
        add(&format!(":method {wrong}"), with(unknown.clone(), ":method", &[wrong]));
    }
    add(
        "a WebSocket by CONNECT",
        with(with(right.clone(), ":method", &["CONNECT"]), ":protocol", &["websocket"]),
    );
    add("an answer", with(right.clone(), ":status", &["200"]));
    add("an unknown pseudo-header", with(right.clone(), ":evil", &["1"]));
    for (name, value) in [
        (":authority", &*ours),
        (":path", path),
        ("Authorization", "x"),
        ("connection", "close"),
        ("te", "gzip"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("keep-alive", "1"),
        ("proxy-connection", "close"),
        ("content-length", "7"),
        ("content-length", "-1"),
        ("x", "a\r\nhost: evil"),
        ("x", "a\0b"),
        ("", "x"),
        ("x y", "z"),
        ("x:", "z"),
    ] {
        let mut fields = right.clone();
        fields.push((name_of(name), value.to_owned()));
        add(&format!("{name:?}: {value:?} at the end"), fields);
    }
    shapes
}

fn name_of(name: &str) -> &'static str {
    let names = [
        ":authority",
        ":path",
        "Authorization",
        "connection",
        "te",
        "transfer-encoding",
        "upgrade",
        "keep-alive",
        "proxy-connection",
        "content-length",
        "x",
        "",
        "x y",
        "x:",
    ];
    names.into_iter().find(|known| *known == name).expect("a known name")
}

#[tokio::test]
async fn no_trick_of_the_pseudo_headers_reaches_any_route() {
    let rig = Rig::new().await;
    let routes = rig.routes().await;
    assert!(routes.len() >= 40, "{}", routes.len());
    let mut faults = Vec::new();
    let mut tries = 0;
    for (method, path) in &routes {
        let right = rig.right(method, path);
        for (name, fields) in shapes(&right, rig.address, method, path) {
            tries += 1;
            let status = rig.ask(&fields).await;
            // What is open to all has no other names either, and no other methods.
            let is_nothing = OPEN.contains(&&**path) && matches!(status, Some(404 | 405));
            if !matches!(status, None | Some(400 | 401 | 421)) && !is_nothing {
                faults.push(format!("{method} {path}: {name}: {status:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{} of {tries}:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn a_request_that_names_us_in_either_way_is_answered() {
    let rig = Rig::new().await;
    let right = rig.right("GET", "/healthz");
    let ours = rig.address.to_string();
    let port = rig.address.port();
    let nameless = with(right.clone(), ":authority", &[]);
    for fields in [
        right.clone(),
        with(right.clone(), "host", &[&ours]),
        with(nameless, "host", &[&ours]),
        with(right.clone(), ":authority", &[&format!("LocalHost:{port}")]),
        with(right.clone(), ":authority", &[&format!("[::1]:{port}")]),
        with(right, ":authority", &["box.local:3457"]),
    ] {
        assert_eq!(rig.ask(&fields).await, Some(200), "{fields:?}");
    }
}
