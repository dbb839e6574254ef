//! Includes: merging, origins, circles.

mod common;

use std::path::{Path, PathBuf};

use common::Memory;
use ostler_config::{Loaded, Os, load};
use ostler_core::{Command, ServiceName};

fn loaded(machine: &Memory) -> Loaded {
    machine.load().unwrap_or_else(|rejected| panic!("{rejected}"))
}

fn program(loaded: &Loaded, service: &str) -> String {
    let name = ServiceName::new(service).expect("a name");
    match &loaded.config.fleet.services[&name].launch.command {
        Command::Program { program, .. } => program.display(),
        Command::Shell(line) => line.display(),
    }
}

#[test]
fn tables_merge_by_key_and_the_later_file_wins() {
    let machine = Memory::with(
        "include = [\"conf.d/*.toml\"]\n[services.api]\ncommand = \"main\"\nargs = [\"1\", \"2\"]\n\
         env = { A = \"main\", B = \"main\" }\n",
    )
    .file("conf.d/10.toml", "[services.api]\nargs = [\"3\"]\nenv = { B = \"ten\", C = \"ten\" }\n")
    .file("conf.d/20.toml", "[services.api]\ncommand = \"twenty\"\n[services.db]\ncommand = \"db\"\n");
    let loaded = loaded(&machine);
    assert_eq!(program(&loaded, "api"), "twenty");
    assert_eq!(program(&loaded, "db"), "db");
    let api = &loaded.config.fleet.services[&ServiceName::new("api").expect("a name")];
    let env: Vec<String> =
        api.launch.env.iter().map(|(key, value)| format!("{key}={}", value.display())).collect();
    assert_eq!(env, ["A=main", "B=ten", "C=ten"]);
    let Command::Program { args, .. } = &api.launch.command else { panic!("a program") };
    assert_eq!(args.len(), 1, "lists are replaced");
}

#[test]
fn every_key_knows_its_file_and_line() {
    let machine = Memory::with("include = [\"b.toml\"]\n[services.api]\ncommand = \"main\"\nnice = 3\n")
        .file("b.toml", "\n\n[services.api]\ncommand = \"b\"\n");
    let loaded = loaded(&machine);
    let at = |path: &str| {
        let origin = loaded.origins.get(path).expect("an origin");
        (origin.file.clone(), origin.line)
    };
    assert_eq!(at("services.api.command"), (PathBuf::from("/etc/ostler/b.toml"), 4));
    assert_eq!(at("services.api.nice"), (PathBuf::from("/etc/ostler/ostler.toml"), 4));
    assert_eq!(loaded.origins.get("services.api.group"), None);
    assert_eq!(loaded.files, [PathBuf::from("/etc/ostler/ostler.toml"), PathBuf::from("/etc/ostler/b.toml")]);
}

#[test]
fn a_mistake_in_an_included_file_names_that_file() {
    let machine = Memory::with("include = [\"b.toml\"]\n[services.api]\ncommand = \"main\"\n")
        .file("b.toml", "[services.api]\nprots = []\nnice = 99\n");
    let rejected = machine.load().expect_err("it is refused");
    assert!(rejected.diagnostics.iter().all(|d| d.file == Path::new("/etc/ostler/b.toml")));
    let lines: Vec<u32> = rejected.diagnostics.iter().map(|d| d.line).collect();
    assert_eq!(lines, [2, 3]);
}

#[test]
fn a_pattern_may_match_nothing() {
    assert!(Memory::with("include = [\"conf.d/*.toml\"]").load().is_ok());
}

