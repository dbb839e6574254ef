//! Control over TCP: what the settings say of the port, and what is said of it.

use ostler_api::{Check, CheckState};
use ostler_config::{ControlSettings, Overrides, TcpAuth};
use ostler_engine::Settings;
use ostler_server::{Admission, ControlServer, Draining, PortError, TcpFront};
use tokio_util::sync::CancellationToken;

use crate::front::{Key, KeyError, Port};

/// What does not come from the settings.
#[derive(Debug)]
pub(crate) struct Tcp {
    allow_remote: bool,
    key: Key,
}

/// What the settings say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    host: String,
    port: u16,
    auth: TcpAuth,
}

/// Why it is not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Trouble {
    fn hint(&self) -> String {
        match self {
            Self::Port(error) => error.hint(),
            Self::Key(error) => error.hint(),
        }
    }
}

impl Tcp {
    pub(crate) fn new(overrides: &Overrides, key: Key) -> Self {
        Self { allow_remote: overrides.allow_remote, key }
    }
}

impl Port for Tcp {
    const NAME: &'static str = "tcp";
    const WHAT: &'static str = "control over TCP";
    type Wanted = Wanted;
    type Front = TcpFront;
    type Trouble = Trouble;

    fn wanted(&self, settings: &Settings) -> Option<Wanted> {
        let ControlSettings { tcp, host, port, tcp_auth, .. } = &settings.control;
        tcp.then(|| Wanted { host: host.clone(), port: *port, auth: *tcp_auth })
    }

    async fn bind(&self, wanted: &Wanted) -> Result<TcpFront, Trouble> {
        let admission = match wanted.auth {
            TcpAuth::Token => Admission::Token(self.key.source().await?),
            // With it our own clients can be sure of the engine.
            TcpAuth::None => Admission::SameUser(self.key.source().await.ok()),
        };
        Ok(TcpFront::bind(&wanted.host, wanted.port, self.allow_remote, admission).await?)
    }

    fn describe(&self, wanted: &Wanted, front: &TcpFront) -> (Check, Option<String>) {
        (describe(wanted, front), None)
    }

    fn excuse(&self, trouble: &Trouble) -> (CheckState, String) {
        (CheckState::Fail, trouble.hint())
    }

    async fn accept(front: TcpFront, server: ControlServer, stop: CancellationToken) -> Draining {
        server.accept_tcp(front, stop).await
    }
}

/// What is said of an open port; what is unusual about it goes into the log too.
fn describe(wanted: &Wanted, front: &TcpFront) -> Check {
    let address = front.address();
    tracing::info!(%address, "control over TCP");
    if wanted.auth == TcpAuth::None {
        let text = format!("at {address} every program of this user may give commands (tcp_auth = \"none\")");
        tracing::warn!(%address, "control over TCP without a token: tcp_auth = \"none\"");
        return Tcp::check(CheckState::Warn, text, Some("set control.tcp_auth = \"token\"".to_owned()));
    }
    if front.is_remote() {
        let text =
            format!("other machines can reach {address} (--allow-remote); what they send is not encrypted");
        tracing::warn!(%address, "control over TCP can be reached from other machines: --allow-remote");
        return Tcp::check(CheckState::Warn, text, Some("set control.host = \"127.0.0.1\"".to_owned()));
    }
    Tcp::check(CheckState::Ok, format!("listens at {address}, with a token"), None)
}
