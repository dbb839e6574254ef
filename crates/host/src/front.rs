//! What the ports in front of the engine share: the token, and how they are closed.

use std::time::Duration;

use ostler_api::{Token, nonce};
use ostler_config::{Overrides, Paths, Secret, TokenFile};
use ostler_server::{Draining, TokenError, TokenSource};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A port that could not be opened is tried again so often.
pub(crate) const TRY_AGAIN: Duration = Duration::from_secs(10);

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

/// A port that is open, and what the settings said of it.
pub(crate) struct Open<W> {
    pub(crate) wanted: W,
    pub(crate) stop: CancellationToken,
    pub(crate) accepting: JoinSet<Draining>,
}

impl<W> Open<W> {
    /// Closes the port. Once it returns, the port is free.
    pub(crate) async fn close(mut self) -> Closed {
        self.stop.cancel();
        Closed(self.accepting.join_next().await.and_then(Result::ok))
    }
}

/// A port that is closed, with connections that may still be answered.
pub(crate) struct Closed(Option<Draining>);

impl Closed {
    pub(crate) async fn finish(self) {
        if let Some(draining) = self.0 {
            draining.finish().await;
        }
    }
}

/// An error with all that it came from.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
