//! Values as TOML, on one line.

use std::fmt::Write as _;

use super::{KeyPath, Step};
use crate::{
    keys::{Kind, Section},
    sections::root::ROOT,
    source::Place,
    tree::{Node, Table, Value, key_text},
};

/// A value of JSON as one of TOML; `null` means nothing.
///
/// # Errors
/// A `null` inside, or a number that TOML does not know.
pub fn from_json(value: &serde_json::Value) -> Result<Option<toml::Value>, String> {
    match value {
        serde_json::Value::Null => Ok(None),
        value => some(value).map(Some),
    }
}

fn some(value: &serde_json::Value) -> Result<toml::Value, String> {
    Ok(match value {
        serde_json::Value::Null => return Err("null stands inside the value; TOML has no null".to_owned()),
        serde_json::Value::Bool(flag) => toml::Value::Boolean(*flag),
        serde_json::Value::String(text) => toml::Value::String(text.clone()),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => toml::Value::Integer(number),
            (None, Some(number)) if !number_is_whole(value) => toml::Value::Float(number),
            (None, _) => return Err(format!("{number} does not fit 64 bits")),
        },
        serde_json::Value::Array(items) => {
            toml::Value::Array(items.iter().map(some).collect::<Result<_, _>>()?)
        }
        serde_json::Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((key.clone(), some(value)?)));
            toml::Value::Table(entries.collect::<Result<_, String>>()?)
        }
    })
}

fn number_is_whole(value: &serde_json::Value) -> bool {
    value.is_u64() || value.is_i64()
}

/// What a person typed for a key: TOML if it is that and the key takes it, else the text itself.
pub fn from_words(path: &KeyPath, text: &str) -> toml::Value {
    let value = toml_or_text(text);
    let words = toml::Value::String(text.to_owned());
    match kind_at(path.steps()) {
        Some(kind) if !kind.fits(&node(&value)) && kind.fits(&node(&words)) => words,
        Some(_) | None => value,
    }
}

/// As far as its kind counts.
fn node(value: &toml::Value) -> Node {
    let value = match value {
        toml::Value::String(text) => Value::Text(text.clone()),
        toml::Value::Integer(number) => Value::Integer(Some(*number)),
        toml::Value::Float(number) => Value::Float(*number),
        toml::Value::Boolean(flag) => Value::Bool(*flag),
        toml::Value::Datetime(_) => Value::Date,
        toml::Value::Array(items) => Value::List(items.iter().map(node).collect()),
        toml::Value::Table(_) => Value::Table(Table::default()),
    };
    Node { place: Place::default(), value }
}

fn kind_at(steps: &[Step]) -> Option<&'static Kind> {
    let (Step::Key(last), above) = steps.split_last()? else { return None };
    if let Some(section) = section_at(above) {
        return section.key(last).map(|key| &key.kind);
    }
    // A name that people give, as that of a variable.
    match kind_at(above)? {
        Kind::Map { of, .. } => Some(of),
        _ => None,
    }
}

fn toml_or_text(text: &str) -> toml::Value {
    let parsed: Option<toml::Table> = toml::from_str(&format!("value = {text}")).ok();
    let value = parsed.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value"));
    match value {
        Some(toml::Value::Datetime(_)) | None => toml::Value::String(text.to_owned()),
        Some(value) => value,
    }
}

/// A value as TOML on one line.
pub fn literal(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => quoted(text),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(_) | toml::Value::Datetime(_) => value.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Array(items) => {
            format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", "))
        }
        toml::Value::Table(table) if table.is_empty() => "{}".to_owned(),
        toml::Value::Table(table) => {
            let one =
                |(key, value): (&String, &toml::Value)| format!("{} = {}", key_name(key), literal(value));
            format!("{{ {} }}", table.iter().map(one).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A key as TOML: bare where possible.
pub(super) fn key_name(key: &str) -> String {
    let bare = key_text(key);
    if bare == key { bare } else { quoted(key) }
}

/// Several keys with dots.
pub(super) fn dotted(steps: &[Step]) -> String {
    let keys = steps.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key_name(key)),
        Step::Index(_) => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

/// The keys of a table at a path, in the order in which they are documented.
pub(super) fn in_order<'a>(path: &KeyPath, table: &'a toml::Table) -> Vec<(&'a String, &'a toml::Value)> {
    let section = section_at(path.steps());
    let mut entries: Vec<_> = table.iter().collect();
    let rank = |key: &str| section.and_then(|section| section.names().position(|name| name == key));
    entries.sort_by_key(|(key, _)| (rank(key).unwrap_or(usize::MAX), (*key).clone()));
    entries
}

fn section_at(steps: &[Step]) -> Option<&'static Section> {
    let mut section: &'static Section = &ROOT;
    let mut steps = steps.iter();
    while let Some(step) = steps.next() {
        let Step::Key(key) = step else { return None };
        let kind = &section.key(key)?.kind;
        if matches!(kind, Kind::Map { .. }) {
            steps.next();
        }
        section = kind.section()?;
    }
    Some(section)
}

/// Whether the keys of a table at a path are names that people give, as those of `services`.
pub(crate) fn holds_names(steps: &[Step]) -> bool {
    match steps {
        [Step::Key(key)] => ROOT.key(key).is_some_and(|key| matches!(key.kind, Kind::Map { .. })),
        _ => false,
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
