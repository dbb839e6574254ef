//! Wishes that take their time, over HTTP: 202, where to look, and how it is told.

#![cfg(target_os = "linux")]

use std::{net::TcpStream, time::Duration};

use ostler_e2e::{Answer, Caller, Daemon, Place, free_port, wait_until};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);
const ASYNC: &str = "Prefer: respond-async";
const STREAM: &str = "Accept: text/event-stream";
/// How many are remembered.
const KEPT: usize = 128;

/// A daemon whose services are ready once their file is there.
struct World {
    place: Place,
    daemon: Daemon,
    caller: Caller,
}

impl World {
    fn new() -> Self {
        let port = free_port();
        let service = |name: &str, more: &str| {
            format!(
                "[services.{name}]\ncommand = \"sleep\"\nargs = [\"1000\"]\ninherit_env = \"supervisor\"\n\
                 stop = {{ grace = \"500ms\" }}\n{more}\n"
            )
        };
        let ready = |name: &str, deadline: &str| {
            format!(
                "ready = {{ exec = [\"test\", \"-e\", \"{name}-go\"], interval = \"50ms\", deadline = \"{deadline}\" }}"
            )
        };
        let config = format!(
            "[http]\nport = {port}\n{}{}{}{}",
            service("slow", &ready("slow", "300s")),
            service("other", &ready("other", "300s")),
            service("late", &(ready("late", "1s") + "\nrestart = { policy = \"never\" }")),
            service("idle", "enabled = false"),
        );
        let place = Place::new(&config);
        let daemon = place.start();
        assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()), "it listens");
        let token = String::from_utf8_lossy(&place.cli(&["token"]).stdout).trim().to_owned();
        Self { place, daemon, caller: Caller { port, token } }
    }

    /// Lets a service be ready, or not any more.
    fn go(&self, service: &str, may: bool) {
        let file = self.place.path(&format!("config/ostler/{service}-go"));
        if may {
            std::fs::write(file, "").expect("written");
        } else {
            std::fs::remove_file(file).expect("removed");
        }
    }

    fn post(&self, path: &str, prefer: &str, body: &str) -> Answer {
        self.caller.ask("POST", path, &[prefer], body)
    }

    fn look(&self, path: &str) -> Value {
        let answer = self.caller.ask("GET", path, &[], "");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    fn listed(&self) -> Vec<Value> {
        self.look("/api/v1/operations")["operations"].as_array().expect("a list").clone()
    }
}

/// Where the answer says to look, if it says what it must.
fn accepted(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
    let said = answer.json();
    assert_eq!(said["state"], "running", "{said}");
    let place = answer.header("location").expect("where to look").to_owned();
    assert_eq!(said["id"].as_str().map(|id| format!("/api/v1/operations/{id}")), Some(place.clone()));
    place
}

#[test]
fn a_wish_that_takes_its_time_is_looked_at_and_listened_to_until_its_end() {
    let world = World::new();
    let answer = world.post("/api/v1/services/slow/restart", ASYNC, "{}");
    let place = accepted(&answer);
    assert_eq!(answer.header("preference-applied"), Some("respond-async"));
    let said = world.look(&place);
    assert_eq!(
        (&said["state"], &said["method"], &said["service"]),
        (&"running".into(), &"restart".into(), &"slow".into())
    );
    assert!(said["result"].is_null() && said["error"].is_null() && said["finished_at"].is_null(), "{said}");
    assert_eq!(world.listed(), [said]);
    let (head, mut lines) = world.caller.stream(&place, &[STREAM]);
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")), "{head:?}");
    assert_eq!(
        lines.said().map(|(name, said)| (name, said["state"].clone())),
        Some((None, "running".into()))
    );
    world.go("slow", true);
    let (_, end) = lines.said().expect("its end is told");
    assert_eq!((&end["state"], &end["result"]["ok"]), (&"done".into(), &true.into()), "{end}");
    assert!(lines.said().is_none(), "then the stream ends");
    assert_eq!(world.look(&place), end, "who looks sees what was told");
    // Who comes late is told the end at once.
    let (_, mut late) = world.caller.stream(&place, &[STREAM]);
    assert_eq!(late.said(), Some((None, end)));
    assert!(late.said().is_none());
}

#[test]
fn a_restart_of_several_ends_with_the_last_of_them_and_says_which_failed() {
    let world = World::new();
    let place = accepted(&world.post("/api/v1/restart", ASYNC, "{\"services\":[\"slow\",\"other\"]}"));
    let (_, mut lines) = world.caller.stream(&place, &[STREAM]);
    assert_eq!(lines.said().map(|(_, said)| said["state"].clone()), Some("running".into()));
    world.go("slow", true);
    let phase = |name: &str| world.look(&format!("/api/v1/services/{name}"))["status"].clone();
    assert!(wait_until(LIMIT, || phase("slow") == "running"), "{}", phase("slow"));
    assert_eq!(world.look(&place)["state"], "running", "the other is not ready yet");
    world.go("other", true);
    let (_, end) = lines.said().expect("its end");
    assert_eq!((&end["state"], &end["service"]), (&"done".into(), &Value::Null), "{end}");
    let text = end["result"].to_string();
    assert!(text.contains("slow/0") && text.contains("other/0"), "{text}");
    // One of them is never ready: that is no success of the whole.
    let place = accepted(&world.post("/api/v1/restart", ASYNC, "{\"services\":[\"slow\",\"late\"]}"));
    assert!(wait_until(LIMIT, || world.look(&place)["state"] != "running"), "{}", world.look(&place));
    let end = world.look(&place);
    assert_eq!((&end["state"], &end["result"]["ok"]), (&"failed".into(), &false.into()), "{end}");
    let said = end["result"].to_string();
    assert!(said.contains("late/0") && end["finished_at"].is_string(), "{end}");
}

