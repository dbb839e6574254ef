//! What the ports in front of the engine share: the token, and how the settings open, move and close them.

use std::{error::Error, future::Future, time::Duration};

use ostler_api::{Check, CheckState, Token, nonce};
use ostler_config::{Overrides, Paths, Secret, TokenFile};
use ostler_engine::{EngineHandle, Settings};
use ostler_server::{ControlServer, Draining, TokenError, TokenSource};
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::serve::heed;

/// A port that could not be opened is tried again so often.
const TRY_AGAIN: Duration = Duration::from_secs(10);
/// A port whose inside failed is opened again after this long.
const OPEN_AGAIN: Duration = Duration::from_secs(1);
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

    /// What is said of it while the settings close it; nothing of most.
    fn unwanted(&self, _settings: &Settings) -> Option<Check> {
        None
    }

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
    let closed =
        port.wanted(&settings.borrow()).is_none().then(|| port.unwanted(&settings.borrow())).flatten();
    if let Some(check) = closed {
        // An engine that is too busy to be told shows it in its log.
        let _ = engine.report_front(check, None).await;
    }
    while !ending.is_cancelled() {
        let now = settings.borrow_and_update().clone();
        let wanted = port.wanted(&now);
        let is_wanted = wanted.is_some();
        if open.as_ref().map(|open| &open.wanted) != wanted.as_ref() {
            if let Some(open) = open.take() {
                draining.spawn(open.close().await.finish());
            }
            match wanted {
                // What it needs may be on a disk that does not answer; other settings or the end do not wait for it.
                Some(wanted) => tokio::select! {
                    opened = try_open(&port, wanted, &engine, &server, &mut trouble) => open = opened,
                    () = ending.cancelled() => break,
                    changed = settings.changed() => if changed.is_err() { break } else { continue },
                },
                None => {
                    port.tell(&engine, None);
                    // An engine that is too busy to be told is about to end, or asked again.
                    let _ = match port.unwanted(&now) {
                        Some(check) => engine.report_front(check, None).await,
                        None => engine.forget_front(P::NAME).await,
                    };
                }
            }
        }
        let must_try_again = is_wanted && open.is_none();
        let must_look = open.as_ref().is_some_and(|open| open.look.is_some());
        tokio::select! {
            () = ending.cancelled() => break,
            changed = settings.changed() => if changed.is_err() { break },
            Some(ended) = draining.join_next(), if !draining.is_empty() => heed(ended),
            () = sleep(TRY_AGAIN), if must_try_again => {}
            () = sleep(LOOK_AGAIN), if must_look => {
                if let Some(open) = &mut open {
                    open.look_again();
                }
            }
            news = news(&mut open) => match (news, &mut open) {
                (News::Seen(check), Some(open)) => open.say(check, &engine).await,
                (News::Seen(_), None) => {}
                (News::Ended(left), _) => {
                    open = None;
                    if let Some(left) = left {
                        draining.spawn(left.finish());
                    }
                    failed_inside(&port, &engine, &ending).await;
                }
            }
        }
    }
    if let Some(open) = open.take() {
        draining.spawn(open.close().await.finish());
    }
    while let Some(ended) = draining.join_next().await {
        heed(ended);
    }
}

/// Says that nobody accepts any more, unless that is the end, and waits a moment before the port is opened again.
async fn failed_inside<P: Port>(port: &P, engine: &EngineHandle, ending: &CancellationToken) {
    if ending.is_cancelled() {
        return;
    }
    let text = "closed: what accepts has failed inside";
    tracing::error!(text, "{} is opened again", P::WHAT);
    port.tell(engine, None);
    let mend = "wait: it is opened again within seconds".to_owned();
    // An engine that is too busy to be told shows it in its log.
    let _ = engine.report_front(P::check(CheckState::Fail, text.to_owned(), Some(mend)), None).await;
    ending.run_until_cancelled(sleep(OPEN_AGAIN)).await;
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
    let mut open = Open { wanted, stop, accepting, look, looking: JoinSet::new(), said: (check, url) };
    open.look_again();
    Some(open)
}

/// A port that is open, and what the settings said of it.
struct Open<W> {
    wanted: W,
    stop: CancellationToken,
    accepting: JoinSet<Draining>,
    /// None while it looks.
    look: Option<Look>,
    looking: JoinSet<(Look, Check)>,
    /// What was last said of it.
    said: (Check, Option<String>),
}

impl<W> Open<W> {
    /// Begins to look at what it needs.
    fn look_again(&mut self) {
        let Some(mut look) = self.look.take() else { return };
        self.looking.spawn_blocking(move || {
            let check = look();
            (look, check)
        });
    }

    /// Says what it saw, if that is something else than before.
    async fn say(&mut self, check: Check, engine: &EngineHandle) {
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

/// What is heard of an open port.
enum News {
    /// What it needs was looked at.
    Seen(Check),
    /// Nobody accepts any more, though nobody closed it; with the connections that are left.
    Ended(Option<Draining>),
}

/// Waits for news of an open port; for ever if there is none.
async fn news<W>(open: &mut Option<Open<W>>) -> News {
    let Some(open) = open else { return std::future::pending().await };
    loop {
        tokio::select! {
            Some(seen) = open.looking.join_next() => match seen {
                Ok((look, check)) => {
                    open.look = Some(look);
                    return News::Seen(check);
                }
                // One that failed inside is not tried again; the port goes on.
                Err(_) => heed(seen),
            },
            ended = open.accepting.join_next() => return News::Ended(ended.and_then(Result::ok)),
        }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ostler_api::Snapshot;
    use ostler_engine::Journal;
    use ostler_server::ServerOptions;
    use tokio::time::timeout;

    use super::*;

    /// A port whose certificate is on a disk that does not answer.
    struct Hanging;

    impl Port for Hanging {
        const NAME: &'static str = "hanging";
        const WHAT: &'static str = "a port";
        type Wanted = ();
        type Front = ();
        type Trouble = std::io::Error;

        fn wanted(&self, _settings: &Settings) -> Option<()> {
            Some(())
        }

        async fn bind(&self, _wanted: &()) -> Result<(), std::io::Error> {
            std::future::pending().await
        }

        fn describe(&self, _wanted: &(), _front: &()) -> (Check, Option<String>) {
            (Self::check(CheckState::Ok, String::new(), None), None)
        }

        fn excuse(&self, _trouble: &std::io::Error) -> (CheckState, String) {
            (CheckState::Fail, String::new())
        }

        async fn accept(_front: (), _server: ControlServer, _stop: CancellationToken) -> Draining {
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn the_end_waits_for_no_port_that_cannot_open() {
        let engine = EngineHandle::ended(Journal::new(Snapshot::default()));
        let server = ControlServer::new(engine.clone(), ServerOptions::default());
        let ending = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(keep(Hanging, engine, server, ending.clone()));
        ending.cancel();
        timeout(Duration::from_secs(20), tasks.join_next()).await.expect("it ends").unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_port_where_nobody_accepts_any_more_is_noticed() {
        let mut accepting = JoinSet::new();
        accepting.spawn(async { panic!("inside") });
        let said = (Hanging::check(CheckState::Ok, String::new(), None), None);
        let stop = CancellationToken::new();
        let mut open = Some(Open { wanted: (), stop, accepting, look: None, looking: JoinSet::new(), said });
        let news = timeout(Duration::from_secs(20), news(&mut open)).await.expect("it is noticed");
        assert!(matches!(news, News::Ended(None)));
    }
}
