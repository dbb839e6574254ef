//! The whole system on Windows: daemon, keepers, services and clients, as `cargo xtask windows` runs it there or under
//! Wine. `OSTLER_TEST_PROGRAMS` is the folder with what it builds from tests/windows.
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "windows/aside.rs"]
mod aside;
#[expect(unreachable_pub, reason = "a module of another crate too")]
#[path = "../../../tests/e2e/src/conversation.rs"]
mod conversation;
#[path = "windows/ending.rs"]
mod ending;
#[path = "windows/files.rs"]
mod files;
#[path = "windows/shell.rs"]
mod shell;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ostler_windows::{pipe, process};
use serde_json::Value;

/// Long, because a machine under load starts programs slowly.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a tree is started and stopped; `OSTLER_TEST_ROUNDS` says otherwise.
const ROUNDS: u32 = 10;

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
        let child = child_of(folder.path());
        fs::copy(programs().join("child.exe"), &child).unwrap();
        fs::copy(&child, folder.path().join("echo.exe")).unwrap();
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
        command.env("PATH", self.search_path());
        command
    }

    /// Ours, with the folder of this test before all others.
    fn search_path(&self) -> OsString {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.folder.path().to_owned()).chain(std::env::split_paths(&path));
        std::env::join_paths(folders).unwrap()
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
        self.ostler(&["config", "check"]);
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
        assert!(wait_until(PATIENCE, || place.children() >= 13), "round {round}: {}", place.children());
        place.ostler(&["stop", "tree"]);
        assert_eq!(place.children(), 0, "survivors of round {round}");
    }
}

/// Starts a service with a mode of the child, stops it, and gives its log and what the stop said.
fn stopped(mode: &str, grace: &str) -> (String, Value) {
    let mut place = Place::new(&format!(
        "[services.asked]\ncommand = CHILD\nargs = ['{mode}', 'listening']\nstop = {{ grace = '{grace}' }}\n"
    ));
    place.start();
    assert!(wait_until(PATIENCE, || place.ostler(&["logs", "asked"]).contains("listening")));
    let said = serde_json::from_str(&place.ostler(&["stop", "asked", "--json"])).unwrap();
    assert_eq!(place.children(), 0, "{said}");
    (place.ostler(&["logs", "asked"]), said)
}

#[test]
fn who_ends_on_ctrl_break_is_asked_for_nothing_else() {
    let (log, said) = stopped("polite", "60s");
    assert!(log.contains("asked to end by Ctrl-Break") && log.contains("asked by Ctrl-Break"), "{log}{said}");
    assert!(log.contains("exit code 7") && !log.contains("asked to end by closing"), "{log}{said}");
}

#[test]
fn who_has_a_window_is_asked_to_close_it() {
    let (log, said) = stopped("window", "60s");
    assert!(log.contains("asked to end by closing") && log.contains("asked to close"), "{log}{said}");
    assert!(log.contains("exit code 8") && !log.contains("by the end of its input"), "{log}{said}");
}

#[test]
fn who_reads_is_told_the_end_of_its_input() {
    let (log, said) = stopped("reader", "60s");
    assert!(
        log.contains("asked to end by the end of its input") && log.contains("end of input"),
        "{log}{said}"
    );
    assert!(log.contains("exit code 9"), "{log}{said}");
}

#[test]
fn who_hears_nothing_is_asked_in_all_ways_and_killed_after_its_grace() {
    let begin = Instant::now();
    let (log, said) = stopped("deaf", "4s");
    assert!(begin.elapsed() >= Duration::from_secs(4), "{said}");
    let at = |text: &str| log.find(text).unwrap_or_else(|| panic!("no {text:?}: {log}{said}"));
    assert!(at("asked to close") < at("by the end of its input"), "{log}");
    assert!(
        at("by the end of its input") < at("signal 9") && at("end of input") < at("signal 9"),
        "{log}{said}"
    );
}

#[test]
fn all_that_was_written_before_the_end_is_in_the_log() {
    let text = "[services.count]\ncommand = CHILD\nargs = ['count', '200']\nrestart.policy = 'never'\nenabled = false\n";
    let mut place = Place::new(text);
    place.start();
    for round in 1..=10 {
        place.ostler(&["start", "count", "--no-wait"]);
        let ends = || place.ostler(&["logs", "count", "-n", "10000"]).matches("exit code 0").count();
        assert!(wait_until(PATIENCE, || ends() == round), "{} of {round} ends", ends());
        let log = place.ostler(&["logs", "count", "-n", "10000"]);
        assert_eq!(log.matches("│ line ").count(), 200 * round, "round {round}: {log}");
        // The log knows of the end before the engine does, and who still runs is not started.
        assert!(wait_until(PATIENCE, || place.runs().is_empty()), "{}", place.status());
    }
}

