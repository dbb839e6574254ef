//! What others publish, as events of ours.

use ostler_api::{ApiError, ErrorCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::frame::{Draft, OWN};
use crate::{
    limits::{PUBLISHED_BURST, PUBLISHED_RATE},
    request::{self, bad_params},
};

/// Data changes that have a meaning of their own.
const KNOWN: [&str; 9] = [
    "plan_created",
    "plan_updated",
    "plan_archived",
    "plan_deleted",
    "step_changed",
    "agent_session_changed",
    "workspace_changed",
    "metrics_invalidated",
    "test",
];
/// What only the supervisor tells.
const OURS: [&str; 8] = [
    "service_changed",
    "config_changed",
    "mode_changed",
    "backend_changed",
    "agent_changed",
    "connection_changed",
    "gap",
    "shutdown",
];
/// Upstream names of one and the same change.
const SESSIONS: [&str; 2] = ["agent_session_started", "agent_session_ended"];
/// Who publishes without a name.
const NOBODY: &str = "hook";
/// Bytes of a name.
const NAME_MAX: usize = 128;

/// How many events others may still publish now.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: f64,
    since: Option<Instant>,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { left: f64::from(PUBLISHED_BURST), since: None }
    }
}

impl Allowance {
    /// Takes so many.
    ///
    /// # Errors
    /// `rate-limited`: there are not so many left.
    pub(crate) fn take(&mut self, now: Instant, count: usize) -> Result<(), ApiError> {
        let gained = self.since.map_or(0.0, |since| now.duration_since(since).as_secs_f64());
        self.left = (self.left + gained * f64::from(PUBLISHED_RATE)).min(f64::from(PUBLISHED_BURST));
        self.since = Some(now);
        let wanted = u32::try_from(count).map_or(f64::INFINITY, f64::from);
        if wanted > self.left {
            let text = format!("more than {PUBLISHED_RATE} events a second are published");
            return Err(ApiError::new(ErrorCode::RateLimited, text).hint("send them more slowly"));
        }
        self.left -= wanted;
        Ok(())
    }
}

/// Reads what is published: one event, or an array of them.
///
/// # Errors
/// `invalid-params`: what is wrong, and in which of them.
pub(crate) fn published(body: Value) -> Result<Vec<Draft>, ApiError> {
    let read = |value: Value| request::params::<Published>(value).and_then(Published::draft);
    match body {
        Value::Array(all) => {
            let numbered = all.into_iter().enumerate();
            numbered.map(|(number, one)| read(one).map_err(|error| of_number(number, error))).collect()
        }
        one => Ok(vec![read(one)?]),
    }
}

/// The same from one who may publish under one name only.
///
/// # Errors
/// As [`published`]; it names another source.
pub(crate) fn published_by(own: &str, body: Value) -> Result<Vec<Draft>, ApiError> {
    let body = match body {
        Value::Array(all) => Value::Array(
            all.into_iter()
                .enumerate()
                .map(|(number, one)| under(own, one).map_err(|error| of_number(number, error)))
                .collect::<Result<_, _>>()?,
        ),
        one => under(own, one)?,
    };
    published(body)
}

fn under(own: &str, mut event: Value) -> Result<Value, ApiError> {
    if let Value::Object(members) = &mut event {
        if members.get("source").is_some_and(|source| !source.is_null() && source != own) {
            let error = bad_params("source", "this key publishes under another name");
            return Err(error.hint(format!("leave `source` out, or say {own:?}")));
        }
        members.insert("source".to_owned(), own.into());
    }
    Ok(event)
}

fn of_number(number: usize, mut error: ApiError) -> ApiError {
    error.message = format!("event {number}: {}", error.message);
    error.path = Some(error.path.map_or(format!("[{number}]"), |path| format!("[{number}].{path}")));
    error
}

/// An event as it is published.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Published {
    /// Its type, as its source calls it.
    pub(crate) event_type: String,
    /// What it says.
    pub(crate) data: Map<String, Value>,
    /// Who publishes it.
    pub(crate) source: Option<String>,
    /// Its id there.
    pub(crate) source_id: Option<String>,
}

impl Published {
    /// As an event of ours: what is not known goes on as `raw`, with its own name beside it.
    ///
    /// # Errors
    /// `invalid-params`: only the supervisor tells such, or it has no name.
    pub(crate) fn draft(self) -> Result<Draft, ApiError> {
        let Self { event_type, data, source, source_id } = self;
        name("event_type", &event_type)?;
        let source = source.unwrap_or_else(|| NOBODY.to_owned());
        name("source", &source)?;
        if let Some(source_id) = &source_id {
            name("source_id", source_id)?;
        }
        if source == OWN {
            return Err(bad_params("source", "only the supervisor publishes under its name"));
        }
        if OURS.contains(&event_type.as_str()) {
            let error = bad_params("event_type", "only the supervisor tells this");
            return Err(error.hint("give your own kind of event a name of its own"));
        }
        let (event_type, data) = typed(event_type, data);
        Ok(Draft { source, source_id, ..Draft::own(&event_type, json!(data)) })
    }
}

