//! What every verb works with: which engine is meant, and where output goes.

use std::path::{Path, PathBuf};

use jiff::{Timestamp, tz::TimeZone};
use ostler_api::{ApiError, ErrorCode};
use ostler_config::{Paths, PathsError};
use ostler_view::Clock;

use crate::{args::Global, failure::Failure, link::Link, print::Out, reach::Port};

const FOLDER_CONFIG: &str = "ostler.toml";

/// Which engine is meant, and where output goes.
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) out: Out,
}

impl Context {
    pub(crate) fn new(global: Global) -> Self {
        let out = Out::new(global.json);
        Self { global, out }
    }

    /// The home of the engine that is meant.
    pub(crate) fn paths(&self) -> Result<Paths, Failure> {
        Paths::for_config(self.global.config.as_deref()).map_err(|error| home_failure(&error))
    }

    /// The sockets where it may answer.
    pub(crate) fn sockets(&self) -> Result<Vec<PathBuf>, Failure> {
        match &self.global.socket {
            Some(socket) => Ok(vec![socket.clone()]),
            None => Ok(self.paths()?.sockets),
        }
    }

    /// Connects to the engine.
    ///
    /// # Errors
    /// `no-engine` with the command that starts one.
    pub(crate) async fn connect(&self) -> Result<Link, Failure> {
        match self.reach().await? {
            Some(link) => Ok(link),
            None => Err(self.no_engine()),
        }
    }

    /// Says that no engine runs, and how to start one.
    pub(crate) fn no_engine(&self) -> Failure {
        if let Some(socket) = &self.global.socket {
            return Failure::new(
                ErrorCode::NoEngine,
                format!("no engine answers at {}", socket.display()),
                "check --socket and OSTLER_SOCKET, or leave them out",
            );
        }
        let config = self.paths().map(|paths| paths.config).unwrap_or_default();
        let config = crate::print::home_text(&config.to_string_lossy());
        if let Some(Port { host, port }) = self.port_instead() {
            return Failure::new(
                ErrorCode::NoEngine,
                format!(
                    "no engine answers for {config}: `[control] socket = false` closes its socket, and nothing answers \
                     at {host}:{port}"
                ),
                format!(
                    "start it: {}; if it runs at another port, name that: --host and --port, with its token in \
                     OSTLER_TOKEN or --token-file",
                    self.command("up")
                ),
            );
        }
        let message = format!("no engine runs for {config}");
        let hint = match self.folder_engine() {
            Some(_) => format!(
                "start it: {}; the engine of this folder runs: add --config {FOLDER_CONFIG}",
                self.command("up")
            ),
            None => format!("start it: {}", self.command("up")),
        };
        Failure::new(ErrorCode::NoEngine, message, hint)
    }

    /// A command for the same engine as this one, to be typed.
    pub(crate) fn command(&self, verb: &str) -> String {
        match &self.global.config {
            Some(config) if std::env::var_os("OSTLER_CONFIG").as_deref() != Some(config.as_os_str()) => {
                format!("ostler --config {} {verb}", quoted(config))
            }
            Some(_) | None => format!("ostler {verb}"),
        }
    }

    /// The paths of the engine of the `ostler.toml` in this folder, if it is another one than meant and has run.
    fn folder_engine(&self) -> Option<Paths> {
        let file = Path::new(FOLDER_CONFIG);
        let paths = file.is_file().then(|| Paths::for_config(Some(file)).ok()).flatten()?;
        let is_other = self.paths().is_ok_and(|own| own.id != paths.id);
        (is_other && paths.sockets.iter().any(|socket| socket.exists())).then_some(paths)
    }

    /// The present, in the user's time zone.
    pub(crate) fn clock(&self) -> Clock {
        Clock { now: Timestamp::now(), zone: TimeZone::system() }
    }
}

/// Why an engine has no home, for people.
pub(crate) fn home_failure(error: &PathsError) -> Failure {
    let code = match error {
        PathsError::NoHome | PathsError::NoWorkingDirectory(_) | PathsError::SocketTooLong { .. } => {
            ErrorCode::NotAvailable
        }
        PathsError::Create { .. }
        | PathsError::Look { .. }
        | PathsError::NotDirectory { .. }
        | PathsError::Symlink { .. }
        | PathsError::WrongOwner { .. }
        | PathsError::TooOpen { .. }
        | PathsError::Stranger { .. }
        | PathsError::Shared { .. }
        | PathsError::ReadOnly { .. } => ErrorCode::NotPermitted,
    };
    Failure::Api(ApiError::new(code, error.to_string()).hint(error.hint()).caused_by(error))
}

/// A path as a shell needs it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || "/._-+,:@%".contains(c));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
