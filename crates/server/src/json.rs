//! JSON, more strictly than usual: bounded nesting, no key twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::limits::NESTING_MAX;

/// Why a line is no acceptable JSON.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonError {
    #[error("the line is not UTF-8")]
    NotUtf8,
    #[error("the line is nested deeper than {NESTING_MAX} levels")]
    TooDeep,
    #[error("the line is not JSON: {0}")]
    Syntax(String),
}

/// Parses a line.
pub(crate) fn parse(line: &[u8]) -> Result<Value, JsonError> {
    let text = std::str::from_utf8(line).map_err(|_| JsonError::NotUtf8)?;
    if is_too_deep(line) {
        return Err(JsonError::TooDeep);
    }
    let Strict(value) = serde_json::from_str(text).map_err(|error| {
        // A request is one line, so that only the column says something.
        JsonError::Syntax(error.to_string().replace(" at line 1 column ", " at column "))
    })?;
    Ok(value)
}

/// Counts brackets outside of strings, before anything is built.
fn is_too_deep(line: &[u8]) -> bool {
    let (mut depth, mut is_in_string, mut is_escaped) = (0_usize, false, false);
    for byte in line {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_in_string => is_escaped = true,
            b'"' => is_in_string = !is_in_string,
            _ if is_in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > NESTING_MAX {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// A value in which no key stands twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                let shown = crate::quoted::quoted(&key);
                return Err(A::Error::custom(format_args!("the key \"{shown}\" stands there twice")));
            }
            let Strict(value) = entries.next_value()?;
            map.insert(key, value);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &[u8]) -> String {
        parse(line).unwrap_err().to_string()
    }

    #[test]
    fn what_is_accepted_is_what_serde_json_reads() {
        let line = br#"{"a":[1,-2,2.5,true,null,"x\"{{"],"b":{"c":18446744073709551615}}"#;
        assert_eq!(parse(line).unwrap(), serde_json::from_slice::<Value>(line).unwrap());
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_at_any_depth() {
        assert_eq!(
            refusal(br#"{"a":{"b":1,"b":2}}"#),
            "the line is not JSON: the key \"b\" stands there twice at column 15"
        );
        assert!(parse(br#"{"a":{"b":1},"b":2}"#).is_ok());
        // Two spellings of one key are one key.
        assert!(parse(br#"{"a":1,"\u0061":2}"#).is_err());
    }

    #[test]
    fn nesting_is_bounded_before_anything_is_built() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
        assert!(parse(&nested(NESTING_MAX)).is_ok());
        assert_eq!(refusal(&nested(NESTING_MAX + 1)), "the line is nested deeper than 32 levels");
        assert!(matches!(parse("[".repeat(2_000_000).as_bytes()), Err(JsonError::TooDeep)));
        // Brackets in a text do not count.
        assert!(parse(format!("\"{}\"", "[".repeat(100)).as_bytes()).is_ok());
    }

    #[test]
    fn no_utf8_is_said_so() {
        assert_eq!(refusal(b"{\"a\":\"\xff\"}"), "the line is not UTF-8");
    }
}
