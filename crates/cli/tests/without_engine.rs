//! What the program says when no engine runs: the words, and the exit codes that scripts rely on.

#![cfg(unix)]

use std::{fs, path::Path};

use assert_cmd::{Command, assert::Assert};
use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::Builder::new().prefix("o").tempdir().expect("temporary directory"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn ostler(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ostler"));
        command.args(args).current_dir(self.path()).env_clear();
        command.env("HOME", self.path()).env("PATH", "/usr/bin:/bin");
        command
    }

    fn check(&self, args: &[&str], code: i32) -> Said {
        Said(self.ostler(args).assert().code(code))
    }
}

struct Said(Assert);

impl Said {
    fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.get_output().stderr).into_owned()
    }

    fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.get_output().stdout).into_owned()
    }
}

#[test]
fn without_an_engine_every_client_says_how_to_start_one() {
    let home = Home::new();
    for args in [&["status"][..], &["stop", "api"], &["logs"], &["why", "api"], &["reload"], &["top"]] {
        let err = home.check(args, 12).err();
        assert!(err.contains("no engine runs for ~/.config/ostler/ostler.toml"), "{args:?}: {err}");
        assert!(err.contains("start it: ostler up"), "{args:?}: {err}");
    }
}

#[test]
fn the_command_that_starts_it_names_the_same_configuration() {
    let err = Home::new().check(&["--config", "my file.toml", "status"], 12).err();
    assert!(err.contains("start it: ostler --config 'my file.toml' up"), "{err}");
}

#[test]
fn programs_get_errors_as_json() {
    let out = Home::new().check(&["status", "--json"], 12).out();
    let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(value["error"]["code"], "no-engine");
}

#[test]
fn a_broken_configuration_is_told_with_its_place() {
    let home = Home::new();
    fs::write(home.path().join("a.toml"), "[services.api]\ncomand = \"x\"\n").expect("file");
    let said = home.check(&["config", "check", "a.toml"], 3);
    assert!(said.out().contains("a.toml:2:1"), "{}", said.out());
    assert!(said.out().contains("did you mean `command`"), "{}", said.out());
}

#[test]
fn a_folder_with_its_own_configuration_is_not_run_without_being_asked() {
    let home = Home::new();
    fs::write(home.path().join("ostler.toml"), "").expect("file");
    let err = home.check(&["up"], 5).err();
    assert!(err.contains("that you have not agreed to run"), "{err}");
    assert!(err.contains("ostler up --no-folder"), "{err}");
}

#[test]
fn a_missing_keeper_is_told_with_the_command_that_builds_it() {
    let home = Home::new();
    let mut command = home.ostler(&["daemon"]);
    let said = Said(command.env("OSTLER_KEEPER", "/nowhere").assert().code(11));
    assert!(said.err().contains("build it: cargo build -p ostler-keeper"), "{}", said.err());
}

#[test]
fn an_editor_that_leaves_mistakes_changes_nothing() {
    let home = Home::new();
    let file = home.path().join(".config/ostler/ostler.toml");
    let mut command = home.ostler(&["config", "edit"]);
    let said = Said(command.env("EDITOR", "sed -i s/args/argz/").assert().code(3));
    assert!(said.err().contains("unknown key `argz`"), "{}", said.err());
    assert!(!file.exists());
    home.ostler(&["config", "edit"]).env("EDITOR", "true").assert().success();
    let entries = fs::read_dir(home.path().join(".config/ostler")).expect("directory").count();
    assert_eq!(entries, 1, "only the configuration is left");
    home.check(&["config", "check"], 0);
}

#[test]
fn the_manual_and_the_completions_are_printed() {
    let home = Home::new();
    assert!(home.check(&["man"], 0).out().contains(".TH OSTLER 1"));
    assert!(home.check(&["completions", "bash"], 0).out().contains("_ostler"));
    assert!(home.check(&["help", "exit-codes"], 0).out().contains("12  no engine runs"));
}
