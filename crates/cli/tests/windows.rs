//! The whole system on Windows: daemon, keepers, services and clients, as `cargo xtask windows` runs it there or under
//! Wine. `OSTLER_TEST_PROGRAMS` is the folder with what it builds from tests/windows.
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(unreachable_pub, reason = "a module of another crate too")]
#[path = "../../../tests/e2e/src/conversation.rs"]
mod conversation;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ostler_windows::{pipe, process};
use serde_json::Value;

/// Long, because a machine under load starts programs slowly.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a tree is started and stopped; `OSTLER_TEST_ROUNDS` says otherwise.
const ROUNDS: u32 = 20;

/// Waits until something is so, or not longer.
fn wait_until(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A folder with a configuration, and the engine that it gets.
struct Place {
    folder: tempfile::TempDir,
    daemon: Option<Child>,
}

impl Place {
    /// Writes the configuration; `CHILD` in it stands for a program that no other test has.
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(programs().join("child.exe"), child_of(folder.path())).unwrap();
        let place = Self { folder, daemon: None };
        place.configure(text);
        place
    }

    fn configure(&self, text: &str) {
        let child = format!("'{}'", child_of(self.folder.path()).display());
        let text = format!("[http]\nenabled = false\n{}", text.replace("CHILD", &child));
        fs::write(self.config(), text).unwrap();
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("ostler.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ostler"));
        command.arg("--config").arg(self.config()).args(arguments).stdin(Stdio::null());
        command
    }

    /// What a verb prints; it must succeed.
    fn ostler(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {}: {text}{said}", output.status);
        text
    }

    /// Starts a daemon and waits until it answers.
    fn start(&mut self) {
        let null = Stdio::null;
        self.daemon = Some(self.command(&["daemon"]).stdout(null()).stderr(null()).spawn().unwrap());
        assert!(wait_until(PATIENCE, || self.is_served()), "the daemon answers");
    }

    fn is_served(&self) -> bool {
        self.command(&["status"]).output().unwrap().status.success()
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.ostler(&["status", "--json"])).unwrap()
    }

    /// Process and run of each service that runs.
    fn runs(&self) -> BTreeMap<String, (u64, String)> {
        let status = self.status();
        let services = status["services"].as_object().unwrap();
        let run = |(name, service): (&String, &Value)| {
            let instance = &service["instances"][0];
            Some((name.clone(), (instance["pid"].as_u64()?, instance["run"].to_string())))
        };
        services.iter().filter_map(run).collect()
    }

    fn socket(&self) -> PathBuf {
        PathBuf::from(self.ostler(&["socket"]).trim())
    }

    /// Processes of the program that only this test has.
    fn children(&self) -> usize {
        let name = child_of(self.folder.path()).file_name().unwrap().to_string_lossy().into_owned();
        process::all().iter().filter(|entry| entry.name.eq_ignore_ascii_case(&name)).count()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Whoever serves by now: the daemon of the test, or one that a keeper started.
        let _ = self.command(&["shutdown"]).output();
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn programs() -> PathBuf {
    PathBuf::from(std::env::var_os("OSTLER_TEST_PROGRAMS").expect("run by `cargo xtask windows`"))
}

fn child_of(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().replace('.', "");
    folder.join(format!("child-{name}.exe"))
}

/// Opens a pipe; all its instances may be taken for a moment.
fn open(name: &str) -> File {
    let mut opened = None;
    assert!(wait_until(PATIENCE, || {
        opened = File::options().read(true).write(true).open(name).ok();
        opened.is_some()
    }));
    opened.unwrap()
}

fn services(count: usize) -> String {
    let service =
        |number| format!("[services.s{number}]\ncommand = CHILD\nargs = ['wait', 'hello {number}']\n");
    (0..count).map(service).collect()
}

#[test]
fn ten_services_are_watched_restarted_heard_and_changed() {
    let mut place = Place::new(&services(10));
    place.start();
    assert!(wait_until(PATIENCE, || place.runs().len() == 10), "{}", place.status());
    assert_eq!(place.children(), 10);
    assert!(wait_until(PATIENCE, || place.ostler(&["logs", "s3"]).contains("hello 3")));
    let before = place.runs();
    place.ostler(&["restart", "s3"]);
    let after = place.runs();
    assert_ne!(before["s3"], after["s3"]);
    assert_eq!(before["s4"], after["s4"]);
    place.configure(&services(11));
    place.ostler(&["reload"]);
    assert!(wait_until(PATIENCE, || place.runs().len() == 11), "{}", place.status());
    place.ostler(&["shutdown"]);
    assert!(wait_until(PATIENCE, || place.children() == 0), "{} are left", place.children());
}

#[test]
fn a_client_in_plain_win32_calls_speaks_with_the_engine() {
    let mut place = Place::new(&services(2));
    place.start();
    let socket = place.socket();
    let say = |lines: &[&str]| {
        let output = Command::new(programs().join("client.exe")).arg(&socket).args(lines).output().unwrap();
        assert!(output.status.success(), "{lines:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let before = place.runs();
    assert!(say(&["status"]).contains("2 services, 2 running"));
    assert!(say(&["restart s0", "logs s0 50"]).contains("s0/0 hello 0"));
    assert_ne!(before["s0"], place.runs()["s0"]);
    let answers = say(&[
        r#"{"jsonrpc":"2.0","id":1,"method":"hello","params":{"client":"c","version":"1"}}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"reload_config","params":{}}"#,
        r#"{"type":"Status"}"#,
    ]);
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers[0]["result"]["server"], "ostler");
    assert_eq!((answers[1]["id"].clone(), answers[1]["error"].clone()), (Value::from(2), Value::Null));
    assert_eq!(answers[2]["data"].as_array().unwrap().len(), 2);
}

#[test]
fn services_outlive_a_killed_daemon_and_are_adopted() {
    let mut place = Place::new(&services(10));
    place.start();
    assert!(wait_until(PATIENCE, || place.runs().len() == 10), "{}", place.status());
    let before = place.runs();
    let mut daemon = place.daemon.take().unwrap();
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert_eq!(place.children(), 10);
    // The keepers start a daemon by themselves when none comes in time.
    place.start();
    assert!(wait_until(PATIENCE, || place.runs().len() == 10), "{}", place.status());
    assert_eq!(before, place.runs());
    assert_eq!(place.children(), 10);
}

#[test]
fn keepers_start_a_daemon_where_one_is_missing() {
    let mut place = Place::new(&services(3));
    place.start();
    assert!(wait_until(PATIENCE, || place.runs().len() == 3), "{}", place.status());
    let before = place.runs();
    let mut daemon = place.daemon.take().unwrap();
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert!(wait_until(PATIENCE, || place.is_served()), "a keeper starts a daemon");
    assert!(wait_until(PATIENCE, || place.runs() == before), "{}", place.status());
}

#[test]
fn a_stop_ends_the_whole_tree_each_time() {
    let text = "[services.tree]\ncommand = CHILD\nargs = ['tree', '2', '3']\nstop = { grace = '0s' }\n";
    let mut place = Place::new(text);
    place.start();
    let rounds = std::env::var("OSTLER_TEST_ROUNDS").ok().and_then(|text| text.parse().ok());
    for round in 0..rounds.unwrap_or(ROUNDS) {
        place.ostler(&["start", "tree"]);
        assert!(wait_until(PATIENCE, || place.children() == 13), "round {round}: {}", place.children());
        place.ostler(&["stop", "tree"]);
        assert_eq!(place.children(), 0, "survivors of round {round}");
    }
}

#[test]
fn the_end_of_its_input_stops_a_service_that_reads_it() {
    let mut place = Place::new("[services.echo]\ncommand = CHILD\nargs = ['echo']\n");
    place.start();
    let stopped: Value = serde_json::from_str(&place.ostler(&["stop", "echo", "--json"])).unwrap();
    assert!(place.ostler(&["logs", "echo"]).contains("end of input"), "{stopped}");
}

#[test]
fn of_many_daemons_one_serves() {
    let place = Place::new(&services(1));
    let null = Stdio::null;
    let start = |_| place.command(&["daemon"]).stdout(null()).stderr(null()).spawn().unwrap();
    let mut daemons: Vec<Child> = (0..8).map(start).collect();
    let mut living =
        || daemons.iter_mut().filter_map(|it| it.try_wait().unwrap().is_none().then_some(())).count();
    assert!(wait_until(PATIENCE, || living() == 1), "{} daemons live", living());
    assert!(wait_until(PATIENCE, || place.is_served()));
    assert!(wait_until(PATIENCE, || place.children() == 1));
    for daemon in &mut daemons {
        if let Some(status) = daemon.try_wait().unwrap() {
            assert!(status.success(), "a loser says who serves: {status}");
        }
    }
    place.ostler(&["shutdown"]);
    for mut daemon in daemons {
        daemon.wait().unwrap();
    }
}

#[test]
fn the_recorded_conversations_hold_over_the_pipe() {
    let text = "[control]\ndefault_service = 'api'\n\
        [services.api]\ncommand = CHILD\nargs = ['-c', 'echo the api listens; exec sleep 1000']\nstop = { grace = '0s' }\n\
        [services.db]\ncommand = CHILD\nargs = ['wait', '']\nenabled = false\nstop = { grace = '0s' }\n\
        [commands.greet]\ncommand = CHILD\nargs = ['say', 'good morning']\n\
        [commands.fail]\ntype = 'shell'\ncommand = 'echo on purpose>&2& exit 3'\n";
    for name in ["words", "jsonrpc", "type-tagged"] {
        let mut place = Place::new(text);
        place.start();
        let pipe = pipe::name(&pipe::announced(&place.socket()).unwrap()).unwrap();
        conversation::hold(name, open(&pipe));
    }
}
