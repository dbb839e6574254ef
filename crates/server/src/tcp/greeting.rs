//! The first line of a TCP connection, from whoever can reach the port: a web page in the user's browser too.
//!
//! What a browser sends begins with `METHOD SP`, `PRI `, or the bytes of a handshake; where it may choose the method
//! itself the line still ends with `HTTP/1.1`. None of that is answered with a single byte. Only who speaks a dialect
//! of ours is told what is missing.

use ostler_api::{ApiError, AuthParams, ErrorCode, HelloParams, Method, is_nonce};
use serde_json::Value;

use crate::{
    dialect::Dialect,
    encode, json as strict,
    request::{self, Call, Incoming},
    text,
};

const MISSING: &str = "over TCP the token comes first";
const HINT: &str = "send `token TOKEN` before anything else; `ostler token` prints it";

/// What a first line is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum First {
    /// `token TOKEN`.
    Token(String),
    /// `hello {token}`; it is answered like any other `hello` afterwards.
    Hello { id: Value, token: String },
    /// `{"type":"Hello","token"}`; it is answered in its dialect afterwards.
    Typed { token: String },
    /// `hello {client, nonce}`.
    Proof { id: Value, client: String, nonce: String },
    /// Something that could be served, if the peer were known; what it is told otherwise.
    Request { refusal: Vec<u8> },
    /// Nothing that is answered.
    Wrong,
}

/// Whether more bytes can still make a line of this beginning right.
pub(super) fn can_begin(bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| *byte >= b' ' || matches!(byte, b'\t' | b'\r');
    bytes.iter().all(is_text) && !has_method(bytes)
}

/// Reads a first line.
pub(super) fn read(line: &[u8]) -> First {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if !can_begin(line) || is_http(line) {
        return First::Wrong;
    }
    if !request::is_json(line) {
        return words(line);
    }
    if let Some(token) = typed_token(line) {
        return First::Typed { token };
    }
    match request::read(line, None) {
        Incoming::Call(call) => from_call(call),
        Incoming::Turn(turn) => First::Request { refusal: turn.dialect().refusal(&missing()) },
        Incoming::Refused(..) => First::Wrong,
    }
}

/// `auth {proof}`: the id and the proof.
pub(super) fn read_auth(line: &[u8]) -> Option<(Value, String)> {
    let Ok(Value::Object(mut members)) = strict::parse(line) else { return None };
    let is_auth = members.get("method").and_then(Value::as_str) == Some(ostler_api::AUTH);
    let id =
        members.remove("id").filter(|id| id.is_number() || id.as_str().is_some_and(|id| id.len() < 256))?;
    let params: AuthParams = serde_json::from_value(members.remove("params")?).ok()?;
    is_auth.then_some((id, params.proof))
}

/// What who speaks the plain text or JSON-RPC is told about a wrong token.
pub(super) fn wrong_token(first: &First) -> Vec<u8> {
    let error = ApiError::new(ErrorCode::Unauthenticated, "the token is wrong")
        .hint("`ostler token` prints the right one");
    match first {
        First::Hello { id, .. } | First::Proof { id, .. } => encode::error(id, error),
        First::Typed { .. } => Dialect::TypeTagged.refusal(&error),
        First::Token(_) | First::Request { .. } | First::Wrong => text::refusal(&error).into_bytes(),
    }
}

fn words(line: &[u8]) -> First {
    let Ok(line) = std::str::from_utf8(line) else { return First::Wrong };
    let mut words = line.split_whitespace();
    if words.next().is_some_and(|word| word.eq_ignore_ascii_case("token")) {
        return match (words.next(), words.next()) {
            (Some(token), None) => First::Token(token.to_owned()),
            (_, _) => First::Wrong,
        };
    }
    if text::is_command(line) {
        First::Request { refusal: text::refusal(&missing()).into_bytes() }
    } else {
        First::Wrong
    }
}

fn from_call(call: Call) -> First {
    if call.method == Method::Hello {
        let Ok(hello) = request::params::<HelloParams>(call.params) else { return First::Wrong };
        match (hello.token, hello.nonce) {
            (Some(token), None) => return First::Hello { id: call.id, token },
            (None, Some(nonce)) if is_nonce(&nonce) => {
                return First::Proof { id: call.id, client: hello.client, nonce };
            }
            (None, Some(_)) | (Some(_), Some(_)) => return First::Wrong,
            (None, None) => {}
        }
    }
    First::Request { refusal: encode::error(&call.id, missing()) }
}

