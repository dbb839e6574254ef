//! Upstreams that are hostile, broken or behind a certificate: what is taken in of them, and what a person is told.

#![cfg(target_os = "linux")]

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use ostler_e2e::{Caller, Place, free_port, wait_until};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use serde_json::Value;

/// One that is tried again now and then is tried every half minute.
const LIMIT: Duration = Duration::from_secs(60);

/// Servers with and without TLS, each at a port of its own; what they answer is by the path.
const UPSTREAM: &str = r#"
import http.server, json, ssl, sys, threading, time
HELLO = b'id: 1\ndata: {"event_type":"plan_updated","plan_id":"1"}\n\n'
AFTER = b'id: after\ndata: {"event_type":"plan_updated","plan_id":"after"}\n\n'
IDS = b'id: a\x01b\ndata: 1\n\nid: a\x00b\ndata: 2\n\nid: a\x1b[2Jb\x7f\ndata: 3\n\nid: \xff\xfe\ndata: 4\n\n'
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.server.is_forbidden:
            open("visited", "a").write(self.path + "\n")
        path = self.path
        if path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:%d/secret" % ports["elsewhere"])
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if path == "/page" else "text/event-stream")
        self.end_headers()
        if path == "/page":
            self.wfile.write(b"<html>")
            return
        try:
            if path == "/ids":
                self.wfile.write(IDS + AFTER)
            elif path == "/large":
                self.wfile.write(HELLO + b"id: large\ndata: " + b"x" * (10 << 20) + b"\n\n" + AFTER)
            elif path == "/endless":
                while True:
                    self.wfile.write(b"x" * (1 << 20))
            else:
                self.wfile.write(HELLO)
            self.wfile.flush()
            while True:
                time.sleep(0.1)
                self.wfile.write(b":\n\n")
                self.wfile.flush()
        except OSError:
            pass
    def log_message(self, *rest):
        pass
class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True
    def handle_error(self, request, address):
        pass
ports = {}
for name in ["plain", "elsewhere", "good", "name", "stranger", "expired"]:
    server = Quiet(("127.0.0.1", 0), Answer)
    server.is_forbidden = name == "elsewhere"
    if name not in ("plain", "elsewhere"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(name + ".pem", name + ".key")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    ports[name] = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps(ports), flush=True)
sys.stdin.read()
"#;

/// The upstreams; they end with their input.
struct Upstream {
    program: Child,
    ports: Value,
}

impl Upstream {
    fn new(folder: &Path) -> Self {
        let mut program = Command::new("python3")
            .args(["-c", UPSTREAM])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut line = String::new();
        let output = program.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("its ports");
        Self { program, ports: serde_json::from_str(&line).expect("JSON") }
    }

    fn port(&self, name: &str) -> u64 {
        self.ports[name].as_u64().expect("a port")
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).expect("a certificate");
    (certificate.pem(), Issuer::new(params, key))
}

/// A certificate with its key, that the authority vouches for.
fn give(folder: &Path, file: &str, name: &str, until: i32, issuer: &Issuer<'_, KeyPair>) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 1, 1));
    let certificate = params.signed_by(&key, issuer).expect("a certificate");
    std::fs::write(folder.join(format!("{file}.pem")), certificate.pem()).expect("written");
    std::fs::write(folder.join(format!("{file}.key")), key.serialize_pem()).expect("written");
}

/// What is asked for, by its name, and what is said of it.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str, &str)] = &[
    ("good", "https://127.0.0.1:{good}/", "connected", ""),
    ("name", "https://127.0.0.1:{name}/", "backoff", "its certificate is not for 127.0.0.1"),
    ("stranger", "https://127.0.0.1:{stranger}/", "backoff", "nobody whom this machine trusts vouches for its certificate"),
    ("expired", "https://127.0.0.1:{expired}/", "backoff", "its certificate has expired"),
    ("no-tls", "https://127.0.0.1:{plain}/", "backoff", "it does not speak TLS"),
    ("moved", "http://127.0.0.1:{plain}/moved", "backoff", "redirects to another server: 127.0.0.1:{elsewhere}"),
    ("page", "http://127.0.0.1:{plain}/page", "backoff", "sends text/html, not text/event-stream"),
    ("ids", "http://127.0.0.1:{plain}/ids", "connected", ""),
    ("large", "http://127.0.0.1:{plain}/large", "connected", ""),
    ("endless", "http://127.0.0.1:{plain}/endless", "backoff", "an event that does not end within 64 MiB"),
];

struct World {
    place: Place,
    daemon: Child,
    upstream: Upstream,
    caller: Caller,
}

