//! `cargo xtask build`: what is installed, side by side in one folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Args;
use crate::failure::{Doing, Failure, Outcome};
use crate::{as_user, packages, shell};

const HELP: &str = "\
Usage: cargo xtask build [--debug] [--no-tray]

Builds ostler-tray, ostler and ostler-keeper and copies them to target/dist (target/dist-debug). The keeper is
linked statically and at a fixed address where the system can, because one runs for each service.

  --debug     unoptimised
  --no-tray   only what needs no Qt";

/// How to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Optimised, for use and for measurements.
    Release,
    /// Quick to compile.
    Debug,
}

impl Profile {
    /// The folder below the target directory.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Debug => "debug",
        }
    }

    fn dist(self) -> &'static str {
        match self {
            Self::Release => "dist",
            Self::Debug => "dist-debug",
        }
    }

    /// The options of `cargo build`.
    pub(crate) fn options(self) -> &'static [&'static str] {
        match self {
            Self::Release => &["--release"],
            Self::Debug => &[],
        }
    }
}

/// Whether the desktop app is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    /// All three programs.
    All,
    /// The daemon and the keeper.
    WithoutTray,
}

/// `cargo xtask build`.
pub(crate) fn build(mut args: Args) -> Outcome {
    if args.help(HELP) {
        return Ok(());
    }
    let profile = if args.flag("--debug") { Profile::Debug } else { Profile::Release };
    let parts = if args.flag("--no-tray") { Parts::WithoutTray } else { Parts::All };
    args.end()?;
    if parts == Parts::All {
        packages::ensure(&[packages::Purpose::Build])?;
    }
    let dist = assemble(profile, parts)?;
    println!("\nBuilt {}:", dist.display());
    for name in names(parts) {
        let file = program(&dist, name);
        let size = std::fs::metadata(&file).doing(format_args!("cannot see {}", file.display()))?.len();
        println!("  {name:<14} {:>8.1} MiB", size as f64 / (1 << 20) as f64);
    }
    Ok(())
}

/// Builds everything and returns the folder where it stands side by side.
pub(crate) fn assemble(profile: Profile, parts: Parts) -> Outcome<PathBuf> {
    let mut build = shell::cargo(&["build"]);
    build.args(profile.options());
    if parts == Parts::WithoutTray {
        build.args(["--package", "ostler-cli", "--package", "ostler-keeper"]);
    }
    shell::exec(&mut build)?;
    let built = shell::target_dir().join(profile.folder());
    let dist = shell::target_dir().join(profile.dist());
    std::fs::create_dir_all(&dist).doing(format_args!("cannot create {}", dist.display()))?;
    for name in names(parts) {
        place(&program(&built, name), &dist)?;
    }
    match static_keeper(profile) {
        Ok(Some(keeper)) => place(&keeper, &dist)?,
        Ok(None) => println!("The keeper is linked dynamically: static linking is for Linux only."),
        Err(failure) => {
            println!("The keeper is linked dynamically, and each one needs some 60 KiB more.\n{failure}");
        }
    }
    refuse_qt(&program(&dist, "ostler"))?;
    refuse_qt(&program(&dist, "ostler-keeper"))?;
    Ok(dist)
}

/// The path of a program in a folder.
pub(crate) fn program(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn names(parts: Parts) -> &'static [&'static str] {
    match parts {
        Parts::All => &["ostler-tray", "ostler", "ostler-keeper"],
        Parts::WithoutTray => &["ostler", "ostler-keeper"],
    }
}

/// Builds the small keeper: no dynamic linker, no relocations, and so fewer private pages per service.
fn static_keeper(profile: Profile) -> Outcome<Option<PathBuf>> {
    let host = as_user::host()?;
    if !host.contains("-linux-") {
        return Ok(None);
    }
    let target_dir = shell::target_dir().join("keeper");
    let mut build = shell::cargo(&["build", "--package", "ostler-keeper", "--bin", "ostler-keeper"]);
    // An explicit target keeps the flags away from build scripts and procedural macros, a folder of its own
    // keeps everything else from being built again.
    build.args(profile.options()).args(["--target", &host]).arg("--target-dir").arg(&target_dir);
    build.env("RUSTFLAGS", "-C target-feature=+crt-static -C relocation-model=static");
    shell::exec(&mut build)?;
    Ok(Some(program(&target_dir.join(host).join(profile.folder()), "ostler-keeper")))
}

/// Copies by rename, so that a running program is not written to.
fn place(file: &Path, dist: &Path) -> Outcome {
    let name = file.file_name().ok_or_else(|| Failure::new("a program without a name"))?;
    let fresh = dist.join(format!(".{}.new", name.display()));
    std::fs::copy(file, &fresh).doing(format_args!("cannot copy {}", file.display()))?;
    std::fs::rename(&fresh, dist.join(name)).doing(format_args!("cannot place {}", name.display()))
}

/// Insists that a program needs no Qt.
pub(crate) fn refuse_qt(program: &Path) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    // A static program is "not a dynamic executable", which ldd calls a failure.
    let said = Command::new("ldd").arg(program).output().doing("cannot start `ldd`")?;
    let said = String::from_utf8_lossy(&said.stdout);
    match said.lines().find(|line| line.contains("libQt")) {
        Some(line) => Err(Failure::new(format!("{} needs Qt: {}", program.display(), line.trim()))
            .next("find the dependency with `cargo tree -p ostler-cli -i cxx-qt`")),
        None => Ok(()),
    }
}
