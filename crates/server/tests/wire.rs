//! The server answers the wire fixtures.

mod common;

use common::{engine, exchange, fixtures};
use serde_json::Value;

/// Whether an answer is as expected; `<any>` is anything, and members that are not named do not matter.
fn matches(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(any), _) if any == "<any>" => !found.is_null(),
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().all(|(key, value)| found.get(key).is_some_and(|found| matches(value, found)))
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(e, f)| matches(e, f))
        }
        (expected, found) => expected == found,
    }
}

fn sent(send: &Value) -> Vec<u8> {
    match send {
        Value::String(text) => text.clone().into_bytes(),
        value => format!("{value}\n").into_bytes(),
    }
}

#[tokio::test]
async fn every_request_is_answered_as_the_fixtures_say() {
    for fixture in fixtures("requests.ndjson") {
        let answered = exchange(&engine(), &sent(&fixture["send"])).await;
        let mut lines: Vec<Value> = String::from_utf8(answered)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        // Answers come in any order.
        lines.sort_by_key(|line| line["id"].as_u64());
        let expected = &fixture["receive"];
        assert!(matches(expected, &lines.clone().into()), "{}: {lines:#?}", fixture["name"]);
    }
}

#[tokio::test]
async fn every_command_with_words_is_answered_as_the_fixtures_say() {
    for fixture in fixtures("words.ndjson") {
        let answered = String::from_utf8(exchange(&engine(), &sent(&fixture["send"])).await).unwrap();
        let expected = fixture["receive"].as_str().unwrap();
        let is_as_expected = match expected.strip_suffix('…') {
            Some(begin) => answered.starts_with(begin),
            None => answered == expected,
        };
        assert!(is_as_expected, "{}: {answered}", fixture["name"]);
    }
}
