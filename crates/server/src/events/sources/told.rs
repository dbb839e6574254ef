//! What a source says, as an event of ours.

use serde_json::{Map, Value, json};

use super::parser::Upstream;
use crate::{
    events::{frame::Draft, publish::typed},
    json,
};

/// The type of an event.
const TYPE: &str = "event_type";
/// What some call it.
const ALSO_TYPE: &str = "type";
/// What it says, in an envelope.
const DATA: &str = "data";
/// What may stand beside the type and the data of an envelope.
const ENVELOPE: [&str; 6] = ["id", "at", "timestamp", "source", "source_id", TYPE];
/// An event that an upstream of its own kind did not know.
const RAW: &str = "raw";
const PAYLOAD: &str = "payload";
/// The type of one that says none.
const NAMELESS: &str = "message";
/// Characters of a type that are kept.
const TYPE_MAX: usize = 128;

/// The event of ours; none if it came from us in the first place.
///
/// Its type is said within its data (`event_type`, there or in an envelope), by its name, or by a member `type`.
pub(super) fn draft(source: &str, event: &Upstream, epoch: &str) -> Option<Draft> {
    let named = Some(event.name.as_str()).filter(|name| !name.is_empty());
    let value = json::parse(event.data.as_bytes()).unwrap_or_else(|_| Value::from(event.data.as_str()));
    let (said, data) = match value {
        Value::Object(members) => {
            let own = members.get("source_id").and_then(Value::as_str);
            if own.is_some_and(|id| is_ours(id, epoch)) {
                return None;
            }
            opened(members, named.is_some())
        }
        other => (None, Map::from_iter([(DATA.to_owned(), other)])),
    };
    let event_type = cleaned(said.as_deref().or(named).unwrap_or(NAMELESS));
    let (event_type, data) = match (event_type.as_str(), data.get(PAYLOAD)) {
        (RAW, Some(Value::Object(_))) => (event_type, data),
        _ => typed(event_type, data),
    };
    Some(Draft {
        source: source.to_owned(),
        source_id: event.id.clone(),
        ..Draft::own(&event_type, json!(data))
    })
}

/// Whether an id is one of this server.
pub(super) fn is_ours(id: &str, epoch: &str) -> bool {
    id.strip_prefix(epoch).is_some_and(|rest| rest.starts_with('-'))
}

/// The type and what else is said, out of an envelope if it is one.
fn opened(mut members: Map<String, Value>, has_name: bool) -> (Option<String>, Map<String, Value>) {
    let text = |members: &mut Map<String, Value>, name: &str| match members.get(name) {
        Some(Value::String(_)) => match members.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        },
        _ => None,
    };
    let is_envelope = members.keys().all(|name| name == DATA || ENVELOPE.contains(&name.as_str()));
    if let Some(Value::Object(inner)) = members.get_mut(DATA).filter(|_| is_envelope) {
        let mut inner = std::mem::take(inner);
        let said = text(&mut inner, TYPE).or_else(|| text(&mut members, TYPE));
        if said.is_some() || has_name {
            return (said, inner);
        }
        members.insert(DATA.to_owned(), Value::Object(inner));
    }
    let said = text(&mut members, TYPE);
    let said = if said.is_none() && !has_name { text(&mut members, ALSO_TYPE) } else { said };
    (said, members)
}

fn cleaned(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(TYPE_MAX).collect();
    if clean.is_empty() { NAMELESS.to_owned() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, data: &str, expected: Option<(&str, Value)>) {
        let event = Upstream { name: name.to_owned(), data: data.to_owned(), id: Some("7".to_owned()) };
        let told = draft("up", &event, "abc").map(|draft| {
            assert_eq!((draft.source.as_str(), draft.source_id.as_deref()), ("up", Some("7")));
            (draft.event_type, Value::Object(draft.data))
        });
        assert_eq!(told, expected.map(|(name, data)| (name.to_owned(), data)), "{name} {data}");
    }

    #[test]
    fn known_types_keep_theirs_however_they_are_said() {
        let plan = || Some(("plan_updated", json!({"plan_id": "7"})));
        check("", r#"{"event_type":"plan_updated","plan_id":"7"}"#, plan());
        check("", r#"{"event_type":"plan_updated","data":{"plan_id":"7"}}"#, plan());
        check(
            "",
            r#"{"id":"x-1","at":"t","source":"s","data":{"event_type":"plan_updated","plan_id":"7"}}"#,
            plan(),
        );
        check("plan_updated", r#"{"plan_id":"7"}"#, plan());
        check("", r#"{"type":"plan_updated","plan_id":"7"}"#, plan());
        let ended = json!({"session_id": "s", "upstream_type": "agent_session_ended"});
        check("agent_session_ended", r#"{"session_id":"s"}"#, Some(("agent_session_changed", ended)));
    }

    #[test]
    fn all_else_is_raw_with_its_own_name() {
        let raw = |payload: Value| Some(("raw", json!({ "payload": payload })));
        check("deployed", r#"{"to":"x","type":"full"}"#, raw(json!({"to": "x", "type": "deployed"})));
        check("", r#"{"to":"x"}"#, raw(json!({"to": "x", "type": "message"})));
        check("", "plain words", raw(json!({"data": "plain words", "type": "message"})));
        check("tick", "[1]", raw(json!({"data": [1], "type": "tick"})));
        check("", r#"{"data":{"a":1}}"#, raw(json!({"data": {"a": 1}, "type": "message"})));
        // What only the supervisor tells is not believed of another.
        check(
            "",
            r#"{"event_type":"service_changed","x":1}"#,
            raw(json!({"x": 1, "type": "service_changed"})),
        );
        check(
            "gap",
            r#"{"id":"o-1","source":"supervisor","data":{"event_type":"gap"}}"#,
            raw(json!({"type": "gap"})),
        );
        check("", r#"{"data":{"event_type":"raw","payload":{"type":"a"}}}"#, raw(json!({"type": "a"})));
        check("a\u{1b}b", "1", raw(json!({"data": 1, "type": "ab"})));
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        check("", &deep, raw(json!({"data": deep, "type": "message"})));
    }

    #[test]
    fn what_came_from_us_does_not_come_again() {
        check("", r#"{"id":"x-1","source":"s","source_id":"abc-4","data":{"event_type":"test"}}"#, None);
        assert!(is_ours("abc-4", "abc") && !is_ours("abcd-4", "abc"));
    }
}
