//! Windows: the twin of `unix`, with a job object and a named pipe; not available yet.

use crate::Arguments;
use std::process::ExitCode;

/// Keeps one instance until its work is done.
pub(crate) fn keep(arguments: &Arguments) -> ExitCode {
    eprintln!(
        "ostler-keeper: keeping {} in {} (slot {}) is not available on Windows yet",
        arguments.instance,
        arguments.dir.display(),
        arguments.key
    );
    ExitCode::FAILURE
}
