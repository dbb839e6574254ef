//! Sleep and the end of the machine, as a fake login manager on a bus of its own tells of them, and the end of a
//! session by its signals.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use ostler_api::{EventKind, InstanceStatus, MachineNews, Phase};
use ostler_e2e::{Place, Wire, wait_for, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(20);
/// The system's, for which the modules of the fake are installed.
const PYTHON: &str = "/usr/bin/python3";

struct Logind {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Logind {
    fn start() -> Self {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/power/logind.py");
        let mut command = Command::new(PYTHON);
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 is installed");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut fake = Self { child, input, output, address: String::new() };
        fake.address = fake.line();
        assert!(fake.address.starts_with("unix:"), "python3-dbusmock and dbus-daemon are installed");
        fake
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.input.as_mut().expect("open"), "{line}").expect("the fake lives");
        self.line()
    }

    fn awaits_locks(&mut self, expected: &str) {
        let mut found = String::new();
        let is_so = wait_until(LIMIT, || {
            found = self.ask("locks");
            found == expected
        });
        assert!(is_so, "{found} instead of {expected}");
    }
}

impl Drop for Logind {
    fn drop(&mut self) {
        // The end of its input ends it, and its bus.
        self.input = None;
        let _ = self.child.wait();
    }
}

const LOCKED: &str = r#"[["shutdown", "Ostler", "services are stopped in order", "delay"]]"#;

/// Ended with the test.
struct Daemon(Child);

impl Daemon {
    fn start(place: &Place, bus: &str) -> Self {
        let said = std::fs::File::create(place.path("daemon.err")).expect("the place can be written");
        let mut command = place.command("ostler");
        command.arg("daemon").env("DBUS_SYSTEM_BUS_ADDRESS", bus).stdin(Stdio::null()).stderr(said);
        let daemon = Self(command.spawn().expect("`ostler` is built"));
        let pid = daemon.0.id();
        let is_there = || place.wire().ok()?.status().ok().filter(|it| it.supervisor.pid == pid);
        assert!(wait_for(LIMIT, is_there).is_some(), "no answer: {}", place.daemon_output());
        daemon
    }

    fn end(&mut self) -> Option<ExitStatus> {
        wait_for(LIMIT, || self.0.try_wait().ok().flatten())
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).expect("a child of one's own");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Notes its end, some time after it was asked for.
fn service(name: &str, rest: &str) -> String {
    let line = format!(
        "trap 'sleep 0.2; echo {name} >> ended; exit' TERM; echo {name} >> up; while :; do sleep 0.05; done"
    );
    format!("[services.{name}]\nshell = '''{line}'''\n{rest}\n")
}

fn fleet() -> String {
    let db = service("db", "");
    let api = service("api", "depends_on = { db = \"started\" }");
    let rare = service("rare", "enabled = false");
    format!("supervisor.on_quit = \"keep\"\n{db}{api}{rare}")
}

fn instance(wire: &mut Wire, name: &str) -> InstanceStatus {
    wire.status().expect("status").services[name].instances[0].clone()
}

#[track_caller]
fn awaits(place: &Place, name: &str, phase: Phase) -> InstanceStatus {
    let mut wire = place.wire().expect("it listens");
    // A shell heeds signals some time after it began to run.
    let is_up = || phase != Phase::Running || noted(place, "up").lines().any(|line| line == name);
    let is_there = |it: &InstanceStatus| it.phase == phase && is_up();
    let found = wait_for(LIMIT, || Some(instance(&mut wire, name)).filter(is_there));
    found.unwrap_or_else(|| panic!("{name} is not {phase:?}: {}", place.daemon_output()))
}

/// What the services of a place noted in a file.
fn noted(place: &Place, file: &str) -> String {
    let near = [place.config().with_file_name(file), place.path("work").join(file)];
    near.iter().find_map(|file| std::fs::read_to_string(file).ok()).unwrap_or_default()
}

/// Which services ended politely, in order.
fn ended(place: &Place) -> String {
    noted(place, "ended")
}

#[test]
fn sleep_is_told_and_restarts_nothing() {
    let mut logind = Logind::start();
    let probe = "live = { exec = [\"true\"], interval = \"100ms\", timeout = \"1s\", retries = 1 }";
    let place = Place::new(&service("api", probe));
    let _daemon = Daemon::start(&place, &logind.address);
    let before = awaits(&place, "api", Phase::Running);
    logind.awaits_locks(LOCKED);
    let mut wire = place.wire().expect("it listens");
    wire.call("watch", json!({})).expect("watched");
    for (says, expected) in [("true", MachineNews::Sleeps), ("false", MachineNews::Woke)] {
        logind.ask(&format!("PrepareForSleep {says}"));
        let told = wait_for(LIMIT, || match wire.event(LIMIT).expect("an event")?.kind {
            EventKind::Machine { what, .. } => Some(what),
            _ => None,
        });
        assert_eq!(told, Some(expected));
    }
    let after = instance(&mut place.wire().expect("it listens"), "api");
    assert_eq!((after.pid, after.restart_count), (before.pid, 0));
    for asked in [&["logs", "--supervisor"][..], &["why", "api"], &["audit"]] {
        let said = place.cli(asked);
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(said.contains("the machine woke; probes are asked afresh"), "{asked:?}: {said}");
    }
}

#[test]
fn the_end_of_the_machine_stops_services_in_order_and_the_next_start_is_as_at_boot() {
    let mut logind = Logind::start();
    let place = Place::new(&fleet());
    let mut daemon = Daemon::start(&place, &logind.address);
    logind.awaits_locks(LOCKED);
    awaits(&place, "api", Phase::Running);
    place.wire().expect("it listens").act("start", &["rare"]).expect("started");
    place.wire().expect("it listens").act("stop", &["api"]).expect("stopped");
    place.wire().expect("it listens").act("start", &["api"]).expect("started");
    let is_up = || noted(&place, "up").lines().count() == 4;
    assert!(wait_until(LIMIT, is_up), "{}", noted(&place, "up"));
    let stopped = ended(&place);
    logind.ask("PrepareForShutdown true");
    let status = daemon.end().expect("it ends");
    assert_eq!(status.code(), Some(0), "{}", place.daemon_output());
    let ended = ended(&place).split_off(stopped.len());
    let at = |name: &str| ended.lines().position(|line| line == name).expect("it ended politely");
    assert!(at("api") < at("db") && ended.lines().count() == 3, "{ended}");
    logind.awaits_locks("[]");
    assert!(place.processes().is_empty(), "{:?}", place.processes());
    // What was started by hand is not wanted at boot.
    let _daemon = Daemon::start(&place, &logind.address);
    awaits(&place, "api", Phase::Running);
    awaits(&place, "rare", Phase::Stopped);
}

#[test]
fn a_daemon_without_a_bus_ends_by_each_signal_of_a_session() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let place = Place::new(&fleet().replace("\"keep\"", "\"stop\""));
        let mut daemon = Daemon::start(&place, "unix:path=/nonexistent");
        awaits(&place, "db", Phase::Running);
        awaits(&place, "api", Phase::Running);
        daemon.signal(signal);
        let status = daemon.end().unwrap_or_else(|| panic!("{signal:?} ends it"));
        assert_eq!(status.code(), Some(0), "{signal:?}");
        assert_eq!(ended(&place), "api\ndb\n", "{signal:?}");
        assert!(wait_until(LIMIT, || place.processes().is_empty()), "{signal:?}: {:?}", place.processes());
    }
}