/// The token of `{"type":"Hello","token"}`.
fn typed_token(line: &[u8]) -> Option<String> {
    let Ok(Value::Object(mut members)) = strict::parse(line) else { return None };
    let is_hello = members.get("type").and_then(Value::as_str) == Some("Hello");
    match members.remove("token") {
        Some(Value::String(token)) if is_hello && !members.contains_key("method") => Some(token),
        _ => None,
    }
}

fn missing() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, MISSING).hint(HINT)
}

/// `METHOD SP`, `PRI `.
fn has_method(line: &[u8]) -> bool {
    let length = line.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    length > 0 && line.get(length) == Some(&b' ')
}

/// A page may choose a method with small letters (`shutdown / HTTP/1.1`), but not how the line ends.
fn is_http(line: &[u8]) -> bool {
    let last = line.rsplit(|byte| byte.is_ascii_whitespace()).find(|word| !word.is_empty());
    has_method(line) || last.is_some_and(|word| word.len() >= 5 && word[..5].eq_ignore_ascii_case(b"HTTP/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_can_send_is_never_answered() {
        let lines: [&[u8]; 17] = [
            b"GET / HTTP/1.1",
            b"POST /status HTTP/1.1\r",
            b"OPTIONS * HTTP/1.1",
            b"PRI * HTTP/2.0",
            b"STATUS /",
            b"status / HTTP/1.1",
            b"stop all HTTP/1.1",
            b"shutdown / http/1.0\r",
            b"token 0123456789abcdef HTTP/1.1",
            b"start /\tHTTP/1.1 ",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"",
            b"\x00\x00",
            b"Host: 127.0.0.1:8081",
            b"stat",
            b"[1]",
            b"{",
        ];
        for line in lines {
            assert_eq!(read(line), First::Wrong, "{}", String::from_utf8_lossy(line));
        }
        for beginning in [&b"GET "[..], b"X ", b"\x16", b"hello\x00"] {
            assert!(!can_begin(beginning));
        }
        assert!(can_begin(b"GET") && can_begin(b"{\"") && can_begin(b"") && can_begin(b"token 0123 "));
    }

    #[test]
    fn who_speaks_our_dialects_is_told_what_is_missing() {
        for line in [
            "status",
            "stop all",
            r#"{"id":1,"method":"status"}"#,
            r#"{"id":1,"method":"hello"}"#,
            r#"{"type":"Status"}"#,
            r#""Status""#,
            r#"{"Restart":{"args":null}}"#,
        ] {
            let First::Request { refusal } = read(line.as_bytes()) else { panic!("{line}") };
            let refusal = String::from_utf8(refusal).unwrap();
            assert!(refusal.contains("the token comes first"), "{line}: {refusal}");
        }
    }

    #[test]
    fn a_token_is_said_in_three_ways_and_proven_in_a_fourth() {
        let token = "t".to_owned();
        assert_eq!(read(b"token t\r"), First::Token(token.clone()));
        assert_eq!(
            read(br#"{"id":1,"method":"hello","params":{"client":"x","token":"t"}}"#),
            First::Hello { id: 1.into(), token: token.clone() }
        );
        assert_eq!(read(br#"{"type":"Hello","token":"t"}"#), First::Typed { token });
        let nonce = "a".repeat(64);
        let line = format!(r#"{{"id":"h","method":"hello","params":{{"client":"x","nonce":"{nonce}"}}}}"#);
        assert_eq!(read(line.as_bytes()), First::Proof { id: "h".into(), client: "x".into(), nonce });
        assert_eq!(read(br#"{"id":1,"method":"hello","params":{"nonce":"short"}}"#), First::Wrong);
        assert_eq!(read(b"token"), First::Wrong);
        assert_eq!(read(b"token a b"), First::Wrong);
        let auth = read_auth(br#"{"jsonrpc":"2.0","id":2,"method":"auth","params":{"proof":"00"}}"#);
        assert_eq!(auth, Some((2.into(), "00".into())));
        assert_eq!(read_auth(br#"{"id":2,"method":"status","params":{"proof":"00"}}"#), None);
    }
}
