//! The token of control over TCP, and how two ends show each other that they know it without saying it.
//!
//! The client says `hello {client, nonce}`. The server answers `{nonce, proof}`, the client `auth {proof}`. Each proof
//! is the HMAC-SHA256, keyed with the token, of who proves and of both nonces, so that none can be reused, nor be
//! sent back to the one it came from.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The method that follows `hello {client, nonce}`; it is known before authentication only.
pub const AUTH: &str = "auth";
/// The shortest token. What a stranger is sent could be used to try short ones.
pub const TOKEN_MIN: usize = 16;
/// The longest token.
pub const TOKEN_MAX: usize = 1024;
/// Bytes of a nonce.
const NONCE_BYTES: usize = 32;
const SERVER: &[u8] = b"ostler server";
const CLIENT: &[u8] = b"ostler client";
const STREAMS: &[u8] = b"ostler event streams";
const DASHBOARD: &[u8] = b"ostler dashboard";
const DASHBOARD_PROOF: &[u8] = b"ostler dashboard server";

/// A token: printable, without spaces, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// There is none.
    Empty,
    /// It can be guessed.
    Short,
    /// It does not fit into a line.
    Long,
    /// It has spaces or characters that are not ASCII.
    Characters,
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the token is empty"),
            Self::Short => write!(f, "the token is shorter than {TOKEN_MIN} characters"),
            Self::Long => write!(f, "the token is longer than {TOKEN_MAX} characters"),
            Self::Characters => f.write_str("the token has spaces or characters that are not ASCII"),
        }
    }
}

impl std::error::Error for TokenFault {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// A token, without the spaces around it.
    ///
    /// # Errors
    /// It is empty, too short, too long, or could not be typed.
    pub fn new(text: &str) -> Result<Self, TokenFault> {
        let text = text.trim();
        match text.len() {
            0 => Err(TokenFault::Empty),
            _ if !text.bytes().all(|byte| byte.is_ascii_graphic()) => Err(TokenFault::Characters),
            1..TOKEN_MIN => Err(TokenFault::Short),
            TOKEN_MIN..=TOKEN_MAX => Ok(Self(text.to_owned())),
            _ => Err(TokenFault::Long),
        }
    }

    /// The token itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a text is this token. The time that it takes says nothing about where they differ.
    pub fn is(&self, said: &str) -> bool {
        // As a message, not as a key: keys that differ in zeros at their end are the same key.
        let said = keyed(&self.0).chain_update(said).finalize();
        keyed(&self.0).chain_update(&self.0).verify(&said.into_bytes()).is_ok()
    }

    /// What a server says to a client.
    pub fn server_proof(&self, client_nonce: &str, server_nonce: &str) -> String {
        hex(&self.over(SERVER, client_nonce, server_nonce).finalize().into_bytes())
    }

    /// What a client says to a server.
    pub fn client_proof(&self, client_nonce: &str, server_nonce: &str) -> String {
        hex(&self.over(CLIENT, client_nonce, server_nonce).finalize().into_bytes())
    }

    /// Whether a server knows the token, in constant time.
    pub fn is_server_proof(&self, client_nonce: &str, server_nonce: &str, proof: &str) -> bool {
        is_proof(self.over(SERVER, client_nonce, server_nonce), proof)
    }

    /// Whether a client knows the token, in constant time.
    pub fn is_client_proof(&self, client_nonce: &str, server_nonce: &str, proof: &str) -> bool {
        is_proof(self.over(CLIENT, client_nonce, server_nonce), proof)
    }

    /// The key that opens the event streams and nothing else; it changes with the token, which it does not tell.
    pub fn stream_key(&self) -> String {
        hex(&self.over(STREAMS, "", "").finalize().into_bytes())
    }

    /// Whether a text is that key, in constant time.
    pub fn is_stream_key(&self, said: &str) -> bool {
        is_proof(self.over(STREAMS, "", ""), said)
    }

    /// What a browser that has signed in says instead of the token; it opens the same, changes with the token and does
    /// not tell it.
    pub fn dashboard_key(&self) -> String {
        hex(&self.over(DASHBOARD, "", "").finalize().into_bytes())
    }

    /// Whether a text is that key, in constant time.
    pub fn is_dashboard_key(&self, said: &str) -> bool {
        is_proof(self.over(DASHBOARD, "", ""), said)
    }

    /// What a server says to a page that knows the key: the HMAC-SHA256 of a purpose, the host by which it was called
    /// and a nonce, keyed with the key. Whoever passes a nonce on to the server at another address gets another proof.
    pub fn dashboard_proof(&self, host: &str, nonce: &str) -> String {
        let parts = [DASHBOARD_PROOF, b"\n", host.as_bytes(), b"\n", nonce.as_bytes()];
        let mac = parts.iter().fold(keyed(&self.dashboard_key()), |mac, part| mac.chain_update(part));
        hex(&mac.finalize().into_bytes())
    }

