//! Saving the configuration from outside: with and without an engine, with faults at every system call.

#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use std::time::Duration;

use ostler_e2e::{Place, Refusal, Service, bin_dir, wait_until};
use ostler_testkit::Tmpfs;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(15);
const TEXT: &str = "# mine\n[services.a]\ncommand = \"sleep\" # it\nargs = [\"1000\"]\nenabled = false\n";
/// More calls of one kind than a save makes.
const CALLS_MAX: usize = 40;

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, said(output));
    said(output)
}

fn text(place: &Place) -> String {
    std::fs::read_to_string(place.config()).expect("the configuration is there")
}

/// What is beside the configuration.
fn beside(place: &Place) -> BTreeSet<String> {
    let entries = std::fs::read_dir(place.path("config/ostler")).expect("the folder is there").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn without_an_engine_services_are_added_changed_and_removed() {
    let place = Place::new(TEXT);
    let add = ["add", "web", "--env", "LEVEL=x", "--ports", "8080", "--disabled", "--", "sleep", "9"];
    let words = succeeded(&place.cli(&add));
    assert!(words.contains("added web") && words.contains("ostler.toml:7"), "{words}");
    let web = "\n[services.web]\ncommand = \"sleep\"\nargs = [\"9\"]\nenv = { LEVEL = \"x\" }\nenabled = false\nports = [8080]\n";
    assert_eq!(text(&place), format!("{TEXT}{web}"));
    assert_eq!(place.cli(&add).status.code(), Some(6), "there is one already");
    let words = succeeded(&place.cli(&["enable", "a"]));
    assert!(words.contains("services.a.enabled = true") && words.contains("ostler.toml:5"), "{words}");
    assert!(succeeded(&place.cli(&["enable", "a"])).contains("Nothing was changed"));
    succeeded(&place.cli(&["disable", "a"]));
    succeeded(&place.cli(&["config", "set", "services.a.restart.delay", "7s"]));
    succeeded(&place.cli(&["config", "unset", "services.a.restart.delay"]));
    succeeded(&place.cli(&["remove", "web", "--yes"]));
    assert_eq!(text(&place), TEXT);
    assert_eq!(place.cli(&["enable", "nobody"]).status.code(), Some(4));
    let wrong = place.cli(&["config", "set", "services.a.comand", "x"]);
    assert_eq!(wrong.status.code(), Some(3), "{}", said(&wrong));
    assert!(said(&wrong).contains("did you mean `command`"), "{}", said(&wrong));
    let history: Value = serde_json::from_slice(&place.cli(&["config", "history", "--json"]).stdout).unwrap();
    assert_eq!(history.as_array().map(Vec::len), Some(7), "{history:#}");
    let id = history[5]["id"].to_string();
    assert_eq!(place.cli(&["config", "restore", &id]).status.code(), Some(5), "nobody can be asked");
    succeeded(&place.cli(&["config", "restore", &id, "--yes"]));
    assert_eq!(text(&place), format!("{TEXT}{web}"));
}

#[test]
fn an_editor_that_loses_a_race_loses_no_text() {
    let place = Place::new(TEXT);
    let script = place.path("work/editor.sh");
    let other = "# theirs\n";
    let body =
        format!("#!/bin/sh\necho '# ours' >> \"$1\"\nprintf '%s' '{other}' > {}\n", place.config().display());
    std::fs::write(&script, body).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = place.command("ostler");
    let output = command.args(["config", "edit"]).env("VISUAL", &script).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("your text is in"), "{}", said(&output));
    assert_eq!(text(&place), other);
    let left = beside(&place).into_iter().find(|name| name.starts_with(".ostler-edit-")).expect("it is left");
    let ours = std::fs::read_to_string(place.path("config/ostler").join(left)).unwrap();
    assert_eq!(ours, format!("{TEXT}# ours\n"));
}

