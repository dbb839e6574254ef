//! The checks of `cargo xtask test`, cheapest first.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::as_user::{self, TestHome};
use crate::dist::{self, Profile};
use crate::failure::{Doing, Failure, Outcome};
use crate::packages::{self, Packages, Purpose};
use crate::test::{Step, Wishes};
use crate::translations;
use crate::{chores, desktop, quick, shell, web, windows};

/// The end-to-end tests look into `/proc`.
#[cfg(target_os = "linux")]
const CRATES: &[&str] = &["--workspace"];
#[cfg(not(target_os = "linux"))]
const CRATES: &[&str] = &["--workspace", "--exclude", "ostler-e2e"];

/// The step that others need.
pub(crate) const BUILD: &str = "build";
/// The step that a filter chooses.
pub(crate) const TESTS: &str = "tests";

/// Where Debian keeps Qt's tools.
const QT_TOOLS: &[&str] = &["/usr/lib/qt6/bin", "/usr/lib64/qt6/bin", "/opt/homebrew/bin"];

/// Each Qt formats a little differently; the oldest that is supported decides.
const FORMAT_VERSION: &str = "6.4.";

/// Where qmllint of Qt 6.4 is wrong too often to decide: it knows neither the methods of URLs and lists nor that the
/// ids around a component may be used in it.
const LINT_BLIND: &[&str] = &["--property", "--type", "--deferred-property-id", "--unqualified"];

/// How a step ended, unless it failed.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// All is well; with what is worth a line in the table.
    Passed(String),
    /// It could not be done here, for this reason.
    Skipped(String),
}

/// All steps in order.
pub(crate) fn all() -> Vec<Step> {
    let step = |name, run, needs_build| Step { name, run, needs_build };
    vec![
        step("packages", system_packages, false),
        step("format", format, false),
        step("clippy", clippy, false),
        step(BUILD, build, false),
        step("schema", schema, true),
        step(TESTS, tests, true),
        step("users", other_users, true),
        step("doc-tests", doc_tests, true),
        step("quick", |_| quick::check(), true),
        step("web", |_| web::check(), true),
        step("desktop", |_| desktop::check(), true),
        step("deny", deny, false),
        step("qml", qml, false),
        step("texts", |_| translations::check(), false),
        step("windows", other_system, false),
    ]
}

fn passed(note: &str) -> Outcome<Said> {
    Ok(Said::Passed(note.to_owned()))
}

/// Cargo with the environment that all steps share, so that none builds again what another built.
fn cargo(wishes: &Wishes, args: &[&str]) -> Command {
    let mut command = shell::cargo(args);
    if wishes.is_ci {
        command.env("CARGO_TERM_COLOR", "never").env("CARGO_INCREMENTAL", "0").env("NO_COLOR", "1");
    }
    command
}

fn system_packages(_: &Wishes) -> Outcome<Said> {
    match packages::ensure(&[Purpose::Build, Purpose::Run, Purpose::Test])? {
        Packages::Present => passed("all present"),
        Packages::Installed(names) => passed(&format!("{} installed", names.len())),
    }
}

fn format(wishes: &Wishes) -> Outcome<Said> {
    shell::exec(&mut cargo(wishes, &["fmt", "--all", "--check"]))
        .map_err(|failure| failure.next("cargo fmt --all"))?;
    passed("")
}

fn clippy(wishes: &Wishes) -> Outcome<Said> {
    let mut command = cargo(wishes, &["clippy"]);
    command.args(CRATES).args(["--all-targets", "--locked", "--", "-D", "warnings"]);
    shell::exec(&mut command)?;
    passed("no warnings")
}

fn build(wishes: &Wishes) -> Outcome<Said> {
    // With the test targets, because their dependencies decide the features: building programs alone would
    // compile some libraries once more for the tests.
    let mut command = cargo(wishes, &["build"]);
    shell::exec(command.args(CRATES).args(["--all-targets", "--locked"]))?;
    let built = shell::target_dir().join(Profile::Debug.folder());
    dist::refuse_qt(&dist::program(&built, "ostler"))?;
    dist::refuse_qt(&dist::program(&built, "ostler-keeper"))?;
    passed("ostler and ostler-keeper need no Qt")
}

