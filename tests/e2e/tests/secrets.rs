//! Secrets are nowhere but where they were put: a canary in every place that can hold one, then every output, every
//! file and every process is searched for it.

#![cfg(target_os = "linux")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ostler_e2e::{Place, wait_until};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);
/// How long a command that follows is listened to.
const LISTEN: Duration = Duration::from_millis(700);
/// Characters shown of a line that tells too much.
const LINE_MAX: usize = 300;
/// The most canaries of one kind of place.
const OF_A_KIND: usize = 12;

/// Distinct texts that stand nowhere else, by the place they were put; and where they were found all the same.
#[derive(Default)]
struct Canaries(BTreeMap<String, String>, RefCell<Vec<String>>);

impl Canaries {
    fn put(&mut self, place: impl Into<String>) -> String {
        let text =
            format!("c4n4ry{:03}q{:x}", self.0.len(), 0x5eed_u64.wrapping_mul(self.0.len() as u64 + 7919));
        self.0.insert(place.into(), text.clone());
        text
    }

    /// The places whose canaries are in a text.
    fn found(&self, text: &[u8]) -> Vec<&str> {
        let is_in = |canary: &String| text.windows(canary.len()).any(|part| part == canary.as_bytes());
        self.0.iter().filter(|(_, canary)| is_in(canary)).map(|(place, _)| place.as_str()).collect()
    }

    /// Looks for all of them in an output.
    fn look(&self, output: &str, text: &[u8]) {
        for place in self.found(text) {
            let text = String::from_utf8_lossy(text);
            let line = text.lines().find(|line| line.contains(&self.0[place])).unwrap_or_default();
            let line: String = line.chars().take(LINE_MAX).collect();
            self.1.borrow_mut().push(format!("{output} tells {place}: {line}"));
        }
    }
}

/// A place with canaries everywhere, and the variables its programs are started with.
struct Cage {
    place: Place,
    canaries: Canaries,
    env: Vec<(String, String)>,
}

