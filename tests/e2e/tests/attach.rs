//! Terminals of services: they outlive those who look at them, and the daemon.

#![cfg(target_os = "linux")]

use std::io::Write;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use ostler_api::{Bytes, InstanceStatus, Word};
use ostler_e2e::{Daemon, Person, Place, Process, Service, wait_for, wait_until};
use rustix::process::Signal;
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(20);
const SIZE: (u16, u16) = (30, 100);
const LEAVE: &str = "\x10\x11";

fn bash() -> Service {
    Service::new("sh", &["bash", "--norc", "--noprofile", "-i"]).line("stdio = \"pty\"")
}

fn instance(place: &Place, service: &str) -> Option<InstanceStatus> {
    let snapshot = place.wire().ok()?.status().ok()?;
    snapshot.services.get(service)?.instances.first().cloned()
}

#[track_caller]
fn running(services: &[Service]) -> (Place, Daemon) {
    let place = Place::with_services(services);
    let daemon = place.start();
    for service in services {
        let is_up = || instance(&place, service.name()).is_some_and(|it| it.word == Word::Running);
        assert!(wait_until(LIMIT, is_up), "{:?}", instance(&place, service.name()));
    }
    (place, daemon)
}

#[track_caller]
fn attached(place: &Place, args: &[&str]) -> Person {
    let words: Vec<&str> = std::iter::once("attach").chain(args.iter().copied()).collect();
    let person = Person::runs(place, &words, SIZE);
    person.sees("attached to");
    assert!(wait_until(LIMIT, || person.is_raw()), "{}", person.shown());
    person
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs the CLI with something on its standard input.
fn piped(place: &Place, args: &[&str], input: &[u8]) -> Output {
    let mut command = place.command("ostler");
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("`ostler` can be started");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

#[test]
fn a_shell_outlives_the_client_and_the_daemon() {
    let (place, daemon) = running(&[bash()]);
    let pid = instance(&place, "sh").unwrap().pid;
    let mut first = attached(&place, &["sh"]);
    first.types("answer=$((6 * 7))\n");
    first.types("echo it is [$answer]\n");
    first.sees("it is [42]");
    first.kill();
    let mut second = attached(&place, &["sh"]);
    second.sees("it is [42]");
    second.looks_away();
    second.types("echo still [$answer]\n");
    second.sees("still [42]");
    daemon.kill();
    second.sees("the engine is gone");
    second.sees("attached again");
    second.sees("still [42]");
    second.looks_away();
    second.types("echo for ever [$answer]\n");
    second.sees("for ever [42]");
    assert_eq!(instance(&place, "sh").unwrap().pid, pid);
    second.types(LEAVE);
    assert_eq!(second.ends().unwrap().code(), Some(0));
    assert!(second.has_the_terminal_back());
    assert_eq!(instance(&place, "sh").unwrap().pid, pid);
}

#[test]
fn a_full_screen_editor_outlives_the_client_and_the_daemon_and_paints_anew() {
    let place = Place::new("");
    let file = place.path("work/letter.txt");
    let path = file.display().to_string();
    let vim = Service::new("vim", &["vim", "-u", "NONE", "-N", "-n", &path]).line("stdio = \"pty\"");
    place.write_config(&Service::config(&[vim]));
    let daemon = place.start();
    assert!(wait_until(LIMIT, || instance(&place, "vim").is_some_and(|it| it.word == Word::Running)));
    let pid = instance(&place, "vim").unwrap().pid;
    let mut first = attached(&place, &["vim"]);
    first.types("iDear reader");
    first.sees("Dear reader");
    first.kill();
    let mut second = attached(&place, &["vim"]);
    second.sees("Dear reader");
    daemon.kill();
    second.sees("attached again");
    second.looks_away();
    // Not from what was shown before, but painted by the editor.
    second.resizes((25, 90));
    second.sees("Dear reader");
    second.types(", good night\x1b:wq\r");
    second.sees("has ended: exit code 0");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "Dear reader, good night\n");
    assert_ne!(instance(&place, "vim").unwrap().pid, pid);
}

#[test]
fn one_types_and_the_others_watch() {
    let (place, _daemon) = running(&[bash()]);
    let mut writer = attached(&place, &["sh"]);
    let mut watcher = attached(&place, &["sh"]);
    watcher.sees("you watch, ostler types");
    watcher.types("echo from the $((1 + 1))nd\n");
    writer.types("echo from the $((0 + 1))st\n");
    watcher.sees("from the 1st");
    assert!(!writer.shown().contains("from the 2nd"), "{}", writer.shown());
    let mut thief = attached(&place, &["sh", "--take"]);
    writer.sees("you watch, ostler types");
    thief.types("echo from the $((2 + 1))rd\n");
    writer.sees("from the 3rd");
    thief.types(LEAVE);
    assert_eq!(thief.ends().unwrap().code(), Some(0));
    writer.sees("you type now");
    let mut reader = attached(&place, &["sh", "--read-only"]);
    reader.types("echo nobody\n");
    writer.types("echo all of $((2 + 2))\n");
    for person in [&writer, &watcher, &reader] {
        person.sees("all of 4");
        assert!(!person.shown().contains("nobody"), "{}", person.shown());
    }
    reader.types("\x03");
    assert_eq!(reader.ends().unwrap().code(), Some(0));
}

#[test]
fn the_service_has_the_size_of_the_writers_terminal() {
    let (place, _daemon) = running(&[bash()]);
    let mut person = attached(&place, &["sh"]);
    person.types("stty size\n");
    person.sees("30 100");
    person.resizes((41, 121));
    let is_resized = wait_until(LIMIT, || {
        person.types("stty size\n");
        wait_until(Duration::from_millis(200), || person.shown().contains("41 121"))
    });
    assert!(is_resized, "{}", person.shown());
}

#[test]
fn keys_reach_the_service_and_the_terminal_comes_back_however_it_ends() {
    let (place, _daemon) = running(&[bash()]);
    let mut person = attached(&place, &["sh"]);
    person.types("sleep 1000\n");
    person.sees("sleep 1000");
    person.types("\x03echo interrupted $((40 + 2))\n");
    person.sees("interrupted 42");
    person.types("printf '\\033[?1049h\\033[?25l'\n");
    person.looks_away();
    Process::read(person.pid()).unwrap().signal(Signal::TERM);
    assert_eq!(person.ends().unwrap().code(), Some(143));
    assert!(person.has_the_terminal_back());
    assert!(wait_until(LIMIT, || person.shown().contains("\x1b[?25h")), "{}", person.shown());
    let mut person = attached(&place, &["sh", "--detach-keys", "ctrl-]"]);
    person.types("\x1d");
    assert_eq!(person.ends().unwrap().code(), Some(0));
    assert!(person.has_the_terminal_back());
}

#[test]
fn the_end_of_the_run_is_told_and_its_exit_code_is_ours() {
    let once = bash().line("restart.policy = \"never\"");
    let (place, _daemon) = running(&[once]);
    let mut person = attached(&place, &["sh"]);
    person.types("exit 7\n");
    person.sees("has ended: exit code 7");
    assert_eq!(person.ends().unwrap().code(), Some(7));
    assert!(person.has_the_terminal_back());
    let output = piped(&place, &["attach", "sh"], b"");
    assert_ne!(output.status.code(), Some(0));
    assert!(err(&output).contains("ostler start sh"), "{}", err(&output));
}

#[test]
fn a_run_that_follows_is_attached_to_as_well() {
    let (place, _daemon) = running(&[bash().line("restart.startup_crash = 0")]);
    let mut person = attached(&place, &["sh"]);
    let first = instance(&place, "sh").unwrap().run;
    person.types("kill -9 $$\n");
    person.sees("has ended: SIGKILL");
    person.sees("has begun");
    assert_ne!(instance(&place, "sh").unwrap().run, first);
    person.looks_away();
    person.types("echo again $((20 + 22)); stty size\n");
    person.sees("again 42");
    person.sees("30 100");
}

#[test]
fn a_pipe_types_and_prints() {
    let (place, _daemon) = running(&[bash()]);
    let output = piped(&place, &["attach", "sh", "--idle", "1"], b"echo by $((40 + 2)) a pipe\n");
    assert!(output.status.success(), "{}", err(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("by 42 a pipe"), "{output:?}");
    // More than fits anywhere on the way, at a program that takes its time.
    let lines: String = (0..20_000).map(|number| format!("x={number}\n")).collect();
    let input = format!("stty -echo\n{lines}echo the last is [$x]\n");
    let output = piped(&place, &["attach", "sh", "--idle", "3"], input.as_bytes());
    assert!(String::from_utf8_lossy(&output.stdout).contains("the last is [19999]"), "{}", err(&output));
}

#[test]
fn lines_go_to_the_standard_input_of_a_logged_service() {
    let echo = Service::script("echo", "while read -r line; do printf '%s\\n' \"got $line\"; done");
    let (place, _daemon) = running(&[echo]);
    let output = piped(&place, &["attach", "echo", "--idle", "1"], b"one\ntwo\x1b]0;pwned\x07\n");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("got one\n"), "{output:?}");
    assert!(said.contains("got two\\u{1b}]0;pwned\\u{7}"), "{said:?}");
    let mut person = Person::runs(&place, &["attach", "echo"], SIZE);
    person.sees("lines go to its standard input");
    person.types("three\n");
    person.sees("got three");
    assert!(!person.is_raw());
    person.types("\x04");
    assert_eq!(person.ends().unwrap().code(), Some(0));
}

#[test]
fn somebody_who_does_not_read_a_flood_slows_nobody() {
    let flood = Service::new("yes", &["yes", "a line of a flood"]).line("stdio = \"pty\"");
    let (place, daemon) = running(&[flood]);
    let memory = || resident_kib(daemon.pid());
    let mut wire = place.wire().unwrap();
    wire.call("attach", json!({"service": "yes"})).unwrap();
    let mut reading = place.wire().unwrap();
    let reply = reading.call("attach", json!({"service": "yes", "write": false})).unwrap();
    assert_eq!(reply["state"]["role"], "watcher");
    let (mut slowest, mut most, mut seen) = (Duration::ZERO, 0, 0);
    let end = Instant::now() + Duration::from_secs(4);
    while Instant::now() < end {
        let asked_at = Instant::now();
        assert_eq!(instance(&place, "yes").unwrap().word, Word::Running);
        slowest = slowest.max(asked_at.elapsed());
        most = most.max(memory());
        if let Some(told) = reading.notification(Duration::from_secs(5)).unwrap() {
            seen += told.params["data"].as_str().map_or(0, str::len);
        }
    }
    assert!(slowest < Duration::from_secs(1), "status took {slowest:?}");
    assert!(most < 64 * 1024, "the daemon grew to {most} KiB");
    assert!(seen > 0);
    // The one that read nothing hears how much it missed, once it reads again.
    let missed = wait_for(LIMIT, || {
        let told = wire.notification(Duration::from_secs(1)).ok()??;
        told.params["missed"].as_u64()
    });
    assert!(missed.is_some_and(|missed| missed > 0), "{missed:?}");
}

#[test]
fn the_wire_refuses_what_makes_no_sense() {
    let stopped = Service::new("off", &["sleep", "1000"]).line("enabled = false");
    let pool = Service::new("pool", &["sleep", "1000"]).line("instances = 2").line("max_instances = 2");
    let streaming = Service::new("mcp", &["cat"]).line("stdio = \"stream\"");
    let place = Place::with_services(&[bash(), stopped, pool, streaming]);
    let _daemon = place.start();
    assert!(wait_until(LIMIT, || instance(&place, "sh").is_some_and(|it| it.word == Word::Running)));
    let mut wire = place.wire().unwrap();
    let attachment = wire.call("attach", json!({"service": "sh"})).unwrap()["attachment"].clone();
    let other = place.wire().unwrap().call("attach", json!({"service": "sh", "write": false}));
    let watching = other.unwrap()["attachment"].clone();
    let large = Bytes(vec![b'x'; 64 * 1024 + 1]);
    let cases = [
        ("attach", json!({"service": "nobody"}), "unknown-service"),
        ("attach", json!({"service": "off"}), "not-running"),
        ("attach", json!({"service": "pool"}), "invalid-params"),
        ("attach", json!({"service": "mcp"}), "not-available"),
        ("attach", json!({"service": "sh", "rows": 0, "cols": 1}), "invalid-params"),
        ("attach", json!({"service": "sh", "rows": 10}), "invalid-params"),
        ("attach", json!({"service": "sh", "take": true, "write": false}), "invalid-params"),
        ("input", json!({"attachment": "x", "data": ""}), "invalid-params"),
        ("input", json!({"attachment": attachment, "data": "a b="}), "invalid-params"),
        ("input", json!({"attachment": attachment, "data": large}), "too-large"),
        ("resize", json!({"attachment": attachment, "rows": 1, "cols": 65535}), "invalid-params"),
        ("detach", json!({"attachment": "x"}), "invalid-params"),
        ("input", json!({"attachment": watching, "data": "eA=="}), "invalid-params"),
    ];
    for (method, params, code) in cases {
        let refusal = wire.call(method, params.clone()).expect_err("it is refused").to_string();
        assert!(refusal.starts_with(code), "{method} {params}: {refusal}");
    }
    wire.call("detach", json!({"attachment": attachment})).unwrap();
    assert!(wire.call("input", json!({"attachment": attachment, "data": "eA=="})).is_err());
}

#[test]
fn a_terminal_is_used_over_tcp_by_whom_it_was_allowed() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).unwrap().port();
    let config = |allowed: &str| {
        let services = Service::config(&[bash()]);
        format!(
            "[control]\ntcp = true\nport = {port}\n[security]\nallowed_commands = [{allowed}]\n{services}"
        )
    };
    let place = Place::new(&config("\"*\""));
    let _daemon = place.start();
    let is_up = || instance(&place, "sh").is_some_and(|it| it.word == Word::Running);
    assert!(wait_until(LIMIT, || is_up() && std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()));
    let number = port.to_string();
    let mut refused = Person::runs(&place, &["--port", &number, "attach", "sh"], SIZE);
    refused.sees("not allowed over the network");
    assert_eq!(refused.ends().and_then(|status| status.code()), Some(5));
    place.write_config(&config("\"*\", \"attach\", \"input\", \"resize\", \"detach\""));
    assert!(place.cli(&["reload"]).status.success());
    let mut person = Person::runs(&place, &["--port", &number, "attach", "sh"], SIZE);
    person.sees("attached to");
    person.types("echo over [$((6 * 7))]\n");
    person.sees("over [42]");
    person.types(LEAVE);
    assert!(person.ends().is_some_and(|status| status.success()), "{}", person.shown());
    assert!(person.has_the_terminal_back());
}
