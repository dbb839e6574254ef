//! From an order to a running process, with its streams.

use super::output::Output;
use super::pty;
use super::sys::{self, Launch, LaunchError, Parentage};
use ostler_keeper::protocol::{SpawnOrder, SpawnStep, Stdio};
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Why a run could not be started.
pub(super) struct SpawnError {
    pub(super) step: SpawnStep,
    pub(super) errno: i32,
    pub(super) text: String,
}

/// The streams of a new process: what it gets, and what the keeper keeps.
struct Streams {
    stdin: OwnedFd,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    output: Output,
}

/// Starts the run; gives its process id and its output.
pub(super) fn spawn(order: &SpawnOrder, cgroup: Option<&Path>) -> Result<(u32, Output), SpawnError> {
    let unusable = |what: &str| SpawnError {
        step: SpawnStep::Order,
        errno: libc::EINVAL,
        text: format!("{what} contains a zero byte"),
    };
    let c_text = |text: &OsStr, what: &str| sys::c_string(text.as_bytes()).ok_or_else(|| unusable(what));
    let c_list = |texts: &[OsString], what: &str| {
        texts.iter().map(|text| c_text(text, what)).collect::<Result<Vec<CString>, SpawnError>>()
    };
    if order.argv.is_empty() {
        let text = "the command is empty".to_owned();
        return Err(SpawnError { step: SpawnStep::Order, errno: libc::EINVAL, text });
    }
    let streams = open_streams(order.stdio).map_err(|error| SpawnError {
        step: SpawnStep::Stdio,
        errno: error.raw_os_error().unwrap_or(0),
        text: format!("the standard streams cannot be made: {}", plain(&error)),
    })?;
    let launch = Launch {
        program: c_text(order.program.as_os_str(), "the program's path")?,
        argv: c_list(&order.argv, "an argument")?,
        env: c_list(&order.env, "an environment variable")?,
        cwd: c_text(order.cwd.as_os_str(), "the working directory")?,
        stdin: streams.stdin,
        stdout: streams.stdout,
        stderr: streams.stderr,
        is_terminal: matches!(order.stdio, Stdio::Pty { .. }),
        cgroup: cgroup.map(open_cgroup).transpose()?,
        umask: order.umask,
        nice: order.nice,
        rlimits: order.rlimits.clone(),
        uid: order.uid,
        gid: order.gid,
        parentage: Parentage::Own,
    };
    match sys::launch(&launch) {
        Ok(pid) => Ok((pid, streams.output)),
        Err(error) => Err(explain(&error, order)),
    }
}

/// Starts an engine that belongs to nobody here.
pub(super) fn revive(argv: &[OsString], env: &[OsString]) -> io::Result<()> {
    let texts = |list: &[OsString]| {
        list.iter().map(|text| sys::c_string(text.as_bytes())).collect::<Option<Vec<CString>>>()
    };
    let unusable = || io::Error::from(io::ErrorKind::InvalidInput);
    let argv = texts(argv).ok_or_else(unusable)?;
    let launch = Launch {
        program: argv.first().ok_or_else(unusable)?.clone(),
        argv,
        env: texts(env).ok_or_else(unusable)?,
        cwd: CString::from(c"/"),
        stdin: sys::open_null()?,
        stdout: None,
        stderr: None,
        is_terminal: false,
        cgroup: None,
        umask: None,
        nice: None,
        rlimits: Vec::new(),
        uid: None,
        gid: None,
        parentage: Parentage::Sibling,
    };
    sys::launch(&launch).map(|_| ()).map_err(|error| io::Error::from_raw_os_error(error.errno))
}

fn open_streams(stdio: Stdio) -> io::Result<Streams> {
    match stdio {
        Stdio::Log => {
            let (stdout_ours, stdout) = io::pipe()?;
            let (stderr_ours, stderr) = io::pipe()?;
            Ok(Streams {
                stdin: sys::open_null()?,
                stdout: Some(stdout.into()),
                stderr: Some(stderr.into()),
                output: Output::log(stdout_ours.into(), stderr_ours.into())?,
            })
        }
        Stdio::Pty { rows, cols } => {
            let (ours, theirs) = pty::open(rows, cols)?;
            Ok(Streams { stdin: theirs, stdout: None, stderr: None, output: Output::pty(ours)? })
        }
        Stdio::Stream => {
            let (stdin, stdin_ours) = io::pipe()?;
            let (stdout_ours, stdout) = io::pipe()?;
            let (stderr_ours, stderr) = io::pipe()?;
            Ok(Streams {
                stdin: stdin.into(),
                stdout: Some(stdout.into()),
                stderr: Some(stderr.into()),
                output: Output::stream(stdin_ours.into(), stdout_ours.into(), stderr_ours.into())?,
            })
        }
    }
}

