//! What opens once: codes that sign a browser in, and tickets for one stream.
//!
//! Both are random, short-lived and gone with their first use. A code may be bound to the engine's own user, because
//! it stands on a command line for a moment, where others can read it.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ostler_api::{ApiError, ErrorCode, Token, nonce};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

use crate::{limits::FAILURE_PAUSE, tally::Tally};

/// A code is of use for so long.
pub(crate) const CODE_LIFE: Duration = Duration::from_secs(60);
/// A ticket is of use for so long.
pub(crate) const TICKET_LIFE: Duration = Duration::from_secs(30);
/// Codes at once; the oldest makes room.
const CODES_MAX: usize = 16;
/// Tickets at once; the oldest makes room.
const TICKETS_MAX: usize = 256;
/// Wrong codes that wait for their answer at once.
const WRONG_AT_ONCE: usize = 8;
/// Characters of a code or ticket: 128 bits in hexadecimal.
const LENGTH: usize = 32;

/// Codes and tickets that are not used yet.
#[derive(Debug)]
pub(crate) struct Passes {
    codes: Mutex<VecDeque<Pass>>,
    tickets: Mutex<VecDeque<Pass>>,
    wrong: Semaphore,
    refused: Tally,
}

/// One of them.
struct Pass {
    /// A token, as tokens are compared in constant time and never shown.
    secret: Token,
    until: Instant,
    bound: Bound,
}

/// Who may use a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Whoever has it.
    Holder,
    /// A process of the engine's own user on this machine.
    OwnUser,
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pass(…)")
    }
}

impl Default for Passes {
    fn default() -> Self {
        Self {
            codes: Mutex::default(),
            tickets: Mutex::default(),
            wrong: Semaphore::new(WRONG_AT_ONCE),
            refused: Tally::default(),
        }
    }
}

impl Passes {
    /// Somebody was refused at the sign-in: how often so far, if that is to be told.
    pub(crate) fn refused(&self) -> Option<u64> {
        self.refused.again()
    }

    /// A new code.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn code(&self, bound: Bound) -> Result<String, ApiError> {
        issue(&self.codes, CODES_MAX, CODE_LIFE, bound)
    }

    /// A new ticket.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn ticket(&self) -> Result<String, ApiError> {
        issue(&self.tickets, TICKETS_MAX, TICKET_LIFE, Bound::Holder)
    }

    /// Whether this is a ticket; it is none any more.
    pub(crate) fn take_ticket(&self, said: &str) -> bool {
        take(&self.tickets, said).is_some()
    }

    /// Who may use this code, if it is one.
    pub(crate) fn code_bound(&self, said: &str) -> Option<Bound> {
        let passes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        passes.iter().find(|pass| pass.secret.is(said)).map(|pass| pass.bound)
    }

    /// Who may use this code, if it is one; it is none any more. A wrong one is answered late.
    ///
    /// # Errors
    /// `unauthenticated`: it is none. `rate-limited`: and many others are none either.
    pub(crate) async fn take_code(&self, said: &str) -> Result<Bound, ApiError> {
        if let Some(pass) = take(&self.codes, said) {
            return Ok(pass.bound);
        }
        let Ok(_place) = self.wrong.try_acquire() else {
            let error = ApiError::new(ErrorCode::RateLimited, "too many wrong codes at once");
            return Err(error.hint("wait a moment"));
        };
        sleep(FAILURE_PAUSE).await;
        Err(no_code())
    }
}

/// What one is told whose code opens nothing.
pub(crate) fn no_code() -> ApiError {
    let text = format!("this code was used already, or is older than {} s", CODE_LIFE.as_secs());
    ApiError::new(ErrorCode::Unauthenticated, text).hint("`ostler dashboard` gives a new one")
}

fn issue(
    passes: &Mutex<VecDeque<Pass>>,
    most: usize,
    life: Duration,
    bound: Bound,
) -> Result<String, ApiError> {
    let random = |error: &dyn std::error::Error| {
        ApiError::new(ErrorCode::Internal, "nothing random can be made").caused_by(error).hint("try again")
    };
    let mut secret = nonce().map_err(|error| random(&error))?;
    secret.truncate(LENGTH);
    let pass = Pass {
        secret: Token::new(&secret).map_err(|error| random(&error))?,
        until: Instant::now() + life,
        bound,
    };
    let mut passes = passes.lock().unwrap_or_else(PoisonError::into_inner);
    passes.retain(|pass| pass.until > Instant::now());
    if passes.len() >= most {
        passes.pop_front();
    }
    passes.push_back(pass);
    Ok(secret)
}

fn take(passes: &Mutex<VecDeque<Pass>>, said: &str) -> Option<Pass> {
    let mut passes = passes.lock().unwrap_or_else(PoisonError::into_inner);
    let at = passes.iter().position(|pass| pass.secret.is(said))?;
    passes.remove(at).filter(|pass| pass.until > Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_code_opens_once_and_in_time() {
        let passes = Passes::default();
        let code = passes.code(Bound::OwnUser).unwrap();
        assert_eq!(code.len(), LENGTH);
        assert!(!passes.take_ticket(&code), "a code is no ticket");
        assert_eq!(passes.take_code(&code).await.unwrap(), Bound::OwnUser);
        assert_eq!(passes.take_code(&code).await.unwrap_err().code, ErrorCode::Unauthenticated);
        let late = passes.code(Bound::Holder).unwrap();
        tokio::time::advance(CODE_LIFE).await;
        assert!(passes.take_code(&late).await.is_err());
        let ticket = passes.ticket().unwrap();
        assert!(passes.take_ticket(&ticket) && !passes.take_ticket(&ticket));
        let late = passes.ticket().unwrap();
        tokio::time::advance(TICKET_LIFE).await;
        assert!(!passes.take_ticket(&late) && !passes.take_ticket(""));
        assert!(!format!("{passes:?}").contains(&late));
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_of_many_makes_room() {
        let passes = Passes::default();
        let codes: Vec<_> = (0..=CODES_MAX).map(|_| passes.code(Bound::Holder).unwrap()).collect();
        assert!(passes.take_code(&codes[0]).await.is_err());
        assert!(
            passes.take_code(&codes[1]).await.is_ok() && passes.take_code(&codes[CODES_MAX]).await.is_ok()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn many_wrong_codes_do_not_keep_a_right_one_out() {
        let passes = std::sync::Arc::new(Passes::default());
        let mut wrong = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let passes = std::sync::Arc::clone(&passes);
            wrong.spawn(async move { passes.take_code("0123456789abcdef0123456789abcdef").await });
        }
        tokio::task::yield_now().await;
        let code = passes.code(Bound::Holder).unwrap();
        assert!(passes.take_code(&code).await.is_ok());
        let refused = wrong.join_all().await;
        let is_limited = |result: &Result<Bound, ApiError>| {
            result.as_ref().is_err_and(|error| error.code == ErrorCode::RateLimited)
        };
        assert_eq!(refused.iter().filter(|result| is_limited(result)).count(), 40 - WRONG_AT_ONCE);
    }
}
