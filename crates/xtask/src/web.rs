//! The clients below `clients`: built by npm, compared with what is committed, tested beside the built programs.
//!
//! What the engine serves at `/dashboard/` is committed below `resources/dashboard`, so that compiling it needs no npm.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Args;
use crate::as_user::TestHome;
use crate::dist::Profile;
use crate::failure::{Doing, Failure, Outcome};
use crate::packages::{self, Purpose};
use crate::shell;
use crate::steps::Said;

/// The first version of Node.js that can do it.
const NODE_MIN: u32 = 18;
/// What npm says when it reaches no registry.
const OFFLINE: &[&str] =
    &["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "ETIMEDOUT"];

const HELP: &str = "\
Usage: cargo xtask web [--check]

Builds the web dashboard of clients/web into resources/dashboard.

  --check   only say whether what is committed there is what would be built";

/// `cargo xtask web`.
pub(crate) fn web(mut args: Args) -> Outcome {
    if args.help(HELP) {
        return Ok(());
    }
    let is_check = args.flag("--check");
    args.end()?;
    if let Some(reason) = missing() {
        packages::ensure(&[Purpose::Test])?;
        if missing().is_some() {
            return Err(Failure::new(reason).next("install Node.js with npm"));
        }
    }
    if let Said::Skipped(reason) = install()? {
        return Err(Failure::new(reason).next("try again with a network"));
    }
    shell::exec(npm().args(["run", "typecheck", "--workspaces", "--if-present"]))?;
    if is_check {
        build(&drafts())?;
        return compare();
    }
    build(&committed())?;
    for file in files(&committed())? {
        let bytes = std::fs::metadata(&file).doing(format_args!("cannot see {}", file.display()))?.len();
        println!("  {:<12} {bytes:>7} bytes", file.file_name().unwrap_or_default().display());
    }
    Ok(())
}

/// The step of `cargo xtask test`.
pub(crate) fn check() -> Outcome<Said> {
    if let Some(reason) = missing() {
        return Ok(Said::Skipped(reason));
    }
    if let Said::Skipped(reason) = install()? {
        return Ok(Said::Skipped(reason));
    }
    shell::exec(npm().args(["run", "typecheck", "--workspaces", "--if-present"]))?;
    build(&drafts())?;
    compare()?;
    // Nobody cannot write below the project, so that what the tests need is built before.
    shell::exec(npm().args(["run", "build:test", "--workspaces", "--if-present"]))?;
    let home = TestHome::new()?;
    let mut command = home.command(&npm_path().ok_or_else(|| Failure::new("npm is gone"))?)?;
    command.current_dir(clients()).args(["test", "--workspaces", "--if-present", "--ignore-scripts"]);
    command.env("OSTLER_BIN_DIR", shell::target_dir().join(Profile::Debug.folder()));
    command.env("OSTLER_SCREENSHOTS", home.scratch().join("pictures"));
    command.env("NO_COLOR", "1").env("NPM_CONFIG_UPDATE_NOTIFIER", "false");
    let (lines, is_success) = shell::exec_keeping(&mut command, is_count)?;
    keep(&home.scratch().join("pictures"))?;
    let sum = |word: &str| -> u64 { lines.iter().filter_map(|line| count(line, word)).sum() };
    let counts = format!("{} tests passed, {} failed, {}", sum("pass"), sum("fail"), home.who());
    if is_success { Ok(Said::Passed(counts)) } else { Err(Failure::new(counts)) }
}

/// What is in the way of npm, if anything is.
fn missing() -> Option<String> {
    if npm_path().is_none() {
        return Some("`npm` is not installed".to_owned());
    }
    let said = shell::output(Command::new("node").arg("--version")).ok();
    let version = said.as_deref().and_then(major);
    match version {
        Some(version) if version >= NODE_MIN => None,
        Some(version) => Some(format!("Node.js is version {version}, and {NODE_MIN} is needed")),
        None => Some("`node` is not installed".to_owned()),
    }
}

/// `v20.20.2` → 20.
fn major(said: &str) -> Option<u32> {
    said.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Installs what the clients need, exactly as it is locked.
fn install() -> Outcome<Said> {
    let mut command = npm();
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]);
    let is_offline = |line: &str| OFFLINE.iter().any(|code| line.contains(code));
    let (said, is_success) = shell::exec_keeping(&mut command, is_offline)?;
    match (is_success, said.is_empty()) {
        (true, _) => Ok(Said::Passed(String::new())),
        (false, false) => Ok(Said::Skipped("npm reaches no registry".to_owned())),
        (false, true) => Err(Failure::new("npm cannot install what the clients need")
            .next("cd clients && npm install, then look at package-lock.json")),
    }
}

fn build(to: &Path) -> Outcome {
    shell::exec(npm().args(["run", "build", "--workspace", "web", "--", "--out"]).arg(to))
}

/// Fails unless what was built is, byte for byte, what is committed.
fn compare() -> Outcome {
    let (built, kept) = (drafts(), committed());
    let named = |dir: &Path| -> Outcome<Vec<PathBuf>> {
        let found = files(dir)?;
        Ok(found.iter().map(|file| file.strip_prefix(dir).unwrap_or(file).to_owned()).collect())
    };
    let mut names = named(&built)?;
    names.extend(named(&kept)?);
    names.sort();
    names.dedup();
    let differs = |name: &&PathBuf| {
        let read = |dir: &Path| std::fs::read(dir.join(name)).ok();
        read(&built) != read(&kept)
    };
    let wrong: Vec<String> = names.iter().filter(differs).map(|name| name.display().to_string()).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("resources/dashboard is not what clients/web builds: {}", wrong.join(", ")))
        .next("cargo xtask web"))
}

/// Keeps the pictures that the tests took.
fn keep(from: &Path) -> Outcome {
    let to = shell::target_dir().join("screenshots/web");
    for file in files(from)? {
        std::fs::create_dir_all(&to).doing(format_args!("cannot create {}", to.display()))?;
        std::fs::copy(&file, to.join(file.file_name().unwrap_or_default())).doing("cannot keep a picture")?;
    }
    Ok(())
}

/// The files of a folder without folders; none if there is no folder.
fn files(dir: &Path) -> Outcome<Vec<PathBuf>> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries {
        found.push(entry.doing(format_args!("cannot list {}", dir.display()))?.path());
    }
    found.sort();
    Ok(found)
}

fn is_count(line: &str) -> bool {
    ["pass", "fail"].iter().any(|word| count(line, word).is_some())
}

/// `# pass 12`, or with another mark before it.
fn count(line: &str, word: &str) -> Option<u64> {
    let mut words = line.split_whitespace();
    let (_, said, number) = (words.next()?, words.next()?, words.next()?);
    (said == word && words.next().is_none()).then(|| number.parse().ok()).flatten()
}

fn npm() -> Command {
    let mut command = Command::new(npm_path().unwrap_or_else(|| "npm".into()));
    command.current_dir(clients());
    command
}

fn npm_path() -> Option<PathBuf> {
    shell::which("npm", &[])
}

fn clients() -> PathBuf {
    shell::root().join("clients")
}

fn committed() -> PathBuf {
    shell::root().join("resources/dashboard")
}

fn drafts() -> PathBuf {
    clients().join("web/.built/page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_counts_are_understood() {
        assert_eq!((major("v20.20.2\n"), major("v8.1"), major("20")), (Some(20), Some(8), None));
        assert_eq!((count("# pass 12", "pass"), count("ℹ fail 0", "fail")), (Some(12), Some(0)));
        assert_eq!((count("# pass 12 of 13", "pass"), count("pass 12", "pass")), (None, None));
    }
}