/// What no program gets right that puts its arguments together with spaces.
const ODD_ARGUMENTS: [&str; 7] =
    ["two words", "", r"C:\a dir\", r#"say "hi""#, r#"a\"b"#, "100%", "a&b|c>d^e"];

#[test]
fn arguments_arrive_as_they_are() {
    let list = serde_json::to_string(&ODD_ARGUMENTS).unwrap();
    let list = list.replacen('[', "['arguments', ", 1);
    let mut place =
        Place::new(&format!("[services.odd]\ncommand = CHILD\nargs = {list}\nrestart.policy = 'never'\n"));
    place.start();
    let expected: Vec<String> = ODD_ARGUMENTS.iter().map(|text| (*text).to_owned()).collect();
    let mut found = Vec::new();
    let logged = || {
        let text = place.ostler(&["logs", "odd", "--json"]);
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let texts = lines.filter(|line| line["stream"] == "stdout").map(|line| line["text"].clone());
        found = texts.filter_map(|text| text.as_str().map(str::to_owned)).collect();
        found.len() >= expected.len()
    };
    assert!(wait_until(PATIENCE, logged), "{}", place.ostler(&["logs", "odd"]));
    assert_eq!(found, expected);
}

#[test]
fn a_nice_service_has_a_lower_class() {
    const IDLE: u32 = 0x40;
    let mut place = Place::new("[services.nice]\ncommand = CHILD\nargs = ['wait', 'up']\nnice = 19\n");
    place.start();
    assert!(wait_until(PATIENCE, || place.runs().contains_key("nice")), "{}", place.status());
    let pid = u32::try_from(place.runs()["nice"].0).unwrap();
    assert_eq!(process::priority(pid), Some(IDLE));
}

#[test]
fn what_windows_does_not_know_is_named_where_it_is_passed_over_or_refused() {
    let text = "[services.limited]\ncommand = CHILD\nargs = ['wait', 'up']\numask = '022'\n\
        rlimits = { nofile = 64, nproc = 20, core = 'unlimited' }\n\
        [services.typed]\ncommand = CHILD\nstdio = 'pty'\nenabled = false\n\
        [services.spoken]\ncommand = CHILD\nstdio = 'stream'\nenabled = false\n";
    let mut place = Place::new(text);
    place.start();
    let passed_over = "not available on Windows and passed over: rlimits.nofile, umask";
    assert!(wait_until(PATIENCE, || place.ostler(&["logs", "limited"]).contains("up")));
    let log = place.ostler(&["logs", "limited"]);
    assert!(log.contains(passed_over), "{log}");
    for (name, kind) in [("typed", "pty"), ("spoken", "stream")] {
        let output = place.command(&["start", name]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{said}");
        assert!(
            said.contains(&format!("stdio = \"{kind}\" is not available on Windows: leave it out")),
            "{said}"
        );
    }
}

#[test]
fn what_a_service_uses_is_measured() {
    let mut place = Place::new(&services(1));
    place.start();
    assert!(wait_until(PATIENCE, || place.runs().len() == 1), "{}", place.status());
    let mut used = String::new();
    // A status alone has no figures, here as elsewhere: measured is only what somebody looks at.
    assert!(
        wait_until(PATIENCE, || {
            used = place.ostler(&["top"]);
            used.lines().any(|line| line.contains("s0") && line.contains("MiB"))
        }),
        "{used}"
    );
}

#[test]
fn the_configuration_is_changed_while_the_engine_runs_and_can_be_put_back() {
    let mut place = Place::new(&services(1));
    place.start();
    let child = child_of(place.folder.path());
    let child = child.to_str().unwrap();
    let before = fs::read_to_string(place.config()).unwrap();
    place.ostler(&["add", "more", "--", child, "wait", "more"]);
    assert!(wait_until(PATIENCE, || place.runs().contains_key("more")), "{}", place.status());
    assert!(fs::read_to_string(place.config()).unwrap().starts_with(&before));
    place.ostler(&["remove", "more", "--yes"]);
    assert!(wait_until(PATIENCE, || place.children() == 1), "{}", place.status());
    let history: Value = serde_json::from_str(&place.ostler(&["config", "history", "--json"])).unwrap();
    assert!(history.to_string().contains("\"id\""), "{history}");
    let names: Vec<_> =
        fs::read_dir(place.folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains(".ostler-")), "{names:?}");
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
        [commands.fail]\ncommand = CHILD\nargs = ['fail', 'on purpose']\n";
    for name in ["words", "jsonrpc", "type-tagged", "variant-tagged"] {
        let mut place = Place::new(text);
        place.start();
        let pipe = pipe::name(&pipe::announced(&place.socket()).unwrap()).unwrap();
        conversation::hold(name, open(&pipe));
    }
}
