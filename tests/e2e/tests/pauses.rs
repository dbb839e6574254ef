//! Events that are switched off for a while: what listeners are told before, meanwhile and after.

#![cfg(target_os = "linux")]

use std::{net::TcpStream, time::Duration};

use ostler_e2e::{Caller, Daemon, Lines, Place, Service, free_port, wait_until};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);

struct World {
    place: Place,
    _daemon: Daemon,
    caller: Caller,
    config: String,
}

impl World {
    fn new(events: &str) -> Self {
        let port = free_port();
        let web = Service::config(&[Service::new("web", &["sleep", "1000"])]);
        let config = format!("[http]\nport = {port}\n[events]\n{web}");
        let place = Place::new(&config.replace("[events]\n", &format!("[events]\n{events}")));
        let daemon = place.start();
        assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()), "it listens");
        let token = String::from_utf8_lossy(&place.cli(&["token"]).stdout).trim().to_owned();
        let world = Self { place, _daemon: daemon, caller: Caller { port, token }, config };
        let is_running =
            || world.caller.ask("GET", "/api/v1/services/web", &[], "").json()["status"] == "running";
        assert!(wait_until(LIMIT, is_running), "the service runs");
        world
    }

    fn switch(&self, is_on: bool) {
        let events = format!("[events]\nenabled = {is_on}\n");
        self.place.write_config(&self.config.replace("[events]\n", &events));
        assert!(self.place.cli(&["reload"]).status.success());
        let is_so = || self.status()["events"]["enabled"] == is_on;
        assert!(wait_until(LIMIT, is_so), "{}", self.status()["events"]);
    }

    fn status(&self) -> Value {
        self.caller.ask("GET", "/supervisor/status", &[], "").json()
    }

    fn restart(&self) {
        assert!(self.place.cli(&["restart", "web"]).status.success());
    }

    fn listen(&self, after: Option<&str>) -> Lines {
        let last = after.map(|id| format!("Last-Event-ID: {id}"));
        let (head, lines) =
            self.caller.stream("/supervisor/events", &last.iter().map(|x| &**x).collect::<Vec<_>>());
        assert_eq!(head.status, 200, "{head:?}");
        lines
    }

    fn publish(&self, number: u64) -> String {
        let event = json!({"event_type": "plan_updated", "source": "script", "data": {"plan_id": number.to_string()}});
        let answer = self.caller.ask("POST", "/supervisor/events", &[], &event.to_string());
        answer.json()["ids"][0].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }
}

/// The number of an id.
fn number(id: &Value) -> u64 {
    let number = id.as_str().and_then(|id| id.rsplit_once('-')).and_then(|(_, number)| number.parse().ok());
    number.unwrap_or_else(|| panic!("{id}"))
}

#[test]
fn who_listened_is_told_of_the_pause_and_afterwards_exactly_what_it_missed() {
    let world = World::new("");
    let mut listener = world.listen(None);
    let known = world.publish(1);
    let mut early = world.listen(Some(&known));
    assert_eq!(listener.said().map(|(_, said)| said["id"].clone()), Some(json!(known)));
    // Told before the pause, and not to everybody in time: they are missing as well.
    let unseen: Vec<String> = (2..5).map(|number| world.publish(number)).collect();
    world.switch(false);
    for lines in [&mut listener, &mut early] {
        let mut all: Vec<_> = std::iter::from_fn(|| lines.said()).collect();
        let (name, last) = all.pop().expect("a last word");
        assert_eq!((name.as_deref(), &last["data"]["event_type"]), (Some("shutdown"), &json!("shutdown")));
        assert!(all.iter().all(|(name, _)| name.is_none()), "{all:?}");
        let ids: Vec<&Value> = all.iter().map(|(_, said)| &said["id"]).take(3).collect();
        assert_eq!(ids, unseen.iter().map(|id| json!(id)).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    }
    for (method, path, body) in [
        ("GET", "/supervisor/events", ""),
        ("GET", "/supervisor/events?last_event_id=earliest", ""),
        ("POST", "/supervisor/events", "{\"event_type\":\"test\"}"),
        ("POST", "/admin/events/hook", "{\"event_type\":\"test\"}"),
    ] {
        let answer = world.caller.ask(method, path, &[], body);
        let said = answer.json();
        assert_eq!((answer.status, &said["code"]), (503, &json!("busy")), "{method} {path}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
        assert!(said["hint"].as_str().is_some_and(|hint| hint.contains("events.enabled")), "{said}");
    }
    let output = world.place.cli(&["events", "emit", "nobody hears it"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("events are switched off"), "{said}");
    assert!(world.status().get("as_of").is_none(), "there is nothing to go on after");
    world.restart();
    world.switch(true);
    // Nothing happens any more that nobody has made happen.
    let after = world.publish(9);
    let mut back = world.listen(Some(&known));
    let (name, gap) = back.said().expect("a gap");
    let data = &gap["data"];
    assert_eq!((name.as_deref(), &data["reason"]), (Some("gap"), &json!("evicted")), "{gap}");
    assert_eq!(data["requested"], json!(known));
    let missed = number(&data["resumed_from"]) - number(&json!(known));
    assert_eq!(data["dropped"], json!(missed), "{gap}");
    // The three that were not seen, and what a restart tells: that it stops, starts and runs.
    assert!(missed >= 3 + 3, "{gap}");
    let mut next = number(&data["resumed_from"]);
    loop {
        let (name, said) = back.said().expect("it goes on");
        next += 1;
        assert_eq!((name, number(&said["id"])), (None, next), "none missing, none twice");
        if said["id"] == json!(after) {
            break;
        }
        assert_eq!(said["source"], "supervisor", "{said}");
    }
    // A snapshot and the tail after it are all there is.
    let as_of = world.status()["as_of"].clone();
    let mut tail = world.listen(as_of.as_str());
    let id = world.publish(10);
    let mut next = number(&as_of);
    loop {
        let (name, said) = tail.said().expect("it goes on");
        next += 1;
        assert_eq!((name, number(&said["id"])), (None, next), "none missing, none twice");
        if said["id"] == json!(id) {
            break;
        }
    }
}

#[test]
fn a_pause_from_the_start_is_counted_too() {
    let world = World::new("enabled = false\n");
    assert_eq!(world.caller.ask("GET", "/supervisor/events", &[], "").status, 503);
    world.restart();
    world.switch(true);
    let first = world.publish(1);
    let epoch = first.rsplit_once('-').expect("an id").0.to_owned();
    let mut lines = world.listen(Some(&format!("{epoch}-0")));
    let mut next = 0;
    while let Some((name, said)) = lines.said() {
        if name.as_deref() == Some("gap") {
            assert_eq!(
                said["data"]["dropped"],
                json!(number(&said["data"]["resumed_from"]) - next),
                "{said}"
            );
            next = number(&said["data"]["resumed_from"]);
            continue;
        }
        next += 1;
        assert_eq!(number(&said["id"]), next, "{said}");
        if said["id"] == json!(first) {
            return;
        }
    }
    panic!("it ended");
}
