//! `exec` and `custom-restart` as a person uses them.

#![cfg(target_os = "linux")]

use std::process::{Output, Stdio};
use std::time::Duration;

use ostler_api::{CommandReply, CustomRestartReply};
use ostler_e2e::{Place, Process, Service, wait_until};
use rustix::process::Signal;

const LIMIT: Duration = Duration::from_secs(15);
const COMMANDS: &str = "[commands.clean]\ncommand = \"rm\"\nargs = [\"-v\", \"junk\"]\n\
                        [commands.slow]\ncommand = \"sleep\"\nargs = [\"4731\"]\ntimeout = \"300ms\"\n";

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn place() -> Place {
    let services = Service::new("api", &["sleep", "1000"]).toml();
    Place::new(&format!("{services}\n{COMMANDS}"))
}

fn pid(place: &Place) -> Option<u32> {
    place.wire().ok()?.status().ok()?.services.get("api")?.instances.first()?.pid
}

#[test]
fn exec_gives_the_output_and_the_code_of_the_command() {
    let place = place();
    let _daemon = place.start();
    let done = place.cli(&["exec", "--", "sh", "-c", "pwd; echo oops >&2; exit 3"]);
    assert_eq!((done.status.code(), err(&done).as_str()), (Some(3), "oops\n"));
    let here = std::fs::canonicalize(place.path("work")).unwrap();
    assert_eq!(out(&done).trim_end(), here.to_str().unwrap());

    let junk = place.config().parent().unwrap().join("junk");
    std::fs::write(&junk, "").unwrap();
    let named = place.cli(&["exec", "clean"]);
    assert!(named.status.success() && out(&named).contains("junk"), "{}{}", out(&named), err(&named));
    assert!(!junk.exists());
    let again = place.cli(&["exec", "clean", "--json"]);
    let reply: CommandReply = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((again.status.code(), reply.exit_code), (Some(1), Some(1)));
    assert!(place.cli(&["exec", "clean", "--", "--force"]).status.success());

    assert_eq!(place.cli(&["exec", "slow"]).status.code(), Some(124));
    let line = place.cli(&["exec", "--shell", "--", "echo a b | wc -w; kill -9 $$"]);
    assert_eq!((line.status.code(), out(&line).trim()), (Some(137), "2"));
    let missing = place.cli(&["exec", "--", "no-such-program"]);
    assert_eq!(missing.status.code(), Some(126));
    assert!(err(&missing).contains("no-such-program"), "{}", err(&missing));
    let unknown = place.cli(&["exec", "claen"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("did you mean clean?"), "{}", err(&unknown));
}

#[test]
fn a_custom_restart_runs_its_commands_around_a_new_run() {
    let place = place();
    let _daemon = place.start();
    assert!(wait_until(LIMIT, || pid(&place).is_some()));
    let old = Process::read(pid(&place).unwrap()).unwrap();
    std::fs::write(place.config().parent().unwrap().join("junk"), "").unwrap();
    let done = place.cli(&[
        "custom-restart",
        "api",
        "--pre-command",
        "@clean",
        "--pre-command",
        "touch 'be fore'",
        "--args",
        "2000",
        "--env",
        "LEVEL=high",
        "--post-command",
        "sh -c 'echo $LEVEL > after'",
        "--json",
    ]);
    assert!(done.status.success(), "{}{}", out(&done), err(&done));
    let reply: CustomRestartReply = serde_json::from_slice(&done.stdout).unwrap();
    assert!(reply.ok && reply.restarted && reply.pre_commands.len() == 2, "{reply:?}");
    let folder = place.config().parent().unwrap().to_owned();
    assert!(folder.join("be fore").exists());
    assert_eq!(std::fs::read_to_string(folder.join("after")).unwrap(), "high\n");
    let new = Process::read(pid(&place).unwrap()).unwrap();
    assert!(!old.is_alive());
    assert_eq!(&*new.args[1], "2000");
}

#[test]
fn a_custom_restart_that_nobody_waits_for_goes_on() {
    let place = place();
    let _daemon = place.start();
    assert!(wait_until(LIMIT, || pid(&place).is_some()));
    let (before, gate) = (pid(&place), place.path("gate"));
    let wait = format!("until [ -e {} ]; do sleep 0.05; done", gate.display());
    let args = ["custom-restart", "api", "--shell", "--pre-command", &wait, "--args", "2000", "--no-wait"];
    let accepted = place.cli(&args);
    assert!(accepted.status.success() && out(&accepted).starts_with("Accepted."), "{}", out(&accepted));
    assert_eq!(pid(&place), before, "the gate is closed");
    let second = place.cli(&[&args[..], &["--json"]].concat());
    assert_eq!(second.status.code(), Some(6), "{}", out(&second));
    std::fs::write(gate, "").unwrap();
    assert!(wait_until(LIMIT, || pid(&place).is_some_and(|pid| Some(pid) != before)));
    let refused = place.cli(&["custom-restart", "nobody", "--no-wait"]);
    assert_eq!(refused.status.code(), Some(4));
}

#[test]
fn a_failed_pre_command_is_told_and_nothing_is_restarted() {
    let place = place();
    let _daemon = place.start();
    assert!(wait_until(LIMIT, || pid(&place).is_some()));
    let before = pid(&place);
    let failed =
        place.cli(&["custom-restart", "api", "--shell", "--pre-command", "echo no disk >&2 && exit 5"]);
    assert_eq!(failed.status.code(), Some(9));
    let said = out(&failed);
    assert!(said.contains("exit 5: no disk") && said.contains("left as it was"), "{said}");
    assert_eq!(pid(&place), before);
    let odd = place.cli(&["custom-restart", "api", "--pre-command", "echo 'a"]);
    assert_eq!(odd.status.code(), Some(2));
    assert!(err(&odd).contains("within quotes"), "{}", err(&odd));
}

#[test]
fn run_ends_with_the_code_of_ctrl_c() {
    let place = place();
    let mut run =
        place.command("ostler").arg("run").stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    assert!(wait_until(LIMIT, || pid(&place).is_some()));
    Process::read(run.id()).unwrap().signal(Signal::INT);
    let mut ended = None;
    assert!(wait_until(LIMIT, || {
        ended = run.try_wait().unwrap();
        ended.is_some()
    }));
    assert_eq!(ended.and_then(|status| status.code()), Some(130));
}
