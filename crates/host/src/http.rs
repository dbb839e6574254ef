//! Keeps the HTTP port as the settings say: opens it, moves it, tries again what did not work, and says so.

use std::sync::Arc;

use ostler_api::{Check, CheckState};
use ostler_config::Overrides;
use ostler_engine::{EngineHandle, EventsAddress, Settings};
use ostler_server::{ControlServer, HttpError, HttpFront, HttpRules};
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::front::{Key, KeyError, Open, TRY_AGAIN, chain};

/// How `status` and `doctor` call it.
const NAME: &str = "http";

/// What does not come from the settings.
#[derive(Debug)]
pub(crate) struct Http {
    allow_remote: bool,
    key: Key,
}

/// What the settings say.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
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
enum Trouble {
    #[error(transparent)]
    Port(#[from] HttpError),
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
            Self::Port(HttpError::Busy { .. }) | Self::Rival { .. } => CheckState::Warn,
            Self::Port(_) | Self::Key(_) | Self::Tls => CheckState::Fail,
        }
    }
}

impl Http {
    pub(crate) fn new(overrides: &Overrides, key: Key) -> Self {
        Self { allow_remote: overrides.allow_remote, key }
    }

    /// Keeps it until told to end; then what was asked is answered.
    pub(crate) async fn keep(self, engine: EngineHandle, server: ControlServer, ending: CancellationToken) {
        let mut settings = engine.settings();
        let mut open: Option<Open<Wanted>> = None;
        let mut draining = JoinSet::new();
        let mut trouble = String::new();
        while !ending.is_cancelled() {
            let wanted = wanted(&settings.borrow_and_update());
            if open.as_ref().map(|open| &open.wanted) != wanted.as_ref() {
                if let Some(open) = open.take() {
                    draining.spawn(open.close().await.finish());
                }
                match &wanted {
                    Some(wanted) => open = self.try_open(wanted, &engine, &server, &mut trouble).await,
                    None => {
                        engine.events_at(None);
                        let _ = engine.forget_front(NAME).await;
                    }
                }
            }
            let must_try_again = wanted.is_some() && open.is_none();
            tokio::select! {
                () = ending.cancelled() => break,
                changed = settings.changed() => if changed.is_err() { break },
                Some(_) = draining.join_next(), if !draining.is_empty() => {}
                () = sleep(TRY_AGAIN), if must_try_again => {}
            }
        }
        if let Some(open) = open.take() {
            draining.spawn(open.close().await.finish());
        }
        while draining.join_next().await.is_some() {}
    }

    /// Opens the port, or says why not; the rest of the engine goes on either way.
    async fn try_open(
        &self,
        wanted: &Wanted,
        engine: &EngineHandle,
        server: &ControlServer,
        trouble: &mut String,
    ) -> Option<Open<Wanted>> {
        let front = match self.bind(wanted).await {
            Ok(front) => front,
            Err(error) => {
                let text = chain(&error);
                let mend = error.hint();
                if *trouble != text {
                    tracing::warn!(error = text, mend, "HTTP is closed; the rest goes on");
                    trouble.clone_from(&text);
                }
                let check = check(error.state(), format!("closed: {text}"), Some(mend));
                // An engine that is too busy to be told shows it in its log.
                engine.events_at(None);
                let _ = engine.report_front(check, None).await;
                return None;
            }
        };
        trouble.clear();
        let url = format!("http://{}", front.address());
        let _ = engine.report_front(describe(wanted, &front, &url), Some(url)).await;
        let address = front.events_address();
        engine.events_at(Some(EventsAddress::new(move || address.read())));
        let stop = CancellationToken::new();
        let mut accepting = JoinSet::new();
        let (server, until) = (server.clone(), stop.clone());
        accepting.spawn(async move { server.accept_http(front, until).await });
        Some(Open { wanted: wanted.clone(), stop, accepting })
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
}

fn wanted(settings: &Arc<Settings>) -> Option<Wanted> {
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

/// What is said of an open port; what is unusual about it goes into the log too.
fn describe(wanted: &Wanted, front: &HttpFront, url: &str) -> Check {
    tracing::info!(url, "HTTP");
    if !wanted.needs_token {
        let text = format!("at {url} every program of this user may give commands (http.auth = \"none\")");
        tracing::warn!(url, "HTTP without a token: http.auth = \"none\"");
        return check(CheckState::Warn, text, Some("set http.auth = \"token\"".to_owned()));
    }
    if front.is_remote() {
        let text =
            format!("other machines can reach {url} (--allow-remote); what they send is not encrypted");
        tracing::warn!(url, "HTTP can be reached from other machines: --allow-remote");
        return check(CheckState::Warn, text, Some("set http.host = \"127.0.0.1\"".to_owned()));
    }
    check(CheckState::Ok, format!("listens at {url}, with a token"), None)
}

fn check(state: CheckState, text: String, mend: Option<String>) -> Check {
    Check { name: NAME.to_owned(), state, text, mend }
}
