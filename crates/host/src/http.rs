//! HTTP: what the settings say of its port, and what is said of it.

use ostler_api::{Check, CheckState};
use ostler_config::Overrides;
use ostler_engine::{EngineHandle, EventsAddress, Settings};
use ostler_server::{ControlServer, Draining, HttpFront, HttpRules, PortError};
use tokio_util::sync::CancellationToken;

use crate::front::{Key, KeyError, Port};

/// What does not come from the settings.
#[derive(Debug)]
pub(crate) struct Http {
    allow_remote: bool,
    key: Key,
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
    is_tls: bool,
    /// The service that has the port.
    rival: Option<String>,
}

/// Why it is not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("TLS is not available yet")]
    Tls,
    #[error("port {port} is that of service {service}")]
    Rival { port: u16, service: String },
}

impl Trouble {
    fn hint(&self) -> String {
        match self {
            Self::Port(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::Tls => "delete http.tls; nothing is sent without it as long as it is there".to_owned(),
            Self::Rival { .. } => "set another http.port, or http.enabled = false".to_owned(),
        }
    }

    /// A port that somebody else has is no fault of this engine.
    fn state(&self) -> CheckState {
        match self {
            Self::Port(error) if error.is_busy() => CheckState::Warn,
            Self::Rival { .. } => CheckState::Warn,
            Self::Port(_) | Self::Key(_) | Self::Tls => CheckState::Fail,
        }
    }
}

impl Http {
    pub(crate) fn new(overrides: &Overrides, key: Key) -> Self {
        Self { allow_remote: overrides.allow_remote, key }
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
            is_tls: http.tls.is_some(),
            rival: settings.service_ports.get(&http.port).cloned(),
        })
    }

    async fn bind(&self, wanted: &Wanted) -> Result<HttpFront, Trouble> {
        if wanted.is_tls {
            return Err(Trouble::Tls);
        }
        if let Some(service) = &wanted.rival {
            return Err(Trouble::Rival { port: wanted.port, service: service.clone() });
        }
        let token = if wanted.needs_token { Some(self.key.source().await?) } else { None };
        let rules = HttpRules {
            allowed_hosts: wanted.allowed_hosts.clone(),
            allowed_origins: wanted.allowed_origins.clone(),
            trusted_proxies: wanted.trusted_proxies.clone(),
            token,
        };
        Ok(HttpFront::bind(&wanted.host, wanted.port, self.allow_remote, rules).await?)
    }

    fn describe(&self, wanted: &Wanted, front: &HttpFront) -> (Check, Option<String>) {
        let url = format!("http://{}", front.address());
        (describe(wanted, front, &url), Some(url))
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

/// What is said of an open port; what is unusual about it goes into the log too.
fn describe(wanted: &Wanted, front: &HttpFront, url: &str) -> Check {
    tracing::info!(url, "HTTP");
    if !wanted.needs_token {
        let text = format!("at {url} every program of this user may give commands (http.auth = \"none\")");
        tracing::warn!(url, "HTTP without a token: http.auth = \"none\"");
        return Http::check(CheckState::Warn, text, Some("set http.auth = \"token\"".to_owned()));
    }
    if front.is_remote() {
        let text =
            format!("other machines can reach {url} (--allow-remote); what they send is not encrypted");
        tracing::warn!(url, "HTTP can be reached from other machines: --allow-remote");
        return Http::check(CheckState::Warn, text, Some("set http.host = \"127.0.0.1\"".to_owned()));
    }
    Http::check(CheckState::Ok, format!("listens at {url}, with a token"), None)
}
