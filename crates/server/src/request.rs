//! A line becomes a request, or the reply that says why not.

use ostler_api::{ApiError, ErrorCode, Method};
use ostler_config::nearest;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    dialect::{Dialect, Turn},
    encode::{self, INVALID_REQUEST, PARSE_ERROR},
    json,
    limits::ID_MAX,
    quoted::quoted,
};

/// What a line asks for.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A request.
    Call(Call),
    /// A line of one of the dialects.
    Turn(Turn),
    /// A line that is refused, with the reply, in a dialect if it looked like one.
    Refused(Option<Dialect>, Vec<u8>),
}

/// A request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: Value,
    pub(crate) method: Method,
    pub(crate) params: Value,
}

/// Whether a program wrote the line; else a person did.
pub(crate) fn is_json(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start().first(), Some(b'{' | b'"' | b'['))
}

/// Reads a line of JSON. Whoever spoke a dialect before is refused in it.
pub(crate) fn read(line: &[u8], before: Option<Dialect>) -> Incoming {
    match json::parse(line) {
        Err(error) => {
            let error = ApiError::new(ErrorCode::InvalidParams, error.to_string())
                .hint("send one JSON object per line, or `help` for commands with words");
            match looks_like(line, before) {
                Some(dialect) => Incoming::Refused(Some(dialect), dialect.refusal(&error)),
                None => Incoming::Refused(None, encode::line_error(PARSE_ERROR, error)),
            }
        }
        Ok(Value::Object(members)) => read_object(members),
        Ok(Value::String(name)) => turn(Dialect::VariantTagged, Turn::variant_tagged(&name, Value::Null)),
        Ok(Value::Array(_)) => no_request("batches are not supported", "send one request per line"),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_)) => {
            no_request("the line is no request", "send an object with `id`, `method` and `params`")
        }
    }
}

fn read_object(mut members: Map<String, Value>) -> Incoming {
    let method = match members.remove("method") {
        Some(method) => method,
        None if members.contains_key("type") => {
            return turn(Dialect::TypeTagged, Turn::type_tagged(members));
        }
        None => match variant(members) {
            Some((name, body)) => return turn(Dialect::VariantTagged, Turn::variant_tagged(&name, body)),
            None => return no_request("the request has no method", "methods: see `hello`"),
        },
    };
    let Value::String(method) = method else { return no_request("the method is no text", "as \"status\"") };
    let id = match members.remove("id") {
        None | Some(Value::Null) => {
            let hint = "give each request an id, a number or a text; notifications are not taken";
            return no_request("the request has no id", hint);
        }
        Some(Value::String(id)) if id.len() > ID_MAX => {
            return no_request(&format!("the id is longer than {ID_MAX} bytes"), "use a number");
        }
        Some(id @ (Value::Number(_) | Value::String(_))) => id,
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            return no_request("the id is no number and no text", "use a number");
        }
    };
    let params = members.remove("params").unwrap_or(Value::Null);
    match members.remove("jsonrpc") {
        None => {}
        Some(Value::String(version)) if version == "2.0" => {}
        Some(_) => return no_request("jsonrpc is not \"2.0\"", "leave it out, or say \"2.0\""),
    }
    if let Some(name) = members.keys().next() {
        let message = format!("a request has no member \"{}\"", quoted(name));
        return no_request(&message, "it has `id`, `method`, `params` and, if you like, `jsonrpc`");
    }
    match Method::parse(&method) {
        Some(method) => Incoming::Call(Call { id, method, params }),
        None => Incoming::Refused(None, encode::error(&id, unknown_method(&method))),
    }
}

/// Reads the parameters of a method.
pub(crate) fn params<P: DeserializeOwned>(params: Value) -> Result<P, ApiError> {
    let params = match params {
        Value::Null => Value::Object(Map::new()),
        params @ Value::Object(_) => params,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err(bad_params("", "params is no object"));
        }
    };
    serde_path_to_error::deserialize(params).map_err(|error| {
        let path = error.path().to_string();
        bad_params(if path == "." { "" } else { &path }, &error.into_inner().to_string())
    })
}

/// `invalid-params`, with the path of the bad one.
pub(crate) fn bad_params(path: &str, message: &str) -> ApiError {
    let text = if path.is_empty() { message.to_owned() } else { format!("{}: {message}", quoted(path)) };
    let mut error = ApiError::new(ErrorCode::InvalidParams, text);
    error.path = (!path.is_empty()).then(|| path.to_owned());
    error
}

fn unknown_method(name: &str) -> ApiError {
    let error = ApiError::new(ErrorCode::UnknownMethod, format!("no method is called \"{}\"", quoted(name)));
    match nearest(name, Method::ALL.iter().map(|method| method.as_str())) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`hello` lists the methods"),
    }
}

