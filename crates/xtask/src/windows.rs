//! `cargo xtask windows`: what needs no Qt, built for Windows and tested there, or elsewhere under Wine.
//!
//! One selection of crates and targets is built and tested, because another one would mean other features of the
//! libraries, which would be built again.

mod app;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::packages::{self, Purpose};
use crate::shell;
use crate::steps;
use crate::wine::{self, Windows};

const HELP: &str = "\
Usage: cargo xtask windows [--check | --app] [--rounds N] [FILTER…]

Builds the crates without Qt for Windows and runs their unit tests and those of the whole system: there, or elsewhere
under Wine. With FILTER only the tests whose names contain it. Where apt-get may be used without a question, a missing
compiler for Windows and Wine are installed, and a second Rust toolchain if the present one cannot build for Windows;
`rustup target add x86_64-pc-windows-gnu` makes that one needless. Elsewhere it is said what is missing.

  --check      only compiles (cargo check); warnings are failures
  --app        only compiles the desktop app, against the headers of the Qt of this system; nothing is linked
  --rounds N   how often the tree of a service is ended, 10 unless told";

const TARGET: &str = "x86_64-pc-windows-gnu";

/// What needs no Qt; the tests of `ostler-e2e` and this program are for the machine of a developer.
const CRATES: [&str; 7] =
    ["--workspace", "--exclude", "ostler-tray", "--exclude", "ostler-e2e", "--exclude", "xtask"];

/// The unit tests, the whole system, and tests of crates from outside that need nothing of Unix.
const TARGETS: [&str; 20] = [
    "--lib",
    "--bins",
    "--test",
    "windows",
    "--test",
    "messages",
    "--test",
    "server",
    "--test",
    "any",
    "--test",
    "default",
    "--test",
    "edit",
    "--test",
    "deadlines",
    "--test",
    "hostile",
    "--test",
    "wire",
];

/// How long all tests may take.
const TESTS_MAX: Duration = Duration::from_secs(20 * 60);

/// With more failures than these it is not Wine.
const ATTEMPTED_AGAIN_MAX: usize = 3;

/// How long the build may take, from nothing and on few cores.
const BUILD_MAX: Duration = Duration::from_secs(60 * 60);

/// `cargo xtask windows`.
pub(crate) fn windows(mut args: Args) -> Outcome {
    if args.help(HELP) {
        return Ok(());
    }
    let is_check = args.flag("--check");
    let is_app = args.flag("--app");
    let rounds = args.value("--rounds")?;
    let filters = args.words()?;
    install(is_check || is_app)?;
    if is_app {
        packages::ensure(&[Purpose::Build]).map(drop)?;
        return check(app()?);
    }
    if is_check {
        let mut crates = cargo("check")?;
        crates.args(CRATES);
        return check(crates);
    }
    println!("{}", test(rounds.as_deref(), &filters)?);
    Ok(())
}

/// Compiles; a warning is a failure. Cargo repeats those of what it has compiled before, and none of other crates.
fn check(mut check: Command) -> Outcome {
    // `name@version:` begins what a build script says, which is about this system's headers.
    let is_of_script = |line: &str| line.split(' ').nth(1).is_some_and(|word| word.contains('@'));
    let is_warning =
        |line: &str| line.starts_with("warning") && !line.contains(" generated ") && !is_of_script(line);
    let (warnings, is_success) = shell::exec_keeping(&mut check, is_warning)?;
    match (is_success, warnings.len()) {
        (true, 0) => Ok(()),
        (true, count) => Err(Failure::new(format!("{count} warnings; there must be none"))),
        (false, _) => Err(Failure::new("it does not compile for Windows")),
    }
}

/// Makes sure that the tools are there, where they can be installed; elsewhere the first of them that is used says
/// that it is missing.
fn install(is_check: bool) -> Outcome {
    if cfg!(windows) {
        return Ok(());
    }
    let needs = [
        (Purpose::Cross, [wine::COMPILER, app::COMPILER].iter().any(|it| shell::which(it, &[]).is_none())),
        (Purpose::CrossLibrary, !has_library() && !debian().exists()),
        (Purpose::Emulator, !is_check && Windows::program().is_err()),
    ];
    let purposes: Vec<_> =
        needs.into_iter().filter_map(|(purpose, is_needed)| is_needed.then_some(purpose)).collect();
    if purposes.is_empty() {
        return Ok(());
    }
    packages::ensure(&purposes).map(drop)
}

