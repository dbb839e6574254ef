//! The CLI and the daemon as a person uses them.

#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Output;
use std::time::Duration;

use ostler_api::{Phase, Snapshot, Word};
use ostler_e2e::{Daemon, Place, Process, Service, wait_until};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(15);

fn sleeper(name: &str) -> Service {
    Service::new(name, &["sleep", "1000"])
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}\n{}{}", output.status, out(output), err(output));
    out(output)
}

fn snapshot(place: &Place) -> Snapshot {
    serde_json::from_str(&succeeded(&place.cli(&["status", "--json"]))).expect("it is a snapshot")
}

fn pid(place: &Place, service: &str) -> Option<u32> {
    snapshot(place).services.get(service)?.instances.first()?.pid
}

/// Starts a daemon with services and waits until all run.
#[track_caller]
fn running(services: &[Service]) -> (Place, Daemon) {
    let place = Place::with_services(services);
    let daemon = place.start();
    let are_up = wait_until(LIMIT, || {
        snapshot(&place).services.values().all(|service| service.status == Word::Running)
    });
    assert!(are_up, "{}", succeeded(&place.cli(&["status"])));
    (place, daemon)
}

#[test]
fn without_an_engine_the_cli_says_how_to_start_one() {
    let place = Place::new("");
    let output = place.cli(&["status"]);
    assert_eq!(output.status.code(), Some(12));
    assert!(err(&output).contains("ostler up"), "{}", err(&output));
    let said: Value = serde_json::from_slice(&place.cli(&["status", "--json"]).stdout).unwrap();
    assert_eq!(said["error"]["code"], "no-engine");
}

#[test]
fn status_names_the_processes_that_run() {
    let (place, _daemon) = running(&[sleeper("web"), sleeper("db")]);
    for name in ["web", "db"] {
        let process = Process::read(pid(&place, name).unwrap()).unwrap();
        assert_eq!((&*process.name, &*process.args[1]), ("sleep", "1000"));
        assert!(succeeded(&place.cli(&["status"])).contains(&process.pid.to_string()));
    }
}

#[test]
fn restart_gives_a_new_pid_and_ends_the_old_one() {
    let (place, _daemon) = running(&[sleeper("web")]);
    let old = Process::read(pid(&place, "web").unwrap()).unwrap();
    succeeded(&place.cli(&["restart", "web"]));
    let new = pid(&place, "web").unwrap();
    assert_ne!(new, old.pid);
    assert!(!old.is_alive() && Process::read(new).is_some());
}

#[test]
fn stop_returns_when_the_process_is_gone_and_start_when_it_runs() {
    let (place, _daemon) = running(&[sleeper("web")]);
    let process = Process::read(pid(&place, "web").unwrap()).unwrap();
    succeeded(&place.cli(&["stop", "web"]));
    assert!(!process.is_alive());
    assert_eq!(snapshot(&place).services["web"].instances[0].phase, Phase::Stopped);
    succeeded(&place.cli(&["start", "web"]));
    assert!(Process::read(pid(&place, "web").unwrap()).is_some());
}

#[test]
fn stopping_what_others_need_asks_first() {
    let (place, _daemon) =
        running(&[sleeper("db"), sleeper("web").line("depends_on = { db = \"started\" }")]);
    let output = place.cli(&["stop", "db"]);
    assert!(!output.status.success());
    assert!(err(&output).contains("web") && err(&output).contains("--yes"), "{}", err(&output));
    assert!(pid(&place, "db").is_some(), "nothing was stopped");
    succeeded(&place.cli(&["stop", "db", "--yes"]));
    assert_eq!(pid(&place, "db"), None);
}