fn open_cgroup(dir: &Path) -> Result<OwnedFd, SpawnError> {
    let file = File::options().write(true).open(dir.join("cgroup.procs"));
    file.map(OwnedFd::from).map_err(|error| SpawnError {
        step: SpawnStep::Cgroup,
        errno: error.raw_os_error().unwrap_or(0),
        text: format!("cgroup {} cannot be entered: {}", dir.display(), plain(&error)),
    })
}

fn explain(error: &LaunchError, order: &SpawnOrder) -> SpawnError {
    let reason = plain(&io::Error::from_raw_os_error(error.errno));
    let program = order.program.display();
    let (step, text) = match error.step {
        SpawnStep::Exec => return explain_exec(error.errno, &order.program),
        SpawnStep::WorkingDirectory => {
            (error.step, format!("working directory {}: {reason}", order.cwd.display()))
        }
        SpawnStep::Uid => (error.step, format!("cannot become user {}: {reason}", order.uid.unwrap_or(0))),
        SpawnStep::Gid => (error.step, format!("cannot become group {}: {reason}", order.gid.unwrap_or(0))),
        SpawnStep::Nice => (error.step, format!("niceness {}: {reason}", order.nice.unwrap_or(0))),
        SpawnStep::ResourceLimit => (error.step, format!("a resource limit cannot be set: {reason}")),
        SpawnStep::Cgroup => (error.step, format!("the cgroup cannot be entered: {reason}")),
        SpawnStep::Order
        | SpawnStep::Stdio
        | SpawnStep::Fork
        | SpawnStep::Session
        | SpawnStep::ProgramNotFound
        | SpawnStep::InterpreterNotFound
        | SpawnStep::NotExecutable => (error.step, format!("{program} cannot be started: {reason}")),
    };
    SpawnError { step, errno: error.errno, text }
}

fn explain_exec(errno: i32, program: &Path) -> SpawnError {
    let shown = program.display();
    let (step, text) = match errno {
        libc::ENOENT | libc::ENOTDIR if !program.exists() => {
            (SpawnStep::ProgramNotFound, format!("program {shown} not found"))
        }
        libc::ENOENT => (
            SpawnStep::InterpreterNotFound,
            match script_interpreter(program) {
                Some(name) => format!("interpreter {name} of {shown} not found"),
                None => format!("{shown} needs a loader that is not on this system"),
            },
        ),
        libc::ENOEXEC => (
            SpawnStep::NotExecutable,
            format!("{shown} is neither a program of this system nor a script that begins with #!"),
        ),
        libc::EACCES if program.is_dir() => {
            (SpawnStep::NotExecutable, format!("program {shown} is a directory"))
        }
        libc::EACCES => (SpawnStep::NotExecutable, format!("program {shown} may not be executed")),
        libc::E2BIG => (SpawnStep::Exec, format!("arguments and environment of {shown} are too long")),
        _ => {
            let reason = plain(&io::Error::from_raw_os_error(errno));
            (SpawnStep::Exec, format!("program {shown} cannot be executed: {reason}"))
        }
    };
    SpawnError { step, errno, text }
}

/// The interpreter in the first line of a script.
fn script_interpreter(program: &Path) -> Option<String> {
    let mut beginning = Vec::new();
    File::open(program).ok()?.take(256).read_to_end(&mut beginning).ok()?;
    let line = beginning.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let text = String::from_utf8_lossy(line);
    // A carriage return at the end is the usual reason why an interpreter is not found.
    text.trim_matches([' ', '\t']).split([' ', '\t']).next().map(|name| name.escape_default().to_string())
}

/// The system's reason as a lower-case fragment.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
