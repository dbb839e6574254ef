//! What command line and environment say over the file.

use std::path::PathBuf;

use crate::{forms, load::Config, paths::default_path, redact::MASK, secret::Secret, world::World};

/// A value with what gave it: `--port`, `OSTLER_PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override<T> {
    /// The value.
    pub value: T,
    /// The flag or variable.
    pub by: String,
}

/// What command line and environment say over the file; `None` = nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `control.host`.
    pub host: Option<Override<String>>,
    /// `control.port`; switches `control.tcp` on.
    pub port: Option<Override<u16>>,
    /// `http.port`; 0 = none, whatever the file says.
    pub http_port: Option<Override<u16>>,
    /// `supervisor.log_level`.
    pub log_level: Option<Override<String>>,
    /// The token for TCP and HTTP.
    pub token: Option<Override<Secret>>,
    /// The file that the token came from, if a flag named it.
    pub token_file: Option<PathBuf>,
    /// Whether addresses are allowed that other machines can reach.
    pub allow_remote: bool,
}

/// A flag or variable that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{by}: {message}")]
pub struct OverrideError {
    /// The flag or variable.
    pub by: String,
    /// What is wrong with it.
    pub message: String,
}

impl<T> Override<T> {
    /// A value and what gave it.
    pub fn new(value: T, by: impl Into<String>) -> Self {
        Self { value, by: by.into() }
    }
}

impl Overrides {
    /// Reads `OSTLER_HOST`, `OSTLER_PORT`, `OSTLER_HTTP_PORT`, `OSTLER_LOG` and `OSTLER_TOKEN`, with `RUST_LOG` and
    /// `SUPERVISOR_*` as fallbacks. An empty variable counts as not set.
    ///
    /// # Errors
    /// All variables that cannot be used.
    pub fn from_env(world: &dyn World) -> Result<Self, Vec<OverrideError>> {
        let mut errors = Vec::new();
        let overrides = Self {
            host: host(first(world, &["OSTLER_HOST", "SUPERVISOR_HOST"]), &mut errors),
            port: port(first(world, &["OSTLER_PORT", "SUPERVISOR_PORT"]), &mut errors),
            http_port: http_port(first(world, &["OSTLER_HTTP_PORT"]), &mut errors),
            log_level: log_level(first(world, &["OSTLER_LOG", "RUST_LOG", "SUPERVISOR_LOG_LEVEL"])),
            token: first(world, &["OSTLER_TOKEN", "SUPERVISOR_TOKEN"])
                .map(|text| Override { value: Secret::new(text.value), by: text.by }),
            token_file: None,
            allow_remote: false,
        };
        if errors.is_empty() { Ok(overrides) } else { Err(errors) }
    }

    /// These where they say something, else the others: `flags.or(environment)`.
    #[must_use = "nothing is changed in place"]
    pub fn or(self, other: Self) -> Self {
        Self {
            host: self.host.or(other.host),
            port: self.port.or(other.port),
            http_port: self.http_port.or(other.http_port),
            log_level: self.log_level.or(other.log_level),
            token: self.token.or(other.token),
            token_file: self.token_file.or(other.token_file),
            allow_remote: self.allow_remote || other.allow_remote,
        }
    }

    /// Puts them over what the file says.
    pub fn apply(&self, config: &mut Config) {
        if let Some(host) = &self.host {
            config.control.host.clone_from(&host.value);
        }
        if let Some(port) = &self.port {
            config.control.port = port.value;
            config.control.tcp = true;
        }
        match &self.http_port {
            Some(Override { value: 0, .. }) => config.http.enabled = false,
            Some(port) => config.http.port = port.value,
            None => {}
        }
        if let Some(level) = &self.log_level {
            config.supervisor.log_level.clone_from(&level.value);
        }
    }

    /// What flags said, as flags for another engine of the same home; the token only by its file.
    pub fn as_flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        let mut add = |by: &str, value: String| {
            if by.starts_with("--") {
                flags.extend([by.to_owned(), value]);
            }
        };
        if let Some(host) = &self.host {
            add(&host.by, host.value.clone());
        }
        for port in [&self.port, &self.http_port].into_iter().flatten() {
            add(&port.by, port.value.to_string());
        }
        if let Some(level) = &self.log_level {
            add(&level.by, level.value.clone());
        }
        if let Some(path) = &self.token_file {
            add("--token-file", path.to_string_lossy().into_owned());
        }
        flags.extend(self.allow_remote.then(|| "--allow-remote".to_owned()));
        flags
    }

    /// As keys of the file: path, value as TOML, what gave it.
    pub(crate) fn as_keys(&self) -> Vec<(&'static str, String, String)> {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut keys = Vec::new();
        if let Some(host) = &self.host {
            keys.push(("control.host", quoted(&host.value), host.by.clone()));
        }
        if let Some(port) = &self.port {
            keys.push(("control.tcp", "true".to_owned(), port.by.clone()));
            keys.push(("control.port", port.value.to_string(), port.by.clone()));
        }
        match &self.http_port {
            Some(Override { value: 0, by }) => keys.push(("http.enabled", "false".to_owned(), by.clone())),
            Some(port) => keys.push(("http.port", port.value.to_string(), port.by.clone())),
            None => {}
        }
        if let Some(level) = &self.log_level {
            keys.push(("supervisor.log_level", quoted(&level.value), level.by.clone()));
        }
        if let Some(token) = &self.token {
            keys.push(("token", quoted(MASK), token.by.clone()));
        }
        keys
    }
}

/// Which file is meant: the flag, `OSTLER_CONFIG`, or the default place.
pub fn config_path(flag: Option<PathBuf>, world: &dyn World) -> Option<PathBuf> {
    let variable = || world.env("OSTLER_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
    flag.or_else(variable).or_else(default_path)
}

fn first(world: &dyn World, names: &[&str]) -> Option<Override<String>> {
    names.iter().find_map(|&name| {
        world.env(name).filter(|value| !value.trim().is_empty()).map(|value| Override::new(value, name))
    })
}

/// A port, or 0 for none.
fn http_port(text: Option<Override<String>>, errors: &mut Vec<OverrideError>) -> Option<Override<u16>> {
    match text {
        Some(Override { value, by }) if value.trim() == "0" => Some(Override { value: 0, by }),
        text => port(text, errors),
    }
}

fn port(text: Option<Override<String>>, errors: &mut Vec<OverrideError>) -> Option<Override<u16>> {
    let text = text?;
    match text.value.trim().parse::<u16>() {
        Ok(port @ 1..) => Some(Override { value: port, by: text.by }),
        Ok(0) | Err(_) => {
            let message = format!("must be a port from 1 to 65535, found {:?}", text.value);
            errors.push(OverrideError { by: text.by, message });
            None
        }
    }
}

fn host(text: Option<Override<String>>, errors: &mut Vec<OverrideError>) -> Option<Override<String>> {
    let text = text?;
    match (forms::HOST.check)(&text.value) {
        Ok(()) => Some(text),
        Err(message) => {
            errors.push(OverrideError { by: text.by, message });
            None
        }
    }
}

/// A filter as it is; the level names of other supervisors become ours.
fn log_level(text: Option<Override<String>>) -> Option<Override<String>> {
    let mut text = text?;
    if text.by == "SUPERVISOR_LOG_LEVEL" {
        text.value = match text.value.to_ascii_lowercase().as_str() {
            "warning" => "warn".to_owned(),
            "critical" | "fatal" => "error".to_owned(),
            "verbose" => "debug".to_owned(),
            other => other.to_owned(),
        };
    }
    Some(text)
}
