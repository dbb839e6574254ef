//! Recorded conversations, held again with an engine. `tests/wire/README.md` says what their lines mean.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::wait_until;

/// How long an answer that is asked for again may take to be as expected.
const UNTIL_LIMIT: Duration = Duration::from_secs(20);
/// The beginning of 2026, in Unix seconds.
const RECENTLY: i64 = 1_767_225_600;
/// What stands for more of the same.
const MORE: &str = "…";

/// A stream to an engine, over any transport. Its reads must have a time limit.
pub trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// The folder of the conversations and of the configuration that they need.
pub fn conversations() -> PathBuf {
    // Also a module of another crate, which stands as deep.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("the crate stands two folders deep").join("tests/wire/conversations")
}

/// Holds a conversation.
///
/// # Panics
///
/// When the engine answers anything else than was recorded.
#[track_caller]
pub fn hold(name: &str, stream: impl Stream) {
    let path = conversations().join(format!("{name}.ndjson"));
    let mut text = std::fs::read_to_string(path).expect("the conversation is there");
    if cfg!(windows) {
        // The first process, which always lives, is one of Unix.
        text = text.replace("\"pid\": 1,", &format!("\"pid\": {},", std::process::id()));
    }
    let mut stream = BufReader::new(stream);
    for line in text.lines() {
        let step: Map<String, Value> = serde_json::from_str(line).expect("a step is an object");
        let mut found = Value::Null;
        let is_as_expected = || {
            found = exchange(&step, &mut stream).unwrap_or_else(|error| panic!("{error}: {line}"));
            is_expected(&step, &found)
        };
        let limit = if step.contains_key("until") { UNTIL_LIMIT } else { Duration::ZERO };
        let is_right = wait_until(limit, is_as_expected);
        assert!(is_right, "{line}\nwas answered\n{found}");
    }
}

/// Sends what a step sends, and reads what comes back.
fn exchange(step: &Map<String, Value>, stream: &mut BufReader<impl Stream>) -> io::Result<Value> {
    let bytes = match &step["send"] {
        Value::String(text) => text.clone().into_bytes(),
        value => format!("{value}\n").into_bytes(),
    };
    stream.get_mut().write_all(&bytes)?;
    stream.get_mut().flush()?;
    if let Some(Value::Array(expected)) = step.get("receive_all") {
        return (0..expected.len())
            .map(|_| json_line(stream))
            .collect::<io::Result<Vec<_>>>()
            .map(Value::from);
    }
    if step["receive"].is_array() {
        return words(stream).map(Value::from);
    }
    loop {
        let message = json_line(stream)?;
        if message.get("method").is_none() || message.get("method") != step.get("skip") {
            return Ok(message);
        }
    }
}

fn json_line(stream: &mut impl BufRead) -> io::Result<Value> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_str(&line)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{error} in {line}")))
}

/// The lines of an answer in words, up to the empty one.
fn words(stream: &mut impl BufRead) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end_matches('\n') {
            "" => return Ok(lines),
            text => lines.push(text.to_owned()),
        }
    }
}

fn is_expected(step: &Map<String, Value>, found: &Value) -> bool {
    match (step.get("receive_all"), step.get("receive").unwrap_or(&Value::Null), found) {
        (Some(Value::Array(expected)), _, Value::Array(found)) => {
            expected.iter().all(|one| found.iter().any(|it| matches(one, it)))
        }
        (None, Value::Array(expected), Value::Array(found)) => lines_match(expected, found),
        (_, expected, found) => matches(expected, found),
    }
}

fn matches(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(text), found) if text.starts_with('<') => is_kind(text, found),
        (Value::Object(expected), Value::Object(found)) => {
            let is_open = expected.contains_key(MORE);
            let named = || expected.iter().filter(|(key, _)| *key != MORE);
            let is_whole = is_open || found.keys().all(|key| expected.contains_key(key));
            is_whole && named().all(|(key, value)| found.get(key).is_some_and(|it| matches(value, it)))
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(e, f)| matches(e, f))
        }
        (expected, found) => expected == found,
    }
}

fn is_kind(kind: &str, found: &Value) -> bool {
    match kind {
        "<any>" => !found.is_null(),
        "<any or null>" => true,
        "<text>" => found.as_str().is_some_and(|text| !text.is_empty()),
        "<number>" => found.is_number(),
        "<unix>" => found.as_i64().is_some_and(|seconds| seconds >= RECENTLY),
        "<time>" => found.as_str().is_some_and(is_time),
        other => panic!("{other} stands for nothing"),
    }
}

/// Whether a text has the form of RFC 3339: digits where it has digits.
fn is_time(text: &str) -> bool {
    const FORM: &str = "2026-01-01T00:00:00";
    let is_alike =
        |(form, found): (char, char)| form == found || form.is_ascii_digit() && found.is_ascii_digit();
    text.len() > FORM.len() && FORM.chars().zip(text.chars()).all(is_alike) && text.ends_with('Z')
}

fn lines_match(expected: &[Value], found: &[Value]) -> bool {
    match expected {
        [] => found.is_empty(),
        [first, rest @ ..] if first == MORE => {
            (0..=found.len()).any(|skipped| lines_match(rest, &found[skipped..]))
        }
        [first, rest @ ..] => match (first, found) {
            (Value::String(pattern), [Value::String(line), left @ ..]) => {
                line_matches(pattern, line) && lines_match(rest, left)
            }
            _ => false,
        },
    }
}

/// Whether a line is what a pattern says; `…` in it stands for any characters.
fn line_matches(pattern: &str, line: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once(MORE) else { return pattern == line };
    let Some(mut left) = line.strip_prefix(begin) else { return false };
    let mut parts: Vec<&str> = rest.split(MORE).collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_has_what_is_named_and_more_only_if_said() {
        assert!(matches(&json!({"a": "<number>"}), &json!({"a": 1})));
        assert!(!matches(&json!({"a": "<number>"}), &json!({"a": 1, "b": 2})));
        assert!(matches(&json!({"a": 1, "…": true}), &json!({"a": 1, "b": 2})));
        assert!(!matches(&json!({"a": null, "…": true}), &json!({"b": 2})));
        assert!(!matches(&json!(["<time>"]), &json!(["yesterday"])));
        assert!(matches(&json!(["<time>"]), &json!(["2026-11-21T03:04:05.678Z"])));
    }

    #[test]
    fn a_line_of_words_may_leave_out_characters_and_lines() {
        assert!(line_matches("a … c", "a b b c") && !line_matches("a … c", "a b d"));
        assert!(lines_match(&[json!("a …"), json!("…")], &[json!("a b"), json!("x"), json!("y")]));
        assert!(lines_match(&[json!("…"), json!("y")], &[json!("x"), json!("y")]));
        assert!(!lines_match(&[json!("a")], &[json!("a"), json!("b")]));
    }
}
