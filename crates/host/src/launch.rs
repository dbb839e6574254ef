//! Starting a daemon in the background, and its word that it is ready.
//!
//! The daemon says on its standard output, in one line of JSON, that it serves, that another engine does, or why it
//! cannot; then it lets go of it. Who started it needs neither to guess nor to wait for long.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    path::Path,
};

use ostler_api::{ApiError, ErrorCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use crate::os;

const REPORT_BYTES_MAX: u64 = 1024 * 1024;
const DETACHED: &str = "--detached";

/// What became of a daemon that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Launched {
    /// It serves.
    Ready {
        /// Its process.
        pid: Option<u32>,
    },
    /// Another engine serves already.
    Owned {
        /// Its process.
        pid: Option<u32>,
    },
}

/// Starts `ostler daemon` in the background and waits for its word.
///
/// # Errors
/// The program cannot be started, or says why it cannot serve.
pub async fn launch_daemon(
    program: &Path,
    config: Option<&Path>,
    flags: &[OsString],
) -> Result<Launched, ApiError> {
    let mut arguments: Vec<OsString> = Vec::new();
    if let Some(config) = config {
        arguments.extend([OsString::from("--config"), config.into()]);
    }
    arguments.extend(["daemon", DETACHED].map(OsString::from));
    arguments.extend_from_slice(flags);
    let said = os::spawn_aside(program, &arguments).map_err(|error| {
        ApiError::new(ErrorCode::SpawnFailed, format!("cannot start {}: {error}", program.display()))
    })?;
    let mut line = String::new();
    // A daemon that fails before its word leaves an empty line, which is told below.
    let _ = BufReader::new(said.take(REPORT_BYTES_MAX)).read_line(&mut line).await;
    understand(&line)
}

fn understand(line: &str) -> Result<Launched, ApiError> {
    let silent = || {
        ApiError::new(ErrorCode::SpawnFailed, "the daemon ended before it could serve")
            .hint("start it in the foreground to see why: ostler daemon")
    };
    let report: Value = serde_json::from_str(line).map_err(|_| silent())?;
    let pid =
        |value: &Value| value.get("pid").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok());
    if let Some(ready) = report.get("ready") {
        Ok(Launched::Ready { pid: pid(ready) })
    } else if let Some(owned) = report.get("owned") {
        Ok(Launched::Owned { pid: pid(owned) })
    } else {
        let error = report.get("error").cloned().unwrap_or_default();
        Err(serde_json::from_value(error).unwrap_or_else(|_| silent()))
    }
}

/// In the daemon: leaves the terminal.
pub fn leave_terminal() {
    os::detach();
}

/// In the daemon: gives the word and lets go of standard input, output and error.
///
/// # Errors
/// They cannot be let go of.
pub fn report_launch(outcome: &Result<Launched, ApiError>) -> io::Result<()> {
    let report = match outcome {
        Ok(Launched::Ready { pid }) => json!({ "ready": { "pid": pid } }),
        Ok(Launched::Owned { pid }) => json!({ "owned": { "pid": pid } }),
        Err(error) => json!({ "error": error }),
    };
    // Who started us may be gone; that is no reason not to serve.
    let _ = writeln!(io::stdout(), "{report}");
    os::silence_stdio()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_daemon_is_understood() {
        let said = |line: &str| understand(line);
        assert_eq!(said("{\"ready\":{\"pid\":7}}\n"), Ok(Launched::Ready { pid: Some(7) }));
        assert_eq!(said("{\"owned\":{\"pid\":null}}\n"), Ok(Launched::Owned { pid: None }));
        let error = ApiError::new(ErrorCode::ConfigInvalid, "no");
        assert_eq!(said(&format!("{}\n", json!({ "error": error }))), Err(error));
        assert_eq!(said("").map_err(|error| error.code), Err(ErrorCode::SpawnFailed));
    }
}
