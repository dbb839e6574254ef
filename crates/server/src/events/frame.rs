//! Events as server-sent events: one line of JSON each.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What is said at once, so that a client knows that it is heard, and when to come back. No empty line follows, nor a
/// comment: there are clients that take what stands before one for an event without data.
pub(crate) const GREETING: &str = "retry: 3000\n: welcome\n";
/// What is said when there is nothing to say.
pub(crate) const COMMENT: &str = ":\n";
/// Our own source.
pub(crate) const OWN: &str = "supervisor";
/// Where one who missed something looks.
const SNAPSHOT: &str = "/supervisor/status";

/// What is sent of an event.
#[derive(Debug, Serialize)]
struct Envelope<'a> {
    id: &'a str,
    at: &'a str,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_id: Option<&'a str>,
    data: &'a Map<String, Value>,
}

/// An event that is not yet numbered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub(crate) event_type: String,
    pub(crate) source: String,
    pub(crate) source_id: Option<String>,
    /// Without the type.
    pub(crate) data: Map<String, Value>,
    /// When, RFC 3339.
    pub(crate) at: String,
}

/// Why events are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GapReason {
    Evicted,
    Lagged,
    Restart,
    UnknownId,
}

impl GapReason {
    fn word(self) -> &'static str {
        match self {
            Self::Evicted => "evicted",
            Self::Lagged => "lagged",
            Self::Restart => "restart",
            Self::UnknownId => "unknown_id",
        }
    }
}

/// Events that one does not get.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gap {
    /// After which it asked to go on.
    pub(crate) requested: Option<String>,
    /// After which it goes on.
    pub(crate) resumed_from: String,
    /// How many are missing, if that is known.
    pub(crate) dropped: Option<u64>,
    pub(crate) reason: GapReason,
}

impl Draft {
    /// One of ours, now.
    pub(crate) fn own(event_type: &str, data: Value) -> Self {
        let data = match data {
            Value::Object(members) => members,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        Self { event_type: event_type.to_owned(), source: OWN.to_owned(), source_id: None, data, at: now() }
    }

    /// As it is sent under a number. Without a name, so that the plainest of clients sees it.
    pub(crate) fn encode(&self, id: &str) -> Bytes {
        let mut data = Map::from_iter([("event_type".to_owned(), Value::from(self.event_type.as_str()))]);
        let others = self.data.iter().filter(|(name, _)| *name != "event_type");
        data.extend(others.map(|(name, value)| (name.clone(), value.clone())));
        let source_id = self.source_id.as_deref();
        framed(None, &Envelope { id, at: &self.at, source: &self.source, source_id, data: &data })
    }
}

impl Gap {
    /// As it is sent; its id is that of the last event that is missing.
    pub(crate) fn encode(&self) -> Bytes {
        let data = json!({
            "event_type": "gap",
            "requested": self.requested,
            "resumed_from": self.resumed_from,
            "dropped": self.dropped,
            "reason": self.reason.word(),
            "snapshot": SNAPSHOT,
        });
        named("gap", &self.resumed_from, data)
    }
}

/// The last thing that is sent.
pub(crate) fn shutdown(id: &str) -> Bytes {
    named("shutdown", id, json!({ "event_type": "shutdown" }))
}

fn named(name: &str, id: &str, data: Value) -> Bytes {
    let Value::Object(data) = data else { return Bytes::new() };
    framed(Some(name), &Envelope { id, at: &now(), source: OWN, source_id: None, data: &data })
}

fn framed(name: Option<&str>, envelope: &Envelope<'_>) -> Bytes {
    // JSON has no line ends of its own, so that it is one line, whatever is in it.
    let json = serde_json::to_string(envelope).expect("our own types are JSON");
    let name = name.map(|name| format!("event: {name}\n")).unwrap_or_default();
    Bytes::from(format!("id: {}\n{name}data: {json}\n\n", envelope.id))
}

fn now() -> String {
    format!("{:.3}", Timestamp::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_data_whatever_is_in_it() {
        let mut draft =
            Draft::own("test", json!({ "message": "a\nb\r\ndata: c\u{2028}\u{0}", "event_type": "gap" }));
        draft.at = "2026-03-01T00:00:00.000Z".to_owned();
        let text = String::from_utf8(draft.encode("ab-1").to_vec()).unwrap();
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!((lines[0], lines[2], lines[3], lines.len()), ("id: ab-1", "", "", 4));
        let said: Value = serde_json::from_str(lines[1].strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(said["data"]["event_type"], "test");
        assert_eq!(said["data"]["message"], "a\nb\r\ndata: c\u{2028}\u{0}");
        assert_eq!((&said["id"], &said["source"]), (&json!("ab-1"), &json!("supervisor")));
    }

    #[test]
    fn a_gap_says_what_is_missing_and_where_to_look() {
        let gap = Gap {
            requested: Some("old-3".to_owned()),
            resumed_from: "ab-7".to_owned(),
            dropped: None,
            reason: GapReason::Restart,
        };
        let text = String::from_utf8(gap.encode().to_vec()).unwrap();
        assert!(text.starts_with("id: ab-7\nevent: gap\ndata: {"), "{text}");
        let said: Value =
            serde_json::from_str(text.lines().nth(2).unwrap().strip_prefix("data: ").unwrap()).unwrap();
        let expected = json!({"event_type": "gap", "requested": "old-3", "resumed_from": "ab-7", "dropped": null,
            "reason": "restart", "snapshot": "/supervisor/status"});
        assert_eq!(said["data"], expected);
    }
}