/// What is missing here for building and running; `None` when all is there.
pub(crate) fn missing() -> Option<Failure> {
    cargo("test").and_then(|_| Windows::program()).err()
}

/// Builds what runs on Windows and runs the tests; gives their counts.
pub(crate) fn test(rounds: Option<&str>, filters: &[String]) -> Outcome<String> {
    let windows = Windows::find()?;
    let programs = wine::programs()?;
    let mut build = cargo("build")?;
    build.args(CRATES).args(TARGETS);
    within(BUILD_MAX, build, "the build")?;
    // What runs the tests that these words name.
    let runner = |words: &[&str]| -> Outcome<Command> {
        let mut tests = cargo("test")?;
        tests.args(CRATES).args(TARGETS).arg("--no-fail-fast").env("OSTLER_TEST_PROGRAMS", &programs);
        if let Some(rounds) = rounds {
            tests.env("OSTLER_TEST_ROUNDS", rounds);
        }
        windows.prepare(&mut tests);
        tests.arg("--").args(words);
        Ok(tests)
    };
    // Each test of the whole system starts many processes.
    let mut words = vec!["--test-threads=2"];
    words.extend(filters.iter().map(String::as_str));
    for test in windows.cannot_show() {
        println!("Not run {}: {test}", windows.name());
        words.extend(["--skip", test]);
    }
    println!("The tests run {}.", windows.name());
    let (lines, is_good) = run(runner(&words)?)?;
    windows.end();
    let mut counts = steps::counts(&lines);
    if !is_good {
        let failed = again(&windows, &lines).ok_or_else(|| Failure::new(counts.clone()))?;
        println!("Once more, because Wine refuses a process now and then: {}", failed.join(", "));
        let mut words = vec!["--test-threads=1", "--exact"];
        words.extend(&failed);
        let (lines, is_good) = run(runner(&words)?)?;
        windows.end();
        if !is_good || steps::sum(&lines, "passed") < failed.len() as u64 {
            return Err(Failure::new(format!("{counts}; once more: {}", steps::counts(&lines))));
        }
        counts = format!("{counts} and passed at the second attempt ({})", failed.join(", "));
    }
    let is_app_checked = filters.is_empty() && app::can_be_checked();
    if is_app_checked {
        println!("The desktop app is checked for Windows.");
        check(app()?)?;
    }
    let app = if is_app_checked { "; the desktop app compiles" } else { "" };
    Ok(format!("{counts}, {}{app}", windows.name()))
}

/// Which of the tests that failed deserve a second attempt: a few, only where Wine may be the cause, and only if each
/// program with failures has said which.
fn again<'a>(windows: &Windows, lines: &'a [String]) -> Option<Vec<&'a str>> {
    if matches!(windows, Windows::Here) {
        return None;
    }
    let failed: Vec<_> = lines.iter().filter_map(|line| failed(line)).collect();
    let said = lines.iter().filter(|line| line.starts_with("test result: FAILED")).count();
    let programs = lines.iter().find_map(|line| failed_programs(line))?;
    let are_all_named = said == programs && steps::sum(lines, "failed") == failed.len() as u64;
    (are_all_named && (1..=ATTEMPTED_AGAIN_MAX).contains(&failed.len())).then_some(failed)
}

/// The test that this line says has failed.
fn failed(line: &str) -> Option<&str> {
    let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
    Some(name.strip_suffix(" - should panic").unwrap_or(name))
}

/// How many programs cargo says have failed, at its end.
fn failed_programs(line: &str) -> Option<usize> {
    let (count, _) = line.strip_prefix("error: ")?.split_once(" target")?;
    count.parse().ok()
}

/// What checks the desktop app.
fn app() -> Outcome<Command> {
    let mut check = cargo("check")?;
    app::prepare(&mut check)?;
    Ok(check)
}

