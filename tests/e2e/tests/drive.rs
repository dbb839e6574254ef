//! Schedules, pools and reload signals through the CLI, and across a crash of the daemon.

#![cfg(target_os = "linux")]

use std::process::Output;
use std::time::Duration;

use ostler_api::{ServiceStatus, Snapshot, Word};
use ostler_e2e::{Place, Service, wait_until};

const LIMIT: Duration = Duration::from_secs(20);

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}\n{}", output.status, text(output));
    text(output)
}

fn service(place: &Place, name: &str) -> ServiceStatus {
    let snapshot: Snapshot =
        serde_json::from_str(&succeeded(&place.cli(&["status", "--json"]))).expect("it is a snapshot");
    snapshot.services[name].as_ref().clone()
}

fn pids(place: &Place, name: &str) -> Vec<u32> {
    service(place, name).instances.iter().filter_map(|instance| instance.pid).collect()
}

#[test]
fn a_pool_scaled_by_command_survives_a_crash_of_the_daemon() {
    let web = Service::new("web", &["sleep", "1000"]).line("max_instances = 3");
    let place = Place::with_services(&[web]);
    let daemon = place.start();
    succeeded(&place.cli(&["scale", "web", "3"]));
    assert!(wait_until(LIMIT, || pids(&place, "web").len() == 3));
    let before = pids(&place, "web");
    let again = succeeded(&place.cli(&["scale", "web", "3"]));
    assert!(again.contains("web has 3 instances already"), "{again}");
    let refused = place.cli(&["scale", "web", "4"]);
    assert!(!refused.status.success() && text(&refused).contains("max_instances"), "{}", text(&refused));
    daemon.kill();
    let _daemon = place.start();
    assert_eq!(pids(&place, "web"), before);
    succeeded(&place.cli(&["scale", "web", "1"]));
    assert!(wait_until(LIMIT, || pids(&place, "web") == before[..1]));
}

#[test]
fn a_schedule_goes_on_after_a_crash_of_the_daemon_and_is_told() {
    let job = |name: &str, cron: &str| {
        Service::script(name, &format!("echo run >> {name}.runs"))
            .line("oneshot = true")
            .line(format!("schedule = {{ cron = \"{cron}\" }}"))
    };
    let place = Place::with_services(&[job("often", "* * * * * *"), job("rarely", "0 0 1 1 *")]);
    let runs = |name: &str| {
        let file = place.path("config/ostler").join(format!("{name}.runs"));
        std::fs::read_to_string(file).unwrap_or_default().lines().count()
    };
    let daemon = place.start();
    assert!(wait_until(LIMIT, || runs("often") >= 2));
    daemon.kill();
    let before = runs("often");
    let _daemon = place.start();
    assert!(wait_until(LIMIT, || runs("often") >= before + 2));
    assert_eq!(runs("rarely"), 0);
    let shown = succeeded(&place.cli(&["status"]));
    assert!(shown.contains("next run in"), "{shown}");
    let told = succeeded(&place.cli(&["why", "often"]));
    assert!(told.contains("due by its schedule at"), "{told}");
}

#[test]
fn reload_sends_the_signal_of_a_service_and_refuses_without_one() {
    let script = "trap 'echo heard >> heard' HUP; echo up > up; while :; do sleep 0.05; done";
    let api = Service::script("api", script).line("reload_signal = \"SIGHUP\"");
    let place = Place::with_services(&[api, Service::new("plain", &["sleep", "1000"])]);
    let _daemon = place.start();
    let there = |name: &str| place.path("config/ostler").join(name).exists();
    assert!(wait_until(LIMIT, || there("up") && service(&place, "plain").status == Word::Running));
    let before = pids(&place, "api");
    succeeded(&place.cli(&["reload", "api"]));
    assert!(wait_until(LIMIT, || there("heard")));
    assert_eq!(pids(&place, "api"), before);
    let refused = place.cli(&["reload", "plain"]);
    assert!(!refused.status.success() && text(&refused).contains("reload_signal"), "{}", text(&refused));
}
