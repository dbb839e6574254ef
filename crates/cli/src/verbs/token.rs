//! `ostler token`.

use ostler_api::{ApiError, ErrorCode, nonce};
use ostler_config::{Secret, TokenFile, TokenFileError};
use serde::Serialize;

use crate::{
    context::{Context, home_failure},
    failure::{Failure, OK, Outcome},
};

const EXAMPLES: &str = "\
Examples:
  printf 'token %s\\nstatus\\n' \"$(ostler token)\" | nc -N 127.0.0.1 8081     speak to the engine over TCP
  ostler token --rotate >/dev/null         make a new one; clients with the old one are not let in any more
  ostler token --path                      where it is kept";

/// Print the token for control over TCP and HTTP
///
/// The engine makes it when it first needs one; only you can read it. An engine that was started with OSTLER_TOKEN
/// or --token-file uses that one instead.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Make a new one first; connections that are open go on
    #[arg(long)]
    rotate: bool,
    /// Print where it is kept instead
    #[arg(long, conflicts_with = "rotate")]
    path: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    path: String,
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Outcome {
    let paths = context.paths()?;
    let file = TokenFile::of_engine(&paths.private);
    let path = file.path().display().to_string();
    if args.path {
        let text = format!("{path}\n");
        context.out.either(&Shown { token: None, path }, || text)?;
        return Ok(OK);
    }
    if args.rotate {
        paths.ensure().map_err(|error| home_failure(&error))?;
        let fresh = nonce().map_err(|error| {
            Failure::new(ErrorCode::Internal, format!("no token can be made: {error}"), "try again")
        })?;
        file.rotate(&Secret::new(fresh)).map_err(|error| token_failure(&error))?;
        if !context.out.is_json() {
            crate::print::remark("(a new token; connections that are open go on: ostler connections)");
            crate::print::remark(
                "(services that use ${events_url} learn of the new key when they are restarted)",
            );
            if std::env::var_os("OSTLER_TOKEN").is_some() {
                crate::print::remark("(an engine that was started with OSTLER_TOKEN goes on with that one)");
            }
        }
    }
    let token = file.read().map_err(|error| match error {
        TokenFileError::Missing { .. } => Failure::new(
            ErrorCode::ConfigUnreadable,
            "there is no token yet",
            "the engine makes one when it listens over HTTP or TCP; or: ostler token --rotate",
        ),
        error => token_failure(&error),
    })?;
    let token = token.expose();
    context.out.either(&Shown { token: Some(token), path }, || format!("{token}\n"))?;
    Ok(OK)
}

/// What is wrong with a token file, for people.
pub(crate) fn token_failure(error: &TokenFileError) -> Failure {
    let code = match error {
        TokenFileError::TooOpen { .. } | TokenFileError::WrongOwner { .. } | TokenFileError::Link { .. } => {
            ErrorCode::NotPermitted
        }
        TokenFileError::Empty { .. } | TokenFileError::NotText { .. } => ErrorCode::InvalidParams,
        TokenFileError::TooLong { .. } => ErrorCode::TooLarge,
        TokenFileError::Missing { .. } | TokenFileError::NotAFile { .. } | TokenFileError::System { .. } => {
            ErrorCode::ConfigUnreadable
        }
    };
    let answer = ApiError::new(code, error.to_string()).hint(error.hint());
    let source = std::error::Error::source(error);
    Failure::Api(match source {
        Some(source) => answer.caused_by(source),
        None => answer,
    })
}