    fn over(&self, who: &[u8], client_nonce: &str, server_nonce: &str) -> Hmac<Sha256> {
        let parts = [who, client_nonce.as_bytes(), server_nonce.as_bytes()];
        parts.iter().fold(keyed(&self.0), |mac, part| {
            // With its length, so that no two triples are the same bytes.
            mac.chain_update((part.len() as u64).to_be_bytes()).chain_update(part)
        })
    }
}

/// Whether a text is a secret. The time that it takes says nothing about where they differ.
pub fn is_secret(known: &str, said: &str) -> bool {
    // As messages under a key of their own, as above.
    let key = hex(&keyed("").chain_update(known).finalize().into_bytes());
    let said = keyed(&key).chain_update(said).finalize();
    keyed(&key).chain_update(known).verify(&said.into_bytes()).is_ok()
}

/// A nonce, or a new token: 32 random bytes in hexadecimal.
///
/// # Errors
/// The system has no randomness.
pub fn nonce() -> Result<String, getrandom::Error> {
    let mut bytes = [0; NONCE_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// Whether a text is long enough for a nonce, and not too long.
pub fn is_nonce(text: &str) -> bool {
    (32..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn keyed(key: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(key.as_bytes()).expect("a key of any length will do")
}

fn is_proof(mac: Hmac<Sha256>, proof: &str) -> bool {
    unhex(proof).is_some_and(|bytes| mac.verify_slice(&bytes).is_ok())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) || text.len() > 128 {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// The server's answer to `hello {client, nonce}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Challenge {
    /// The server's nonce.
    pub nonce: String,
    /// The server's proof, in hexadecimal.
    pub proof: String,
}

/// The client's answer to that: `auth`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthParams {
    /// The client's proof, in hexadecimal.
    pub proof: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_proof_holds_for_one_side_one_token_and_one_pair_of_nonces() {
        let token = Token::new(TOKEN).unwrap();
        let (server, client) = (token.server_proof("a1", "b2"), token.client_proof("a1", "b2"));
        assert!(token.is_server_proof("a1", "b2", &server) && token.is_client_proof("a1", "b2", &client));
        assert!(!token.is_client_proof("a1", "b2", &server), "a proof that is sent back proves nothing");
        assert!(!token.is_client_proof("a1", "b3", &client) && !token.is_client_proof("a1b", "2", &client));
        let other = Token::new(&TOKEN.replace('0', "9")).unwrap();
        assert!(!other.is_client_proof("a1", "b2", &client));
        for nonsense in ["", "0", "zz", &client[..62], &"é".repeat(32)] {
            assert!(!token.is_client_proof("a1", "b2", nonsense), "{nonsense}");
        }
    }

    #[test]
    fn only_the_very_token_is_the_token() {
        let token = Token::new(&format!(" {TOKEN}\n")).unwrap();
        assert!(token.is(TOKEN));
        for other in ["", &TOKEN[1..], &format!("{TOKEN}0"), &format!("{TOKEN}\0")] {
            assert!(!token.is(other), "{other}");
        }
    }

    #[test]
    fn only_the_very_secret_is_the_secret() {
        assert!(is_secret("k", "k") && is_secret("a-key", "a-key"));
        for said in ["", "a-ke", "a-key\0", "a-key ", "A-key"] {
            assert!(!is_secret("a-key", said), "{said:?}");
        }
    }

    #[test]
    fn every_key_is_another_and_none_is_the_token() {
        let token = Token::new(TOKEN).unwrap();
        let (streams, page) = (token.stream_key(), token.dashboard_key());
        assert!(token.is_dashboard_key(&page) && token.is_stream_key(&streams));
        assert!(!token.is_dashboard_key(&streams) && !token.is_stream_key(&page) && !token.is(&page));
        assert_ne!(token.dashboard_proof("h", "a"), token.dashboard_proof("h", "b"));
        assert_ne!(token.dashboard_proof("h:1", "a"), token.dashboard_proof("h:2", "a"), "of one address");
        assert!(!token.is_dashboard_key(&token.dashboard_proof("", "")), "a proof is no key");
    }

    #[test]
    fn what_is_no_token_is_said() {
        let fault = |text: &str| Token::new(text).unwrap_err();
        assert_eq!(fault(" \n"), TokenFault::Empty);
        assert_eq!(fault("secret"), TokenFault::Short);
        assert_eq!(fault("a token of many words"), TokenFault::Characters);
        assert_eq!(fault(&"x".repeat(TOKEN_MAX + 1)), TokenFault::Long);
        assert!(!format!("{:?}", Token::new(TOKEN).unwrap()).contains(TOKEN));
    }
}
