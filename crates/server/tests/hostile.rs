//! Any bytes give a reply or a close.

mod common;

use common::{engine, exchange};
use ostler_server::limits::REQUEST_MAX;
use proptest::prelude::*;
use serde_json::Value;

/// Whether each line that came back is JSON or text that ends as text does.
fn is_well_formed(answered: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(answered) else { return false };
    let is_clean = text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control());
    let is_json = |line: &str| !line.starts_with('{') || serde_json::from_str::<Value>(line).is_ok();
    is_clean && (text.is_empty() || text.ends_with('\n')) && text.lines().all(is_json)
}

fn run(bytes: &[u8]) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(exchange(&engine(), bytes))
}

/// Bytes that come near to what is understood.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"{\"id\":1,\"method\":\"".to_vec()),
        Just(b"hello\"}".to_vec()),
        Just(b"watch\",\"params\":{\"since\":".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"[[[[[[[[".to_vec()),
        Just(b"{\"type\":\"Status\"}".to_vec()),
        Just(b"\"Status\"".to_vec()),
        Just(b"{\"type\":\"AttachClient\",\"pid\":".to_vec()),
        Just(b"{\"Restart\":{\"args\":".to_vec()),
        Just(b"{\"ExecuteCommand\":{\"command\":".to_vec()),
        Just(b"status api".to_vec()),
        Just(b"logs -f 99999999999".to_vec()),
        Just(b"\\u0000\\ud800".to_vec()),
        Just(b"1e999".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

/// Any JSON that is no deeper than a few levels, its names near to those that are understood.
fn value() -> impl Strategy<Value = Value> {
    let name = || {
        prop_oneof![
            Just("id".to_owned()),
            Just("method".to_owned()),
            Just("params".to_owned()),
            Just("type".to_owned()),
            Just("service".to_owned()),
            Just("args".to_owned()),
            Just("Restart".to_owned()),
            Just("CustomRestart".to_owned()),
            Just("ExecuteCommand".to_owned()),
            ".{0,6}",
        ]
    };
    let text = prop_oneof![
        Just("Status".to_owned()),
        Just("Stop".to_owned()),
        Just("WhoAmI".to_owned()),
        Just("StateEvents".to_owned()),
        Just("AttachClient".to_owned()),
        Just("hello".to_owned()),
        Just("logs".to_owned()),
        ".{0,12}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((name(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_bytes_give_a_reply_or_a_close(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(is_well_formed(&run(&bytes)));
    }

    /// But for a person's commands, a line has one answer of one line; the engine has ended, so that no watch tells
    /// more.
    #[test]
    fn any_json_value_has_exactly_one_answer(value in value()) {
        let line = format!("{value}\n");
        let is_words = !line.starts_with(['{', '"', '[']);
        let answered = run(line.as_bytes());
        prop_assert!(is_well_formed(&answered), "{line}");
        prop_assert!(is_words || answered.iter().filter(|byte| **byte == b'\n').count() == 1, "{line}");
    }

    #[test]
    fn bytes_near_to_requests_do_too(bytes in pieces()) {
        prop_assert!(is_well_formed(&run(&bytes)));
    }
}

#[tokio::test]
async fn many_malformed_lines_each_get_an_answer() {
    // A hundred thousand are promised; fewer say the same sooner.
    let given = std::env::var("OSTLER_TEST_LINES").ok().and_then(|text| text.parse().ok());
    let total: usize = given.unwrap_or(10_000);
    let kinds: [&[u8]; 8] = [
        b"{\"id\":}",
        b"{\"id\":1,\"id\":2}",
        b"[1,2]",
        b"{\"id\":1,\"method\":\"nope\"}",
        b"{\"id\":1,\"method\":\"status\",\"params\":{\"x\":1}}",
        b"\"Status",
        b"{\"\xff\":1}",
        b"{\"type\":3}",
    ];
    let mut sent = Vec::new();
    for index in 0..total {
        sent.extend_from_slice(kinds[index % kinds.len()]);
        sent.push(b'\n');
    }
    let answered = exchange(&engine(), &sent).await;
    assert_eq!(answered.iter().filter(|byte| **byte == b'\n').count(), total);
    assert!(is_well_formed(&answered));
}

#[tokio::test]
async fn a_line_that_is_too_long_is_told_so_and_the_connection_closed() {
    let mut sent = b"{\"id\":1,\"method\":\"hello\"}\n".to_vec();
    sent.extend(vec![b' '; REQUEST_MAX + 10]);
    sent.extend_from_slice(b"\n{\"id\":2,\"method\":\"hello\"}\n");
    let answered = String::from_utf8(exchange(&engine(), &sent).await).expect("text");
    let lines: Vec<Value> = answered.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2, "{answered}");
    assert!(lines.iter().any(|line| line["error"]["data"]["code"] == "too-large"));
}
