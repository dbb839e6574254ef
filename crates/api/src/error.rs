//! Errors: one closed list, one table to HTTP status and exit code.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $text:literal $http:literal $exit:literal;)*) => {
        /// What kind of failure it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
            /// A code that this build does not know.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl ErrorCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* Self::Unknown => "unknown" }
            }

            /// The HTTP status that says the same.
            pub fn http_status(self) -> u16 {
                match self { $(Self::$name => $http,)* Self::Unknown => 500 }
            }

            /// The exit code of the CLI.
            pub fn exit_code(self) -> u8 {
                match self { $(Self::$name => $exit,)* Self::Unknown => 1 }
            }
        }
    };
}

codes! {
    /// No service, instance or group of that name.
    UnknownService "unknown-service" 404 4;
    /// No such method.
    UnknownMethod "unknown-method" 404 2;
    /// No such mode.
    UnknownMode "unknown-mode" 404 4;
    /// A parameter is missing, wrong or unknown.
    InvalidParams "invalid-params" 400 2;
    /// The command queue is full.
    Busy "busy" 503 7;
    /// Local policy does not allow it.
    NotPermitted "not-permitted" 403 5;
    /// No or a wrong token.
    Unauthenticated "unauthenticated" 401 5;
    /// The configuration has mistakes.
    ConfigInvalid "config-invalid" 422 3;
    /// The file was changed by somebody else.
    ConfigConflict "config-conflict" 409 3;
    /// The file cannot be read.
    ConfigUnreadable "config-unreadable" 500 3;
    /// It did not happen in time.
    Timeout "timeout" 504 8;
    /// A port is taken.
    PortInUse "port-in-use" 409 9;
    /// A service could not be started or failed.
    SpawnFailed "spawn-failed" 500 9;
    /// Processes are left after a stop.
    StopIncomplete "stop-incomplete" 500 10;
    /// It runs already.
    AlreadyRunning "already-running" 409 6;
    /// It does not run.
    NotRunning "not-running" 409 6;
    /// This build or this system cannot do it.
    NotAvailable "not-available" 501 11;
    /// Two wishes exclude each other.
    Conflict "conflict" 409 6;
    /// A line, a frame or a value is too large.
    TooLarge "too-large" 413 2;
    /// Too many requests.
    RateLimited "rate-limited" 429 7;
    /// No engine runs.
    NoEngine "no-engine" 503 12;
    /// A defect of Ostler.
    Internal "internal" 500 1;
}

/// What went wrong, and how to mend it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ApiError {
    /// The kind.
    pub code: ErrorCode,
    /// One sentence.
    pub message: String,
    /// The next step, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What it came from, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// For `config-invalid`: all mistakes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<crate::Diagnostic>,
    /// For `invalid-params`: the path of the bad parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// For `config-conflict`: what is on disk now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<crate::ConfigText>>,
}

impl ApiError {
    /// An error without a hint.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            causes: Vec::new(),
            diagnostics: Vec::new(),
            path: None,
            current: None,
        }
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what it came from, from the error and its sources.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}
