//! From the first byte to a peer that may speak.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ostler_api::{Challenge, HelloReply, Token, nonce};
use ostler_config::{TokenFile, TokenFileError};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{sleep, timeout},
};

use super::greeting::{self, First};
use crate::{
    encode,
    limits::{FAILURE_PAUSE, GREETING_MAX, LINE_FREE_MAX, TOKEN_DEADLINE},
    peer::Greeting,
};

/// Where the token is.
#[derive(Clone, Debug)]
pub enum TokenSource {
    /// Said by command line or environment.
    Fixed(Token),
    /// Read anew for each connection, so that a new one is in force at once.
    File(TokenFile),
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] TokenFileError),
    /// The disk does not answer.
    #[error("the token was not read within {} s", TOKEN_DEADLINE.as_secs())]
    Late,
    /// The reading failed inside.
    #[error("the token cannot be read: {0}")]
    Inside(String),
    /// What it holds is no token.
    #[error("{path}: {fault}")]
    Content {
        /// The file.
        path: String,
        /// What is wrong.
        fault: ostler_api::TokenFault,
    },
}

impl TokenError {
    /// How to mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::File(error) => error.hint(),
            Self::Late | Self::Inside(_) => {
                "look at the disk that holds it; it is read anew each time".to_owned()
            }
            Self::Content { .. } => "make a new one: ostler token --rotate".to_owned(),
        }
    }
}

impl TokenSource {
    /// The token, read anew and in time.
    ///
    /// # Errors
    /// As [`TokenSource::token`], or the disk does not answer.
    pub(crate) async fn read(&self) -> Result<Token, TokenError> {
        let source = match self {
            Self::Fixed(token) => return Ok(token.clone()),
            Self::File(_) => self.clone(),
        };
        match timeout(TOKEN_DEADLINE, tokio::task::spawn_blocking(move || source.token())).await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => Err(TokenError::Inside(error.to_string())),
            Err(_) => Err(TokenError::Late),
        }
    }

    /// The token. May read a file.
    ///
    /// # Errors
    /// The file cannot be used, or holds no token.
    pub fn token(&self) -> Result<Token, TokenError> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::File(file) => {
                let secret = file.read()?;
                Token::new(secret.expose())
                    .map_err(|fault| TokenError::Content { path: file.path().display().to_string(), fault })
            }
        }
    }
}

/// Who may speak over TCP.
#[derive(Clone, Debug)]
pub enum Admission {
    /// Who knows the token.
    Token(TokenSource),
    /// Processes of the same user on this machine; with a token our own clients are proven to as well.
    SameUser(Option<TokenSource>),
}

/// One who may speak, and what it has said so far that is to be served.
#[derive(Debug, PartialEq)]
pub(super) struct Admitted {
    pub(super) greeting: Greeting,
    pub(super) begun: Vec<u8>,
}

/// What a greeting needs besides the stream.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) admission: Admission,
    pub(super) hello: HelloReply,
    /// Wrong tokens so far.
    pub(super) failures: Arc<AtomicU64>,
}

