//! Starting other programs: what is started is shown, and what fails is named.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Doing, Failure, Outcome};

/// Lines of a command that may wait to be passed on.
const LINES_MAX: usize = 1024;

/// How often a silent command is looked at, and how long one that has ended may have more to say, because somebody whom
/// it left behind still holds its output.
const LOOK: Duration = Duration::from_millis(500);
const LAST_LINES: Duration = Duration::from_secs(2);

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

/// Shows and runs a command, passes its output on and returns the lines that `keep` likes, and whether it succeeded.
pub(crate) fn exec_keeping(
    command: &mut Command,
    keep: impl Fn(&str) -> bool,
) -> Outcome<(Vec<String>, bool)> {
    exec_until(None, command, keep).map(|(lines, end)| (lines, end == End::Good))
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It succeeded.
    Good,
    /// It failed.
    Bad,
    /// It took too long and was killed, with all that it had started.
    Late,
}

/// The same for a command that is killed, with all that it has started, when it takes longer than `limit`.
pub(crate) fn exec_within(
    limit: Duration,
    command: &mut Command,
    keep: impl Fn(&str) -> bool,
) -> Outcome<(Vec<String>, End)> {
    // A group of its own, by which all of it is found.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    exec_until(Some(limit), command, keep)
}

fn exec_until(
    limit: Option<Duration>,
    command: &mut Command,
    keep: impl Fn(&str) -> bool,
) -> Outcome<(Vec<String>, End)> {
    let text = line(command);
    println!("$ {text}");
    let (reader, writer) = std::io::pipe().doing("cannot make a pipe")?;
    let errors = writer.try_clone().doing("cannot make a pipe")?;
    command.stdout(Stdio::from(writer)).stderr(Stdio::from(errors));
    let mut child = command.spawn().doing(format_args!("cannot start `{text}`"))?;
    // The command holds our ends of the pipe; without this the reader would wait for ourselves.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (is_over, over) = mpsc::channel::<()>();
    let pid = child.id();
    let watch = limit.map(|limit| {
        thread::spawn(move || {
            let is_late = over.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
            if is_late {
                kill_tree(pid);
            }
            is_late
        })
    });
    let (say, said) = mpsc::sync_channel(LINES_MAX);
    thread::spawn(move || read_lines(BufReader::new(reader), &say));
    let mut kept = Vec::new();
    let mut is_over = Some(is_over);
    let mut ended = None;
    // Whoever it left behind may hold the pipe for ever, and say something, so its end ends the reading.
    let status = loop {
        match said.recv_timeout(LOOK) {
            Ok(bytes) => pass_on(&bytes, &keep, &mut kept)?,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                break child.wait().doing(format_args!("cannot wait for `{text}`"))?;
            }
        }
        if ended.is_none() {
            let status = child.try_wait().doing(format_args!("cannot wait for `{text}`"))?;
            ended = status.map(|status| (status, Instant::now()));
        }
        if let Some((status, at)) = ended {
            // Its number may be another's from now on.
            is_over = None;
            if at.elapsed() >= LAST_LINES {
                break status;
            }
        }
    };
    drop(is_over);
    let is_late = watch.is_some_and(|watch| watch.join().unwrap_or_default());
    let end = match (is_late, status.success()) {
        (true, _) => End::Late,
        (false, true) => End::Good,
        (false, false) => End::Bad,
    };
    Ok((kept, end))
}

/// Reads lines until the end, or until nobody wants them.
fn read_lines(mut reader: impl BufRead, say: &mpsc::SyncSender<Vec<u8>>) {
    loop {
        let mut bytes = Vec::new();
        match reader.read_until(b'\n', &mut bytes) {
            Ok(length) if length > 0 => {}
            Ok(_) | Err(_) => return,
        }
        if say.send(bytes).is_err() {
            return;
        }
    }
}

/// Passes a line on, and keeps it if `keep` likes it.
fn pass_on(bytes: &[u8], keep: &impl Fn(&str) -> bool, kept: &mut Vec<String>) -> Outcome {
    std::io::stdout().write_all(bytes).doing("cannot write to the terminal")?;
    let text = plain(&String::from_utf8_lossy(bytes));
    if keep(text.trim()) {
        kept.push(text.trim().to_owned());
    }
    Ok(())
}

/// Kills a process that [`exec_within`] started, with what it has started.
fn kill_tree(pid: u32) {
    let mut kill = if cfg!(windows) {
        let mut kill = Command::new("taskkill");
        kill.args(["/F", "/T", "/PID"]).arg(pid.to_string());
        kill
    } else {
        let mut kill = Command::new("kill");
        kill.args(["-KILL", "--"]).arg(format!("-{pid}"));
        kill
    };
    // Who has ended meanwhile needs no killing.
    let _ = kill.stdout(Stdio::null()).stderr(Stdio::null()).status();
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
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_command_is_shown_as_one_could_type_it() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["build", "it's here"]).env("RUSTFLAGS", "-C relocation-model=static");
        assert_eq!(line(&command), r"RUSTFLAGS='-C relocation-model=static' cargo build 'it'\''s here'");
    }

    #[cfg(unix)]
    #[test]
    fn what_takes_too_long_is_killed_with_all_that_it_started() {
        let limit = Duration::from_millis(300);
        let mut late = Command::new("sh");
        // Both hold the pipe, so its end is the end of both.
        late.args(["-c", "echo begun; sleep 1000 & sleep 1000"]);
        let (lines, end) = exec_within(limit, &mut late, |_| true).unwrap();
        assert_eq!((lines, end), (vec!["begun".to_owned()], End::Late));
        let mut leaves = Command::new("sh");
        leaves.args(["-c", "echo begun; sleep 20 & exit 0"]);
        let began = Instant::now();
        assert_eq!(exec_within(Duration::from_secs(60), &mut leaves, |_| false).unwrap().1, End::Good);
        assert!(began.elapsed() < Duration::from_secs(19), "nobody waits for what is left behind");
        let end = |text| {
            exec_within(Duration::from_secs(60), Command::new("sh").args(["-c", text]), |_| true).unwrap().1
        };
        assert_eq!((end("exit 0"), end("exit 3")), (End::Good, End::Bad));
    }

    #[test]
    fn colours_are_taken_out_before_a_line_is_judged() {
        assert_eq!(plain("\u{1b}[32;1m Summary\u{1b}[0m [1.0s]"), " Summary [1.0s]");
    }
}
