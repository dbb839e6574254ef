//! Starting other programs: what is started is shown, and what fails is named.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Doing, Failure, Outcome};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.ancestors().nth(2).expect("the crate stands two folders deep").to_owned()
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Cargo, started in the repository.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    // What `cargo xtask` sets for this program is not meant for the next cargo: build scripts that watch these
    // would run again each time.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command
}

/// The full path of a program on the search path or in `extra`.
pub(crate) fn which(program: &str, extra: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path)
        .chain(extra.iter().map(PathBuf::from))
        .map(|dir| dir.join(&name))
        .find(|file| file.is_file())
}

/// Whether a cargo subcommand is installed.
pub(crate) fn has_cargo(subcommand: &str) -> bool {
    which(&format!("cargo-{subcommand}"), &[]).is_some()
}

/// The command as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    let mut line = String::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            let _ = write!(line, "{}={} ", name.display(), quoted(value));
        }
    }
    let program = Path::new(command.get_program());
    line.push_str(&quoted(program.file_name().unwrap_or(program.as_os_str())));
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&quoted(arg));
    }
    line
}

/// Shows and runs a command; its failure is ours.
pub(crate) fn exec(command: &mut Command) -> Outcome {
    let text = line(command);
    println!("$ {text}");
    let status = command.status().doing(format_args!("cannot start `{text}`"))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{text}` failed ({status})"))) }
}

/// Runs a command in silence and returns its standard output.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let text = line(command);
    let output = command.output().doing(format_args!("cannot start `{text}`"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("`{text}` failed ({}): {}", output.status, said.trim())))
}

/// Shows and runs a command, passes its output on and returns the lines that `keep` likes; `Err` holds them too.
pub(crate) fn exec_keeping(
    command: &mut Command,
    keep: impl Fn(&str) -> bool,
) -> Outcome<(Vec<String>, bool)> {
    let text = line(command);
    println!("$ {text}");
    let (reader, writer) = std::io::pipe().doing("cannot make a pipe")?;
    let errors = writer.try_clone().doing("cannot make a pipe")?;
    command.stdout(Stdio::from(writer)).stderr(Stdio::from(errors));
    let mut child = command.spawn().doing(format_args!("cannot start `{text}`"))?;
    // The command holds our ends of the pipe; without this the reader would wait for ourselves.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut kept = Vec::new();
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).doing("cannot read what it says")? > 0 {
        std::io::stdout().write_all(&bytes).doing("cannot write to the terminal")?;
        let text = plain(&String::from_utf8_lossy(&bytes));
        if keep(text.trim()) {
            kept.push(text.trim().to_owned());
        }
        bytes.clear();
    }
    let status = child.wait().doing(format_args!("cannot wait for `{text}`"))?;
    Ok((kept, status.success()))
}

fn quoted(text: &OsStr) -> String {
    let text = text.to_string_lossy();
    let is_plain = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_./=:,@+%".contains(c));
    if is_plain { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The text without colour codes.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            let _ = chars.by_ref().find(|c| c.is_ascii_alphabetic());
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_could_type_it() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["build", "it's here"]).env("RUSTFLAGS", "-C relocation-model=static");
        assert_eq!(line(&command), r"RUSTFLAGS='-C relocation-model=static' cargo build 'it'\''s here'");
    }

    #[test]
    fn colours_are_taken_out_before_a_line_is_judged() {
        assert_eq!(plain("\u{1b}[32;1m Summary\u{1b}[0m [1.0s]"), " Summary [1.0s]");
    }
}
