//! How a browser signs in, how the page knows that it speaks with us, and tickets for one stream.
//!
//! `ostler dashboard` gets a code over the control socket and opens the page with it behind the `#`, which no browser
//! sends. The page exchanges it for a key that is made of the token: it outlives this process and changes with the
//! token. Before the page sends that key to whoever listens at the port, which after an end of the engine may be
//! somebody else, it has this server prove that it knows the key.

use ostler_api::{ApiError, ErrorCode, Token};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    rest::{Asked, read},
    site::Visitor,
};
use crate::{
    connection::Shared,
    passes::{Bound, TICKET_LIFE, no_code},
    tcp::is_own_user,
};

/// Where a code becomes a key; needs no token.
pub(super) const SESSION_PATH: &str = "/dashboard/session";
/// Where this server proves that it knows the key; needs no token.
pub(super) const PROOF_PATH: &str = "/dashboard/proof";

/// `POST /dashboard/session`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SignIn {
    code: Option<String>,
    token: Option<String>,
}

/// `POST /dashboard/proof`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Doubt {
    nonce: String,
}

/// A key for a code, or for the token itself.
pub(super) async fn sign_in(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Value, ApiError> {
    asked.no_query()?;
    let SignIn { code, token: said } = read(Value::Object(asked.object()?))?;
    let Some(token) = token(shared).await? else { return Ok(json!({ "key": null })) };
    match (code, said) {
        (Some(code), None) => {
            let passes = shared.hub.passes();
            // Looked at before it is used up: who reads it on a command line shall not even spoil it.
            let is_bound = passes.code_bound(&code) == Some(Bound::OwnUser);
            if is_bound && !is_own_user(visitor.from, visitor.own).await {
                if let Some(failures) = passes.refused() {
                    tracing::warn!(target: "ostler::audit", peer = %visitor.from, failures, "another user tried a code of the dashboard");
                }
                return Err(no_code());
            }
            passes.take_code(&code).await?;
        }
        (None, Some(said)) if token.is(said.trim()) => {}
        (None, Some(_)) => {
            if let Some(failures) = shared.hub.passes().refused() {
                tracing::warn!(target: "ostler::audit", peer = %visitor.from, failures, "a wrong token at the sign-in of the dashboard");
            }
            tokio::time::sleep(crate::limits::FAILURE_PAUSE).await;
            let error = ApiError::new(ErrorCode::Unauthenticated, "this is not the token");
            return Err(error.hint("`ostler token` prints it"));
        }
        (None, None) | (Some(_), Some(_)) => {
            let error = ApiError::new(ErrorCode::InvalidParams, "either a code or the token is needed");
            return Err(error.hint("`ostler dashboard` opens the page with a code"));
        }
    }
    tracing::info!(target: "ostler::audit", peer = %visitor.from, "a browser signed in to the dashboard");
    Ok(json!({ "key": token.dashboard_key() }))
}

/// What only one who knows the key can say to a nonce, at this address; nothing if no key is needed.
pub(super) async fn proof(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Value, ApiError> {
    asked.no_query()?;
    let Doubt { nonce } = read(Value::Object(asked.object()?))?;
    if !ostler_api::is_nonce(&nonce) {
        let error = ApiError::new(ErrorCode::InvalidParams, "nonce: 32 to 128 letters and digits are needed");
        return Err(error.hint("make a new one each time"));
    }
    let proof = token(shared).await?.map(|token| token.dashboard_proof(&visitor.host, &nonce));
    Ok(json!({ "proof": proof }))
}

/// A ticket for one stream.
pub(super) fn ticket(shared: &Shared, asked: &Asked) -> Result<Value, ApiError> {
    asked.no_query()?;
    if !asked.object()?.is_empty() {
        let error = ApiError::new(ErrorCode::InvalidParams, "a ticket is asked for without parameters");
        return Err(error.hint("send {} or nothing"));
    }
    Ok(json!({ "ticket": shared.hub.passes().ticket()?, "expires_in": TICKET_LIFE.as_secs() }))
}

/// The token that is needed here, if one is.
async fn token(shared: &Shared) -> Result<Option<Token>, ApiError> {
    let Some(source) = shared.hub.door().and_then(|door| door.token) else { return Ok(None) };
    let unreadable = || {
        ApiError::new(ErrorCode::Unauthenticated, "the token cannot be read, so nobody is let in")
            .hint("`ostler doctor` says more")
    };
    source.read().await.map(Some).map_err(|error| unreadable().caused_by(&error))
}
