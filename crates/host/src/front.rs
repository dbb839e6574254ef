//! What the ports in front of the engine share: the token, and how the settings open, move and close them.

use std::{error::Error, future::Future, time::Duration};

use ostler_api::{Check, CheckState, Token, nonce};
use ostler_config::{Overrides, Paths, Secret, TokenFile};
use ostler_engine::{EngineHandle, Settings};
use ostler_server::{ControlServer, Draining, TokenError, TokenSource};
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

/// A port that could not be opened is tried again so often.
const TRY_AGAIN: Duration = Duration::from_secs(10);
/// What an open port needs besides, such as a certificate, is looked at again so often.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Looks again at what an open port needs, which may wait for a disk; says what is to be said of it now.
pub(crate) type Look = Box<dyn FnMut() -> Check + Send>;

/// Where the token is.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    given: Option<Secret>,
    file: TokenFile,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("{by}: {fault}")]
    Given { by: &'static str, fault: ostler_api::TokenFault },
    #[error("no token can be made: {0}")]
    Inside(String),
}

impl KeyError {
    /// How to mend it.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Token(error) => error.hint(),
            Self::Given { .. } => "give a longer one, or leave it out: the engine makes its own".to_owned(),
            Self::Inside(_) => "try again".to_owned(),
        }
    }
}

impl Key {
    pub(crate) fn new(overrides: &Overrides, paths: &Paths) -> Self {
        let given = overrides.token.as_ref().map(|token| token.value.clone());
        Self { given, file: TokenFile::of_engine(&paths.private) }
    }

    /// The token that was given, else the file's, which is made if it is missing.
    pub(crate) async fn source(&self) -> Result<TokenSource, KeyError> {
        if let Some(given) = &self.given {
            let token = Token::new(given.expose());
            let by = "the token that was given";
            return Ok(TokenSource::Fixed(token.map_err(|fault| KeyError::Given { by, fault })?));
        }
        let file = self.file.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let fresh = Secret::new(nonce().map_err(|error| KeyError::Inside(error.to_string()))?);
            file.read_or_create(&fresh).map_err(TokenError::File)?;
            let source = TokenSource::File(file);
            source.token()?;
            Ok(source)
        });
        looked.await.unwrap_or_else(|error| Err(KeyError::Inside(error.to_string())))
    }
}

/// A port in front of the engine, which the settings open, move and close.
pub(crate) trait Port: Send + Sync {
    /// How `status` and `doctor` call it.
    const NAME: &'static str;
    /// The same in words.
    const WHAT: &'static str;
    /// What the settings say of it.
    type Wanted: PartialEq + Send + Sync;
    /// What listens.
    type Front: Send + 'static;
    /// Why it is not open.
    type Trouble: Error + Send;

    /// What the settings say; none if it is to be closed.
    fn wanted(&self, settings: &Settings) -> Option<Self::Wanted>;

    /// Opens it.
    fn bind(&self, wanted: &Self::Wanted) -> impl Future<Output = Result<Self::Front, Self::Trouble>> + Send;

    /// What is said of the open port, and its address for `status`.
    fn describe(&self, wanted: &Self::Wanted, front: &Self::Front) -> (Check, Option<String>);

    /// How bad it is that it is closed, and the mend.
    fn excuse(&self, trouble: &Self::Trouble) -> (CheckState, String);

    /// Tells the engine more of what is open now, or that nothing is.
    fn tell(&self, _engine: &EngineHandle, _open: Option<&Self::Front>) {}

    /// Looks again at what the open port needs; none if it needs nothing.
    fn look(&self, _wanted: &Self::Wanted, _front: &Self::Front) -> Option<Look> {
        None
    }

    /// Accepts until told to stop.
    fn accept(
        front: Self::Front,
        server: ControlServer,
        stop: CancellationToken,
    ) -> impl Future<Output = Draining> + Send + 'static;

    /// What is said of it.
    fn check(state: CheckState, text: String, mend: Option<String>) -> Check {
        Check { name: Self::NAME.to_owned(), state, text, mend }
    }
}