/// Runs tests; gives the lines that count them and name those that failed, and whether all have passed.
fn run(mut tests: Command) -> Outcome<(Vec<String>, bool)> {
    let is_kept = |line: &str| {
        line.starts_with("test result:") || failed(line).is_some() || failed_programs(line).is_some()
    };
    match shell::exec_within(TESTS_MAX, &mut tests, is_kept)? {
        (_, shell::End::Late) => Err(too_long("the tests", TESTS_MAX)),
        (lines, shell::End::Bad) if lines.is_empty() => Err(Failure::new("the tests failed")),
        (lines, end) => Ok((lines, matches!(end, shell::End::Good))),
    }
}

/// Runs a command, which fails when it takes too long.
fn within(limit: Duration, mut command: Command, what: &str) -> Outcome {
    match shell::exec_within(limit, &mut command, |_| false)?.1 {
        shell::End::Good => Ok(()),
        shell::End::Late => Err(too_long(what, limit)),
        shell::End::Bad => Err(Failure::new(format!("{what} failed"))),
    }
}

fn too_long(what: &str, limit: Duration) -> Failure {
    Failure::new(format!("{what} took longer than {} min", limit.as_secs() / 60))
}

/// Cargo for Windows, with a toolchain that has its standard library.
fn cargo(subcommand: &str) -> Outcome<Command> {
    if cfg!(windows) {
        return Ok(shell::cargo(&[subcommand]));
    }
    if shell::which(wine::COMPILER, &[]).is_none() {
        return Err(Failure::new(format!("{} is not installed", wine::COMPILER))
            .next("apt-get install gcc-mingw-w64-x86-64"));
    }
    let debian = debian();
    let mut cargo = shell::cargo(&[subcommand]);
    if !has_library() {
        if !debian.exists() {
            return Err(Failure::new("no Rust toolchain here has a standard library for Windows")
                .next("rustup target add x86_64-pc-windows-gnu, or apt-get install rustc-web cargo-web rust-web-src"));
        }
        cargo = Command::new(debian.with_file_name("cargo"));
        cargo.args([subcommand, "-Zbuild-std=std,panic_unwind"]).current_dir(shell::root());
        cargo.env("RUSTC", debian).env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTUP_TOOLCHAIN");
    }
    cargo.args(["--target", TARGET]).env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", wine::COMPILER);
    // Nothing reads these under Wine, and the linker is three times as fast without.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_TEST_DEBUG", "0");
    // The two toolchains would otherwise build each other's artifacts again.
    cargo.arg("--target-dir").arg(shell::target_dir().join("windows"));
    Ok(cargo)
}

/// Whether the present toolchain has the standard library for Windows.
fn has_library() -> bool {
    shell::output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))
        .is_ok_and(|dir| Path::new(dir.trim()).exists())
}

/// The compiler of Debian's second toolchain, which comes with the sources of std and so needs no download.
fn debian() -> &'static Path {
    let own = Path::new("/usr/lib/rust-web/bin/rustc");
    if own.exists() { own } else { Path::new("/usr/bin/rustc") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again_of(lines: &[&str]) -> Option<Vec<String>> {
        let wine = Windows::Wine { program: "wine".into(), prefix: "world".into() };
        let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(again(&Windows::Here, &lines), None);
        again(&wine, &lines).map(|names| names.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn a_few_failures_that_are_all_named_deserve_a_second_attempt() {
        let one =
            ["test one ... FAILED", "test result: FAILED. 3 passed; 1 failed", "error: 1 target failed:"];
        assert_eq!(again_of(&one), Some(vec!["one".to_owned()]));
        let lost = [one[0], one[1], "error: 2 targets failed:"];
        assert_eq!(again_of(&lost), None, "a program ended without a word");
        assert_eq!(again_of(&one[..2]), None);
        let unnamed = [one[0], "test result: FAILED. 3 passed; 2 failed", one[2]];
        assert_eq!(again_of(&unnamed), None, "one is not named");
        let many = "test result: FAILED. 3 passed; 4 failed";
        assert_eq!(again_of(&[one[0], one[0], one[0], one[0], many, one[2]]), None, "too many");
        assert_eq!(again_of(&["test result: ok. 3 passed; 0 failed"]), None);
    }
}
