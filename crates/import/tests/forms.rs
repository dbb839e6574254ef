//! Files in the forms of the tools' documentations, and what becomes of them. The expected results stand beside them
//! as `expected.toml` and `expected.notes`; `OSTLER_BLESS=1` writes them anew.
//!
//! The forms were held against: supervisord 4.3 docs/configuration.rst (every key of `[program:x]`, its sample, the
//! `%(…)s` expressions and the comments of its parser); PM2 lib/API/schema.json (every key and alias) and
//! interpreter.json; process-compose www/docs configuration, health, watch, scheduled-processes and
//! interactive-processes, and its JSON schema; pitchfork docs/reference/configuration.md and its guides on ready
//! checks, health checks and one-shot tasks; compose-spec 05-services.md; foreman's engine.rb for ports and `.env`;
//! npm's documentation of scripts.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use ostler_config::Os;
use ostler_import::{Import, ImportError, Kind, Source, Weight, addition, read, render};

const NO_SIBLING: fn(&str) -> bool = |_| false;

fn forms() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forms");
    let mut found = Vec::new();
    for kind in fs::read_dir(root).expect("the forms") {
        for form in fs::read_dir(kind.expect("a kind").path()).expect("the forms of a kind") {
            found.push(form.expect("a form").path());
        }
    }
    found.sort();
    found
}

fn file_of(form: &Path) -> PathBuf {
    let mut files = fs::read_dir(form).expect("a form").map(|entry| entry.expect("a file").path());
    let is_input = |path: &PathBuf| !path.to_string_lossy().contains("/expected.");
    files.find(is_input).expect("the file to import")
}

fn import(file: &Path) -> Import {
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let bytes = fs::read(file).expect("a file");
    let source =
        Source { name: &name, bytes: &bytes, folder: ".", has_sibling: &|other| other == "yarn.lock" };
    read(&source, None).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn notes(import: &Import) -> String {
    let mut text = String::new();
    for note in &import.notes {
        let weight = match note.weight {
            Weight::Lost => "lost",
            Weight::Changed => "changed",
            Weight::Kept => "kept",
        };
        let _ = writeln!(text, "{weight} {}:{} {}\n  → {}", note.line, note.key, note.message, note.instead);
    }
    text
}

fn compare(form: &Path, name: &str, found: &str, wrong: &mut Vec<String>) {
    let path = form.join(name);
    if std::env::var_os("OSTLER_BLESS").is_some() {
        return fs::write(&path, found).expect("written");
    }
    let expected = fs::read_to_string(&path).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(String::new()),
        _ => Err(error),
    });
    if expected.expect("readable") != found {
        wrong.push(format!("{}:\n{found}", path.display()));
    }
}

#[test]
fn every_form_becomes_what_stands_beside_it() {
    let mut wrong = Vec::new();
    for form in forms() {
        let file = file_of(&form);
        let found = import(&file);
        compare(
            &form,
            "expected.toml",
            &render(&found, &file.file_name().expect("name").to_string_lossy()),
            &mut wrong,
        );
        compare(&form, "expected.notes", &notes(&found), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_form_becomes_a_valid_configuration() {
    for form in forms() {
        let found = import(&file_of(&form));
        let text = render(&found, "x");
        let path = form.join("ostler.toml");
        let loaded = ostler_config::check(&text, &path, &Os)
            .unwrap_or_else(|e| panic!("{}: {e}\n{text}", form.display()));
        assert_eq!(loaded.config.fleet.services.len(), found.services.len());
    }
}

#[test]
fn a_mode_that_exists_is_not_defined_again() {
    let form = forms().into_iter().find(|form| form.ends_with("compose/stack")).expect("it is there");
    let found = import(&file_of(&form));
    assert!(render(&found, "x").contains("[modes.debug]"));
    assert!(!addition(&found, "x", &["debug".to_owned()].into()).contains("[modes.debug]"));
}

fn refused(name: &str, bytes: &[u8], kind: Option<Kind>) -> ImportError {
    let source = Source { name, bytes, folder: ".", has_sibling: &NO_SIBLING };
    read(&source, kind).expect_err(name)
}

#[test]
fn what_cannot_be_imported_is_refused_with_its_place_and_the_mend() {
    let compose = b"services:\n  web:\n    image: x\n";
    for (name, bytes, kind, message, place) in [
        ("notes.txt", &b"just some words"[..], None, "cannot tell what kind", None),
        ("x.yaml", b"a: 1\n", None, "cannot tell what kind", None),
        ("compose.yaml", b"services: {}\n", None, "there is no service", None),
        ("compose.yaml", b"services:\n  web: [\n", None, "the YAML is wrong", Some(3)),
        ("package.json", b"{\n  \"scripts\": {,}\n}", None, "the JSON is wrong", Some(2)),
        ("package.json", b"{}", None, "it has no \"scripts\"", None),
        ("pitchfork.toml", b"[daemons.x]\nrun = \n", None, "the TOML is wrong", Some(2)),
        ("Procfile", b"web: x\nnonsense\n", None, "a line of a Procfile", Some(2)),
        ("Procfile", b"web: x\nweb: y\n", None, "stands here twice", Some(2)),
        ("Procfile", b"web:\n", None, "has no command", Some(1)),
        ("app.conf", b"[program:x]\ncommand\n", None, "neither a [section] nor", Some(2)),
        ("nginx.conf", b"[server]\nlisten=80\n", None, "it has no [program:", None),
        ("x.yaml", compose, Some(Kind::ProcessCompose), "it has no `processes:`", None),
        ("Procfile", &[0xff, 0xfe, b'a', 0], None, "the mark of UTF-16", None),
        ("Procfile", b"web: a\0b", None, "a NUL", None),
        ("Procfile", b"web: \xc3\x28", None, "not UTF-8", None),
        ("ecosystem.config.js", b"module.exports = {}", None, "is JavaScript", None),
        ("ecosystem.json", b"{\"apps\": []}", None, "there is no service", None),
        ("ecosystem.json", b"{\"apps\": [{\"name\": \"x\"}]}", None, "there is no service", None),
    ] {
        let error = refused(name, bytes, kind);
        assert!(error.to_string().contains(message), "{name}: {error}");
        assert_eq!(error.place().map(|(line, _)| line), place, "{name}: {error}");
        assert!(!error.hint().is_empty());
    }
    let error = refused("x.yaml", compose, Some(Kind::ProcessCompose));
    assert!(error.hint().contains("--as docker-compose"), "{}", error.hint());
}

#[test]
fn files_that_are_too_large_in_any_way_are_refused() {
    assert!(refused("Procfile", &vec![b'#'; (1 << 20) + 1], None).to_string().contains("at most 1048576"));
    let many: String = (0..1001).map(|at| format!("p{at}: true\n")).collect();
    assert!(refused("Procfile", many.as_bytes(), None).to_string().contains("1001 services"));
    for (name, text) in [
        ("compose.yaml", "[".repeat(100_000)),
        ("compose.yaml", "{a: ".repeat(100_000)),
        ("ecosystem.json", "[".repeat(100_000)),
        ("pitchfork.toml", format!("a = {}", "[".repeat(100_000))),
        ("pitchfork.toml", format!("{} = 1", vec!["a"; 100_000].join("."))),
    ] {
        assert!(refused(name, text.as_bytes(), None).place().is_some(), "{name}");
    }
}