#[test]
fn an_unknown_service_is_refused_with_the_nearest_name() {
    let (place, _daemon) = running(&[sleeper("web")]);
    let output = place.cli(&["restart", "webb"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(err(&output).contains("did you mean web"), "{}", err(&output));
}

#[test]
fn why_tells_how_a_service_ended_with_its_last_words() {
    let place = Place::with_services(&[Service::script("job", "echo cannot open the database; exit 3")]);
    let _daemon = place.start();
    assert!(wait_until(LIMIT, || snapshot(&place).services["job"].status == Word::Failed));
    let why = succeeded(&place.cli(&["why", "job"]));
    assert!(why.contains("exit 3") && why.contains("cannot open the database"), "{why}");
    assert!(why.contains("ostler logs job"), "the next step is said: {why}");
}

#[test]
fn a_killed_service_comes_back_and_the_restart_is_counted() {
    let (place, _daemon) = running(&[sleeper("web")]);
    let old = pid(&place, "web").unwrap();
    Process::read(old).unwrap().signal(rustix::process::Signal::KILL);
    assert!(wait_until(LIMIT, || pid(&place, "web").is_some_and(|new| new != old)));
    let snapshot = snapshot(&place);
    let web = &snapshot.services["web"].instances[0];
    assert_eq!(web.restart_count, 1);
    assert_eq!(web.last_exit.as_ref().unwrap().signal.as_deref(), Some("SIGKILL"));
}

#[test]
fn logs_of_several_services_come_in_the_order_of_time() {
    let first = Service::script("first", "echo one; exec sleep 1000");
    let second =
        Service::script("second", "echo two; exec sleep 1000").line("depends_on = { first = \"ready\" }");
    let first = first.line("ready = { log = \"one\" }");
    let (place, _daemon) = running(&[first, second]);
    let is_there = wait_until(LIMIT, || {
        let logs = succeeded(&place.cli(&["logs"]));
        logs.find("one").zip(logs.find("two")).is_some_and(|(one, two)| one < two)
    });
    assert!(is_there, "{}", succeeded(&place.cli(&["logs"])));
    let found = succeeded(&place.cli(&["logs", "second", "--grep", "tw."]));
    assert!(found.contains("two") && !found.contains("one"), "{found}");
}

#[test]
fn a_second_daemon_names_the_first_and_ends_well() {
    let (place, daemon) = running(&[sleeper("web")]);
    let said = succeeded(&place.cli(&["daemon"]));
    assert!(said.contains(&daemon.pid().to_string()), "{said}");
}

#[test]
fn shutdown_ends_the_services_and_then_the_daemon() {
    let (place, mut daemon) = running(&[sleeper("web")]);
    let process = Process::read(pid(&place, "web").unwrap()).unwrap();
    succeeded(&place.cli(&["shutdown"]));
    assert!(daemon.wait(LIMIT).is_some_and(|status| status.success()));
    assert!(!process.is_alive());
    let are_gone = wait_until(LIMIT, || place.processes().is_empty());
    assert!(are_gone, "left behind: {:?}", place.processes());
    assert_eq!(place.cli(&["status"]).status.code(), Some(12));
}

#[test]
fn logs_are_read_without_an_engine() {
    let place = Place::new(&Service::new("api", &["sh", "-c", "echo one; echo two; sleep 1000"]).toml());
    let daemon = Daemon::start(&place);
    assert!(wait_until(LIMIT, || succeeded(&place.cli(&["logs", "api"])).contains("two")));
    succeeded(&place.cli(&["shutdown"]));
    drop(daemon);
    let found = place.cli(&["logs", "api", "--lines", "10", "--grep", "one|two"]);
    assert!(succeeded(&found).contains("one"), "{}", out(&found));
    assert!(err(&found).contains("No engine runs; this is what was written."), "{}", err(&found));
    let unknown = place.cli(&["logs", "db"]);
    assert!(
        !unknown.status.success() && err(&unknown).contains("there are logs of: api"),
        "{}",
        err(&unknown)
    );
    let following = place.cli(&["logs", "-f"]);
    assert!(!following.status.success() && err(&following).contains("no engine runs"), "{}", err(&following));
}

#[test]
fn shutdown_can_keep_the_services_and_the_next_daemon_adopts_them() {
    let (place, mut daemon) = running(&[sleeper("web")]);
    let before = pid(&place, "web");
    place.wire().unwrap().call("shutdown", serde_json::json!({"services": "keep"})).unwrap();
    assert!(daemon.wait(LIMIT).is_some());
    assert!(Process::read(before.unwrap()).is_some());
    let _next = place.start();
    assert!(wait_until(LIMIT, || pid(&place, "web") == before));
    assert_eq!(snapshot(&place).supervisor.adopted, 1);
}

#[test]
fn up_starts_a_daemon_that_outlives_the_command() {
    let place = Place::with_services(&[sleeper("web")]);
    succeeded(&place.cli(&["up"]));
    assert!(wait_until(LIMIT, || pid(&place, "web").is_some()));
    succeeded(&place.cli(&["up"]));
    succeeded(&place.cli(&["shutdown"]));
    assert!(wait_until(LIMIT, || place.processes().is_empty()), "left behind: {:?}", place.processes());
}

#[test]
fn a_daemon_in_the_background_says_what_keeps_it_from_starting() {
    let place = Place::with_services(&[sleeper("web")]);
    // The second as the desktop app does when it ends and its services go on.
    for args in [["up"].as_slice(), &["daemon", "--detached"]] {
        let mut command = place.command("ostler");
        let output = command.args(args).env("OSTLER_HTTP_PORT", "many").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = out(&output) + &err(&output);
        assert!(said.contains("OSTLER_HTTP_PORT") && said.contains("many"), "{said}");
    }
    assert!(place.processes().is_empty());
}

#[test]
fn a_broken_reload_is_refused_with_the_place_of_the_mistake() {
    let (place, _daemon) = running(&[sleeper("web")]);
    place.write_config("[services.web]\ncomand = \"sleep\"\n");
    let output = place.cli(&["reload"]);
    assert_eq!(output.status.code(), Some(3));
    let said = err(&output) + &out(&output);
    assert!(said.contains("ostler.toml:2:1") && said.contains("command"), "{said}");
    assert!(pid(&place, "web").is_some());
    assert!(snapshot(&place).supervisor.config_is_stale);
}

#[test]
fn a_planned_reload_says_what_would_change_and_changes_nothing() {
    let (place, _daemon) = running(&[sleeper("web").line("nice = 0")]);
    // Reloads by themselves would come in between.
    let before = pid(&place, "web");
    let text = format!("[supervisor]\nauto_reload = false\n{}", sleeper("web").line("nice = 0").toml());
    place.write_config(&text);
    succeeded(&place.cli(&["reload"]));
    place.write_config(&text.replace("nice = 0", "nice = 5"));
    let plan = succeeded(&place.cli(&["reload", "--plan"]));
    assert!(plan.contains("web") && plan.contains("nice"), "{plan}");
    assert_eq!(pid(&place, "web"), before);
}

#[test]
fn people_with_netcat_get_words_and_an_empty_line() {
    let (place, _daemon) = running(&[sleeper("web")]);
    let ask = |line: &str| {
        let mut stream = UnixStream::connect(place.socket()).unwrap();
        stream.write_all(line.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let status = ask("status\n");
    assert!(status.contains("web/0") && status.contains("Running") && status.ends_with("\n\n"), "{status:?}");
    let old = pid(&place, "web");
    ask("restart web\n");
    assert!(wait_until(LIMIT, || pid(&place, "web").is_some_and(|new| Some(new) != old)));
    assert!(ask("sttus\n").contains("status"), "the nearest command is named");
    assert!(ask("status\r\nwhy web\r\n").matches("\n\n").count() >= 2, "each line has its answer");
}

#[test]
fn a_pool_runs_its_instances_and_is_scaled_within_its_bounds() {
    let (place, _daemon) = running(&[sleeper("pool").line("instances = 2").line("max_instances = 3")]);
    succeeded(&place.cli(&["scale", "pool", "3"]));
    let three = || snapshot(&place).services["pool"].instances.iter().filter(|one| one.pid.is_some()).count();
    assert!(wait_until(LIMIT, || three() == 3));
    assert!(!place.cli(&["scale", "pool", "4"]).status.success());
}

#[test]
fn what_a_mode_excludes_stops_and_comes_back() {
    let (place, _daemon) = running(&[sleeper("always"), sleeper("extra").line("modes = [\"default\"]")]);
    place.write_config(&format!(
        "[supervisor]\nauto_reload = false\n[modes.quiet]\n{}{}",
        sleeper("always").toml(),
        sleeper("extra").line("modes = [\"default\"]").toml()
    ));
    succeeded(&place.cli(&["reload"]));
    succeeded(&place.cli(&["mode", "quiet"]));
    assert!(wait_until(LIMIT, || pid(&place, "extra").is_none() && pid(&place, "always").is_some()));
    succeeded(&place.cli(&["mode", "default"]));
    assert!(wait_until(LIMIT, || pid(&place, "extra").is_some()));
}

#[test]
fn secrets_are_shown_nowhere() {
    let secret = "hunter2-canary";
    let service = Service::new("web", &["sleep", "1000"]);
    let text = service.toml().replace("env = { ", &format!("env = {{ API_TOKEN = \"{secret}\", "));
    let place = Place::new(&text);
    let _daemon = place.start();
    assert!(wait_until(LIMIT, || pid(&place, "web").is_some()));
    let run = Process::read(pid(&place, "web").unwrap()).unwrap();
    assert_eq!(run.env.get("API_TOKEN").map(String::as_str), Some(secret), "the service itself gets it");
    for words in [
        &["status", "--json"][..],
        &["env", "web"],
        &["env", "web", "--json"],
        &["why", "web", "--json"],
        &["logs", "--supervisor"],
        &["config", "show", "--resolved"],
    ] {
        let output = place.cli(words);
        assert!(!(out(&output) + &err(&output)).contains(secret), "{words:?} shows a secret");
    }
    assert!(!place.daemon_output().contains(secret));
}

#[test]
fn services_that_begin_with_the_same_port_at_once_get_ports_of_their_own() {
    let port = ostler_e2e::free_port();
    // None of them listens, so that the system would call the port free each time.
    let one = |name: &str| {
        format!(
            "[services.{name}]\ncommand = \"sleep\"\nargs = [\"1000\"]\n\
             ports = {{ http = {port} }}\non_port_conflict = \"next-free\"\n"
        )
    };
    let place = Place::new(&["a", "b", "c", "d"].map(one).concat());
    let _daemon = place.start();
    let ports = || -> std::collections::BTreeSet<u16> {
        let services = snapshot(&place).services;
        let instances = services.values().filter_map(|service| service.instances.first());
        instances.filter(|it| it.pid.is_some()).filter_map(|it| it.ports.get("http").copied()).collect()
    };
    assert!(wait_until(LIMIT, || ports().len() == 4), "{:?}", ports());
    assert!(ports().contains(&port));
}
