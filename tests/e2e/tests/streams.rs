//! What is said of streams beside their events: their place, their pulse, their trace in the log, and what is too much.

#![cfg(target_os = "linux")]

use std::{net::TcpStream, time::Duration};

use ostler_e2e::{Caller, Daemon, Place, Service, free_port, wait_until};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);
/// Events of one request.
const AT_ONCE: usize = 100;

struct World {
    place: Place,
    _daemon: Daemon,
    caller: Caller,
}

impl World {
    fn new(http: &str) -> Self {
        let port = free_port();
        let web = Service::config(&[Service::new("web", &["sleep", "1000"])]);
        let place = Place::new(&format!("[http]\nport = {port}\n{http}\n{web}"));
        let daemon = place.start();
        assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()), "it listens");
        let token = String::from_utf8_lossy(&place.cli(&["token"]).stdout).trim().to_owned();
        let world = Self { place, _daemon: daemon, caller: Caller { port, token } };
        let is_running =
            || world.caller.ask("GET", "/api/v1/services/web", &[], "").json()["status"] == "running";
        assert!(wait_until(LIMIT, is_running), "the service runs");
        world
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.place.path("state/ostler/default/supervisor.log")).unwrap_or_default()
    }
}

fn plans(count: usize) -> String {
    let event =
        |number: usize| json!({"event_type": "plan_updated", "data": {"plan_id": number.to_string()}});
    Value::from((0..count).map(event).collect::<Vec<_>>()).to_string()
}

#[test]
fn the_header_says_where_a_stream_goes_on_whatever_the_address_says() {
    let world = World::new("");
    let told = world.caller.ask("POST", "/supervisor/events", &[], &plans(3)).json();
    let id = |at: usize| told["ids"][at].as_str().expect("an id").to_owned();
    let path = format!("/supervisor/events?types=plan_updated&last_event_id={}", id(0));
    let first =
        |lines: &[&str]| world.caller.stream(&path, lines).1.said().expect("it goes on").1["id"].clone();
    assert_eq!(first(&[]), json!(id(1)));
    assert_eq!(first(&[&format!("Last-Event-ID: {}", id(1))]), json!(id(2)));
}

#[test]
fn a_heartbeat_comes_at_each_change_and_says_what_is_now() {
    let world = World::new("");
    let (head, mut lines) = world.caller.stream("/supervisor/heartbeat", &[]);
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    let mut beat = || {
        let (name, said) = lines.said().expect("it beats");
        assert_eq!(name.as_deref(), Some("heartbeat"));
        said
    };
    let first = beat();
    assert_eq!(first["seq"], 1);
    assert!(first["connections"].as_u64().is_some_and(|count| count >= 1), "{first}");
    let web = |said: &Value| said["services"]["web"].clone();
    assert_eq!((&web(&first)["status"], &web(&first)["pool"]["size"]), (&json!("running"), &json!(1)));
    // Nothing changes: the next comes by itself.
    let second = beat();
    assert_eq!((&second["seq"], web(&second)), (&json!(2), web(&first)));
    assert!(world.place.cli(&["stop", "web"]).status.success());
    let mut seq = 2;
    loop {
        let said = beat();
        seq += 1;
        assert_eq!(said["seq"], seq, "none is left out");
        if web(&said)["status"] == "stopped" {
            break;
        }
    }
}

#[test]
fn the_log_says_who_listened_how_long_and_what_it_got() {
    let world = World::new("trusted_proxies = [\"127.0.0.1/32\"]");
    let forwarded = "X-Forwarded-For: 203.0.113.7";
    let (_, mut lines) = world.caller.stream("/supervisor/events?types=plan_updated", &[forwarded]);
    assert_eq!(world.caller.ask("POST", "/supervisor/events", &[], &plans(2)).status, 200);
    assert!(lines.said().is_some() && lines.said().is_some());
    drop(lines);
    let line = |words: &str| {
        let log = world.log();
        log.lines().find(|line| line.contains(words) && line.contains("203.0.113.7")).map(str::to_owned)
    };
    assert!(wait_until(LIMIT, || line("an event stream has ended").is_some()), "{}", world.log());
    assert!(line("an event stream begins").is_some_and(|line| line.contains("127.0.0.1:")));
    let end = line("an event stream has ended").unwrap_or_default();
    assert!(end.contains("sent=2") && end.contains("gaps=0") && end.contains("seconds="), "{end}");
    // Nobody else is believed.
    let world = World::new("");
    drop(world.caller.stream("/supervisor/events", &[forwarded]));
    assert!(wait_until(LIMIT, || world.log().contains("an event stream begins")), "{}", world.log());
    assert!(!world.log().contains("203.0.113.7"), "{}", world.log());
}

#[test]
fn too_many_events_at_once_or_too_fast_are_refused_with_the_mend() {
    let world = World::new("");
    let many = world.caller.ask("POST", "/supervisor/events", &[], &plans(AT_ONCE + 1));
    assert_eq!((many.status, &many.json()["code"]), (413, &json!("too-large")), "{many:?}");
    assert!(many.json()["hint"].as_str().is_some_and(|hint| hint.contains("several requests")), "{many:?}");
    let batch = plans(AT_ONCE);
    let mut refused = None;
    let is_refused = || {
        let answer = world.caller.ask("POST", "/supervisor/events", &[], &batch);
        let is_refused = answer.status != 200;
        refused = is_refused.then_some(answer);
        is_refused
    };
    assert!(wait_until(LIMIT, is_refused), "nobody may publish without end");
    let answer = refused.expect("an answer");
    assert_eq!(answer.status, 429, "{answer:?}");
    let after = answer.header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
    assert!(after.is_some_and(|seconds| (1..=60).contains(&seconds)), "{answer:?}");
    assert!(
        wait_until(LIMIT, || world.caller.ask("POST", "/supervisor/events", &[], &plans(1)).status == 200)
    );
}

#[test]
fn a_reload_tells_of_the_services_that_are_others_now_and_of_no_more() {
    let world = World::new("");
    let (_, mut lines) = world.caller.stream("/supervisor/events?types=service_changed,config_changed", &[]);
    let mut until_applied = || {
        let mut all = Vec::new();
        loop {
            let (_, said) = lines.said().expect("it goes on");
            let data = said["data"].clone();
            let is_applied = data["event_type"] == "config_changed";
            let is_of_services =
                ["added", "changed", "removed"].iter().any(|change| data["change"] == *change);
            if is_of_services {
                all.push(format!("{} {}", data["change"], data["service"]).replace('"', ""));
            }
            if is_applied {
                return all;
            }
        }
    };
    let config = std::fs::read_to_string(world.place.config()).expect("the configuration");
    let other = Service::config(&[Service::new("other", &["sleep", "1000"])]);
    let mut reloaded = |text: &str| {
        world.place.write_config(text);
        assert!(world.place.cli(&["reload"]).status.success());
        until_applied()
    };
    assert_eq!(reloaded(&format!("{config}\n{other}")), ["added other"]);
    let grouped = config.replace("[services.web]\n", "[services.web]\ngroup = \"Data\"\n");
    assert_ne!(grouped, config);
    assert_eq!(reloaded(&format!("{grouped}\n{other}")), ["changed web"]);
}
