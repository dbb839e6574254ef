//! Why a host does not start.

use std::{io, path::PathBuf};

use ostler_api::{ApiError, ErrorCode};
use ostler_config::{PathsError, Rejected, Severity};
use ostler_engine::{LockError, StartError};
use ostler_server::ListenError;

/// Why a host does not start.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The engine's home cannot be used.
    #[error("the engine's home cannot be used")]
    Home(#[source] PathsError),
    /// The lock cannot be used.
    #[error("the engine's lock cannot be used")]
    Lock(#[source] LockError),
    /// The engine that runs was asked to hand over and is still there.
    #[error("the engine that runs{} has not handed over", pid.map_or(String::new(), |pid| format!(" (pid {pid})")))]
    NotHandedOver {
        /// Its process.
        pid: Option<u32>,
    },
    /// The engine that runs does not let us ask it to hand over.
    #[error("the engine that runs does not hand over")]
    HandOverRefused(#[source] Box<ApiError>),
    /// The default configuration cannot be written.
    #[error("cannot write the default configuration {}", path.display())]
    DefaultConfig {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The configuration has mistakes.
    #[error("the configuration cannot be used")]
    Config(Box<Rejected>),
    /// A service that was named is not in the configuration.
    #[error("there is no service {name:?} in {}", path.display())]
    UnknownService {
        /// The name.
        name: String,
        /// The file.
        path: PathBuf,
        /// All names.
        known: Vec<String>,
    },
    /// The keeper program is not where it should be.
    #[error("the program {} is missing", crate::programs::KEEPER)]
    NoKeeper {
        /// Where it was looked for.
        tried: Vec<PathBuf>,
    },
    /// The engine does not start.
    #[error("the engine cannot start")]
    Engine(#[source] StartError),
    /// There is nobody to listen at the control socket.
    #[error("cannot listen on the control socket")]
    Listen(#[source] ListenError),
    /// Signals cannot be received.
    #[error("cannot receive the signals of the system")]
    Signals(#[source] io::Error),
}

impl HostError {
    /// The next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Home(error) => Some(error.hint()),
            Self::NoKeeper { tried } => {
                let places: Vec<String> = tried.iter().map(|path| path.display().to_string()).collect();
                let keeper = crate::programs::KEEPER;
                Some(format!(
                    "build it: cargo build -p {keeper}; or set {} to where it is (looked for {})",
                    crate::KEEPER_VARIABLE,
                    places.join(", ")
                ))
            }
            Self::HandOverRefused(error) => error.hint.clone(),
            Self::NotHandedOver { pid: Some(pid) } => Some(format!("end it yourself: kill {pid}")),
            Self::UnknownService { known, .. } => Some(format!("there are: {}", known.join(", "))),
            Self::DefaultConfig { .. } => Some("write one yourself and name it: --config FILE".to_owned()),
            Self::NotHandedOver { pid: None }
            | Self::Lock(_)
            | Self::Config(_)
            | Self::Engine(_)
            | Self::Listen(_)
            | Self::Signals(_) => None,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Home(
                PathsError::NoHome | PathsError::NoWorkingDirectory(_) | PathsError::SocketTooLong { .. },
            )
            | Self::NoKeeper { .. } => ErrorCode::NotAvailable,
            Self::Home(_) | Self::Lock(_) | Self::Listen(_) | Self::HandOverRefused(_) => {
                ErrorCode::NotPermitted
            }
            Self::NotHandedOver { .. } => ErrorCode::Timeout,
            Self::DefaultConfig { .. } => ErrorCode::ConfigUnreadable,
            Self::Config(rejected) if rejected.is_unreadable() => ErrorCode::ConfigUnreadable,
            Self::Config(_) => ErrorCode::ConfigInvalid,
            Self::UnknownService { .. } => ErrorCode::UnknownService,
            Self::Engine(_) | Self::Signals(_) => ErrorCode::Internal,
        }
    }
}

impl From<&HostError> for ApiError {
    fn from(error: &HostError) -> Self {
        let mut api = Self::new(error.code(), error.to_string());
        api.hint = error.hint();
        if let Some(source) = std::error::Error::source(error) {
            api = api.caused_by(source);
        }
        if let HostError::Config(rejected) = error {
            api.diagnostics = rejected
                .diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.severity == Severity::Error)
                .map(diagnostic)
                .collect();
        }
        api
    }
}

fn diagnostic(diagnostic: &ostler_config::Diagnostic) -> ostler_api::Diagnostic {
    ostler_api::Diagnostic {
        file: diagnostic.file.display().to_string(),
        line: diagnostic.line,
        column: diagnostic.column,
        end_column: diagnostic.end_column,
        path: diagnostic.path.clone(),
        message: diagnostic.message.clone(),
        hint: diagnostic.hint.clone(),
    }
}