impl World {
    fn new() -> Self {
        let port = free_port();
        let place = Place::new("[http]\nenabled = false\n");
        let folder = place.path("work");
        let (ca, issuer) = authority("The authority of the house");
        std::fs::write(folder.join("ca.pem"), ca).expect("written");
        give(&folder, "good", "127.0.0.1", 2090, &issuer);
        give(&folder, "name", "localhost", 2090, &issuer);
        give(&folder, "expired", "127.0.0.1", 2021, &issuer);
        give(&folder, "stranger", "127.0.0.1", 2090, &authority("Nobody").1);
        let upstream = Upstream::new(&folder);
        let mut config = format!("[http]\nport = {port}\n[events]\nbuffer_size = 1000\n");
        for (name, url, ..) in CASES {
            let url = filled(url, &upstream);
            let _ = writeln!(config, "[[events.sources]]\nname = \"{name}\"\nurl = \"{url}\"");
        }
        place.write_config(&config);
        let file = std::fs::File::create(place.path("daemon.err")).expect("written");
        let mut command = place.command("ostler");
        // As a machine whose administrator has added an authority; the file is what OpenSSL and others look at too.
        command.arg("daemon").env("SSL_CERT_FILE", folder.join("ca.pem"));
        let daemon = command.stdin(Stdio::null()).stderr(file).stdout(Stdio::null()).spawn().expect("ostler");
        let mut world = Self { place, daemon, upstream, caller: Caller { port, token: String::new() } };
        assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()), "it listens");
        let token = world.text(&["token"]).trim().to_owned();
        world.caller.token = token;
        world
    }

    fn text(&self, args: &[&str]) -> String {
        String::from_utf8_lossy(&self.place.cli(args).stdout).into_owned()
    }

    /// The source, as scripts see it.
    fn source(&self, name: &str) -> Value {
        let status = self.caller.ask("GET", "/supervisor/status", &[], "").json();
        let all = status["events"]["sources"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|one| one["name"] == name).unwrap_or_default()
    }

    /// The ids that a source gave to its events, as they were told; none where it gave none that can be used.
    fn ids(&self, source: &str) -> Vec<Option<String>> {
        let text = self.text(&["events", "--source", source, "--json"]);
        let all = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        all.map(|said| said["source_id"].as_str().map(str::to_owned)).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// With the ports of the upstreams.
fn filled(text: &str, upstream: &Upstream) -> String {
    let ports = ["plain", "elsewhere", "good", "name", "stranger", "expired"];
    ports.into_iter().fold(text.to_owned(), |text, name| {
        text.replace(&format!("{{{name}}}"), &upstream.port(name).to_string())
    })
}

#[test]
fn each_upstream_is_taken_in_or_told_with_what_is_wrong_and_none_hurts_another() {
    let world = World::new();
    for (name, _, state, message) in CASES {
        let message = filled(message, &world.upstream);
        let is_so = || {
            let source = world.source(name);
            let said = source["last_error"]["message"].as_str().unwrap_or_default();
            source["state"] == *state && said.contains(&message) && (message.is_empty() == said.is_empty())
        };
        assert!(wait_until(LIMIT, is_so), "{name}: {:#}", world.source(name));
        let source = world.source(name);
        if message.is_empty() {
            continue;
        }
        assert!(source["last_error"]["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{source:#}");
        assert_eq!(source["events"], 0, "{source:#}");
        let shown = world.text(&["events", "--sources"]);
        let line = shown.lines().find(|line| line.starts_with(&format!("{name}: ")));
        assert!(line.is_some_and(|line| line.contains(&message)), "{name}: {shown}");
    }
    let visited = world.place.path("work/visited");
    assert!(!visited.exists(), "a source sends nobody around: {:?}", std::fs::read_to_string(visited));
    let told = |name: &str, count: u64| wait_until(LIMIT, || world.source(name)["events"] == count);
    assert!(told("good", 1) && told("ids", 5) && told("large", 2), "{:#}", world.source("large"));
    assert_eq!(world.ids("good"), [Some("1".to_owned())]);
    let ids = world.ids("ids");
    assert!(ids[..3].iter().all(Option::is_none), "{ids:?}");
    assert_eq!(ids.last(), Some(&Some("after".to_owned())));
    assert!(ids.iter().flatten().all(|id| !id.chars().any(char::is_control)), "{ids:?}");
    assert_eq!(world.ids("large"), [Some("1".to_owned()), Some("after".to_owned())]);
    assert_eq!(world.source("large")["skipped"], 1, "{:#}", world.source("large"));
    let shown = world.text(&["events", "--sources"]) + &world.text(&["events"]);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
}
