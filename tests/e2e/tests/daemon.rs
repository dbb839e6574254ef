//! What the daemon takes over from whoever started it, and what it writes down of those who ask.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use ostler_api::{Check, CheckState, DoctorReply, InstanceStatus, Word};
use ostler_e2e::{Place, Service, wait_until};

const LIMIT: Duration = Duration::from_secs(20);

fn instance(place: &Place, service: &str) -> Option<InstanceStatus> {
    place.wire().ok()?.status().ok()?.services.get(service)?.instances.first().cloned()
}

/// What a process has open, by number.
fn open_files(pid: u32) -> Vec<(u32, String)> {
    let found = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("a process of ours");
    let file = |entry: std::fs::DirEntry| {
        let number = entry.file_name().to_string_lossy().parse().ok()?;
        Some((number, std::fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned()))
    };
    found.filter_map(|entry| file(entry.ok()?)).collect()
}

#[test]
fn what_the_shell_left_open_goes_to_nobody() {
    let place = Place::with_services(&[Service::new("idle", &["sleep", "1000"])]);
    let keepsake = place.path("keepsake");
    // A pipe, and a file, as a careless script leaves them open.
    let line =
        format!("sleep 1000 | {{ exec 251<&0 252>{}; ostler up --json 0</dev/null; }}", keepsake.display());
    let mut command = std::process::Command::new("bash");
    place.settle(&mut command);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", ostler_e2e::bin_dir().display()));
    let mut shell = command.args(["-c", &line]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let is_up = || instance(&place, "idle").is_some_and(|it| it.word == Word::Running);
    assert!(wait_until(LIMIT, is_up), "{}", place.daemon_output());
    let service = instance(&place, "idle").and_then(|it| it.pid).expect("it runs");
    let all = place.processes();
    let ours: Vec<_> = all.iter().filter(|it| it.name.starts_with("ostler") || it.pid == service).collect();
    assert!(ours.len() >= 3, "the daemon, a keeper and the service: {all:?}");
    for process in ours.iter().filter(|it| !it.args.iter().any(|arg| &**arg == "up")) {
        let open = open_files(process.pid);
        let is_foreign =
            |file: &&(u32, String)| file.0 == 251 || file.0 == 252 || Path::new(&file.1) == keepsake;
        assert_eq!(open.iter().find(is_foreign), None, "{} {:?}", process.name, process.args);
    }
    let files = open_files(service);
    assert_eq!(files.iter().map(|file| file.0).max(), Some(2), "a service has its streams alone: {files:?}");
    place.cli(&["shutdown"]);
    let _ = shell.kill();
    let _ = shell.wait();
}

#[test]
fn the_audit_names_the_process_and_the_user_who_asked() {
    let place = Place::with_services(&[Service::new("idle", &["sleep", "1000"])]);
    let _daemon = place.start();
    let mut command = place.command("ostler");
    command.args(["stop", "idle"]).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.spawn().expect("`ostler` is built");
    assert!(child.wait().expect("it ends").success());
    let mut found = None;
    assert!(wait_until(LIMIT, || {
        let audit = place.cli(&["audit", "--service", "idle", "--json"]);
        let text = String::from_utf8_lossy(&audit.stdout).into_owned();
        let entries = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        found = entries.into_iter().find(|entry| entry["action"] == "stop");
        found.is_some()
    }));
    let entry = found.expect("it is there");
    assert_eq!(entry["pid"], child.id(), "{entry}");
    assert_eq!(entry["uid"], rustix::process::getuid().as_raw(), "{entry}");
    let shown = place.cli(&["audit", "--service", "idle"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains(&format!("pid {}", child.id())), "{shown}");
}

#[test]
fn a_login_shell_that_says_nothing_is_told_by_status_and_doctor() {
    let place = Place::with_services(&[Service::new("idle", &["sleep", "1000"])]);
    let checked = || -> Check {
        let reply: DoctorReply = serde_json::from_slice(&place.cli(&["doctor", "--json"]).stdout).unwrap();
        reply.checks.into_iter().find(|check| check.name == "login shell").expect("a check of it")
    };
    let up = |shell: &str| place.command("ostler").arg("up").env("SHELL", shell).output().unwrap();
    assert!(up("/bin/false").status.success());
    assert!(wait_until(LIMIT, || checked().state == CheckState::Warn), "{:?}", checked());
    assert!(checked().text.contains("/bin/false"), "{:?}", checked());
    let notices = place.wire().unwrap().status().unwrap().supervisor.notices;
    assert!(notices.iter().any(|notice| notice.contains("/bin/false")), "{notices:?}");
    assert!(place.cli(&["shutdown"]).status.success());
    assert!(wait_until(LIMIT, || place.processes().is_empty()));
    assert!(up("/bin/sh").status.success());
    assert!(wait_until(LIMIT, || checked().text.contains("get its environment")), "{:?}", checked());
    let notices = place.wire().unwrap().status().unwrap().supervisor.notices;
    assert!(!notices.iter().any(|notice| notice.contains("login shell")), "{notices:?}");
}
