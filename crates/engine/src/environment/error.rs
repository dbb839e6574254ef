//! Why a run cannot be launched.

use std::path::PathBuf;

use ostler_core::{ServiceName, SpawnFailure};

use super::DotenvError;

/// Why a run cannot be launched.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The program is nowhere in `PATH`, or not where it should be.
    #[error("no program {program:?} in {searched}")]
    NotFound {
        /// What was looked for.
        program: String,
        /// Where: the `PATH`, or the directory.
        searched: String,
    },
    /// The program is there, but cannot be executed.
    #[error("{program:?} cannot be executed: {reason}")]
    NotExecutable {
        /// Which.
        program: String,
        /// In words.
        reason: String,
    },
    /// The working directory is missing or cannot be entered.
    #[error("working directory {}: {reason}", path.display())]
    WorkingDirectory {
        /// Which.
        path: PathBuf,
        /// In words.
        reason: String,
    },
    /// An env file cannot be read.
    #[error("env file {} cannot be read: {source}", path.display())]
    EnvFile {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// An env file is too long, or no file.
    #[error("env file {} is {what}", path.display())]
    EnvFileKind {
        /// Which.
        path: PathBuf,
        /// `no file`, or `longer than …`.
        what: &'static str,
    },
    /// An env file has a mistake.
    #[error("env file {}, {source}", path.display())]
    EnvFileSyntax {
        /// Which.
        path: PathBuf,
        /// What and where.
        #[source]
        source: DotenvError,
    },
    /// `${port:NAME}` names no port of this service.
    #[error("${{port:{name}}} is used, but the service has no port {name:?}")]
    NoSuchPort {
        /// Which.
        name: String,
    },
    /// `${port}` is used, and there is no port.
    #[error("${{port}} is used, but the service has no ports")]
    NoPort,
    /// `${service:NAME:port}` names a service without a port.
    #[error("${{service:{service}:port}} is used, but service {service} has no port")]
    NoServicePort {
        /// Which.
        service: ServiceName,
    },
    /// `${events_url}` is used, and there is no event stream.
    #[error("${{events_url}} is used, but the event stream is not available")]
    NoEventsUrl,
    /// A name or text that no program can be given.
    #[error("{place} contains a zero byte")]
    ZeroByte {
        /// `argument 2`, or the variable's name.
        place: String,
    },
}

impl From<EnvironmentError> for SpawnFailure {
    fn from(error: EnvironmentError) -> Self {
        match error {
            EnvironmentError::NotFound { program, searched: _ } => Self::NotFound { program },
            EnvironmentError::NotExecutable { program, reason } => Self::NotExecutable { program, reason },
            EnvironmentError::WorkingDirectory { path, reason } => {
                Self::WorkingDirectory { path: path.display().to_string(), reason }
            }
            EnvironmentError::EnvFile { .. }
            | EnvironmentError::EnvFileKind { .. }
            | EnvironmentError::EnvFileSyntax { .. }
            | EnvironmentError::NoSuchPort { .. }
            | EnvironmentError::NoPort
            | EnvironmentError::NoServicePort { .. }
            | EnvironmentError::NoEventsUrl
            | EnvironmentError::ZeroByte { .. } => Self::Environment { reason: error.to_string() },
        }
    }
}
