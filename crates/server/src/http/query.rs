//! What stands behind the question mark, as the members of an object.

use ostler_api::ApiError;
use serde_json::{Map, Value};

use crate::request::bad_params;

/// What a member is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`; without a value `true`.
    Flag,
}

/// Reads a query; whatever is not named is an error.
///
/// # Errors
/// `invalid-params`, with the name.
pub(super) fn read(query: Option<&str>, known: &[(&str, Kind)]) -> Result<Map<String, Value>, ApiError> {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let Some((name, kind)) = known.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let error = bad_params(&name, "there is no such parameter here");
            let mend = if names.is_empty() {
                "leave it out".to_owned()
            } else {
                format!("there is {}", names.join(", "))
            };
            return Err(error.hint(mend));
        };
        let value = match (kind, value.as_ref()) {
            (Kind::Text, text) => Value::from(text),
            (Kind::Number, text) => match text.parse::<u32>() {
                Ok(number) => Value::from(number),
                Err(_) => return Err(bad_params(name, "is no whole number")),
            },
            (Kind::Flag, "" | "true" | "1") => Value::from(true),
            (Kind::Flag, "false" | "0") => Value::from(false),
            (Kind::Flag, _) => return Err(bad_params(name, "is neither true nor false")),
        };
        if members.insert((*name).to_owned(), value).is_some() {
            return Err(bad_params(name, "is there twice"));
        }
    }
    Ok(members)
}
