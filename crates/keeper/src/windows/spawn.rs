//! From an order to a running process in its job, with its streams.

use super::limits;
use super::output::Output;
use ostler_keeper::os::windows::port::{Pipe, Port};
use ostler_keeper::protocol::{SpawnOrder, SpawnStep, Stdio};
use ostler_windows::job::{Job, Limits};
use ostler_windows::launch::{self, Console, Launch, LaunchError, Started};
use ostler_windows::pipe::{self, Direction, Use};
use std::io;

/// The system's number for a parameter that is not correct.
const ERROR_INVALID_PARAMETER: i32 = 87;
/// The system's number for "not supported".
const ERROR_NOT_SUPPORTED: i32 = 50;

/// Why a run could not be started.
#[derive(Debug)]
pub(super) struct SpawnError {
    pub(super) step: SpawnStep,
    pub(super) errno: i32,
    /// The reason as a lower-case fragment.
    pub(super) text: String,
}

/// A run that was started.
pub(super) struct Spawned {
    pub(super) started: Started,
    pub(super) job: Job,
    pub(super) limits: Limits,
    /// What of the order could not be followed, by the names in the configuration.
    pub(super) passed_over: Vec<String>,
    pub(super) output: Output,
}

/// Starts the run; its job says at the port, with `keys.job`, who comes and goes.
///
/// The processes may have `memory_max` bytes together.
pub(super) fn spawn(
    order: &SpawnOrder,
    memory_max: Option<u64>,
    port: &Port,
    keys: Keys,
) -> Result<Spawned, SpawnError> {
    if order.argv.is_empty() {
        return Err(unusable("the command is empty".to_owned()));
    }
    refuse_what_is_missing(order)?;
    let streams = |error: io::Error| failed(SpawnStep::Stdio, "the standard streams cannot be made", &error);
    let (stdin, theirs_in) = pipe::pair(Direction::Out, Use::Inherited).map_err(streams)?;
    let (stdout, theirs_out) = pipe::pair(Direction::In, Use::Inherited).map_err(streams)?;
    let (stderr, theirs_err) = pipe::pair(Direction::In, Use::Inherited).map_err(streams)?;
    let own = |handle, key| Pipe::new(port, handle, key).map_err(streams);
    let (stdin, stdout) = (own(stdin, keys.stdin)?, own(stdout, keys.stdout)?);
    let stderr = own(stderr, keys.stderr)?;
    let (mut limits, passed_over) = limits::limits_of(order);
    limits.memory = memory_max;
    let job = Job::new().and_then(|job| {
        job.report_to(std::os::windows::io::AsRawHandle::as_raw_handle(port), keys.job).map(|()| job)
    });
    let job = job.map_err(|error| failed(SpawnStep::Session, "the job cannot be made", &error))?;
    job.limit(&limits)
        .map_err(|error| failed(SpawnStep::ResourceLimit, "the limits cannot be set", &error))?;
    let prepared = Launch {
        program: &order.program,
        argv: &order.argv,
        env: &order.env,
        cwd: &order.cwd,
        streams: [theirs_in, theirs_out, theirs_err],
        console: Console::Ours,
        nice: order.nice,
    };
    let started = launch::launch(&prepared, &job).map_err(|error| explain(error, order))?;
    Ok(Spawned { started, job, limits, passed_over, output: Output::log(stdin, stdout, stderr) })
}

/// What the packets of a run bear.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    pub(super) job: usize,
    pub(super) stdin: usize,
    pub(super) stdout: usize,
    pub(super) stderr: usize,
}

fn refuse_what_is_missing(order: &SpawnOrder) -> Result<(), SpawnError> {
    let refuse =
        |step, text: &str| Err(SpawnError { step, errno: ERROR_NOT_SUPPORTED, text: text.to_owned() });
    match order.stdio {
        Stdio::Pty { .. } => refuse(
            SpawnStep::Stdio,
            "stdio = \"pty\" is not available on Windows: leave it out, or write stdio = \"log\", if the program needs no terminal",
        ),
        Stdio::Stream => refuse(
            SpawnStep::Stdio,
            "stdio = \"stream\" is not available on Windows: leave it out, or write stdio = \"log\", if nobody speaks with the program over its streams",
        ),
        Stdio::Log if order.uid.is_some() || order.gid.is_some() => refuse(
            SpawnStep::Uid,
            "user and run_as_group are not available on Windows: leave them out, and the service runs as you",
        ),
        Stdio::Log => Ok(()),
    }
}

fn unusable(text: String) -> SpawnError {
    SpawnError { step: SpawnStep::Order, errno: ERROR_INVALID_PARAMETER, text }
}

fn failed(step: SpawnStep, what: &str, error: &io::Error) -> SpawnError {
    SpawnError { step, errno: error.raw_os_error().unwrap_or(0), text: format!("{what}: {}", plain(error)) }
}

/// Says why a program could not be executed: what is missing, and of whom.
fn explain(error: LaunchError, order: &SpawnOrder) -> SpawnError {
    /// A directory name that is not valid, and a program that is none.
    const ERROR_DIRECTORY: i32 = 267;
    const ERROR_BAD_EXE_FORMAT: i32 = 193;
    const ERROR_ELEVATION_REQUIRED: i32 = 740;
    let error = match error {
        LaunchError::Order(text) => return unusable(text),
        LaunchError::System(error) => error,
    };
    let errno = error.raw_os_error().unwrap_or(0);
    let (program, cwd) = (order.program.display(), order.cwd.display());
    let (step, text) = match errno {
        _ if !order.cwd.is_dir() => {
            (SpawnStep::WorkingDirectory, format!("working directory {cwd}: {}", plain(&error)))
        }
        ERROR_DIRECTORY => {
            (SpawnStep::WorkingDirectory, format!("working directory {cwd}: {}", plain(&error)))
        }
        _ if !order.program.exists() => (SpawnStep::ProgramNotFound, format!("program {program} not found")),
        ERROR_BAD_EXE_FORMAT => (SpawnStep::NotExecutable, format!("{program} is no program of this system")),
        ERROR_ELEVATION_REQUIRED => {
            (SpawnStep::NotExecutable, format!("{program} asks for the rights of an administrator"))
        }
        _ => (SpawnStep::Exec, format!("program {program} cannot be executed: {}", plain(&error))),
    };
    SpawnError { step, errno, text }
}

/// The system's reason as a lower-case fragment.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().trim_end_matches(['.', '\r', '\n']).to_lowercase()
}
