//! What an engine inherits from the one before, which was killed.

#![cfg(target_os = "linux")]

use std::time::Duration;

use ostler_api::{InstanceStatus, Word};
use ostler_e2e::{Place, Service, wait_until};

const LIMIT: Duration = Duration::from_secs(20);

fn instance(place: &Place, service: &str) -> Option<InstanceStatus> {
    let snapshot = place.wire().ok()?.status().ok()?;
    snapshot.services.get(service)?.instances.first().cloned()
}

#[test]
fn a_service_that_was_down_is_found_ready_when_the_next_engine_starts_it() {
    let web = Service::naughty("web", "http ${port}")
        .line("ports = { http = \"auto\" }")
        .line("ready = { http = \"http://127.0.0.1:${port}/health\", interval = \"100ms\" }");
    let place = Place::with_services(&[web]);
    let daemon = place.start();
    let runs = || instance(&place, "web").is_some_and(|it| it.word == Word::Running);
    assert!(wait_until(LIMIT, runs));
    daemon.wire(&place).act("stop", &["web"]).unwrap();
    daemon.kill();
    let daemon = place.start();
    daemon.wire(&place).call("start", serde_json::json!({"service": "web"})).unwrap();
    assert!(wait_until(LIMIT, runs), "{:?}", instance(&place, "web"));
}

#[test]
fn runs_that_are_older_than_the_engine_do_not_mean_that_it_stood_still() {
    let place = Place::with_services(&[Service::new("old", &["sleep", "1000"])]);
    let daemon = place.start();
    // Older than all that an engine takes for standing still.
    let is_old = || instance(&place, "old").is_some_and(|it| it.uptime_seconds >= Some(8));
    assert!(wait_until(LIMIT, is_old));
    daemon.kill();
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    for _ in 0..3 {
        wire.status().unwrap();
    }
    let log = std::fs::read_to_string(place.path("state/ostler/default/supervisor.log")).unwrap();
    assert!(log.contains("found running") && !log.contains("StoodStill"), "{log}");
}

#[test]
fn commands_of_a_killed_engine_are_ended_by_the_next() {
    let place = Place::with_services(&[]);
    let daemon = place.start();
    let script = "sleep 4731.5 & setsid sleep 4731.5 & wait";
    let params = serde_json::json!({"command": {"command": "sh", "args": ["-c", script]}});
    let request = serde_json::json!({"id": 1, "method": "execute_command", "params": params});
    let mut wire = daemon.wire(&place);
    wire.write(format!("{request}\n").as_bytes()).unwrap();
    let sleepers = || place.processes().iter().filter(|it| it.name == "sleep").count();
    assert!(wait_until(LIMIT, || sleepers() == 2));
    daemon.kill();
    let _daemon = place.start();
    assert!(wait_until(LIMIT, || sleepers() == 0), "{:?}", place.processes());
}