#[test]
fn who_prefers_to_wait_waits_so_long_and_what_is_refused_is_no_operation() {
    let world = World::new();
    let began = std::time::Instant::now();
    let answer = world.post("/api/v1/services/slow/restart?wait=ready", "Prefer: wait=1", "");
    let place = accepted(&answer);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(answer.header("preference-applied"), Some("wait=1"));
    world.go("slow", true);
    assert!(wait_until(LIMIT, || world.look(&place)["state"] == "done"), "{}", world.look(&place));
    let answer = world.post("/api/v1/services/slow/restart?wait=ready", "Prefer: wait=15", "");
    assert_eq!((answer.status, &answer.json()["ok"]), (200, &true.into()), "{answer:?}");
    // A timeout of its own is no failure: the wish stays in force, and is looked at.
    world.go("slow", false);
    let answer = world.caller.ask(
        "POST",
        "/api/v1/services/slow/restart",
        &[],
        "{\"wait\":\"ready\",\"timeout\":0.5}",
    );
    let place = accepted(&answer);
    world.go("slow", true);
    assert!(wait_until(LIMIT, || world.look(&place)["state"] == "done"), "{}", world.look(&place));
    let before = world.listed().len();
    for (path, body, status, code) in [
        ("/api/v1/services/no-such/restart", "{}", 404, "unknown-service"),
        ("/api/v1/restart", "{\"services\":[\"slow\",\"no-such\"]}", 404, "unknown-service"),
        ("/api/v1/restart", "{}", 400, "invalid-params"),
        ("/api/v1/services/slow/restart", "{\"args\":[\"1\"]}", 403, "not-permitted"),
        ("/api/v1/services/slow/restart", "{\"no_such\":1}", 400, "invalid-params"),
        ("/api/v1/services/slow/restart", "[1]", 400, "invalid-params"),
        ("/api/v1/services/slow/restart", "{\"timeout\":-1}", 400, "invalid-params"),
        ("/api/v1/services/slow/restart", "{\"timeout\":601}", 400, "invalid-params"),
    ] {
        let answer = world.post(path, ASYNC, body);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &code.into()),
            "{path} {body}: {answer:?}"
        );
        assert!(answer.header("location").is_none(), "{answer:?}");
    }
    assert_eq!(world.listed().len(), before, "{:?}", world.listed());
}

#[test]
fn an_operation_that_nobody_remembers_is_said_to_be_unknown() {
    let world = World::new();
    let known = accepted(&world.post("/api/v1/services/slow/restart", ASYNC, ""));
    let unknown = |path: &str| {
        for lines in [&[][..], &[STREAM][..]] {
            let answer = world.caller.ask("GET", path, lines, "");
            let said = answer.json();
            assert_eq!((answer.status, &said["code"]), (404, &"unknown-method".into()), "{path}: {answer:?}");
            assert!(said["hint"].as_str().is_some_and(|hint| hint.contains("/api/v1/operations")), "{said}");
        }
    };
    for path in [
        "/api/v1/operations/x",
        "/api/v1/operations/00000000-1",
        "/api/v1/operations/%00",
        "/api/v1/operations/-",
    ] {
        unknown(path);
    }
    unknown(&format!("{known}0"));
    let other = world.caller.ask("DELETE", &known, &[], "");
    assert_eq!(other.status, 405, "{other:?}");
    let first = world.post("/api/v1/services/idle/stop?wait=settled", "Prefer: wait=10", "");
    assert_eq!(first.status, 200, "{first:?}");
    let oldest =
        world.listed().last().and_then(|said| said["id"].as_str().map(str::to_owned)).expect("an id");
    for _ in 0..KEPT {
        assert_eq!(world.post("/api/v1/services/idle/stop?wait=settled", "Prefer: wait=10", "").status, 200);
    }
    assert_eq!(world.listed().len(), KEPT);
    unknown(&format!("/api/v1/operations/{oldest}"));
    assert_eq!(world.look(&known)["state"], "running", "what goes on is not forgotten");
}

#[test]
fn the_end_of_the_engine_ends_who_listens_and_its_operations_are_not_those_of_the_next() {
    let mut world = World::new();
    let place = accepted(&world.post("/api/v1/services/slow/restart", ASYNC, ""));
    let (_, mut lines) = world.caller.stream(&place, &[STREAM]);
    assert!(lines.said().is_some_and(|(_, said)| said["state"] == "running"));
    assert!(world.place.cli(&["shutdown"]).status.success());
    while lines.said().is_some() {}
    assert!(world.daemon.wait(LIMIT).is_some());
    world.daemon = world.place.start();
    let port = world.caller.port;
    assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()));
    assert_eq!(world.caller.ask("GET", &place, &[], "").status, 404);
    assert!(world.listed().is_empty());
}
