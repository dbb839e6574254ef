//! The way to the engine that is meant: its sockets, or a port.

use std::path::Path;

use ostler_api::{ErrorCode, Token};
use ostler_config::{Os, Overrides, TokenFile};

use crate::{args::Global, context::Context, failure::Failure, link::Link, verbs::token::token_failure};

const HOST: &str = "127.0.0.1";
const PORT: u16 = 8081;

/// A port.
#[derive(Debug, PartialEq)]
pub(crate) struct Port {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Context {
    /// Connects to the engine, if it runs: to the port that flags name; else to its socket; else to the port that
    /// variables name.
    pub(crate) async fn reach(&self) -> Result<Option<Link>, Failure> {
        if let Some(port) = of_flags(&self.global) {
            return self.reach_port(&port).await.map(Some);
        }
        if let Some(link) = self.reach_own().await? {
            return Ok(Some(link));
        }
        let environment = environment()?;
        if self.global.socket.is_some() || (environment.host.is_none() && environment.port.is_none()) {
            return Ok(None);
        }
        let host = environment.host.map_or_else(|| HOST.to_owned(), |host| host.value);
        let port = environment.port.map_or(PORT, |port| port.value);
        self.reach_port(&Port { host, port }).await.map(Some)
    }

    /// Connects to the engine of the configuration that is meant, if it runs: to its socket, or to its port if it closes
    /// its socket.
    pub(crate) async fn reach_own(&self) -> Result<Option<Link>, Failure> {
        if let Some(link) = Link::first(&self.sockets()?).await? {
            return Ok(Some(link));
        }
        let Some(port) = self.port_instead() else { return Ok(None) };
        match self.reach_port(&port).await {
            // Somebody else may have the port while the engine does not run; who runs, its lock tells.
            Err(Failure::Api(error))
                if matches!(error.code, ErrorCode::NoEngine | ErrorCode::Unauthenticated) =>
            {
                Ok(None)
            }
            reached => reached.map(Some),
        }
    }

    /// The port of an engine that closes its socket and has a token, so has run before.
    pub(crate) fn port_instead(&self) -> Option<Port> {
        let paths = self.global.socket.is_none().then(|| self.paths().ok()).flatten()?;
        let has_run = TokenFile::of_engine(&paths.private).path().exists();
        let (host, port) = has_run.then(|| ostler_host::instead_of_socket(&paths)).flatten()?;
        Some(Port { host, port })
    }

    async fn reach_port(&self, port: &Port) -> Result<Link, Failure> {
        let token = self.token()?;
        Link::over_tcp(&port.host, port.port, token).await
    }

    /// The token that is meant: the flag's file, the variable, the engine's own file.
    fn token(&self) -> Result<Token, Failure> {
        let (text, from) = if let Some(path) = &self.global.token_file {
            let secret = TokenFile::named(path.clone()).read().map_err(|error| token_failure(&error))?;
            (secret, path.display().to_string())
        } else if let Some(token) = environment()?.token {
            (token.value, token.by)
        } else {
            let file = TokenFile::of_engine(&self.paths()?.private);
            (file.read().map_err(|error| token_failure(&error))?, file.path().display().to_string())
        };
        Token::new(text.expose()).map_err(|fault| {
            let hint =
                "give the engine's token with OSTLER_TOKEN or --token-file; there `ostler token` prints it";
            Failure::new(ErrorCode::Unauthenticated, format!("{from}: {fault}"), hint)
        })
    }
}

fn of_flags(global: &Global) -> Option<Port> {
    (global.host.is_some() || global.port.is_some()).then(|| Port {
        host: global.host.clone().unwrap_or_else(|| HOST.to_owned()),
        port: global.port.unwrap_or(PORT),
    })
}

fn environment() -> Result<Overrides, Failure> {
    Overrides::from_env(&Os).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::new(ErrorCode::InvalidParams, all.join("; "), "correct the variable, or unset it")
    })
}

/// A token from a file that a flag names.
pub(crate) fn named_token(path: &Path) -> Result<Token, Failure> {
    let secret = TokenFile::named(path.to_owned()).read().map_err(|error| token_failure(&error))?;
    Token::new(secret.expose()).map_err(|fault| {
        let message = format!("{}: {fault}", path.display());
        Failure::new(ErrorCode::InvalidParams, message, "make one: ostler token --rotate")
    })
}
