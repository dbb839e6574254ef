//! Chores that need the project's own crates: programs of `ostler-e2e`, built and started from here.

use std::path::Path;
use std::process::Command;

use crate::args::Args;
use crate::as_user::TestHome;
use crate::desktop;
use crate::dist::{self, Parts, Profile};
use crate::failure::{Doing, Failure, Outcome};
use crate::shell;

/// Tells the programs of `ostler-e2e` which binaries to test.
const BIN_DIR: &str = "OSTLER_BIN_DIR";

const SCHEMA: &str = "\
Usage: cargo xtask schema [--check]

Writes the JSON Schema of the control protocol and of the configuration to resources/schema.

  --check   changes nothing and fails when a file is out of date";

const BENCH: &str = "\
Usage: cargo xtask bench [--peers] [--only NAME]
       cargo xtask bench --window

Measures the release build beside a bare loop of system calls, and writes benches/RESULTS.md.

  --peers       also measures other supervisors: supervisord and pitchfork where they are on the search path, and
                PM2, which npm installs into the target folder
  --only NAME   one measurement, printed only
  --window      the desktop app instead, under Xvfb with the software renderer";

/// Begins the chapter of benches/RESULTS.md about the desktop app.
const WINDOW_CHAPTER: &str = "## The window\n";

const CHAOS: &str = "\
Usage: cargo xtask chaos (--issue N | --minutes N | --only NAME [--count N]) [--debug]

Breaks things on purpose, with the release build, and counts.

  --issue N     the scenarios and counts that issue N asks for
  --minutes N   mixed services under random kills for N minutes
  --only NAME   one scenario, `--count N` times; `--only list` names them
  --debug       with the unoptimised build";

/// `cargo xtask schema`.
pub(crate) fn schema(mut args: Args) -> Outcome {
    if args.help(SCHEMA) {
        return Ok(());
    }
    let is_check = args.flag("--check");
    args.end()?;
    schema_files(is_check)
}

/// Writes the schema files, or says which are out of date.
pub(crate) fn schema_files(is_check: bool) -> Outcome {
    let mut command = shell::cargo(&["run", "--quiet", "--package", "ostler-e2e", "--bin", "schemas", "--"]);
    command.arg("resources/schema").args(is_check.then_some("--check"));
    shell::exec(&mut command).map_err(|failure| {
        if is_check { failure.next("cargo xtask schema, then commit resources/schema") } else { failure }
    })
}

/// `cargo xtask bench`.
pub(crate) fn bench(mut args: Args) -> Outcome {
    if args.help(BENCH) {
        return Ok(());
    }
    let has_peers = args.flag("--peers");
    let only = args.value("--only")?;
    let is_window = args.flag("--window");
    args.end()?;
    if is_window {
        return write_results(None, Some(desktop::cost()?.trim()));
    }
    let dist = dist::assemble(Profile::Release, Parts::WithoutTray)?;
    let mut bench = tool("bench", Profile::Release)?;
    bench.args(has_peers.then_some("--peers")).env(BIN_DIR, &dist);
    if has_peers && let Some(path) = with_pm2()? {
        bench.env("PATH", path);
    }
    if let Some(only) = only {
        return shell::exec(bench.args(["--only", &only]));
    }
    let report = shell::target_dir().join("bench.md");
    shell::exec(bench.arg("--report").arg(&report))?;
    let engine = std::fs::read_to_string(&report).doing("cannot read the report")?;
    write_results(Some(engine.trim_end()), None)
}

/// Writes the chapters that were measured anew, and leaves the other as it was.
fn write_results(engine: Option<&str>, window: Option<&str>) -> Outcome {
    let results = shell::root().join("benches/RESULTS.md");
    let before = std::fs::read_to_string(&results).unwrap_or_default();
    let (old_engine, old_window) = before.split_once(WINDOW_CHAPTER).unwrap_or((&before, ""));
    let engine = engine.unwrap_or_else(|| old_engine.trim_end());
    let window = window.unwrap_or_else(|| old_window.trim());
    let all = format!("{engine}\n\n{WINDOW_CHAPTER}\n{window}\n");
    std::fs::write(&results, all).doing("cannot write benches/RESULTS.md")?;
    println!("\nWritten to benches/RESULTS.md.");
    Ok(())
}

/// The search path with PM2 on it; installs it where npm is, and nothing where it is not.
fn with_pm2() -> Outcome<Option<std::ffi::OsString>> {
    if shell::which("pm2", &[]).is_some() {
        return Ok(None);
    }
    let folder = shell::target_dir().join("bench-peers");
    let programs = folder.join("node_modules/.bin");
    if !programs.join("pm2").exists() {
        if shell::which("npm", &[]).is_none() {
            println!("npm is not installed: measured without PM2");
            return Ok(None);
        }
        std::fs::create_dir_all(&folder).doing(format_args!("cannot create {}", folder.display()))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
            .arg(&folder)
            .arg("pm2");
        if let Err(failure) = shell::exec(&mut npm) {
            println!("{failure}\nMeasured without PM2.");
            return Ok(None);
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(programs).chain(std::env::split_paths(&path));
    std::env::join_paths(all)
        .map(Some)
        .map_err(|error| Failure::new(format!("PATH cannot be extended: {error}")))
}

/// `cargo xtask chaos`.
pub(crate) fn chaos(mut args: Args) -> Outcome {
    if args.help(CHAOS) {
        return Ok(());
    }
    let profile = if args.flag("--debug") { Profile::Debug } else { Profile::Release };
    let mut passed_on = Vec::new();
    for name in ["--issue", "--minutes", "--only", "--count"] {
        if let Some(value) = args.value(name)? {
            passed_on.extend([name.to_owned(), value]);
        }
    }
    args.end()?;
    if passed_on.is_empty() {
        return Err(Failure::new("chaos needs --issue, --minutes or --only").next("cargo xtask chaos --help"));
    }
    // One scenario kills the desktop app.
    let is_app_killed = passed_on.chunks(2).any(|pair| pair == ["--issue", "2"] || pair[1] == "app-kills");
    let parts = if is_app_killed { Parts::All } else { Parts::WithoutTray };
    let dist = dist::assemble(profile, parts)?;
    let tool = tool("chaos", profile)?;
    let home = TestHome::new()?;
    println!("The scenarios run {}.", home.who());
    let mut command = home.command(Path::new(tool.get_program()))?;
    shell::exec(command.args(&passed_on).env(BIN_DIR, &dist))
}

/// Builds a program of `ostler-e2e` and returns the command that starts it.
fn tool(name: &str, profile: Profile) -> Outcome<Command> {
    let mut build =
        shell::cargo(&["build", "--package", "ostler-e2e", "--package", "ostler-testkit", "--bins"]);
    shell::exec(build.args(profile.options()))?;
    Ok(Command::new(dist::program(&shell::target_dir().join(profile.folder()), name)))
}