fn no_request(message: &str, hint: &str) -> Incoming {
    let error = ApiError::new(ErrorCode::InvalidParams, message).hint(hint);
    Incoming::Refused(None, encode::line_error(INVALID_REQUEST, error))
}

fn turn(dialect: Dialect, read: Result<Turn, ApiError>) -> Incoming {
    match read {
        Ok(turn) => Incoming::Turn(turn),
        Err(error) => Incoming::Refused(Some(dialect), dialect.refusal(&error)),
    }
}

/// The one member of an object whose key is capitalised.
fn variant(members: Map<String, Value>) -> Option<(String, Value)> {
    let mut members = members.into_iter();
    let only = members.next().filter(|(key, _)| key.starts_with(|first: char| first.is_ascii_uppercase()))?;
    members.next().is_none().then_some(only)
}

/// Which dialect a broken line was meant to be, by how it begins.
fn looks_like(line: &[u8], before: Option<Dialect>) -> Option<Dialect> {
    let Some(rest) = line.trim_ascii_start().strip_prefix(b"{") else {
        let is_text = line.trim_ascii_start().starts_with(b"\"");
        return if is_text { Some(Dialect::VariantTagged) } else { before };
    };
    let Some(key) = rest.trim_ascii_start().strip_prefix(b"\"") else { return before };
    let begins = |name: &[u8]| key.starts_with(name);
    if begins(b"type\"") {
        Some(Dialect::TypeTagged)
    } else if key.first().is_some_and(u8::is_ascii_uppercase) {
        Some(Dialect::VariantTagged)
    } else if begins(b"id\"") || begins(b"method\"") || begins(b"jsonrpc\"") || begins(b"params\"") {
        None
    } else {
        before
    }
}

#[cfg(test)]
mod tests {
    use ostler_api::{ActionParams, LogsParams, NoParams, Response};
    use serde_json::json;

    use super::*;

    fn refusal(line: &str) -> Response {
        match read(line.as_bytes(), None) {
            Incoming::Refused(None, reply) => serde_json::from_slice(&reply).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn check_params<P: DeserializeOwned + std::fmt::Debug>(text: Value, path: Option<&str>, message: &str) {
        let error = params::<P>(text).unwrap_err();
        assert_eq!((error.path.as_deref(), error.message.as_str()), (path, message));
    }

    #[test]
    fn the_bad_parameter_is_named_by_its_path() {
        check_params::<LogsParams>(
            json!({"services": ["a", 5]}),
            Some("services[1]"),
            "services[1]: invalid type: integer `5`, expected a string",
        );
        check_params::<ActionParams>(
            json!({"wait": "soon"}),
            Some("wait"),
            "wait: unknown variant `soon`, expected one of `accepted`, `settled`, `ready`",
        );
        check_params::<NoParams>(json!([1]), None, "params is no object");
        check_params::<NoParams>(
            json!({"servcie": 1}),
            Some("servcie"),
            "servcie: unknown field `servcie`, there are no fields",
        );
    }

    #[test]
    fn a_wrong_method_comes_with_the_nearest_right_one_and_its_id() {
        let reply = refusal(r#"{"id":"a","method":"statsu"}"#);
        let error = reply.error.unwrap();
        assert_eq!((reply.id, error.code), (json!("a"), -32601));
        assert_eq!(error.data.unwrap().hint.as_deref(), Some("did you mean `status`?"));
    }

    #[test]
    fn a_request_without_an_id_is_refused_with_a_message() {
        let error = refusal(r#"{"method":"status"}"#).error.unwrap();
        assert_eq!((error.code, error.message.as_str()), (-32600, "the request has no id"));
    }

    fn check_refused_in(line: &str, before: Option<Dialect>, expected: Option<Dialect>) {
        match read(line.as_bytes(), before) {
            Incoming::Refused(dialect, _) => assert_eq!(dialect, expected, "{line}"),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_broken_line_is_refused_in_the_dialect_that_it_was_meant_to_be() {
        let (typed, variant) = (Some(Dialect::TypeTagged), Some(Dialect::VariantTagged));
        check_refused_in(r#" { "type":"Status""#, None, typed);
        check_refused_in(r#"{"type":null}"#, variant, typed);
        check_refused_in(r#""Status"#, None, variant);
        check_refused_in(r#"{"Restart":{"args":}}"#, None, variant);
        check_refused_in(r#"{"service":"api","type":"Start",}"#, typed, typed);
        check_refused_in(r#"{"service":"api","type":"Start",}"#, None, None);
        check_refused_in(r#"{"id":1,"method":"status""#, typed, None);
    }
}
