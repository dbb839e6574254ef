//! `ostler-keeper --dir DIR --key KEY --instance NAME`: the parent process of one service instance.
//!
//! Started by the engine with one end of a socket pair as standard input; see the library for what it is
//! and what it speaks.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// What the command line says.
struct Arguments {
    /// The private directory of socket, lock and record.
    dir: PathBuf,
    /// The name of these files, without extension.
    key: String,
    /// The instance's name, for people.
    instance: String,
}

const USAGE: &str = "usage: ostler-keeper --dir DIR --key KEY --instance NAME\n\
                     The engine starts keepers; there is nothing to do with one by hand.";

/// The exit code for a wrong command line, as `EX_USAGE` of sysexits.
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    match parse(std::env::args_os().skip(1)) {
        Ok(Some(arguments)) => keep(&arguments),
        Ok(None) => {
            println!("ostler-keeper {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("ostler-keeper: {reason}\n{USAGE}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

#[cfg(unix)]
fn keep(arguments: &Arguments) -> ExitCode {
    unix::keep(arguments)
}

#[cfg(windows)]
fn keep(arguments: &Arguments) -> ExitCode {
    windows::keep(arguments)
}

/// Understands the command line; `None` asks for the version.
fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Option<Arguments>, String> {
    let (mut dir, mut key, mut instance) = (None, None, None);
    let mut rest = arguments;
    while let Some(name) = rest.next() {
        if name == "--version" {
            return Ok(None);
        }
        let mut value = || rest.next().ok_or_else(|| format!("{} needs a value", name.to_string_lossy()));
        match name.to_str() {
            Some("--dir") => dir = Some(PathBuf::from(value()?)),
            Some("--key") => key = Some(value()?.to_string_lossy().into_owned()),
            Some("--instance") => instance = Some(value()?.to_string_lossy().into_owned()),
            _ => return Err(format!("unknown argument {}", name.to_string_lossy())),
        }
    }
    let key: String = key.ok_or("--key is missing")?;
    if key.is_empty() || key.starts_with('.') || key.contains(['/', '\\', '\0']) {
        return Err(format!("{key:?} is no file name"));
    }
    let dir = dir.ok_or("--dir is missing")?;
    Ok(Some(Arguments { dir, instance: instance.unwrap_or_else(|| key.clone()), key }))
}
