//! The event stream as programs meet it: with curl, over real connections, from a real daemon.

#![cfg(target_os = "linux")]

use std::{
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread::JoinHandle,
    time::Duration,
};

use ostler_e2e::{Daemon, Place, Service, wait_until};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);
/// A service that writes down where the events are.
const READER: &str = r#"
[services.reader]
shell = "echo $$SUPERVISOR_EVENTS_URL > url; exec sleep 1000"
inherit_env = "supervisor"
env = { SUPERVISOR_EVENTS_URL = "${events_url}" }
"#;

/// A daemon with one service, and its event stream.
struct World {
    place: Place,
    daemon: Daemon,
    base: String,
    token: String,
}

impl World {
    fn new(events: &str) -> Self {
        Self::with(events, "")
    }

    /// With more services, as they are written.
    fn with(events: &str, more: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        drop(listener);
        let web = Service::new("web", &["sleep", "1000"]);
        let services = Service::config(&[web]) + more;
        let place = Place::new(&format!("[http]\nport = {port}\n[events]\n{events}\n{services}"));
        let daemon = place.start();
        assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()), "it listens");
        let token = text(&place, &["token"]);
        let world = Self { place, daemon, base: format!("http://127.0.0.1:{port}"), token };
        let is_running = || world.ask("/api/v1/services/web", &[]).1["status"] == "running";
        assert!(wait_until(LIMIT, is_running), "the service runs");
        world
    }

    fn curl(&self, path: &str, more: &[&str]) -> Command {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--no-buffer", "--max-time", "60"]).args(more);
        command.arg("--header").arg(format!("Authorization: Bearer {}", self.token));
        command.arg(format!("{}{path}", self.base));
        command
    }

    /// An answer with its status.
    fn ask(&self, path: &str, more: &[&str]) -> (String, Value) {
        let output =
            self.curl(path, &[more, &["--write-out", "\n%{http_code}"]].concat()).output().expect("curl");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = said.rsplit_once('\n').expect("a status");
        (status.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn publish(&self, message: &str) -> String {
        let event = json!({"event_type": "plan_updated", "source": "script", "data": {"plan_id": message}});
        let (status, said) = self.ask("/supervisor/events", &["--json", &event.to_string()]);
        assert_eq!(status, "200", "{said}");
        said["ids"][0].as_str().expect("an id").to_owned()
    }

    fn restart(&self) {
        let output = self.place.cli(&["restart", "web"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn text(place: &Place, args: &[&str]) -> String {
    let output = place.cli(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// curl that reads a stream, until it is dropped.
struct Listener {
    curl: Child,
    lines: Receiver<String>,
    reader: Option<JoinHandle<()>>,
}

impl Listener {
    fn new(command: &mut Command) -> Self {
        let listener = Self::of(command);
        assert_eq!(listener.line().as_deref(), Some("retry: 3000"), "it is heard at once");
        listener
    }

    /// Another program that writes what it hears.
    fn of(command: &mut Command) -> Self {
        let mut curl = command.stdout(Stdio::piped()).spawn().expect("curl");
        let output = curl.stdout.take().expect("its output");
        let (sender, lines) = channel();
        let reader = std::thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            for line in lines {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { curl, lines, reader: Some(reader) }
    }

    fn pid(&self) -> u32 {
        self.curl.id()
    }

    /// The next line; none once the stream has ended.
    fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(LIMIT) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing more came"),
        }
    }

    /// The next event, under the id that it has; none once the stream has ended.
    fn event(&self) -> Option<(String, Value)> {
        loop {
            let line = self.line()?;
            if let Some(data) = line.strip_prefix("data: ") {
                let said: Value = serde_json::from_str(data).expect("JSON");
                return Some((said["id"].as_str().expect("an id").to_owned(), said["data"].clone()));
            }
        }
    }

    /// What happens until something does.
    fn until(&self, is_it: impl Fn(&Value) -> bool) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        loop {
            let event = self.event().expect("the stream goes on");
            let is_last = is_it(&event.1);
            all.push(event);
            if is_last {
                return all;
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.curl.kill();
        let _ = self.curl.wait();
        drop(self.reader.take().map(JoinHandle::join));
    }
}

fn has_phase(data: &Value, to: &str) -> bool {
    data["event_type"] == "service_changed" && data["instance"] == "web/0" && data["to"] == to
}

/// The number of an id.
fn number(id: &str) -> u64 {
    id.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).expect("a number")
}

#[test]
fn a_restart_is_told_as_it_happens_and_a_snapshot_and_the_tail_are_all() {
    let world = World::new("");
    let (_, snapshot) = world.ask("/supervisor/status", &[]);
    let as_of = snapshot["as_of"].as_str().expect("an id").to_owned();
    world.restart();
    let last = format!("Last-Event-ID: {as_of}");
    let tail = Listener::new(&mut world.curl("/supervisor/events", &["--header", &last]));
    let told = tail.until(|data| has_phase(data, "running"));
    assert!(told.iter().any(|(_, data)| has_phase(data, "stopping")), "{told:?}");
    let numbers: Vec<u64> = told.iter().map(|(id, _)| number(id)).collect();
    let first = number(&as_of) + 1;
    assert_eq!(
        numbers,
        (first..first + numbers.len() as u64).collect::<Vec<_>>(),
        "none twice, none missing"
    );
    let changes = Listener::new(&mut world.curl("/supervisor/events?types=service_changed", &[]));
    world.publish("unheard");
    world.restart();
    let (_, first) = changes.event().expect("it goes on");
    assert_eq!(first["event_type"], "service_changed");
    let beat = first_beat(&world);
    assert!(beat["services"]["web"]["instances"][0]["phase"].is_string(), "{beat}");
}

/// The first heartbeat.
fn first_beat(world: &World) -> Value {
    let output = world.curl("/supervisor/heartbeat", &["--max-time", "2"]).output().expect("curl");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.starts_with("event: heartbeat\ndata: ") && !said.contains("\nid:"), "{said}");
    let data = said.lines().nth(1).and_then(|line| line.strip_prefix("data: "));
    serde_json::from_str(data.unwrap_or_default()).expect("JSON")
}

#[test]
fn whoever_comes_back_goes_on_exactly_and_what_is_gone_is_said() {
    let world = World::new("replay_buffer_size = 5\nbuffer_size = 5");
    let listener = Listener::new(&mut world.curl("/supervisor/events", &[]));
    let sent: Vec<String> = (0..3).map(|number| world.publish(&number.to_string())).collect();
    let script = |data: &Value| data["event_type"] == "plan_updated";
    let seen: Vec<String> = (0..3).map(|_| listener.until(script).pop().expect("one").0).collect();
    assert_eq!(seen, sent);
    drop(listener);
    let missed: Vec<String> = (3..6).map(|number| world.publish(&number.to_string())).collect();
    let path = format!("/supervisor/events?last_event_id={}", sent[2]);
    let back = Listener::new(&mut world.curl(&path, &[]));
    let seen: Vec<String> = (0..3).map(|_| back.event().expect("it goes on").0).collect();
    assert_eq!(seen, missed);
    let late: Vec<String> = (6..20).map(|number| world.publish(&number.to_string())).collect();
    let last = format!("Last-Event-ID: {}", missed[2]);
    let too_late = Listener::new(&mut world.curl("/supervisor/events", &["--header", &last]));
    let (id, gap) = too_late.event().expect("it goes on");
    assert_eq!((gap["event_type"].as_str(), gap["reason"].as_str()), (Some("gap"), Some("evicted")));
    assert_eq!((gap["dropped"].as_u64(), id.as_str()), (Some(9), late[8].as_str()));
    let rest: Vec<String> = (0..5).map(|_| too_late.event().expect("it goes on").0).collect();
    assert_eq!(rest, late[9..]);
    let (status, _) = world.ask("/supervisor/events", &["--json", "{\"event_type\":\"service_changed\"}"]);
    assert_eq!(status, "400", "nobody speaks in the supervisor's name");
}

#[test]
fn a_service_that_asks_for_the_stream_is_told_its_address_and_no_more() {
    let world = World::with("", READER);
    let expected = text(&world.place, &["events", "--url"]).lines().next().unwrap_or_default().to_owned();
    let told = || {
        std::fs::read_to_string(world.place.path("config/ostler/url")).unwrap_or_default().trim().to_owned()
    };
    assert!(wait_until(LIMIT, || !told().is_empty()), "{}", text(&world.place, &["status"]));
    assert_eq!(told(), expected);
    let listener =
        Listener::new(Command::new("curl").args(["--silent", "--no-buffer", "--max-time", "60"]).arg(told()));
    let id = world.publish("7");
    assert_eq!(listener.until(|data| data["plan_id"] == "7").pop().expect("one").0, id);
    let shown = text(&world.place, &["env", "reader"]);
    let key = expected.split_once("key=").expect("a key").1;
    assert!(shown.contains("SUPERVISOR_EVENTS_URL") && !shown.contains(key), "{shown}");
}

#[test]
fn the_command_line_shows_the_stream_and_its_key_opens_nothing_else() {
    let world = World::new("");
    let place = &world.place;
    let told: Value =
        serde_json::from_str(&text(place, &["--json", "events", "emit", "hello there"])).expect("JSON");
    let id = told["id"].as_str().expect("an id").to_owned();
    let shown = text(place, &["events"]);
    assert!(shown.contains("test control message=hello there"), "{shown}");
    let lines = text(place, &["--json", "events", "--type", "test"]);
    let envelope: Value = serde_json::from_str(&lines).expect("one line");
    assert_eq!((&envelope["id"], &envelope["data"]["message"]), (&json!(id), &json!("hello there")));
    let addresses: Value = serde_json::from_str(&text(place, &["--json", "events", "--url"])).expect("JSON");
    let url = addresses["events_url"].as_str().expect("a URL");
    assert!(url.starts_with(&world.base) && !url.contains(&world.token), "{url}");
    let open = |url: &str, more: &[&str]| {
        let mut command = Command::new("curl");
        command.args(["--silent", "--no-buffer", "--max-time", "60"]).args(more).arg(url);
        command
    };
    let listener = Listener::new(&mut open(url, &[]));
    let stats: Value = serde_json::from_str(&text(place, &["--json", "events", "--stats"])).expect("JSON");
    assert_eq!((&stats["enabled"], &stats["subscriber_count"]), (&json!(true), &json!(1)), "{stats}");
    assert!(text(place, &["events", "--stats"]).contains("127.0.0.1:"));
    let connected = text(place, &["--json", "connections"]);
    let connected: Value = serde_json::from_str(&connected).expect("JSON");
    let streams: Vec<&Value> = connected["connections"].as_array().expect("a list").iter().collect();
    let stream = streams.iter().find(|one| one["kind"] == "sse").expect("who listens is connected");
    assert_eq!(stream["route"], "/supervisor/events", "never the key: {stream}");
    let pid = format!(", pid {}", listener.pid());
    assert!(stream["peer"].as_str().is_some_and(|peer| peer.ends_with(&pid)), "{stream} is not {pid}");
    let id = world.publish("7");
    assert_eq!(listener.until(|data| data["plan_id"] == "7").pop().expect("one").0, id);
    let status = |url: &str, more: &[&str]| {
        let output =
            open(url, &[more, &["--write-out", "%{http_code}", "--output", "/dev/null"]].concat()).output();
        String::from_utf8_lossy(&output.expect("curl").stdout).into_owned()
    };
    let key = url.split_once('?').expect("a key").1;
    assert_eq!(status(&format!("{}/supervisor/status?{key}", world.base), &[]), "401");
    assert_eq!(status(&format!("{url}0"), &[]), "401");
    assert_eq!(status(url, &["--json", "{\"event_type\":\"test\"}"]), "401", "it only reads");
    assert_eq!(status(url, &["--header", "Origin: http://evil.example"]), "403");
    let logs = std::fs::read_dir(world.place.path("state")).into_iter().flatten().flatten();
    assert!(logs.count() > 0);
    assert!(!world.place.daemon_output().contains(key), "the key is in no log");
}

#[test]
fn the_command_line_goes_on_with_the_next_engine() {
    let World { place, daemon, base, token } = World::new("");
    let mut command = place.command("ostler");
    let follower = Listener::of(command.args(["--json", "events", "--follow", "--type", "plan_updated"]));
    let plan = |world: &World| -> Option<Value> {
        // Told until it is heard: who follows says nothing when it begins to.
        let mut heard = None;
        let is_heard = || {
            world.publish("7");
            heard = follower.lines.try_recv().ok();
            heard.is_some()
        };
        assert!(wait_until(LIMIT, is_heard), "it hears");
        heard.and_then(|line| serde_json::from_str(&line).ok())
    };
    let world = World { place, daemon, base, token };
    assert_eq!(plan(&world).expect("JSON")["data"]["plan_id"], "7");
    let World { place, daemon, base, token } = world;
    daemon.kill();
    while follower.lines.try_recv().is_ok() {}
    let daemon = place.start();
    let world = World { place, daemon, base, token };
    assert!(wait_until(LIMIT, || world.ask("/supervisor/status", &[]).0 == "200"));
    let line = plan(&world).expect("JSON");
    let is_gap = line["data"]["event_type"] == "gap" && line["data"]["reason"] == "restart";
    assert!(is_gap, "that something may be missing comes first: {line}");
    assert_eq!(plan(&world).expect("JSON")["data"]["plan_id"], "7");
}

#[test]
fn switched_off_and_at_the_end_a_stream_is_told_so() {
    let mut world = World::new("");
    let listener = Listener::new(&mut world.curl("/supervisor/events", &[]));
    let text = std::fs::read_to_string(world.place.config()).expect("the configuration");
    world.place.write_config(&text.replace("[events]\n", "[events]\nenabled = false\n"));
    assert!(world.place.cli(&["reload"]).status.success());
    listener.until(|data| data["event_type"] == "shutdown");
    assert!(listener.event().is_none(), "then it ends");
    assert_eq!(world.ask("/supervisor/events", &[]).0, "503");
    world.place.write_config(&text);
    assert!(world.place.cli(&["reload"]).status.success());
    assert!(wait_until(LIMIT, || world.ask("/supervisor/events", &["--head"]).0 == "200"));
    let listener = Listener::new(&mut world.curl("/supervisor/events", &[]));
    assert!(world.place.cli(&["shutdown"]).status.success());
    listener.until(|data| data["event_type"] == "shutdown");
    assert!(listener.event().is_none());
    assert!(world.daemon.wait(LIMIT).is_some(), "a stream does not keep it alive");
}

#[test]
fn status_counts_who_listens() {
    let world = World::new("");
    assert_eq!(counted(&world.place), 0);
    let listener = Listener::new(&mut world.curl("/supervisor/events", &[]));
    assert!(wait_until(LIMIT, || counted(&world.place) == 1), "{}", counted(&world.place));
    drop(listener);
    assert!(wait_until(LIMIT, || counted(&world.place) == 0), "{}", counted(&world.place));
}

/// What `status` says of the event broadcast channel.
fn counted(place: &Place) -> u64 {
    let status: Value = serde_json::from_str(&text(place, &["status", "--json"])).expect("JSON");
    assert_eq!(status["events"]["enabled"], true, "{}", status["events"]);
    status["events"]["subscriber_count"].as_u64().expect("a count")
}
