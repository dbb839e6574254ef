//! Keeps the TCP port as the settings say: opens it, closes it, tries again what did not work, and says so.

use std::time::Duration;

use ostler_api::{Check, CheckState, Token, nonce};
use ostler_config::{ControlSettings, Overrides, Paths, Secret, TcpAuth, TokenFile};
use ostler_engine::EngineHandle;
use ostler_server::{Admission, ControlServer, Draining, TcpError, TcpFront, TokenError, TokenSource};
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

/// A port that could not be opened is tried again so often.
const TRY_AGAIN: Duration = Duration::from_secs(10);
/// How `status` and `doctor` call it.
const NAME: &str = "tcp";

/// What does not come from the settings.
#[derive(Debug)]
pub(crate) struct Tcp {
    allow_remote: bool,
    token: Option<Secret>,
    token_file: TokenFile,
}

/// What the settings say.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    host: String,
    port: u16,
    auth: TcpAuth,
}

/// A port that is open.
struct Open {
    wanted: Wanted,
    stop: CancellationToken,
    accepting: JoinSet<Draining>,
}

/// Why it is not.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Port(#[from] TcpError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("{by}: {fault}")]
    Given { by: &'static str, fault: ostler_api::TokenFault },
    #[error("no token can be made: {0}")]
    Inside(String),
}

impl Trouble {
    fn hint(&self) -> String {
        match self {
            Self::Port(error) => error.hint(),
            Self::Token(error) => error.hint(),
            Self::Given { .. } => "give a longer one, or leave it out: the engine makes its own".to_owned(),
            Self::Inside(_) => "try again".to_owned(),
        }
    }
}

impl Tcp {
    pub(crate) fn new(overrides: &Overrides, paths: &Paths) -> Self {
        Self {
            allow_remote: overrides.allow_remote,
            token: overrides.token.as_ref().map(|token| token.value.clone()),
            token_file: TokenFile::of_engine(&paths.private),
        }
    }

    /// Keeps it until told to end; then what was asked is answered.
    pub(crate) async fn keep(self, engine: EngineHandle, server: ControlServer, ending: CancellationToken) {
        let mut settings = engine.settings();
        let mut open: Option<Open> = None;
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
    ) -> Option<Open> {
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
        let _ = engine.report_front(check).await;
        let front = front?;
        let stop = CancellationToken::new();
        let mut accepting = JoinSet::new();
        let (server, until) = (server.clone(), stop.clone());
        accepting.spawn(async move { server.accept_tcp(front, until).await });
        Some(Open { wanted: wanted.clone(), stop, accepting })
    }

    async fn bind(&self, wanted: &Wanted) -> Result<TcpFront, Trouble> {
        let admission = match wanted.auth {
            TcpAuth::Token => Admission::Token(self.source().await?),
            // With it our own clients can be sure of the engine.
            TcpAuth::None => Admission::SameUser(self.source().await.ok()),
        };
        Ok(TcpFront::bind(&wanted.host, wanted.port, self.allow_remote, admission).await?)
    }

    /// The token that was given, else the file's, which is made if it is missing.
    async fn source(&self) -> Result<TokenSource, Trouble> {
        if let Some(given) = &self.token {
            let token = Token::new(given.expose());
            let by = "the token that was given";
            return Ok(TokenSource::Fixed(token.map_err(|fault| Trouble::Given { by, fault })?));
        }
        let file = self.token_file.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let fresh = Secret::new(nonce().map_err(|error| Trouble::Inside(error.to_string()))?);
            file.read_or_create(&fresh).map_err(TokenError::File)?;
            let source = TokenSource::File(file);
            source.token()?;
            Ok(source)
        });
        looked.await.unwrap_or_else(|error| Err(Trouble::Inside(error.to_string())))
    }
}

impl Open {
    /// Closes the port. Once it returns, the port is free.
    async fn close(mut self) -> Closed {
        self.stop.cancel();
        Closed(self.accepting.join_next().await.and_then(Result::ok))
    }
}

/// A port that is closed, with connections that may still be answered.
struct Closed(Option<Draining>);

impl Closed {
    async fn finish(self) {
        if let Some(draining) = self.0 {
            draining.finish().await;
        }
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

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