impl Cage {
    fn new() -> Self {
        let mut canaries = Canaries::default();
        let mut env = Vec::new();
        let mut from_env = |canaries: &mut Canaries, place: &str| {
            let name = format!("CAGE_{}", env.len());
            env.push((name.clone(), canaries.put(format!("${{env:}} in {place}"))));
            format!("${{env:{name}}}")
        };
        let mut text = String::new();
        let inline =
            ["API_KEY", "GITHUB_TOKEN", "DB_PASSWORD", "CLIENT_SECRET", "AWS_CREDENTIALS", "PASSPHRASE"];
        let _ = writeln!(text, "[services.web]\ncommand = \"/bin/sh\"\ninherit_env = \"supervisor\"");
        let _ = writeln!(text, "args = [\"-c\", \"exec sleep 1000\", {:?}]", from_env(&mut canaries, "args"));
        let _ = writeln!(text, "env_file = [\".env\"]\nrestart.policy = \"never\"");
        let _ = writeln!(text, "[services.web.env]\nE2E_SLOT = \"web\"");
        for name in inline {
            let _ = writeln!(text, "{name} = {:?}", canaries.put(format!("env {name}")));
        }
        for number in 0..OF_A_KIND {
            let hole = from_env(&mut canaries, &format!("env {number}"));
            let _ = writeln!(text, "PLAIN_{number} = \"before {hole} after\"");
        }
        let _ = writeln!(
            text,
            "[services.web.ready]\nhttp = \"http://127.0.0.1:1/{}\"",
            from_env(&mut canaries, "a probe's URL")
        );
        let _ = writeln!(text, "deadline = \"300s\"\n[services.web.ready.headers]");
        let _ = writeln!(text, "Authorization = \"Bearer {}\"", canaries.put("a header inline"));
        let _ = writeln!(text, "X-Api-Key = \"{}\"", from_env(&mut canaries, "a header"));
        crash(&mut text, &mut canaries, &mut from_env);
        modes(&mut text, &mut canaries, &mut from_env);
        let place = Place::new(&text);
        let dotenv =
            inline.iter().map(|name| format!("FILE_{name}={}\n", canaries.put(format!("env_file {name}"))));
        let dotenv: String = dotenv.collect();
        let url = canaries.put("a password in a URL of an env_file");
        let dotenv = format!("{dotenv}DATABASE_URL=postgres://ann:{url}@db/x\nLEVEL=debug\n");
        std::fs::write(place.config().with_file_name(".env"), dotenv).expect("a file of the test's own");
        for name in ["SUPERVISOR_TOKEN", "OSTLER_TOKEN", "NPM_TOKEN", "SSH_KEY_PASSWORD"] {
            env.push((name.to_owned(), canaries.put(format!("the supervisor's own {name}"))));
        }
        for dir in ["state/ostler", "state/ostler/default"] {
            std::fs::create_dir_all(place.path(dir)).expect("a file of the test's own");
            std::fs::set_permissions(place.path(dir), std::fs::Permissions::from_mode(0o700))
                .expect("a file of the test's own");
        }
        let token = place.path("state/ostler/default/token");
        std::fs::write(&token, canaries.put("the token file") + "\n").expect("a file of the test's own");
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600))
            .expect("a file of the test's own");
        Self { place, canaries, env }
    }

    fn run(&self, args: &[&str]) -> Vec<u8> {
        let mut command = self.place.command("ostler");
        command.args(args).envs(self.env.iter().cloned()).stdin(Stdio::null());
        let output = command.output().expect("it runs");
        [output.stdout, output.stderr].concat()
    }

    /// Listens to a command that goes on.
    fn listen(&self, args: &[&str]) -> Vec<u8> {
        let mut command = self.place.command("ostler");
        command.args(args).envs(self.env.iter().cloned()).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
        let mut out = child.stdout.take().expect("piped");
        let reader = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = out.read_to_end(&mut text);
            text
        });
        wait_until(LISTEN, || child.try_wait().ok().flatten().is_some());
        let _ = child.kill();
        let _ = child.wait();
        reader.join().expect("read")
    }

    fn start(&self) -> std::process::Child {
        let mut command = self.place.command("ostler");
        let errors = std::fs::File::create(self.place.path("daemon.err")).expect("a file of the test's own");
        command.arg("daemon").envs(self.env.iter().cloned()).stdin(Stdio::null());
        command
            .stdout(errors.try_clone().expect("a file of the test's own"))
            .stderr(errors)
            .spawn()
            .expect("it runs")
    }
}

/// A service that tells its own secrets and crashes; what it writes is its own, what we make of it is ours.
fn crash(
    text: &mut String,
    canaries: &mut Canaries,
    from_env: &mut impl FnMut(&mut Canaries, &str) -> String,
) {
    let args = (0..OF_A_KIND).map(|number| from_env(canaries, &format!("args of a crash {number}")));
    let args: Vec<_> = args.map(|hole| format!("{hole:?}")).collect();
    let _ = writeln!(text, "[services.crash]\ncommand = \"/bin/sh\"\ninherit_env = \"supervisor\"");
    let _ = writeln!(text, "args = [\"-c\", \"exit 3\", \"sh\", {}]", args.join(", "));
    let _ = writeln!(
        text,
        "restart.policy = \"never\"\nstop.command = [\"true\", {:?}]",
        from_env(canaries, "a stop command")
    );
    let _ = writeln!(
        text,
        "env = {{ E2E_SLOT = \"crash\", SESSION_KEY = {:?} }}",
        canaries.put("env of a crash")
    );
    let program = from_env(canaries, "a program that is not there");
    let _ = writeln!(text, "[services.gone]\ncommand = \"/no/such/{program}\"\ninherit_env = \"supervisor\"");
    let line = from_env(canaries, "a shell line");
    let _ = writeln!(text, "[services.shell]\nshell = \"exit 4 # {line}\"\ninherit_env = \"supervisor\"");
    let folder = from_env(canaries, "a working directory");
    let _ = writeln!(text, "[services.lost]\ncommand = \"true\"\nworking_dir = \"/no/such/{folder}\"");
}