#[test]
fn a_circle_of_includes_is_told_with_its_way() {
    let machine = Memory::with("include = [\"a.toml\"]")
        .file("a.toml", "include = [\"sub/b.toml\"]")
        .file("sub/b.toml", "include = [\"../a.toml\"]");
    let rejected = machine.load().expect_err("it is refused");
    let [mistake] = rejected.diagnostics.as_slice() else { panic!("{rejected}") };
    assert_eq!(mistake.file, Path::new("/etc/ostler/sub/b.toml"));
    assert!(mistake.message.ends_with(
        "/etc/ostler/ostler.toml → /etc/ostler/a.toml → /etc/ostler/sub/b.toml → /etc/ostler/a.toml"
    ));
}

#[test]
fn a_file_included_twice_counts_once() {
    let machine = Memory::with("include = [\"a.toml\", \"b.toml\"]")
        .file("a.toml", "include = [\"c.toml\"]\n[services.api]\ncommand = \"a\"")
        .file("b.toml", "include = [\"c.toml\"]\n[services.api]\ncommand = \"b\"")
        .file("c.toml", "[services.api]\ncommand = \"c\"");
    let loaded = loaded(&machine);
    assert_eq!(loaded.files.len(), 4);
    assert_eq!(program(&loaded, "api"), "b");
}

#[test]
fn paths_of_includes_begin_at_the_including_file() {
    let machine = Memory::with("include = [\"sub/a.toml\"]")
        .file("sub/a.toml", "include = [\"b.toml\"]")
        .file("sub/b.toml", "[services.api]\ncommand = \"b\"");
    assert_eq!(program(&loaded(&machine), "api"), "b");
}

#[test]
fn includes_expand_variables() {
    let machine = Memory::with("include = [\"${env:PLACE}/a.toml\"]")
        .variable("PLACE", "sub")
        .file("sub/a.toml", "[services.api]\ncommand = \"b\"");
    assert_eq!(program(&loaded(&machine), "api"), "b");
}

#[test]
fn a_table_and_a_value_of_one_name_are_not_merged() {
    let machine =
        Memory::with("include = [\"a.toml\"]\n[services.api]\ncommand = \"x\"\nrestart.delay = \"1s\"\n")
            .file("a.toml", "[services.api]\nrestart = \"always\"");
    let rejected = machine.load().expect_err("it is refused");
    assert!(rejected.diagnostics[0].message.contains("must be a table"));
}

#[test]
fn real_files_and_folders_with_brackets_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let odd = folder.path().join("a [b]");
    std::fs::create_dir_all(odd.join("conf.d")).expect("a folder");
    std::fs::write(odd.join("ostler.toml"), "include = [\"conf.d/*.toml\"]").expect("a file");
    std::fs::write(odd.join("conf.d/b.toml"), "[services.b]\ncommand = \"b\"").expect("a file");
    std::fs::write(odd.join("conf.d/a.toml"), "[services.b]\ncommand = \"a\"").expect("a file");
    std::fs::write(odd.join("conf.d/ignored.txt"), "x").expect("a file");
    let loaded = load(&odd.join("ostler.toml"), &Os).unwrap_or_else(|rejected| panic!("{rejected}"));
    assert_eq!(loaded.files.len(), 3);
    assert_eq!(program(&loaded, "b"), "b");
}

#[cfg(unix)]
#[test]
fn a_link_back_is_a_circle_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let main = folder.path().join("ostler.toml");
    std::fs::write(&main, "include = [\"again.toml\"]").expect("a file");
    std::os::unix::fs::symlink(&main, folder.path().join("again.toml")).expect("a link");
    let rejected = load(&main, &Os).expect_err("it is refused");
    assert!(rejected.diagnostics[0].message.contains("includes itself"), "{rejected}");
}

#[test]
fn folders_in_which_another_file_may_turn_up_are_known() {
    let machine = Memory::with("include = [\"conf.d/*.toml\", \"*.more\", \"one.toml\", \"a/b/c?.toml\"]")
        .file("one.toml", "");
    let folders = loaded(&machine).folders;
    assert_eq!(folders, ["/etc/ostler", "/etc/ostler/a/b", "/etc/ostler/conf.d"].map(PathBuf::from));
}