fn schema(_: &Wishes) -> Outcome<Said> {
    chores::schema_files(true)?;
    passed("resources/schema is up to date")
}

fn tests(wishes: &Wishes) -> Outcome<Said> {
    let has_nextest = shell::has_cargo("nextest");
    let mut command = cargo(wishes, if has_nextest { &["nextest", "run"] } else { &["test"] });
    command.args(CRATES).args(["--locked", "--no-fail-fast"]);
    command.args(if has_nextest { &[][..] } else { &["--lib", "--bins", "--tests"] });
    let home = TestHome::new()?;
    home.apply(&mut command);
    command.arg("--config").arg(as_user::runner_option()?);
    // Nobody cannot build; what the tests start is built already.
    command.env("OSTLER_BIN_DIR", shell::target_dir().join(Profile::Debug.folder()));
    command.env("QT_QPA_PLATFORM", "offscreen");
    // The tree is read by tests, not written: new snapshots and seeds are for a person to make.
    command.env("INSTA_UPDATE", "no").env("INSTA_WORKSPACE_ROOT", shell::root());
    command.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
    if has_nextest {
        command.args(&wishes.filters);
    } else {
        command.arg("--").args(&wishes.filters);
    }
    let is_closing = |line: &str| line.starts_with("Summary [") || line.starts_with("test result:");
    let (lines, is_success) = shell::exec_keeping(&mut command, is_closing)?;
    let counts = format!("{}, {}", counts(&lines), home.who());
    if is_success { passed(&counts) } else { Err(Failure::new(counts)) }
}

/// The one test that needs root, because it is two users.
fn other_users(_: &Wishes) -> Outcome<Said> {
    if !as_user::is_root() {
        return Ok(Said::Skipped("only root can be two users".to_owned()));
    }
    let built = shell::target_dir().join(Profile::Debug.folder());
    let mut command = Command::new(dist::program(&built, "chaos"));
    shell::exec(command.args(["--only", "other-users"]).env("OSTLER_BIN_DIR", &built))?;
    passed("a stranger is refused")
}

fn doc_tests(wishes: &Wishes) -> Outcome<Said> {
    if !wishes.filters.is_empty() {
        return Ok(Said::Skipped("a filter was given".to_owned()));
    }
    let mut command = cargo(wishes, &["test", "--doc"]);
    command.args(CRATES).arg("--locked");
    let (lines, is_success) = shell::exec_keeping(&mut command, |line| line.starts_with("test result:"))?;
    let counts = counts(&lines);
    if is_success { passed(&counts) } else { Err(Failure::new(counts)) }
}

fn deny(wishes: &Wishes) -> Outcome<Said> {
    if !shell::has_cargo("deny") {
        return Ok(Said::Skipped("cargo-deny is not installed".to_owned()));
    }
    shell::exec(&mut cargo(wishes, &["deny", "--offline", "check", "licenses", "bans", "sources"]))?;
    passed("licences, bans, sources")
}

fn qml(_: &Wishes) -> Outcome<Said> {
    let files = files_below(&shell::root().join("qml"), "qml")?;
    let tools = ["qmllint", "qmlformat"].map(|name| shell::which(name, QT_TOOLS));
    let [Some(lint), Some(format)] = tools else {
        return Ok(Said::Skipped("qmllint and qmlformat are not installed".to_owned()));
    };
    if files.is_empty() {
        return Ok(Said::Skipped("there is no QML yet".to_owned()));
    }
    let mut lint = Command::new(lint);
    if let Some(types) = described_types()? {
        lint.arg("-I").arg(types);
    }
    for category in LINT_BLIND {
        lint.args([category, "info"]);
    }
    shell::exec(lint.args(&files))?;
    let version = shell::output(Command::new(&format).arg("--version"))?;
    if !version.contains(FORMAT_VERSION) {
        return passed(&format!(
            "{} files; formatting is only checked with Qt {FORMAT_VERSION}",
            files.len()
        ));
    }
    let mut unformatted = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).doing(format_args!("cannot read {}", file.display()))?;
        // The formatter of this version drops the value of the pragma, which changes what the file means.
        if text.contains("pragma ComponentBehavior: Bound") {
            continue;
        }
        let formatted = shell::output(Command::new(&format).arg(file))?;
        if formatted != text {
            unformatted.push(file.strip_prefix(shell::root()).unwrap_or(file).display().to_string());
        }
    }
    if !unformatted.is_empty() {
        let names = unformatted.join(" ");
        return Err(Failure::new(format!("not formatted: {names}")).next(format!("qmlformat -i {names}")));
    }
    passed(&format!("{} files", files.len()))
}

