//! `ostler import` without an engine: what is shown, what is written, what is refused.

#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Output};

use assert_cmd::Command;
use ostler_api::ErrorCode;
use tempfile::TempDir;

const PROCFILE: &str = "web: ./serve --port $PORT\nWorker: ./work\n";

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::Builder::new().prefix("o").tempdir().expect("temporary directory"))
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).expect("readable")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn import(&self, args: &[&str], code: i32) -> Said {
        self.run(
            &[&["--config", "ostler.toml", "import"], args].concat(),
            "/usr/local/bin:/usr/bin:/bin",
            code,
        )
    }

    fn run(&self, args: &[&str], path: &str, code: i32) -> Said {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ostler"));
        command.args(args).current_dir(self.path()).env_clear();
        command.env("HOME", self.path()).env("PATH", path).write_stdin("");
        Said(command.assert().code(code).get_output().clone())
    }
}

struct Said(Output);

impl Said {
    fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

#[test]
fn an_import_shows_what_it_would_do_and_writes_nothing() {
    let home = Home::new();
    home.write("Procfile", PROCFILE);
    let out = home.import(&["Procfile"], 0).out();
    for said in [
        "+[services.web]",
        "+[services.worker]",
        "+ports = [5000]",
        "Nothing was written",
        "Procfile:2  Worker",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    assert!(!home.path().join("ostler.toml").exists());
}

#[test]
fn applying_keeps_every_byte_that_was_there_and_leaves_a_valid_file() {
    let home = Home::new();
    let before = "# mine\r\n[services.db]\r\ncommand = \"db\" # kept";
    home.write("ostler.toml", before);
    home.write("Procfile", PROCFILE);
    let out = home.import(&["Procfile", "--apply"], 0).out();
    assert!(out.contains("Saved "), "{out}");
    let after = home.read("ostler.toml");
    assert!(after.starts_with(before), "{after}");
    assert!(
        after.contains("\r\n[services.web]\r\n") && !after.replace("\r\n", "").contains('\n'),
        "{after:?}"
    );
    let checked = home.run(&["config", "check", "ostler.toml"], "/usr/bin:/bin", 0).out();
    assert!(checked.contains("3 services"), "{checked}");
}

/// What evaluates the JavaScript here changes the configuration, after the import has read it and before it is written.
#[test]
fn what_somebody_else_writes_meanwhile_is_kept_and_the_import_is_a_conflict() {
    let home = Home::new();
    home.write("ostler.toml", "[services.db]\ncommand = \"db\"\n");
    home.write("app.config.js", "module.exports = { apps: [{ script: 'a.js' }] };\n");
    home.write(
        "node",
        "#!/bin/sh\nprintf '# theirs\\n' >> ostler.toml\nprintf '{\"apps\": [{\"script\": \"a.js\"}]}'\n",
    );
    fs::set_permissions(home.path().join("node"), fs::Permissions::from_mode(0o755)).expect("a program");
    let path = format!("{}:/usr/bin:/bin", home.path().display());
    let args = ["-c", "ostler.toml", "import", "app.config.js", "--as", "pm2", "--apply"];
    let err = home.run(&args, &path, ErrorCode::ConfigConflict.exit_code().into()).err();
    assert!(err.contains("was changed by somebody else meanwhile"), "{err}");
    assert_eq!(home.read("ostler.toml"), "[services.db]\ncommand = \"db\"\n# theirs\n");
}

#[test]
fn an_import_is_in_the_history_and_can_be_taken_back() {
    let home = Home::new();
    let before = "[services.db]\ncommand = \"db\"\n";
    home.write("ostler.toml", before);
    home.write("Procfile", PROCFILE);
    home.import(&["Procfile", "--apply"], 0);
    let listed = home.run(&["-c", "ostler.toml", "config", "history", "--json"], "/usr/bin:/bin", 0).out();
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let ids: Vec<String> =
        listed.as_array().expect("versions").iter().map(|version| version["id"].to_string()).collect();
    assert_eq!(ids.len(), 2, "{listed}");
    home.run(&["-c", "ostler.toml", "config", "restore", &ids[1], "--yes"], "/usr/bin:/bin", 0);
    assert_eq!(home.read("ostler.toml"), before);
}

#[test]
fn names_that_are_taken_are_refused_or_changed_when_asked() {
    let home = Home::new();
    let before = "[services.web]\ncommand = \"x\"\n";
    home.write("ostler.toml", before);
    home.write("Procfile", PROCFILE);
    let err = home.import(&["Procfile", "--yes"], 6).err();
    assert!(err.contains("web is in ") && err.contains("--rename"), "{err}");
    assert_eq!(home.read("ostler.toml"), before);
    home.import(&["Procfile", "--yes", "--rename"], 0);
    assert!(home.read("ostler.toml").contains("[services.web-2]"));
    let err = home.import(&["Procfile", "--only", "nobody"], 4).err();
    assert!(err.contains("it has web, worker"), "{err}");
}

#[test]
fn an_output_is_a_configuration_of_its_own_and_never_replaces_a_file() {
    let home = Home::new();
    fs::create_dir(home.path().join("app")).expect("a folder");
    home.write("app/Procfile", PROCFILE);
    home.import(&["app/Procfile", "--output", "own.toml"], 0);
    assert!(home.read("own.toml").contains("working_dir = \"app\""), "{}", home.read("own.toml"));
    home.run(&["config", "check", "own.toml"], "/usr/bin:/bin", 0);
    let err = home.import(&["app/Procfile", "--output", "own.toml"], 6).err();
    assert!(err.contains("is there already"), "{err}");
    let said = home.import(&["app/Procfile", "--only", "web", "--output", "-"], 0);
    assert!(said.out().starts_with("# Imported from Procfile"), "{}", said.out());
}

#[test]
fn programs_get_json_and_secrets_are_masked() {
    let home = Home::new();
    home.write("supervisord.conf", "[program:x]\ncommand=x\npriority=3\nenvironment=API_TOKEN=\"canary\"\n");
    let out = home.import(&["supervisord.conf", "--json"], 0).out();
    let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(value["services"][0]["name"], "x");
    assert_eq!(value["notes"][0]["key"], "[program:x].priority");
    assert_eq!(value["notes"][0]["line"], 3);
    assert_eq!(value["written"], false);
    assert!(!out.contains("canary"), "{out}");
    assert!(!home.import(&["supervisord.conf"], 0).out().contains("canary"));
    home.import(&["supervisord.conf", "--json", "--apply"], 0);
    assert!(home.read("ostler.toml").contains("canary"));
}

#[test]
fn what_cannot_be_imported_is_told_with_its_place() {
    let home = Home::new();
    home.write("Procfile", "web: x\nnonsense\n");
    home.write("words.txt", "hello");
    home.write("compose.yaml", "services:\n  a: {image: x}\n");
    for (args, code, said) in [
        (&["Procfile"][..], 2, "Procfile:2:1: a line of a Procfile"),
        (&["nobody"], 3, "cannot read nobody"),
        (&["."], 2, ". is a directory"),
        (&["words.txt"], 2, "cannot tell what kind of file this is"),
        (&["compose.yaml", "--as", "process-compose"], 2, "it looks like docker-compose"),
        (&["Procfile", "--as", "bogus"], 2, "possible values"),
        (&["-"], 2, "standard input"),
    ] {
        let err = home.import(args, code).err();
        assert!(err.contains(said), "{args:?}: {err}");
    }
    home.write("ostler.toml", "[services.x]\n");
    let err = home.import(&["compose.yaml"], 3).err();
    assert!(err.contains("is not valid, so nothing can be added"), "{err}");
}

#[test]
fn javascript_is_evaluated_by_node_or_the_lack_of_it_is_told() {
    let home = Home::new();
    home.write(
        "ecosystem.config.js",
        "console.log('noise');\nmodule.exports = { apps: [{ name: 'a', script: 'a.js', f: () => 1 }] };\n",
    );
    home.write("broken.config.cjs", "module.exports = {\n");
    home.write("endless.config.mjs", "while (true) {}\n");
    let err = home.run(&["-c", "o.toml", "import", "ecosystem.config.js"], "/nonexistent", 11).err();
    assert!(err.contains("there is no node"), "{err}");
    let has_node = std::process::Command::new("node").arg("--version").output().is_ok();
    if !has_node {
        return eprintln!("no node here: its part was not tried");
    }
    let said = home.import(&["ecosystem.config.js"], 0);
    assert!(said.out().contains("+args = [\"a.js\"]"), "{}", said.out());
    assert!(said.err().contains("node evaluates it"), "{}", said.err());
    let err = home.import(&["broken.config.cjs"], 2).err();
    assert!(err.contains("node could not evaluate it"), "{err}");
    let err = home.import(&["endless.config.mjs"], 8).err();
    assert!(err.contains("did not come to an end"), "{err}");
}
