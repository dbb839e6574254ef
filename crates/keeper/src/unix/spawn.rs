//! From an order to a running process, with its streams.

use super::output::Output;
use ostler_keeper::os::unix::explain::{SpawnError, explain, plain};
use ostler_keeper::os::unix::launch::{self, Launch, Parentage};
use ostler_keeper::os::unix::pty;
use ostler_keeper::protocol::{SpawnOrder, SpawnStep, Stdio};
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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
    let c_text = |text: &OsStr, what: &str| launch::c_string(text.as_bytes()).ok_or_else(|| unusable(what));
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
    let prepared = Launch {
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
    match launch::launch(&prepared) {
        Ok(pid) => Ok((pid, streams.output)),
        Err(error) => Err(explain(&error, order)),
    }
}

/// Starts an engine that belongs to nobody here.
pub(super) fn revive(argv: &[OsString], env: &[OsString]) -> io::Result<()> {
    let texts = |list: &[OsString]| {
        list.iter().map(|text| launch::c_string(text.as_bytes())).collect::<Option<Vec<CString>>>()
    };
    let unusable = || io::Error::from(io::ErrorKind::InvalidInput);
    let argv = texts(argv).ok_or_else(unusable)?;
    let prepared = Launch {
        program: argv.first().ok_or_else(unusable)?.clone(),
        argv,
        env: texts(env).ok_or_else(unusable)?,
        cwd: CString::from(c"/"),
        stdin: launch::open_null()?,
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
    launch::launch(&prepared).map(|_| ()).map_err(|error| io::Error::from_raw_os_error(error.errno))
}

fn open_streams(stdio: Stdio) -> io::Result<Streams> {
    match stdio {
        Stdio::Log => {
            let (stdin, stdin_ours) = io::pipe()?;
            let (stdout_ours, stdout) = io::pipe()?;
            let (stderr_ours, stderr) = io::pipe()?;
            Ok(Streams {
                stdin: stdin.into(),
                stdout: Some(stdout.into()),
                stderr: Some(stderr.into()),
                output: Output::log(stdin_ours.into(), stdout_ours.into(), stderr_ours.into())?,
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