/// Windows, where it can be built for and run: nothing is installed for it.
fn other_system(wishes: &Wishes) -> Outcome<Said> {
    if let Some(missing) = windows::missing() {
        let text = missing.to_string();
        let reason = text.lines().next().unwrap_or_default().trim_start_matches("xtask: ").to_owned();
        return Ok(Said::Skipped(reason));
    }
    passed(&windows::test(None, &wishes.filters)?)
}

/// Adds up what the runners said last: one line of nextest, or one per test binary of cargo.
pub(crate) fn counts(lines: &[String]) -> String {
    if let Some(summary) = lines.iter().find_map(|line| line.strip_prefix("Summary ")) {
        return summary.split_once("] ").map_or(summary, |(_, counts)| counts).trim().to_owned();
    }
    let [passed, failed, ignored] = ["passed", "failed", "ignored"].map(|word| sum(lines, word));
    format!("{passed} tests passed, {failed} failed, {ignored} ignored")
}

/// The sum of the numbers that stand before a word.
pub(crate) fn sum(lines: &[String], word: &str) -> u64 {
    lines.iter().filter_map(|line| number_before(line, word)).sum()
}

fn number_before(line: &str, word: &str) -> Option<u64> {
    let words: Vec<_> = line.split([' ', ';']).filter(|word| !word.is_empty()).collect();
    let at = words.iter().position(|found| *found == word)?;
    words.get(at.checked_sub(1)?)?.parse().ok()
}

/// A folder that describes our own QML module to Qt's tools, if the app was built. The bridge describes numbers by
/// their C++ names, which the tools of Qt 6.4 do not know, so they are said in QML's own.
fn described_types() -> Outcome<Option<PathBuf>> {
    let from = shell::target_dir().join("cxxqt/qml_modules");
    if !from.is_dir() {
        return Ok(None);
    }
    let to = shell::target_dir().join("qmllint");
    for name in ["qmldir", "qmltypes", "qml"] {
        for file in files_below(&from, name)? {
            copy_described(&file, &to.join(file.strip_prefix(&from).unwrap_or(&file)))?;
        }
    }
    Ok(Some(to))
}

fn copy_described(from: &Path, to: &Path) -> Outcome {
    let text = std::fs::read_to_string(from).doing(format_args!("cannot read {}", from.display()))?;
    let text = [("::std::int32_t", "int"), ("::std::int64_t", "int"), ("::std::uint32_t", "int")]
        .iter()
        .fold(text, |text, (cpp, qml)| text.replace(cpp, qml));
    let dir = to.parent().unwrap_or(to);
    std::fs::create_dir_all(dir).doing(format_args!("cannot create {}", dir.display()))?;
    std::fs::write(to, text).doing(format_args!("cannot write {}", to.display()))
}

/// Files with this extension, or without one and with this name.
pub(crate) fn files_below(dir: &Path, extension: &str) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        let entries = std::fs::read_dir(&dir).doing(format_args!("cannot list {}", dir.display()))?;
        for entry in entries {
            let path = entry.doing(format_args!("cannot list {}", dir.display()))?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().or(path.file_name()).is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_both_runners_are_understood() {
        let said = |lines: &[&str]| counts(&lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>());
        assert_eq!(
            said(&["Summary [   1.250s] 12 tests run: 12 passed, 0 skipped"]),
            "12 tests run: 12 passed, 0 skipped"
        );
        let ok =
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let bad = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(said(&[ok, bad]), "4 tests passed, 2 failed, 1 ignored");
    }
}
