//! `cargo xtask run`: from a fresh clone to a window.

use std::process::Command;

use crate::args::Args;
use crate::dist::{self, Parts, Profile};
use crate::failure::Outcome;
use crate::packages::{self, Purpose};
use crate::shell;

const HELP: &str = "\
Usage: cargo xtask run [--debug] [-- ARGS]

Installs the system packages that are missing (or prints the command that does), builds everything, and starts the
desktop app with ARGS. Without a display the daemon runs in the foreground instead.

  --debug   unoptimised; quicker to build";

/// `cargo xtask run`.
pub(crate) fn run(mut args: Args) -> Outcome {
    if args.help(HELP) {
        return Ok(());
    }
    let profile = if args.flag("--debug") { Profile::Debug } else { Profile::Release };
    let rest = args.take_rest();
    args.end()?;
    if has_display() {
        packages::ensure(&[Purpose::Build, Purpose::Run])?;
        let dist = dist::assemble(profile, Parts::All)?;
        return shell::exec(Command::new(dist::program(&dist, "ostler-tray")).args(rest));
    }
    println!("There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open.");
    let dist = dist::assemble(profile, Parts::WithoutTray)?;
    let ostler = dist::program(&dist, "ostler");
    println!("The daemon runs in the foreground instead; Ctrl-C ends it.");
    println!("In another terminal: {} status", ostler.display());
    shell::exec(Command::new(ostler).arg("daemon").args(rest))
}

fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(target_os = "linux")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}
