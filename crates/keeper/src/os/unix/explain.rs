//! Why a process could not be started, in words.

use super::launch::LaunchError;
use crate::protocol::{SpawnOrder, SpawnStep};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Why a run could not be started.
#[derive(Debug)]
pub struct SpawnError {
    /// What failed.
    pub step: SpawnStep,
    /// The system's error number.
    pub errno: i32,
    /// The reason as a lower-case fragment.
    pub text: String,
}

/// Says why a run could not be started, as a person would.
pub fn explain(error: &LaunchError, order: &SpawnOrder) -> SpawnError {
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

/// Says why a program could not be executed: what is missing, and of whom.
pub fn explain_exec(errno: i32, program: &Path) -> SpawnError {
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
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