/// What others call an event, as we do: what is not known is `raw`, with its own name beside it.
pub(super) fn typed(event_type: String, mut data: Map<String, Value>) -> (String, Map<String, Value>) {
    if KNOWN.contains(&event_type.as_str()) {
        (event_type, data)
    } else if SESSIONS.contains(&event_type.as_str()) {
        data.insert("upstream_type".to_owned(), event_type.into());
        ("agent_session_changed".to_owned(), data)
    } else {
        data.insert("type".to_owned(), event_type.into());
        ("raw".to_owned(), Map::from_iter([("payload".to_owned(), Value::Object(data))]))
    }
}

fn name(field: &str, text: &str) -> Result<(), ApiError> {
    let is_good = !text.is_empty() && text.len() <= NAME_MAX && !text.chars().any(char::is_control);
    if is_good {
        return Ok(());
    }
    let message = format!("{field}: a text of 1 to {NAME_MAX} bytes is needed");
    let mut error = ApiError::new(ErrorCode::InvalidParams, message)
        .hint("as {\"event_type\": \"plan_updated\", \"data\": {\"plan_id\": \"7\"}}");
    error.path = Some(field.to_owned());
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(String, Value), String> {
        let published: Published = serde_json::from_str(text).unwrap();
        let draft = published.draft().map_err(|error| error.message)?;
        Ok((draft.event_type, Value::Object(draft.data)))
    }

    #[test]
    fn what_is_known_keeps_its_type_and_all_else_is_raw() {
        let known = check(r#"{"event_type":"plan_updated","data":{"plan_id":"7"}}"#).unwrap();
        assert_eq!(known, ("plan_updated".to_owned(), json!({"plan_id": "7"})));
        let session = check(r#"{"event_type":"agent_session_ended","data":{"session_id":"s"}}"#).unwrap();
        let expected = json!({"session_id": "s", "upstream_type": "agent_session_ended"});
        assert_eq!(session, ("agent_session_changed".to_owned(), expected));
        let raw = check(r#"{"event_type":"deployed","data":{"to":"x"}}"#).unwrap();
        assert_eq!(raw, ("raw".to_owned(), json!({"payload": {"to": "x", "type": "deployed"}})));
    }

    #[test]
    fn nobody_speaks_in_the_supervisor_s_name() {
        assert!(check(r#"{"event_type":"service_changed"}"#).is_err());
        assert!(check(r#"{"event_type":"gap"}"#).is_err());
        assert!(check(r#"{"event_type":"x","source":"supervisor"}"#).is_err());
        assert!(check(r#"{"event_type":""}"#).is_err());
        assert!(check(r#"{"event_type":"a\nb"}"#).is_err());
        assert!(check(r#"{"event_type":"x","source_id":"a\u0000b"}"#).is_err());
    }

    #[test]
    fn one_event_or_several_are_read_and_a_mistake_is_placed() {
        let one = published(json!({"event_type": "test", "data": {"message": "hi"}})).unwrap();
        assert_eq!((one.len(), one[0].source.as_str()), (1, "hook"));
        let good = json!({"event_type": "test"});
        assert_eq!(published(json!([good, good])).unwrap().len(), 2);
        let error = published(json!([good, {"event_type": "gap"}])).unwrap_err();
        assert_eq!(error.path.as_deref(), Some("[1].event_type"));
        assert!(published(json!([good, 7])).is_err() && published(json!("x")).is_err());
        assert!(published(json!({"event_type": "test", "extra": 1})).is_err());
    }

    #[test]
    fn a_key_of_a_source_publishes_under_its_name_alone() {
        let by = |body: Value| published_by("ci", body).map(|drafts| drafts[0].source.clone());
        assert_eq!(by(json!({"event_type": "test"})).unwrap(), "ci");
        assert_eq!(by(json!([{"event_type": "test", "source": "ci"}])).unwrap(), "ci");
        let error = by(json!([{"event_type": "test"}, {"event_type": "test", "source": "api"}])).unwrap_err();
        assert_eq!(error.path.as_deref(), Some("[1].source"));
        assert!(by(json!(7)).is_err());
    }

    #[test]
    fn whoever_publishes_too_fast_is_told() {
        let mut allowance = Allowance::default();
        let start = Instant::now();
        assert!(allowance.take(start, PUBLISHED_BURST as usize).is_ok());
        assert_eq!(allowance.take(start, 1).unwrap_err().code, ErrorCode::RateLimited);
        let later = start + std::time::Duration::from_secs(1);
        assert!(allowance.take(later, PUBLISHED_RATE as usize).is_ok());
        assert!(allowance.take(later, 1).is_err());
    }
}
