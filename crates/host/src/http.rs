//! HTTP: what the settings say of its port, and what is said of it.

use std::path::PathBuf;

use ostler_api::{Check, CheckState};
use ostler_config::{Overrides, Paths, Tls as TlsSettings};
use ostler_engine::{EngineHandle, EventsAddress, Settings};
use ostler_server::{ControlServer, Draining, HttpFault, HttpFront, HttpRules, TlsWish};
use tokio_util::sync::CancellationToken;

use crate::{
    certificate,
    front::{Key, KeyError, Look, Port},
};

/// Where certificates of our own making are, within the private folder.
const TLS_FOLDER: &str = "tls";

/// What does not come from the settings.
#[derive(Debug)]
pub(crate) struct Http {
    allow_remote: bool,
    key: Key,
    tls_folder: PathBuf,
}

/// What the settings say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    host: String,
    port: u16,
    needs_token: bool,
    allowed_hosts: Vec<String>,
    allowed_origins: Vec<String>,
    trusted_proxies: Vec<String>,
    tls: Option<TlsSettings>,
    /// The service that has the port.
    rival: Option<String>,
}

/// Why it is not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Front(#[from] HttpFault),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("port {port} is that of service {service}")]
    Rival { port: u16, service: String },
}

impl Trouble {
    fn hint(&self) -> String {
        match self {
            Self::Front(HttpFault::Port(error)) => error.hint(),
            Self::Front(HttpFault::Tls(error)) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::Rival { .. } => "set another http.port, or http.enabled = false".to_owned(),
        }
    }

    /// A port that somebody else has is no fault of this engine.
    fn state(&self) -> CheckState {
        match self {
            Self::Front(HttpFault::Port(error)) if error.is_busy() => CheckState::Warn,
            Self::Rival { .. } => CheckState::Warn,
            Self::Front(_) | Self::Key(_) => CheckState::Fail,
        }
    }
}

impl Http {
    pub(crate) fn new(overrides: &Overrides, key: Key, paths: &Paths) -> Self {
        Self { allow_remote: overrides.allow_remote, key, tls_folder: paths.private.join(TLS_FOLDER) }
    }

    fn tls(&self, wanted: &Wanted) -> Option<TlsWish> {
        wanted.tls.as_ref().map(|tls| match tls {
            TlsSettings::SelfSigned => TlsWish::Own { folder: self.tls_folder.clone() },
            TlsSettings::Files { cert, key } => TlsWish::Files { cert: cert.clone(), key: key.clone() },
        })
    }
}

impl Port for Http {
    const NAME: &'static str = "http";
    const WHAT: &'static str = "HTTP";
    type Wanted = Wanted;
    type Front = HttpFront;
    type Trouble = Trouble;

    fn wanted(&self, settings: &Settings) -> Option<Wanted> {
        let http = &settings.http;
        http.enabled.then(|| Wanted {
            host: http.host.clone(),
            port: http.port,
            needs_token: http.needs_token,
            allowed_hosts: http.allowed_hosts.clone(),
            allowed_origins: http.allowed_origins.clone(),
            trusted_proxies: http.trusted_proxies.clone(),
            tls: http.tls.clone(),
            rival: settings.service_ports.get(&http.port).cloned(),
        })
    }

    async fn bind(&self, wanted: &Wanted) -> Result<HttpFront, Trouble> {
        if let Some(service) = &wanted.rival {
            return Err(Trouble::Rival { port: wanted.port, service: service.clone() });
        }
        let token = if wanted.needs_token { Some(self.key.source().await?) } else { None };
        let rules = HttpRules {
            allowed_hosts: wanted.allowed_hosts.clone(),
            allowed_origins: wanted.allowed_origins.clone(),
            trusted_proxies: wanted.trusted_proxies.clone(),
            token,
            tls: self.tls(wanted),
        };
        Ok(HttpFront::bind(&wanted.host, wanted.port, self.allow_remote, rules).await?)
    }

    fn describe(&self, wanted: &Wanted, front: &HttpFront) -> (Check, Option<String>) {
        let said = Said::new(wanted, front);
        said.log();
        let check = match front.tls() {
            Some(tls) => {
                if tls.has_new_ca() {
                    let file = tls.trusted_file().display().to_string();
                    tracing::warn!(
                        file,
                        "a new authority of our own; `ostler tls trust` says how to trust it"
                    );
                }
                certificate::first(&tls, &said.url, said.check())
            }
            None => said.check(),
        };
        (check, Some(said.url))
    }

    fn look(&self, wanted: &Wanted, front: &HttpFront) -> Option<Look> {
        let tls = front.tls()?;
        let said = Said::new(wanted, front);
        let mut look = certificate::Look::default();
        Some(Box::new(move || look.look(&tls, &said.url, said.check())))
    }

    fn excuse(&self, trouble: &Trouble) -> (CheckState, String) {
        (trouble.state(), trouble.hint())
    }

    /// Services that ask for it are told where the events are.
    fn tell(&self, engine: &EngineHandle, open: Option<&HttpFront>) {
        let address = open.map(HttpFront::events_address);
        engine.events_at(address.map(|address| EventsAddress::new(move || address.read())));
    }

    async fn accept(front: HttpFront, server: ControlServer, stop: CancellationToken) -> Draining {
        server.accept_http(front, stop).await
    }
}

/// What there is to say of an open port.
struct Said {
    url: String,
    needs_token: bool,
    is_remote: bool,
    is_encrypted: bool,
}

impl Said {
    fn new(wanted: &Wanted, front: &HttpFront) -> Self {
        Self {
            url: front.url(),
            needs_token: wanted.needs_token,
            is_remote: front.is_remote(),
            is_encrypted: front.tls().is_some(),
        }
    }

    /// What is unusual about it goes into the log too.
    fn log(&self) {
        let url = &self.url;
        tracing::info!(url, "HTTP");
        if !self.needs_token {
            tracing::warn!(url, "HTTP without a token: http.auth = \"none\"");
        }
        if self.is_remote {
            tracing::warn!(url, "HTTP can be reached from other machines: --allow-remote");
        }
    }

    fn check(&self) -> Check {
        let url = &self.url;
        if !self.needs_token {
            let text =
                format!("at {url} every program of this user may give commands (http.auth = \"none\")");
            return Http::check(CheckState::Warn, text, Some("set http.auth = \"token\"".to_owned()));
        }
        if self.is_remote {
            let sent = if self.is_encrypted { "" } else { "; what they send is not encrypted" };
            let text = format!("other machines can reach {url} (--allow-remote){sent}");
            return Http::check(CheckState::Warn, text, Some("set http.host = \"127.0.0.1\"".to_owned()));
        }
        Http::check(CheckState::Ok, format!("listens at {url}, with a token"), None)
    }
}