#[test]
fn an_engine_saves_puts_in_force_once_and_refuses_what_it_must() {
    let place = Place::with_services(&[Service::new("a", &["sleep", "1000"])]);
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    let before = wire.call("config_get", json!({})).unwrap();
    let mut watch = daemon.wire(&place);
    watch.call("watch", json!({})).unwrap();
    let params = json!({"path": "services.a.env.LEVEL", "value": "x", "base_hash": before["hash"]});
    let reply = wire.call("config_edit", params.clone()).unwrap();
    assert_eq!(reply["plan"]["changes"][0]["action"], "restart", "{reply:#}");
    assert!(reply["line"].is_u64() && reply["file"].as_str().unwrap().ends_with("ostler.toml"), "{reply:#}");
    let Err(Refusal::Refused(error)) = wire.call("config_edit", params) else { panic!("it was seen") };
    assert_eq!(error.code.as_str(), "config-conflict");
    let current = error.current.expect("the present text");
    assert_eq!((json!(current.hash), current.text), (reply["hash"].clone(), text(&place)));
    let bad = json!({"text": "[services.a]\ncomand = 1\n", "base_hash": reply["hash"]});
    let Err(Refusal::Refused(error)) = wire.call("config_save", bad) else { panic!("it is not valid") };
    assert_eq!(error.code.as_str(), "config-invalid");
    assert!(error.diagnostics.iter().any(|it| it.line == 2), "{:?}", error.diagnostics);
    let first = wire.call("config_history", json!({})).unwrap();
    let oldest = first.as_array().and_then(|all| all.last()).expect("a version")["id"].clone();
    wire.call("config_restore", json!({"id": oldest, "base_hash": reply["hash"]})).unwrap();
    assert_eq!(json!(text(&place)), before["text"]);
    let told = succeeded(&place.cli(&["disable", "a"]));
    assert!(told.contains("services.a.enabled = false"), "{told}");
    assert!(wait_until(LIMIT, || wire.status().unwrap().services["a"].instances[0].pid.is_none()));
    // The watch of the files saw each save as well; none of them is put in force twice.
    let mut applied = 0;
    while let Some(event) = watch.event(Duration::from_secs(1)).unwrap() {
        applied += u32::from(serde_json::to_value(&event).unwrap()["type"] == "plan_applied");
    }
    assert_eq!(applied, 3, "{}", place.daemon_output());
    let audit = std::fs::read_to_string(place.path("state/ostler/default/audit.jsonl")).unwrap();
    for word in ["config_edit", "config_save", "config_restore", "services.a.env.LEVEL"] {
        assert!(audit.contains(word), "{word} is not in {audit}");
    }
}

/// Runs a change under strace with a fault at the N-th call; whether that call was reached.
fn faulted(place: &Place, call: &str, fault: &str, n: usize, value: &str) -> (Output, bool) {
    let trace = place.path("work/trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:{fault}:when={n}"), "-o"]).arg(&trace);
    command.arg(bin_dir().join("ostler")).args(["config", "set", "services.a.nice", value]);
    place.settle(&mut command);
    let output = command.output().expect("strace is installed: cargo xtask packages");
    let traced = std::fs::read_to_string(&trace).unwrap_or_default();
    (output, traced.contains("(INJECTED)") || traced.contains("+++ killed by SIGKILL"))
}

#[test]
fn a_fault_at_any_call_leaves_the_old_text_or_the_new_one() {
    let place = Place::new(TEXT);
    // The folders of the state are there from now on.
    succeeded(&place.cli(&["config", "set", "services.a.nice", "1"]));
    let mut value = 1;
    let mut reached = 0;
    for call in ["write", "fsync", "rename", "renameat2", "ftruncate", "fchmod", "unlink"] {
        for fault in ["error=ENOSPC", "error=EIO", "signal=KILL"] {
            for n in 1..CALLS_MAX {
                value = value % 19 + 1;
                let old = text(&place);
                let (output, is_reached) = faulted(&place, call, fault, n, &value.to_string());
                let now = text(&place);
                let new = format!("{TEXT}nice = {value}\n");
                assert!(now == old || now == new, "{call} {fault} {n}: {now:?}\n{}", said(&output));
                assert!(!output.status.success() || now == new, "{call} {fault} {n} said it was saved");
                assert!(!said(&output).contains("panicked"), "{}", said(&output));
                if !is_reached {
                    assert!(output.status.success(), "{call} {fault} {n}: {}", said(&output));
                    break;
                }
                reached += 1;
            }
        }
    }
    assert!(reached > 30, "only {reached} faults were reached");
    succeeded(&place.cli(&["config", "set", "services.a.nice", "0"]));
    assert_eq!(beside(&place), BTreeSet::from(["ostler.toml".to_owned()]), "nothing is left");
    assert_eq!(text(&place), format!("{TEXT}nice = 0\n"));
}

#[test]
fn a_full_disk_changes_nothing() {
    let place = Place::new(TEXT);
    let Some(small) = Tmpfs::mount(&place.path("small"), 64 << 10) else {
        eprintln!("nothing is shown here: no file system can be mounted");
        return;
    };
    let file = small.path().join("ostler.toml");
    std::fs::write(&file, TEXT).unwrap();
    let filler = small.path().join("filler");
    let mut size = 64 << 10;
    while size > 0 && std::fs::write(&filler, vec![b'x'; size]).is_err() {
        size -= 1024;
    }
    let set = ["--config", file.to_str().unwrap(), "config", "set", "services.a.nice", "1"];
    let output = place.cli(&set);
    assert!(!output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("free some space"), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), TEXT);
    std::fs::remove_file(filler).unwrap();
    succeeded(&place.cli(&set));
    assert_eq!(std::fs::read_dir(small.path()).unwrap().count(), 1, "nothing is left");
}
