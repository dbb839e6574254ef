//! Replies and notifications as lines.

use std::io;

use ostler_api::{ApiError, ErrorCode, RpcError};
use serde::Serialize;
use serde_json::Value;

use crate::limits::REPLY_MAX;

/// JSON-RPC's code for a line that is no JSON.
pub(crate) const PARSE_ERROR: i32 = -32700;
/// JSON-RPC's code for JSON that is no request.
pub(crate) const INVALID_REQUEST: i32 = -32600;

#[derive(Serialize)]
struct ResultLine<'a, T> {
    jsonrpc: &'static str,
    id: &'a Value,
    result: &'a T,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    jsonrpc: &'static str,
    id: &'a Value,
    error: &'a RpcError,
}

#[derive(Serialize)]
struct NotificationLine<'a, T> {
    jsonrpc: &'static str,
    method: &'static str,
    params: Tagged<'a, T>,
}

/// What a notification says, and the request that asked for it.
#[derive(Serialize)]
struct Tagged<'a, T> {
    request: &'a Value,
    #[serde(flatten)]
    message: &'a T,
}

/// A reply; `too-large` if it does not fit into one line.
pub(crate) fn result<T: Serialize>(id: &Value, result: &T) -> Result<Vec<u8>, ApiError> {
    line(&ResultLine { jsonrpc: "2.0", id, result })
}

/// A notification; `too-large` if it does not fit into one line.
pub(crate) fn notification<T: Serialize>(
    request: &Value,
    method: &'static str,
    message: &T,
) -> Result<Vec<u8>, ApiError> {
    line(&NotificationLine { jsonrpc: "2.0", method, params: Tagged { request, message } })
}

/// An error as a reply.
pub(crate) fn error(id: &Value, error: ApiError) -> Vec<u8> {
    rpc_error(id, &RpcError::from(error))
}

/// An error that concerns the line rather than what it asks for.
pub(crate) fn line_error(code: i32, error: ApiError) -> Vec<u8> {
    rpc_error(&Value::Null, &RpcError { code, message: error.message.clone(), data: Some(error) })
}

fn rpc_error(id: &Value, error: &RpcError) -> Vec<u8> {
    line(&ErrorLine { jsonrpc: "2.0", id, error }).unwrap_or_else(|_| {
        let short = ApiError::new(error.data.as_ref().map_or(ErrorCode::Internal, |data| data.code), "");
        let error =
            RpcError { code: error.code, message: "an error too long to be told".into(), data: Some(short) };
        line(&ErrorLine { jsonrpc: "2.0", id, error: &error }).unwrap_or_default()
    })
}

/// Any value as a line.
pub(crate) fn line<T: Serialize>(value: &T) -> Result<Vec<u8>, ApiError> {
    let mut bounded = Bounded { bytes: Vec::with_capacity(256), is_full: false };
    match value.serialize(&mut serde_json::Serializer::with_formatter(&mut bounded, Printable)) {
        Ok(()) => {
            bounded.bytes.push(b'\n');
            Ok(bounded.bytes)
        }
        Err(_) if bounded.is_full => {
            let message = format!("the answer is longer than {} MiB", REPLY_MAX / 1024 / 1024);
            Err(ApiError::new(ErrorCode::TooLarge, message).hint("ask for less: one service, fewer lines"))
        }
        Err(error) => {
            Err(ApiError::new(ErrorCode::Internal, "the answer cannot be written").caused_by(&error))
        }
    }
}

/// JSON that a terminal shows as it stands: DEL and the controls of Latin-1, which JSON allows, are escaped as well.
struct Printable;

impl serde_json::ser::Formatter for Printable {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, control)) = rest.char_indices().find(|(_, c)| c.is_control()) {
            writer.write_all(&rest.as_bytes()[..at])?;
            write!(writer, "\\u{:04x}", u32::from(control))?;
            rest = &rest[at + control.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Takes no more than a reply line may have.
struct Bounded {
    bytes: Vec<u8>,
    is_full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() >= REPLY_MAX {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_stands_in_a_line_as_it_is() {
        let text = "a\u{7f}b\u{9b}31m\u{85}é\n";
        let line = line(&text).unwrap();
        assert_eq!(line, b"\"a\\u007fb\\u009b31m\\u0085\xc3\xa9\\n\"\n");
        assert_eq!(serde_json::from_slice::<String>(&line).unwrap(), text);
    }

    #[test]
    fn a_reply_that_is_too_long_becomes_an_error() {
        let text = "x".repeat(REPLY_MAX);
        assert_eq!(result(&1.into(), &text).unwrap_err().code, ErrorCode::TooLarge);
        assert_eq!(result(&1.into(), &"x").unwrap(), b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"x\"}\n");
    }
}
