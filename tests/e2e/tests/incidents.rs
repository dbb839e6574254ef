//! Evidence of crashes, from outside.

#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use ostler_api::{Incident, IncidentKind, IncidentsReply};
use ostler_e2e::{Place, Service, wait_for, wait_until};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(20);

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn incidents(place: &Place, service: &str) -> Vec<Incident> {
    let params = json!({"service": service, "limit": 100});
    let Ok(mut wire) = place.wire() else { return Vec::new() };
    let Ok(value) = wire.call("incidents", params) else { return Vec::new() };
    serde_json::from_value::<IncidentsReply>(value).expect("a reply").incidents
}

/// The latest incident of a service, once it is there.
#[track_caller]
fn incident(place: &Place, service: &str) -> Incident {
    let found = wait_for(LIMIT, || incidents(place, service).into_iter().next());
    found.unwrap_or_else(|| panic!("{}", out(&place.cli(&["why", service]))))
}

/// A configuration with another variable for every service.
fn with_variable(config: &str, name: &str, value: &str) -> String {
    config.replace("env = { ", &format!("env = {{ {name} = {value:?}, "))
}

fn files(place: &Place) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let services = std::fs::read_dir(place.path("state/ostler/default/incidents"));
    for service in services.into_iter().flatten().flatten() {
        found.extend(
            std::fs::read_dir(service.path())
                .expect("a file of the engine's own")
                .map(|entry| entry.expect("a file of the engine's own").path()),
        );
    }
    found
}

#[test]
fn a_crash_leaves_its_evidence_and_the_page_ends_the_search() {
    // Two pipes have no common order; the pause gives them one.
    let script =
        "i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done; sleep 0.2; echo oh no >&2; exit 3";
    let api = Service::script("api", script)
        .line("depends_on = { db = \"started\" }")
        .line("restart.policy = \"never\"");
    let config = Service::config(&[api, Service::new("db", &["sleep", "1000"])]);
    let place = Place::new(&with_variable(&config, "API_KEY", "never-to-be-seen"));
    let _daemon = place.start();
    let found = incident(&place, "api");
    assert_eq!(found.kind, IncidentKind::Exit);
    assert_eq!(found.exit.as_ref().and_then(|exit| exit.code), Some(3));
    assert!(found.summary.ends_with("oh no"), "{}", found.summary);
    assert_eq!(found.lines.len(), 200);
    assert!(found.lines.iter().any(|line| line.text == "oh no"));
    assert!(found.environment.iter().any(|one| one.name == "API_KEY" && one.origin == "configuration"));
    assert_eq!(found.dependencies[0].service, "db");
    assert!(found.command.contains("/bin/sh"), "{}", found.command);
    let page = out(&place.cli(&["incident", "api"]));
    for part in ["ended with a failure", "exit 3", "oh no", "db ● Running", "API_KEY", "ostler restart api"]
    {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!format!("{found:?}{page}").contains("never-to-be-seen"), "{page}");
    for file in files(&place) {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    let list = out(&place.cli(&["incident", "--list"]));
    assert!(list.contains(&found.id), "{list}");
    let one: IncidentsReply =
        serde_json::from_slice(&place.cli(&["incident", "--id", &found.id, "--json"]).stdout).unwrap();
    assert_eq!(one.incidents, [found]);
    let unknown = place.cli(&["incident", "nobody"]);
    assert_eq!(unknown.status.code(), Some(4), "{}", out(&unknown));
}

#[test]
fn a_start_that_fails_is_an_incident_and_survives_the_engine() {
    let place = Place::with_services(&[Service::new("web", &["no-such-program"])]);
    let daemon = place.start();
    let before = incident(&place, "web");
    assert_eq!(before.kind, IncidentKind::FailedStart);
    assert!(
        before.summary.contains("no-such-program") && before.hint.contains("ostler env web"),
        "{before:?}"
    );
    daemon.kill();
    place.write_config("");
    let _next = place.start();
    assert_eq!(incidents(&place, "web"), [before], "of a service that is gone, after the engine's death");
}

#[test]
fn a_change_since_the_last_good_run_is_told() {
    let web = Service::script("web", "test \"$BREAK\" = yes && exit 4; exec sleep 1000")
        .line("restart.startup_crash = \"100ms\"");
    let config = |value: &str| with_variable(&Service::config(std::slice::from_ref(&web)), "BREAK", value);
    let place = Place::new(&config("no"));
    let _daemon = place.start();
    let is_up = || out(&place.cli(&["status"])).contains("Running");
    assert!(wait_until(LIMIT, is_up));
    let is_proven = || {
        let snapshot = place.wire().ok().and_then(|mut wire| wire.status().ok());
        snapshot.is_some_and(|it| it.services["web"].instances[0].uptime_seconds >= Some(1))
    };
    assert!(wait_until(LIMIT, is_proven));
    place.write_config(&config("yes"));
    let found = incident(&place, "web");
    assert!(found.last_good.is_some(), "{found:?}");
    assert!(found.changes.iter().any(|change| change.text.contains("env.BREAK")), "{:?}", found.changes);
    assert!(found.hint.contains("env.BREAK"), "{}", found.hint);
}

#[test]
fn a_storm_of_crashes_is_one_incident_with_a_count() {
    let web = Service::new("web", &["false"]).line(
        "restart = { startup_crash = \"0s\", delay = \"10ms\", max_delay = \"20ms\", max_restarts = 30 }",
    );
    let place = Place::with_services(&[web]);
    let _daemon = place.start();
    let has_given_up =
        || incidents(&place, "web").first().is_some_and(|it| it.kind == IncidentKind::CrashLoop);
    assert!(wait_until(LIMIT, has_given_up), "{:?}", incidents(&place, "web"));
    let found = incidents(&place, "web");
    assert_eq!(found.len(), 2, "the alike ones and the last one: {found:?}");
    assert_eq!(found[1].times, 30, "{found:?}");
    assert!(found[0].decision.contains("not restarted again"), "{}", found[0].decision);
    assert_eq!(files(&place).len(), 2);
}

#[test]
fn a_folder_that_cannot_be_written_stops_nothing_and_is_told() {
    let place = Place::with_services(&[
        Service::script("web", "sleep 0.2; exit 1").line("restart.startup_crash = \"0s\"")
    ]);
    std::fs::create_dir_all(place.path("state/ostler/default")).unwrap();
    for folder in ["state/ostler", "state/ostler/default"] {
        std::fs::set_permissions(place.path(folder), std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    // A file where a folder should be cannot be written into, by root neither.
    std::fs::write(place.path("state/ostler/default/incidents"), "").unwrap();
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    let mut lost = || wire.call("incidents", json!({})).ok().and_then(|reply| reply["lost"].as_u64());
    assert!(wait_until(LIMIT, || lost().is_some_and(|lost| lost > 0)));
    let audit = std::fs::read_to_string(place.path("state/ostler/default/audit.jsonl")).unwrap();
    assert!(audit.contains("incident-lost"), "{audit}");
    std::fs::remove_file(place.path("state/ostler/default/incidents")).unwrap();
    assert!(place.cli(&["restart", "web"]).status.code().is_some());
    let found = incident(&place, "web");
    assert!(found.lost_before > 0, "the loss is told by the next: {found:?}");
}