/// Runs its arguments in a terminal, and closes it with the first line of input.
const TERMINAL: &str = "
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
sys.stdin.readline()
os.close(terminal)
os.waitpid(pid, 0)
";

#[test]
fn a_terminal_that_is_closed_ends_what_runs_in_it() {
    let place = Place::new(&fleet());
    let mut command = Command::new(PYTHON);
    place.settle(&mut command);
    command.args(["-c", TERMINAL]).arg(ostler_e2e::bin_dir().join("ostler")).arg("run");
    let mut terminal = Daemon(command.stdin(Stdio::piped()).spawn().expect("python3 is installed"));
    assert!(wait_until(LIMIT, || place.wire().is_ok()), "it serves");
    awaits(&place, "db", Phase::Running);
    awaits(&place, "api", Phase::Running);
    writeln!(terminal.0.stdin.take().expect("a pipe"), "close").expect("it reads");
    assert!(terminal.end().is_some(), "it ends");
    assert_eq!(ended(&place), "api\ndb\n");
    assert!(wait_until(LIMIT, || place.processes().is_empty()), "{:?}", place.processes());
}

#[test]
fn a_reader_that_is_gone_ends_what_it_read() {
    let place = Place::new(&service("api", "").replace("while :", "while echo more"));
    let mut command = place.command("ostler");
    let mut run = Daemon(command.arg("run").stdout(Stdio::piped()).spawn().expect("`ostler` is built"));
    let mut output = BufReader::new(run.0.stdout.take().expect("a pipe"));
    assert!(output.by_ref().lines().any(|line| line.expect("a line").contains("more")));
    drop(output);
    assert_eq!(run.end().expect("it ends").code(), Some(0));
    assert_eq!(ended(&place), "api\n");
    assert!(wait_until(LIMIT, || place.processes().is_empty()), "{:?}", place.processes());
}

#[test]
fn a_login_manager_that_comes_back_with_its_bus_is_heard_again() {
    let place = Place::new(&fleet());
    // The bus is always found at the same place, whichever it is.
    let address = place.path("bus");
    let lead = |logind: &Logind| {
        let path = logind.address.strip_prefix("unix:path=").and_then(|rest| rest.split(',').next());
        let _ = std::fs::remove_file(&address);
        std::os::unix::fs::symlink(path.expect("a path"), &address).expect("the place can be written");
    };
    let mut first = Logind::start();
    lead(&first);
    let _daemon = Daemon::start(&place, &format!("unix:path={}", address.display()));
    first.awaits_locks(LOCKED);
    drop(first);
    let mut second = Logind::start();
    lead(&second);
    second.awaits_locks(LOCKED);
    let mut wire = place.wire().expect("it listens");
    wire.call("watch", json!({})).expect("watched");
    second.ask("PrepareForSleep true");
    let told = wait_for(LIMIT, || match wire.event(LIMIT).expect("an event")?.kind {
        EventKind::Machine { what, .. } => Some(what),
        _ => None,
    });
    assert_eq!(told, Some(MachineNews::Sleeps));
}
