//! `cargo xtask fuzz`: the targets of `tests/fuzz` under cargo-fuzz, which needs nightly.

use std::path::PathBuf;
use std::process::Command;

use crate::args::Args;
use crate::failure::{Doing, Failure, Outcome};
use crate::shell;

const HELP: &str = "\
Usage: cargo xtask fuzz [TARGET…] [--minutes N] [--seconds N]

Throws bytes at the parsers that read what strangers send, N minutes at each (10 if not said), and stops at the
first finding. The seeds are in tests/fuzz/seeds; what is found on the way is kept in target/fuzz/corpus.

Targets: wire, request, config, keeper, log, ansi, import, events";

/// Each with what it reads.
const TARGETS: [&str; 8] = ["wire", "request", "config", "keeper", "log", "ansi", "import", "events"];
/// Minutes at each target.
const MINUTES: u64 = 10;
/// The longest that one input may take, in seconds.
const INPUT_SECONDS: u64 = 10;
/// The most memory of a target, in MiB.
const MEMORY_MIB: u64 = 2048;
/// The longest input, in bytes.
const INPUT_BYTES: u64 = 64 * 1024;

/// `cargo xtask fuzz`.
pub(crate) fn fuzz(mut args: Args) -> Outcome {
    if args.help(HELP) {
        return Ok(());
    }
    let number = |text: String| {
        text.parse::<u64>()
            .ok()
            .filter(|&n| n > 0)
            .ok_or_else(|| Failure::new(format!("`{text}` is no time")))
    };
    let minutes = args.value("--minutes")?.map(number).transpose()?;
    let seconds = args.value("--seconds")?.map(number).transpose()?;
    let wanted = args.words()?;
    if let Some(unknown) = wanted.iter().find(|name| !TARGETS.contains(&name.as_str())) {
        return Err(Failure::new(format!("there is no target `{unknown}`")).next(TARGETS.join(", ")));
    }
    let cargo_fuzz = tool()?;
    let seconds = seconds.unwrap_or(minutes.unwrap_or(MINUTES) * 60);
    for target in TARGETS.iter().filter(|&&name| wanted.is_empty() || wanted.iter().any(|one| one == name)) {
        run(&cargo_fuzz, target, seconds)?;
    }
    println!("\nNo finding.");
    Ok(())
}

fn run(cargo_fuzz: &PathBuf, target: &str, seconds: u64) -> Outcome {
    let folder = shell::root().join("tests/fuzz");
    let kept = shell::target_dir().join("fuzz/corpus").join(target);
    let found = shell::target_dir().join("fuzz/artifacts").join(target);
    for folder in [&kept, &found] {
        std::fs::create_dir_all(folder).doing(format_args!("cannot create {}", folder.display()))?;
    }
    let mut command = Command::new(cargo_fuzz);
    command.args(["fuzz", "run", "--fuzz-dir"]).arg(&folder).arg("--target-dir");
    command.arg(shell::target_dir().join("fuzz")).arg(target);
    command.arg(&kept).arg(folder.join("seeds").join(target)).arg("--");
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-timeout={INPUT_SECONDS}"));
    command.arg(format!("-rss_limit_mb={MEMORY_MIB}")).arg(format!("-max_len={INPUT_BYTES}"));
    command.arg(format!("-artifact_prefix={}/", found.display())).arg("-print_final_stats=1");
    command.current_dir(shell::root()).env("RUSTUP_TOOLCHAIN", "nightly").env_remove("CARGO");
    shell::exec(&mut command).map_err(|failure| {
        failure.next(format!("the input is in {}; make it a test by name, then mend it", found.display()))
    })
}

/// cargo-fuzz, or what to type to have it.
fn tool() -> Outcome<PathBuf> {
    let missing = |what: &str, mend: &str| Failure::new(format!("{what} is not installed")).next(mend);
    let has_nightly =
        shell::output(Command::new("rustup").args(["run", "nightly", "rustc", "--version"])).is_ok();
    if !has_nightly {
        return Err(missing("the nightly toolchain", "rustup toolchain install nightly --profile minimal"));
    }
    shell::which("cargo-fuzz", &[]).ok_or_else(|| missing("cargo-fuzz", "cargo install cargo-fuzz --locked"))
}