fn modes(
    text: &mut String,
    canaries: &mut Canaries,
    from_env: &mut impl FnMut(&mut Canaries, &str) -> String,
) {
    let _ = writeln!(text, "[modes.fast.env]\nMODE_SECRET = {:?}", canaries.put("env of a mode"));
    let _ = writeln!(text, "MODE_PLAIN = \"{}\"", from_env(canaries, "env of a mode"));
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&path)),
            Ok(kind) if kind.is_file() => found.push(path),
            _ => {}
        }
    }
    found
}

/// What the plain-text protocol says.
fn plain(place: &Place, command: &str) -> Vec<u8> {
    let mut stream = UnixStream::connect(place.socket()).expect("it listens");
    stream.write_all(format!("{command}\n").as_bytes()).expect("a file of the test's own");
    stream.shutdown(std::net::Shutdown::Write).expect("a file of the test's own");
    stream.set_read_timeout(Some(LIMIT)).expect("a file of the test's own");
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    text
}

/// Every verb that can be run without a terminal, as often as it has something else to say.
fn verbs() -> Vec<Vec<&'static str>> {
    let lines = "status;status web;status --all-engines;why web;why crash;why gone;why shell;why lost;env web;env crash;\
                 env gone;health;logs;logs --supervisor -n 1000;logs --path;incident;incident crash --lines 200;\
                 incident gone;incident shell;incident lost;incident --list;audit -n 1000;doctor;config check;config show;\
                 config show --resolved;config schema;mode;version;socket;reload --plan;diagnostics --list;\
                 restart crash --no-wait;restart web --no-wait;signal web usr1x;signal nobody hup;scale web 1;\
                 start gone --no-wait;mode fast;reload;mode default;help;help env;man;completions bash;top;stop crash";
    lines.split(';').map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn canaries_are_found_nowhere() {
    let cage = Cage::new();
    assert!(cage.canaries.0.len() >= 50, "{}", cage.canaries.0.len());
    let mut daemon = cage.start();
    let place = &cage.place;
    let is_up = || {
        let snapshot = place.wire().ok().and_then(|mut wire| wire.status().ok());
        snapshot.is_some_and(|it| {
            ["crash", "gone", "shell", "lost"].iter().all(|name| {
                let word = it.services.get(*name).map(|service| service.status);
                word == Some(ostler_api::Word::Failed)
            })
        })
    };
    let is_up = wait_until(LIMIT, is_up);
    assert!(is_up, "{}{}", String::from_utf8_lossy(&cage.run(&["status"])), place.daemon_output());
    let four = || files(&place.path("state/ostler/default/incidents")).len() >= 4;
    assert!(wait_until(LIMIT, four), "{:?}", files(&place.path("state")));

    let mut watch = place.wire().unwrap();
    watch.call("watch", json!({"metrics": true})).unwrap();
    for verb in verbs() {
        for with_json in [false, true] {
            let mut args = verb.clone();
            args.extend(with_json.then_some("--json"));
            let follows = verb[0] == "top";
            let told = if follows { cage.listen(&args) } else { cage.run(&args) };
            cage.canaries.look(&args.join(" "), &told);
        }
    }
    for follower in [&["status", "--watch", "--json"][..], &["logs", "-f"], &["audit", "-f"]] {
        cage.canaries.look(&follower.join(" "), &cage.listen(follower));
    }
    for method in ["hello", "status", "why", "metrics", "doctor", "incidents", "health_check", "logs"] {
        let answer = watch_free(place)
            .call(method, json!({}))
            .map_or_else(|error| error.to_string(), |it| it.to_string());
        cage.canaries.look(method, answer.as_bytes());
    }
    for command in ["status", "why crash", "health", "logs web 50", "events", "help", "start gone"] {
        cage.canaries.look(command, &plain(place, command));
    }
    let mut events = Vec::new();
    while let Ok(Some(event)) = watch.notification(Duration::from_millis(300)) {
        events.push(event.params);
    }
    assert!(events.len() > 5, "something has happened");
    cage.canaries.look("watch", Value::from(events).to_string().as_bytes());
    searched_zip(&cage);
    searched_processes(&cage);
    cage.run(&["shutdown", "--stop"]);
    wait_until(LIMIT, || daemon.try_wait().ok().flatten().is_some());
    let _ = daemon.kill();
    let _ = daemon.wait();
    searched_files(&cage);
    let leaks = cage.canaries.1.borrow();
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

fn watch_free(place: &Place) -> ostler_e2e::Wire {
    place.wire().expect("it listens")
}

/// The zip is packed, so what would be in it is unpacked first.
fn searched_zip(cage: &Cage) {
    let zip = cage.place.path("work/out.zip");
    let told = cage.run(&["diagnostics", "--yes", "--logs", "--output", &zip.to_string_lossy()]);
    cage.canaries.look("diagnostics", &told);
    assert_eq!(
        std::fs::metadata(&zip).expect("a file of the test's own").permissions().mode() & 0o777,
        0o600
    );
    let script = "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\n\
                  for n in z.namelist(): sys.stdout.buffer.write(n.encode()+b'\\n'+z.read(n)+b'\\n')";
    let read = std::process::Command::new("python3").args(["-c", script]).arg(&zip).output();
    let Ok(read) = read else {
        println!("not shown: there is no python3 to read the zip with");
        return;
    };
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let text = String::from_utf8_lossy(&read.stdout);
    for part in [
        "README.txt",
        "system.txt",
        "config/resolved.txt",
        "status.json",
        "why.json",
        "doctor.json",
        "audit.jsonl",
        "supervisor.log",
        "incidents/crash/",
    ] {
        assert!(text.contains(part), "{part} is missing");
    }
    cage.canaries.look("the zip", &read.stdout);
    let without = cage.run(&["diagnostics", "--list", "--socket", "/no/such/socket"]);
    assert!(String::from_utf8_lossy(&without).contains("problems.txt"), "without an engine it says so");
}

/// The arguments of services are their own; ours tell nothing, and no process of ours has a secret there.
fn searched_processes(cage: &Cage) {
    let ours = cage.place.processes();
    assert!(ours.iter().any(|process| process.name.starts_with("ostler")), "they are found");
    for process in ours.iter().filter(|process| process.name.starts_with("ostler")) {
        let line = std::fs::read(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
        cage.canaries.look(&format!("/proc/{}/cmdline", process.pid), &line);
    }
}

/// Files of ours: none but copies of the configuration and the token itself, and those are for their owner alone.
fn searched_files(cage: &Cage) {
    let all: Vec<_> =
        ["state", "run", "home"].iter().flat_map(|name| files(&cage.place.path(name))).collect();
    assert!(all.len() > 5, "{all:?}");
    for path in all {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read(&path).unwrap_or_default();
        if ["token", "last-good.toml"].contains(&&*name) || path.to_string_lossy().contains("/history/") {
            let mode =
                std::fs::metadata(&path).expect("a file of the test's own").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
            continue;
        }
        cage.canaries.look(&path.display().to_string(), &text);
    }
    cage.canaries.look("standard error of the daemon", cage.place.daemon_output().as_bytes());
}

#[test]
fn what_a_service_tells_of_its_secrets_is_masked_in_evidence_and_diagnostics() {
    let place = Place::new(
        "[services.leaky]\nshell = \"echo my key is $$LEAKY_KEY; exit 1\"\ninherit_env = \"supervisor\"\n\
         env = { LEAKY_KEY = \"c4n4ry-of-a-leak\" }\n",
    );
    let _daemon = place.start();
    let folder = place.path("state/ostler/default/incidents");
    assert!(wait_until(LIMIT, || !files(&folder).is_empty()));
    let evidence = std::fs::read_to_string(&files(&folder)[0]).unwrap();
    assert!(evidence.contains("my key is •••") && !evidence.contains("c4n4ry"), "{evidence}");
    let log = place.cli(&["logs", "leaky"]).stdout;
    assert!(String::from_utf8_lossy(&log).contains("c4n4ry"), "its own log is its own");
    let page = place.cli(&["incident", "leaky"]).stdout;
    assert!(!String::from_utf8_lossy(&page).contains("c4n4ry"));
}
