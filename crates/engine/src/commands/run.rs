//! Running one command to its end, and telling it.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, process::ExitStatus, time::Duration};

use ostler_api::{CommandOutput, CommandReply};

use super::Wanted;
use crate::{
    actor::Time,
    environment::{find_program, why_not_enterable},
    process::{Job, JobOutcome, OutputEnd},
    wire,
};

/// Kept of the beginning of each output of a command, in bytes; of its end see [`crate::process::JOB_TAIL_MAX`].
const OUTPUT_MAX: usize = 16 * 1024;
/// Kept of each output in an event, in characters.
const EVENT_OUTPUT_MAX: usize = 2000;

/// What a command runs in.
#[derive(Clone)]
pub(crate) struct Surroundings {
    /// The variables that it starts from.
    pub env: BTreeMap<String, String>,
    /// Where it runs if it does not say.
    pub working_dir: PathBuf,
}

/// Runs a command. Dropping the future kills its tree.
pub(crate) async fn run(wanted: Wanted, around: Surroundings) -> CommandReply {
    let begun = Time::look().now;
    let (shown, name, limit) = (wanted.shown.clone(), wanted.name.clone(), wanted.timeout);
    let made = tokio::task::spawn_blocking(move || job(wanted, around)).await;
    let result = match made {
        Ok(Ok(job)) => job.run_whole().await.map_err(|error| format!("it cannot be started: {error}")),
        Ok(Err(reason)) => Err(reason),
        Err(error) => Err(error.to_string()),
    };
    let took = Time::look().now.saturating_duration_since(begun);
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let reply = CommandReply { command: shown, name, duration_ms, ..CommandReply::default() };
    match result {
        Ok(outcome) => told(reply, outcome, limit),
        Err(reason) => CommandReply { error: Some(reason), ..reply },
    }
}

/// What became of a command, with the latest of its output.
pub(crate) fn for_event(reply: &CommandReply) -> CommandReply {
    let shortened = |output: &CommandOutput| {
        let excess = output.text.chars().count().saturating_sub(EVENT_OUTPUT_MAX);
        let at = output.text.char_indices().nth(excess).map_or(0, |(at, _)| at);
        CommandOutput { text: output.text[at..].to_owned(), dropped: output.dropped + at as u64 }
    };
    let (stdout, stderr) = (shortened(&reply.stdout), shortened(&reply.stderr));
    CommandReply { stdout, stderr, ..reply.clone() }
}

/// Looks at the file system: the folder must be there, and the program is found once.
fn job(wanted: Wanted, around: Surroundings) -> Result<Job, String> {
    let working_dir = wanted.working_dir.unwrap_or(around.working_dir);
    if let Some(reason) = why_not_enterable(&working_dir) {
        return Err(format!("working directory {}: {reason}", working_dir.display()));
    }
    let mut env = around.env;
    env.extend(wanted.env);
    let (program, arguments) = wanted.argv.split_first().ok_or("there is nothing to run")?;
    let path = env.get("PATH").map(String::as_str);
    let program = find_program(program, path, &working_dir).map_err(|error| error.to_string())?;
    let argv = std::iter::once(program.into_os_string()).chain(arguments.iter().map(OsString::from));
    Ok(Job {
        argv: argv.collect(),
        env: env.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        working_dir: Some(working_dir),
        timeout: wanted.timeout,
        output_max: OUTPUT_MAX,
    })
}

fn told(reply: CommandReply, outcome: JobOutcome, limit: Duration) -> CommandReply {
    let last_line = outcome.last_line().map_or(String::new(), |line| format!(": {line}"));
    let exit_code = outcome.status.and_then(|status| status.code());
    let signal = outcome.status.and_then(signal_of);
    let error = match (outcome.status, exit_code, &signal) {
        (None, _, _) => {
            Some(format!("it did not end within {} and was killed{last_line}", wire::span(limit)))
        }
        (Some(_), Some(0), _) => None,
        (Some(_), Some(code), _) => Some(format!("exit {code}{last_line}")),
        (Some(_), None, Some(signal)) => Some(format!("ended by {signal}{last_line}")),
        (Some(_), None, None) => Some(format!("ended unseen{last_line}")),
    };
    CommandReply {
        ok: error.is_none(),
        exit_code,
        signal,
        timed_out: outcome.status.is_none(),
        stdout: joined(outcome.stdout, outcome.stdout_end),
        stderr: joined(outcome.stderr, outcome.stderr_end),
        left_behind: u32::try_from(outcome.left_behind).unwrap_or(u32::MAX),
        error,
        ..reply
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<String> {
    let number = std::os::unix::process::ExitStatusExt::signal(&status)?;
    Some(ostler_core::Signal(number).name())
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<String> {
    None
}

fn joined(beginning: Vec<u8>, end: OutputEnd) -> CommandOutput {
    let mut bytes = beginning;
    if end.dropped > 0 {
        bytes.extend_from_slice(format!("\n… {} bytes left out …\n", end.dropped).as_bytes());
    }
    bytes.extend_from_slice(&end.bytes);
    CommandOutput { text: String::from_utf8_lossy(&bytes).into_owned(), dropped: end.dropped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted_between_beginning_and_end() {
        let whole = joined(b"a\nb".to_vec(), OutputEnd { bytes: b"\nc".to_vec(), dropped: 0 });
        assert_eq!(whole, CommandOutput { text: "a\nb\nc".to_owned(), dropped: 0 });
        let cut = joined(b"a".to_vec(), OutputEnd { bytes: b"z".to_vec(), dropped: 7 });
        assert_eq!(cut, CommandOutput { text: "a\n… 7 bytes left out …\nz".to_owned(), dropped: 7 });
    }

    #[test]
    fn an_event_has_the_end_of_the_output() {
        let text = "é".repeat(EVENT_OUTPUT_MAX) + "end";
        let stdout = CommandOutput { text, dropped: 1 };
        let short = for_event(&CommandReply { stdout, ..CommandReply::default() }).stdout;
        assert_eq!((short.text.chars().count(), short.dropped), (EVENT_OUTPUT_MAX, 7));
        assert!(short.text.ends_with("end"));
    }
}