/// Keeps a port as the settings say until told to end; then what was asked is answered.
pub(crate) async fn keep<P: Port>(
    port: P,
    engine: EngineHandle,
    server: ControlServer,
    ending: CancellationToken,
) {
    let mut settings = engine.settings();
    let mut open: Option<Open<P::Wanted>> = None;
    let mut draining = JoinSet::new();
    let mut trouble = String::new();
    while !ending.is_cancelled() {
        let wanted = port.wanted(&settings.borrow_and_update());
        let is_wanted = wanted.is_some();
        if open.as_ref().map(|open| &open.wanted) != wanted.as_ref() {
            if let Some(open) = open.take() {
                draining.spawn(open.close().await.finish());
            }
            match wanted {
                Some(wanted) => open = try_open(&port, wanted, &engine, &server, &mut trouble).await,
                None => {
                    port.tell(&engine, None);
                    // An engine that is too busy to be told is about to end, or asked again.
                    let _ = engine.forget_front(P::NAME).await;
                }
            }
        }
        let must_try_again = is_wanted && open.is_none();
        let must_look = open.as_ref().is_some_and(|open| open.look.is_some());
        tokio::select! {
            () = ending.cancelled() => break,
            changed = settings.changed() => if changed.is_err() { break },
            Some(_) = draining.join_next(), if !draining.is_empty() => {}
            () = sleep(TRY_AGAIN), if must_try_again => {}
            () = sleep(LOOK_AGAIN), if must_look => {
                if let Some(open) = &mut open {
                    open.look_again(&engine).await;
                }
            }
        }
    }
    if let Some(open) = open.take() {
        draining.spawn(open.close().await.finish());
    }
    while draining.join_next().await.is_some() {}
}

/// Opens the port, or says why not; the rest of the engine goes on either way.
async fn try_open<P: Port>(
    port: &P,
    wanted: P::Wanted,
    engine: &EngineHandle,
    server: &ControlServer,
    trouble: &mut String,
) -> Option<Open<P::Wanted>> {
    let front = match port.bind(&wanted).await {
        Ok(front) => front,
        Err(error) => {
            let (text, (state, mend)) = (chain(&error), port.excuse(&error));
            if *trouble != text {
                tracing::warn!(error = text, mend, "{} is closed; the rest goes on", P::WHAT);
                trouble.clone_from(&text);
            }
            let check = P::check(state, format!("closed: {text}"), Some(mend));
            port.tell(engine, None);
            // An engine that is too busy to be told shows it in its log.
            let _ = engine.report_front(check, None).await;
            return None;
        }
    };
    trouble.clear();
    let (check, url) = port.describe(&wanted, &front);
    let look = port.look(&wanted, &front);
    let _ = engine.report_front(check.clone(), url.clone()).await;
    port.tell(engine, Some(&front));
    let stop = CancellationToken::new();
    let mut accepting = JoinSet::new();
    accepting.spawn(P::accept(front, server.clone(), stop.clone()));
    Some(Open { wanted, stop, accepting, look, said: (check, url) })
}

/// A port that is open, and what the settings said of it.
struct Open<W> {
    wanted: W,
    stop: CancellationToken,
    accepting: JoinSet<Draining>,
    look: Option<Look>,
    /// What was last said of it.
    said: (Check, Option<String>),
}

impl<W> Open<W> {
    /// Looks at what it needs, and says so if that is something else than before.
    async fn look_again(&mut self, engine: &EngineHandle) {
        let Some(mut look) = self.look.take() else { return };
        let looked = tokio::task::spawn_blocking(move || {
            let check = look();
            (look, check)
        });
        // One that failed inside is not tried again; the port goes on.
        let Ok((look, check)) = looked.await else { return };
        self.look = Some(look);
        if check != self.said.0 {
            self.said.0 = check;
            let _ = engine.report_front(self.said.0.clone(), self.said.1.clone()).await;
        }
    }

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

/// An error with all that it came from.
pub(crate) fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
