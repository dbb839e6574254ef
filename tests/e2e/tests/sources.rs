//! Other sources of events, with a real daemon: a service's stream through its restart, hooks, and reloads.

#![cfg(target_os = "linux")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ostler_e2e::{Daemon, Place, wait_until};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(30);
const KEY: &str = "the-key-of-the-ci";

/// An upstream: each start tells two events under ids that go on from start to start, and then nothing more. It
/// replays all that it has ever told, whatever it is asked for.
const UPSTREAM: &str = r#"
import http.server, os, sys, time
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for number in range(1, told + 1):
            self.wfile.write(b'id: %d\nevent: plan_updated\ndata: {"plan_id":"%d"}\n\n' % (number, number))
        self.wfile.flush()
        while True:
            time.sleep(0.1)
            self.wfile.write(b":\n\n")
            self.wfile.flush()
    def log_message(self, *rest):
        pass
name = "told-%s" % os.environ["OSTLER_INSTANCE"].replace("/", "-")
told = (int(open(name).read()) if os.path.exists(name) else 0) + 2
open(name, "w").write(str(told))
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"#;

struct World {
    place: Place,
    base: String,
    token: String,
    _daemon: Daemon,
}

impl World {
    fn new(config: &str) -> Self {
        let port = free_port();
        let place = Place::new(&format!("[http]\nport = {port}\n{config}"));
        let daemon = place.start();
        assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()), "it listens");
        let output = place.cli(&["token"]);
        let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Self { place, base: format!("http://127.0.0.1:{port}"), token, _daemon: daemon }
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.place.cli(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn sources(&self) -> Vec<Value> {
        self.json(&["events", "--sources", "--json"]).as_array().expect("an array").clone()
    }

    /// Waits until the sources are so.
    fn until(&self, is_it: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        assert!(wait_until(LIMIT, || is_it(&self.sources())), "{:#?}", self.sources());
        self.sources()
    }

    /// What is kept of a source: our ids, those of the source, and what was told.
    fn told(&self, source: &str) -> Vec<(String, String, Value)> {
        let output = self.place.cli(&["events", "--source", source, "--json"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let all = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        all.map(|said| (word(&said["id"]), word(&said["source_id"]), said["data"].clone())).collect()
    }

    fn post(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let output = Command::new("curl")
            .args([
                "--silent",
                "--max-time",
                "20",
                "--write-out",
                "\n%{http_code}",
                "--json",
                &body.to_string(),
            ])
            .args(["--header", &format!("Authorization: Bearer {key}"), &format!("{}{path}", self.base)])
            .output()
            .expect("curl");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = said.rsplit_once('\n').expect("a status");
        (status.parse().expect("a number"), serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn upstream(more: &str) -> String {
    format!(
        "[services.up]\ncommand = \"/usr/bin/python3\"\nargs = [\"-c\", '''{UPSTREAM}''']\nports = [\"auto\"]\n\
         inherit_env = \"supervisor\"\nrestart = {{ policy = \"always\", delay = \"100ms\", startup_crash = 0 }}\n\
         ready = {{ tcp = \"127.0.0.1:${{port}}\", interval = \"50ms\" }}\n{more}"
    )
}

#[test]
fn a_service_is_listened_to_through_its_restarts_and_nothing_is_doubled() {
    let config = upstream("instances = 2\n") + "[[events.sources]]\nname = \"bus\"\nservice = \"up\"\n";
    let world = World::new(&config);
    let connected = |sources: &[Value], reconnects: u64| {
        sources.len() == 2
            && sources.iter().all(|one| one["state"] == "connected" && one["reconnects"] == reconnects)
    };
    let sources = world.until(|sources| connected(sources, 0));
    assert_eq!((&sources[0]["instance"], &sources[1]["instance"]), (&json!("up/0"), &json!("up/1")));
    assert!(
        sources[0]["url"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:")),
        "{sources:#?}"
    );
    // Both say the same under the same ids: it is told once.
    assert!(wait_until(LIMIT, || world.told("bus").len() == 2), "{:#?}", world.told("bus"));
    let status = world.json(&["status", "--json"]);
    assert_eq!(status["events"]["sources"][0]["state"], "connected", "{:#}", status["events"]);
    let pid = status["services"]["up"]["instances"][0]["pid"].as_u64().expect("a pid");
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill");
    assert!(killed.success());
    let other = world.place.cli(&["restart", "up/1"]);
    assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stderr));
    world.until(|sources| connected(sources, 1));
    assert!(wait_until(LIMIT, || world.told("bus").len() == 4), "{:#?}", world.told("bus"));
    let told = world.told("bus");
    let ids: Vec<&str> = told.iter().map(|(_, id, _)| id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3", "4"], "none lost, none twice");
    assert_eq!(told[3].2, json!({"event_type": "plan_updated", "plan_id": "4"}));
    let numbers: Vec<u64> =
        told.iter().filter_map(|(id, _, _)| id.rsplit_once('-')?.1.parse().ok()).collect();
    assert!(numbers.len() == 4 && numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    let stopped = world.place.cli(&["stop", "up/1"]);
    assert!(stopped.status.success());
    world.until(|sources| sources[1]["state"] == "waiting" && sources[0]["state"] == "connected");
}

#[test]
fn the_key_of_a_source_publishes_under_its_name_and_does_nothing_else() {
    let world = World::new(&format!("[[events.sources]]\nname = \"ci\"\nhook_key = \"{KEY}\"\n"));
    let event = |source: Value| json!({"event_type": "deployed", "source": source, "data": {"to": "x"}});
    for path in ["/supervisor/events", "/admin/events/hook"] {
        let (status, said) = world.post(path, KEY, &event(Value::Null));
        assert_eq!(status, 200, "{said}");
    }
    assert_eq!(world.post("/admin/events/hook", KEY, &event(json!("ci"))).0, 200);
    let (status, said) = world.post("/admin/events/hook", KEY, &event(json!("other")));
    assert_eq!((status, &said["path"]), (400, &json!("source")), "{said}");
    assert_eq!(world.post("/admin/events/hook", "the-key-of-the-cj", &event(Value::Null)).0, 401);
    for path in ["/api/v1/reload", "/dashboard/api/mode", "/admin/events/hook/", "/supervisor/event"] {
        assert_eq!(world.post(path, KEY, &json!({})).0, 401, "{path}");
    }
    // The token says whatever source it likes.
    assert_eq!(world.post("/supervisor/events", &world.token, &event(json!("other"))).0, 200);
    let told = world.told("ci");
    assert_eq!(told.len(), 3);
    assert_eq!(told[0].2, json!({"event_type": "raw", "payload": {"to": "x", "type": "deployed"}}));
    let sources = world.sources();
    assert_eq!((&sources[0]["state"], &sources[0]["events"]), (&json!("hook"), &json!(3)));
    let shown = world.place.cli(&["config", "show", "--resolved"]);
    assert!(!String::from_utf8_lossy(&shown.stdout).contains(KEY), "the key is shown nowhere");
}

/// An upstream that says nothing; how many came.
fn silent() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            counted.fetch_add(1, Ordering::Relaxed);
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:\n\n");
            kept.push(stream);
        }
    });
    (port, count)
}

#[test]
fn a_reload_changes_the_sources_that_it_changes_and_no_others() {
    let (port, count) = silent();
    let gone = free_port();
    let source = |name: &str, url: &str| format!("[[events.sources]]\nname = \"{name}\"\nurl = \"{url}\"\n");
    let steady = source("steady", &format!("http://ann:s3cret-pass@127.0.0.1:{port}/?token=t0ken-of-it"));
    let before = format!("[http]\nport = {}\n{steady}", free_port());
    let place = Place::new(&before);
    let daemon = place.start();
    let world = World { place, base: String::new(), token: String::new(), _daemon: daemon };
    let config = world.place.path("config/ostler/ostler.toml");
    let state = |sources: &[Value], name: &str| {
        sources
            .iter()
            .find(|one| one["name"] == name)
            .map(|one| one["state"].as_str().unwrap_or_default().to_owned())
    };
    let sources = world.until(|sources| state(sources, "steady").as_deref() == Some("connected"));
    assert_eq!(sources[0]["url"], format!("http://127.0.0.1:{port}/?…"), "nothing secret is shown");
    let now = |text: String| {
        std::fs::write(&config, text).expect("written");
        let reloaded = world.place.cli(&["reload"]);
        assert!(reloaded.status.success(), "{}", String::from_utf8_lossy(&reloaded.stderr));
    };
    now(before.clone() + &source("gone", &format!("http://127.0.0.1:{gone}/")));
    let sources = world.until(|sources| state(sources, "gone").as_deref() == Some("backoff"));
    assert!(
        sources[0]["last_error"]["message"].as_str().is_some_and(|text| text.contains("refused")),
        "{sources:#?}"
    );
    let shown = String::from_utf8_lossy(&world.place.cli(&["events", "--sources"]).stdout).into_owned();
    assert!(shown.contains("gone") && shown.contains("connection refused"), "{shown}");
    now(before.clone() + "[events]\nenabled = false\n");
    world.until(|sources| state(sources, "steady").as_deref() == Some("off") && sources.len() == 1);
    assert_eq!(count.load(Ordering::Relaxed), 1, "the other was not connected to anew");
    now(before);
    world.until(|sources| state(sources, "steady").as_deref() == Some("connected"));
    assert_eq!(count.load(Ordering::Relaxed), 2);
}
