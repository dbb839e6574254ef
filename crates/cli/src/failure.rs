//! Why a verb did not do what it was asked, and the code it ends with.

use std::io;

use ostler_api::{ApiError, ErrorCode};

/// All went as asked.
pub(crate) const OK: u8 = 0;
/// The code after Ctrl-C, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Why a verb did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The engine or the verb says no.
    Api(ApiError),
    /// Nobody reads our output any more, or it cannot be written.
    Output(io::Error),
}

/// The exit code, or why there is none to choose.
pub(crate) type Outcome = Result<u8, Failure>;

impl Failure {
    /// A refusal with the next step.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Api(ApiError::new(code, message).hint(hint))
    }

    /// What the system says about a file, in one sentence.
    pub(crate) fn file(verb: &str, path: &std::path::Path, error: &io::Error) -> Self {
        let code = if error.kind() == io::ErrorKind::PermissionDenied {
            ErrorCode::NotPermitted
        } else {
            ErrorCode::ConfigUnreadable
        };
        Self::Api(ApiError::new(code, format!("cannot {verb} {}: {error}", path.display())))
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl Failure {
    /// Whether whoever read our output is gone, as `head` when it has seen enough.
    pub(crate) fn is_reader_gone(&self) -> bool {
        // ERROR_PIPE_NOT_CONNECTED, which the standard library has no kind for.
        let is_unconnected = |error: &io::Error| cfg!(windows) && error.raw_os_error() == Some(233);
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe || is_unconnected(error))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
