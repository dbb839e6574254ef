//! `cargo xtask windows`: what needs no Qt, built for Windows and tested there, or elsewhere under Wine.
//!
//! One selection of crates and targets is built and tested, because another one would mean other features of the
//! libraries, which would be built again.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::shell;
use crate::steps;
use crate::wine::{self, Windows};

const HELP: &str = "\
Usage: cargo xtask windows [--check] [--rounds N] [FILTER…]

Builds the crates without Qt for Windows and runs their unit tests and those of the whole system: there, or elsewhere
under Wine. With FILTER only the tests whose names contain it. On Debian: apt-get install gcc-mingw-w64-x86-64 wine
wine64, and either rustup target add x86_64-pc-windows-gnu or apt-get install rustc-web cargo-web rust-web-src.

  --check      only compiles (cargo check)
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

/// How long all tests may take; two cores need a quarter of it.
const TESTS_MAX: Duration = Duration::from_secs(20 * 60);

/// How long the build may take; two cores need a third of it.
const BUILD_MAX: Duration = Duration::from_secs(60 * 60);

/// `cargo xtask windows`.
pub(crate) fn windows(mut args: Args) -> Outcome {
    if args.help(HELP) {
        return Ok(());
    }
    let is_check = args.flag("--check");
    let rounds = args.value("--rounds")?;
    let filters = args.words()?;
    if is_check {
        return shell::exec(cargo("check")?.args(CRATES));
    }
    println!("{}", test(rounds.as_deref(), &filters)?);
    Ok(())
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
    let mut tests = cargo("test")?;
    tests.args(CRATES).args(TARGETS).arg("--no-fail-fast").env("OSTLER_TEST_PROGRAMS", programs);
    if let Some(rounds) = rounds {
        tests.env("OSTLER_TEST_ROUNDS", rounds);
    }
    windows.prepare(&mut tests);
    // Each test of the whole system starts many processes.
    tests.args(["--", "--test-threads=2"]).args(filters);
    for test in windows.cannot_show() {
        println!("Not run {}: {test}", windows.name());
        tests.args(["--skip", test]);
    }
    within(BUILD_MAX, build, "the build")?;
    println!("The tests run {}.", windows.name());
    let closing = within(TESTS_MAX, tests, "the tests");
    windows.end();
    Ok(format!("{}, {}", steps::counts(&closing?), windows.name()))
}

/// Runs a command, which fails when it takes too long; gives the closing lines of tests.
fn within(limit: Duration, command: Command, what: &str) -> Outcome<Vec<String>> {
    let started = Instant::now();
    let is_closing = |line: &str| line.starts_with("test result:");
    let (lines, is_success) = shell::exec_keeping(&mut limited(limit, command), is_closing)?;
    let text = match is_success {
        true => return Ok(lines),
        false if started.elapsed() >= limit => {
            format!("{what} took longer than {} min", limit.as_secs() / 60)
        }
        false if lines.is_empty() => format!("{what} failed"),
        false => steps::counts(&lines),
    };
    Err(Failure::new(text))
}

/// The same command under `timeout`, where there is one: it ends all that the command has started.
fn limited(limit: Duration, command: Command) -> Command {
    if cfg!(windows) || shell::which("timeout", &[]).is_none() {
        return command;
    }
    let mut limited = Command::new("timeout");
    limited.arg("--kill-after=30").arg(limit.as_secs().to_string());
    limited.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited.current_dir(shell::root());
    limited
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
    // Debian's second toolchain comes with the sources of std and so needs no download.
    let debian = Path::new("/usr/lib/rust-web/bin/rustc");
    let debian = if debian.exists() { debian } else { Path::new("/usr/bin/rustc") };
    let has_std = shell::output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))
        .is_ok_and(|dir| Path::new(dir.trim()).exists());
    let mut cargo = shell::cargo(&[subcommand]);
    if !has_std {
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
