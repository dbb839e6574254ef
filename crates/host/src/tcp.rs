//! Keeps the TCP port as the settings say: opens it, closes it, tries again what did not work, and says so.

use ostler_api::{Check, CheckState};
use ostler_config::{ControlSettings, Overrides, TcpAuth};
use ostler_engine::EngineHandle;
use ostler_server::{Admission, ControlServer, TcpError, TcpFront};
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::front::{Key, KeyError, Open, TRY_AGAIN, chain};

/// How `status` and `doctor` call it.
const NAME: &str = "tcp";

/// What does not come from the settings.
#[derive(Debug)]
pub(crate) struct Tcp {
    allow_remote: bool,
    key: Key,
}

/// What the settings say.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    host: String,
    port: u16,
    auth: TcpAuth,
}

/// Why it is not.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Port(#[from] TcpError),
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

    /// Keeps it until told to end; then what was asked is answered.
    pub(crate) async fn keep(self, engine: EngineHandle, server: ControlServer, ending: CancellationToken) {
        let mut settings = engine.settings();
        let mut open: Option<Open<Wanted>> = None;
        let mut draining = JoinSet::new();
        let mut trouble = String::new();
        while !ending.is_cancelled() {
            let wanted = wanted(&settings.borrow_and_update().control);
            if open.as_ref().map(|open| &open.wanted) != wanted.as_ref() {
                if let Some(open) = open.take() {
                    draining.spawn(open.close().await.finish());
                }
                match &wanted {
                    Some(wanted) => open = self.try_open(wanted, &engine, &server, &mut trouble).await,
                    None => drop(engine.forget_front(NAME).await),
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
        let (front, check) = match self.bind(wanted).await {
            Ok(front) => {
                trouble.clear();
                let check = describe(wanted, &front);
                (Some(front), check)
            }
            Err(error) => {
                let text = chain(&error);
                let mend = error.hint();
                if *trouble != text {
                    tracing::warn!(error = text, mend, "control over TCP is closed; the rest goes on");
                    trouble.clone_from(&text);
                }
                (None, check(CheckState::Fail, format!("closed: {text}"), Some(mend)))
            }
        };
        // An engine that is too busy to be told shows it in its log.
        let _ = engine.report_front(check, None).await;
        let front = front?;
        let stop = CancellationToken::new();
        let mut accepting = JoinSet::new();
        let (server, until) = (server.clone(), stop.clone());
        accepting.spawn(async move { server.accept_tcp(front, until).await });
        Some(Open { wanted: wanted.clone(), stop, accepting })
    }

    async fn bind(&self, wanted: &Wanted) -> Result<TcpFront, Trouble> {
        let admission = match wanted.auth {
            TcpAuth::Token => Admission::Token(self.key.source().await?),
            // With it our own clients can be sure of the engine.
            TcpAuth::None => Admission::SameUser(self.key.source().await.ok()),
        };
        Ok(TcpFront::bind(&wanted.host, wanted.port, self.allow_remote, admission).await?)
    }
}

fn wanted(control: &ControlSettings) -> Option<Wanted> {
    let ControlSettings { tcp, host, port, tcp_auth, .. } = control;
    tcp.then(|| Wanted { host: host.clone(), port: *port, auth: *tcp_auth })
}

/// What is said of an open port; what is unusual about it goes into the log too.
fn describe(wanted: &Wanted, front: &TcpFront) -> Check {
    let address = front.address();
    tracing::info!(%address, "control over TCP");
    if wanted.auth == TcpAuth::None {
        let text = format!("at {address} every program of this user may give commands (tcp_auth = \"none\")");
        tracing::warn!(%address, "control over TCP without a token: tcp_auth = \"none\"");
        return check(CheckState::Warn, text, Some("set control.tcp_auth = \"token\"".to_owned()));
    }
    if front.is_remote() {
        let text =
            format!("other machines can reach {address} (--allow-remote); what they send is not encrypted");
        tracing::warn!(%address, "control over TCP can be reached from other machines: --allow-remote");
        return check(CheckState::Warn, text, Some("set control.host = \"127.0.0.1\"".to_owned()));
    }
    check(CheckState::Ok, format!("listens at {address}, with a token"), None)
}

fn check(state: CheckState, text: String, mend: Option<String>) -> Check {
    Check { name: NAME.to_owned(), state, text, mend }
}