impl Door {
    /// Hears a first line; none is let in that is wrong. What was sent to one who is not let in is all it gets.
    pub(super) async fn hear<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
    ) -> io::Result<Option<Admitted>> {
        let is_known = matches!(self.admission, Admission::SameUser(_));
        let mut heard = Heard::default();
        let max = if is_known { LINE_FREE_MAX } else { GREETING_MAX };
        let line = match heard.line(stream, max).await? {
            Some(line) => line,
            // A program's first request may be long; no browser begins with a bracket.
            None if is_known && heard.bytes.len() >= max && crate::request::is_json(&heard.bytes) => {
                return Ok(Some(Admitted { greeting: Greeting::SameUser, begun: heard.bytes }));
            }
            None => return Ok(None),
        };
        let first = greeting::read(&line);
        match &first {
            First::Wrong => Ok(None),
            First::Request { .. } | First::Hello { .. } | First::Typed { .. } if is_known => {
                Ok(Some(Admitted { greeting: Greeting::SameUser, begun: heard.whole(&line) }))
            }
            First::Token(_) if is_known => {
                Ok(Some(Admitted { greeting: Greeting::SameUser, begun: heard.bytes }))
            }
            First::Request { refusal } => {
                stream.write_all(refusal).await?;
                Ok(None)
            }
            First::Token(said) => {
                let greeting = self.compare(said, &first, stream).await?.then_some(Greeting::Words);
                Ok(greeting.map(|greeting| Admitted { greeting, begun: heard.bytes }))
            }
            First::Hello { token, .. } => {
                let is_right = self.compare(token, &first, stream).await?;
                Ok(is_right.then(|| Admitted { greeting: Greeting::Hello, begun: heard.whole(&line) }))
            }
            First::Typed { token } => {
                let is_right = self.compare(token, &first, stream).await?;
                Ok(is_right.then(|| Admitted { greeting: Greeting::Typed, begun: heard.whole(&line) }))
            }
            First::Proof { id, client, nonce } => {
                self.prove(&first, (id, client, nonce), heard, stream).await
            }
        }
    }

    /// Both sides show that they know the token; nobody says it.
    async fn prove<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        first: &First,
        (id, client, client_nonce): (&serde_json::Value, &str, &str),
        mut heard: Heard,
        stream: &mut S,
    ) -> io::Result<Option<Admitted>> {
        let Some(token) = self.token().await else { return Ok(None) };
        let server_nonce = nonce().map_err(io::Error::other)?;
        let proof = token.server_proof(client_nonce, &server_nonce);
        let challenge = Challenge { nonce: server_nonce.clone(), proof };
        stream.write_all(&encode::result(id, &challenge).unwrap_or_default()).await?;
        let Some(line) = heard.line(stream, GREETING_MAX).await? else { return Ok(None) };
        let Some((id, proof)) = greeting::read_auth(&line) else { return Ok(None) };
        if !token.is_client_proof(client_nonce, &server_nonce, &proof) {
            self.refuse(first, stream).await?;
            return Ok(None);
        }
        stream.write_all(&encode::result(&id, &self.hello).unwrap_or_default()).await?;
        Ok(Some(Admitted { greeting: Greeting::Proven(client.to_owned()), begun: heard.bytes }))
    }

    async fn compare<S: AsyncWrite + Unpin>(
        &self,
        said: &str,
        first: &First,
        stream: &mut S,
    ) -> io::Result<bool> {
        let Some(token) = self.token().await else { return Ok(false) };
        let is_right = token.is(said);
        if !is_right {
            self.refuse(first, stream).await?;
        }
        Ok(is_right)
    }

    /// Counts, waits a moment so that guessing is slow, and says it.
    async fn refuse<S: AsyncWrite + Unpin>(&self, first: &First, stream: &mut S) -> io::Result<()> {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        // One who guesses forever does not fill the log.
        if failures.is_power_of_two() {
            tracing::warn!(target: "ostler::audit", failures, "a wrong token over TCP");
        }
        sleep(FAILURE_PAUSE).await;
        stream.write_all(&greeting::wrong_token(first)).await
    }

    async fn token(&self) -> Option<Token> {
        let source = match &self.admission {
            Admission::Token(source) | Admission::SameUser(Some(source)) => source.clone(),
            Admission::SameUser(None) => return None,
        };
        match tokio::task::spawn_blocking(move || source.token()).await {
            Ok(Ok(token)) => Some(token),
            Ok(Err(error)) => {
                tracing::warn!(%error, mend = error.hint(), "nobody can be let in over TCP");
                None
            }
            Err(_) => None,
        }
    }
}

/// What has come so far.
#[derive(Debug, Default)]
struct Heard {
    bytes: Vec<u8>,
}

impl Heard {
    /// The next line, if it can become one.
    async fn line<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        max: usize,
    ) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let rest = self.bytes.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.bytes, rest);
                line.pop();
                return Ok(Some(line));
            }
            if self.bytes.len() >= max || !greeting::can_begin(&self.bytes) {
                return Ok(None);
            }
            let room = (max - self.bytes.len()) as u64;
            if (&mut *stream).take(room).read_buf(&mut self.bytes).await? == 0 {
                // The last line needs no end.
                let line = std::mem::take(&mut self.bytes);
                return Ok((!line.is_empty()).then_some(line));
            }
        }
    }

    /// A line with all that followed, as if nothing had been read.
    fn whole(self, line: &[u8]) -> Vec<u8> {
        [line, b"\n", &self.bytes].concat()
    }
}

#[cfg(test)]
mod tests;
