//! What `daemon`, `run` and `up` let one say over the configuration file.

use std::{ffi::OsString, net::IpAddr, path::PathBuf};

use ostler_api::ErrorCode;
use ostler_config::{Os, Override, Overrides, Secret};

use crate::{failure::Failure, reach::named_token};

/// What is said over the configuration file.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Over the configuration file")]
pub(crate) struct EngineFlags {
    /// Address for control over TCP
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Port for control over TCP; switches it on
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Port for HTTP; 0 switches it off
    #[arg(long, value_name = "PORT")]
    http_port: Option<u16>,
    /// error, warn, info, debug, trace, or a filter such as `info,ostler_engine=debug`
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// File with the token for TCP and HTTP
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Allow addresses that other machines can reach
    #[arg(long)]
    allow_remote: bool,
}

impl EngineFlags {
    /// What flags and environment say.
    ///
    /// # Errors
    /// All variables that cannot be used, or the token file cannot be read.
    pub(crate) fn overrides(&self) -> Result<Overrides, Failure> {
        let environment = Overrides::from_env(&Os).map_err(|errors| {
            let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let hint = "correct the variable, or unset it";
            Failure::new(ErrorCode::InvalidParams, all.join("; "), hint)
        })?;
        let flags = Overrides {
            host: self.host.clone().map(|host| Override::new(host, "--host")),
            port: self.port.map(|port| Override::new(port, "--port")),
            http_port: self.http_port.map(|port| Override::new(port, "--http-port")),
            log_level: self.log_level.clone().map(|level| Override::new(level, "--log-level")),
            token: self.token()?.map(|token| Override::new(token, "--token-file")),
            token_file: self
                .token_file
                .as_ref()
                .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone())),
            allow_remote: self.allow_remote,
        };
        let overrides = flags.or(environment);
        self.refuse_remote(&overrides)?;
        Ok(overrides)
    }

    /// The same as flags for another `ostler`.
    pub(crate) fn to_args(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = Vec::new();
        let mut add = |flag: &str, value: Option<OsString>| {
            if let Some(value) = value {
                args.extend([flag.into(), value]);
            }
        };
        add("--host", self.host.clone().map(Into::into));
        add("--port", self.port.map(|port| port.to_string().into()));
        add("--http-port", self.http_port.map(|port| port.to_string().into()));
        add("--log-level", self.log_level.clone().map(Into::into));
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone()).into();
        add("--token-file", self.token_file.as_ref().map(absolute));
        if self.allow_remote {
            args.push("--allow-remote".into());
        }
        args
    }

    /// Whoever named it, flag or variable, must mean it.
    fn refuse_remote(&self, overrides: &Overrides) -> Result<(), Failure> {
        let Some(host) = overrides.host.as_ref().filter(|_| !self.allow_remote) else { return Ok(()) };
        if is_loopback(&host.value) {
            return Ok(());
        }
        Err(Failure::new(
            ErrorCode::NotPermitted,
            format!("{} {} lets other machines reach this engine", host.by, host.value),
            "if that is what you want, add --allow-remote; else use 127.0.0.1",
        ))
    }

    fn token(&self) -> Result<Option<Secret>, Failure> {
        let Some(path) = &self.token_file else { return Ok(None) };
        Ok(Some(Secret::new(named_token(path)?.expose().to_owned())))
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
}
