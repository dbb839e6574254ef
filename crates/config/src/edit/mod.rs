//! Changing one key of a text, and nothing else of it.
//!
//! # Theory of operation
//!
//! The parser's events give an [`outline::Outline`]: every heading, pair, list item and comma with its bytes. A
//! change is a few splices of the text at places of the outline, so every byte outside of them stays as it is:
//! comments, line ends, byte order mark, quotes, order. (`toml_edit` keeps most of that, but writes CRLF as LF and
//! drops the byte order mark; the tests hold this module against it.)
//!
//! Afterwards the text is parsed again and held against what was meant. What does not come out is refused, so a
//! form of TOML that was not thought of is never damaged.

mod changes;
mod outline;
mod path;
mod render;

pub use path::{KeyPath, KeyPathError, Step};
pub(crate) use render::holds_names;
pub use render::{from_json, from_words, literal};

use changes::{insert, remove, replace};
use outline::{Node, Outline};

/// A text with one key changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The whole text.
    pub text: String,
    /// The first line that differs, from 1; none when nothing does.
    pub line: Option<u32>,
}

/// Why a key cannot be changed by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is no TOML.
    #[error("the text cannot be read as TOML: {0}")]
    Syntax(String),
    /// There is nothing of this name to remove.
    #[error("there is no `{0}` to remove")]
    Missing(KeyPath),
    /// A part of the path is a plain value.
    #[error("`{0}` is a value and cannot hold a key")]
    NotTable(KeyPath),
    /// An index beyond the end of a list.
    #[error("`{0}` is beyond the end of the list")]
    NoSuchItem(KeyPath),
    /// The text is written in a way in which this key cannot be changed by itself.
    #[error("`{0}` is written in a way that cannot be changed key by key")]
    Entangled(KeyPath),
}

/// Sets a key, or removes it when there is no value. A table is set key by key, and loses what the value has not.
///
/// # Errors
/// The text is no TOML, or the key cannot be changed without touching others. Nothing is changed then.
pub fn edit(text: &str, path: &KeyPath, value: Option<&toml::Value>) -> Result<Edited, EditError> {
    let before = model(text)?;
    if value.is_some() && look(&before, path.steps()) == value {
        return Ok(Edited { text: text.to_owned(), line: None });
    }
    let mut wanted = before.clone();
    let after = match value {
        Some(value) => {
            put(&mut wanted, path.steps(), value, path)?;
            set(text, path, value, newline_of(text))
        }
        None => {
            take(&mut wanted, path.steps()).ok_or_else(|| EditError::Missing(path.clone()))?;
            outline(text, newline_of(text)).and_then(|outline| remove(text, &outline, path))
        }
    };
    // The text was valid: what is none now has been made so by the change.
    let entangled = |error| match error {
        EditError::Syntax(_) => EditError::Entangled(path.clone()),
        error => error,
    };
    let after = after.map_err(entangled)?;
    let mut came_out = model(&after).map_err(entangled)?;
    // A table that only its keys defined is gone with the last of them.
    prune(&mut wanted, path.steps());
    prune(&mut came_out, path.steps());
    if came_out != wanted {
        return Err(EditError::Entangled(path.clone()));
    }
    Ok(Edited { line: first_difference(text, &after), text: after })
}

fn set(text: &str, path: &KeyPath, value: &toml::Value, newline: &'static str) -> Result<String, EditError> {
    let outline = outline(text, newline)?;
    match (outline.find(path.steps()), value) {
        (Node::Inline(_) | Node::Table, toml::Value::Table(table)) => set_each(text, path, table, newline),
        (Node::Value(node) | Node::Inline(node), value) => Ok(replace(text, node, value)),
        // An item of `[[…]]` can only be a table.
        (Node::Table, _) if matches!(path.steps().last(), Some(Step::Index(_))) => {
            Err(EditError::Entangled(path.clone()))
        }
        (Node::Table | Node::Tables(_), value) => {
            let text = remove(text, &outline, path)?;
            insert(&text, &self::outline(&text, newline)?, path, value)
        }
        (Node::Nothing, value) => insert(text, &outline, path, value),
    }
}

fn set_each(
    text: &str,
    path: &KeyPath,
    table: &toml::Table,
    newline: &'static str,
) -> Result<String, EditError> {
    let mut text = text.to_owned();
    let present = match look(&model(&text)?, path.steps()) {
        Some(toml::Value::Table(present)) => present.clone(),
        Some(_) | None => toml::Table::new(),
    };
    for key in present.keys().filter(|key| !table.contains_key(*key)) {
        text = remove(&text, &outline(&text, newline)?, &path.child(key))?;
    }
    for (key, value) in render::in_order(path, table) {
        if present.get(key) != Some(value) {
            text = set(&text, &path.child(key), value, newline)?;
        }
    }
    // A table that only its keys defined is gone with the last of them.
    let outline = outline(&text, newline)?;
    match outline.find(path.steps()) {
        Node::Nothing => insert(&text, &outline, path, &toml::Value::Table(toml::Table::new())),
        Node::Value(_) | Node::Inline(_) | Node::Table | Node::Tables(_) => Ok(text),
    }
}

fn outline(text: &str, newline: &'static str) -> Result<Outline, EditError> {
    model(text)?;
    Ok(Outline::of(text, newline))
}

/// The line end of a text: that of its first line.
fn newline_of(text: &str) -> &'static str {
    match text.split_once('\n') {
        Some((first, _)) if first.ends_with('\r') => "\r\n",
        Some(_) | None => "\n",
    }
}

/// What a text says.
fn model(text: &str) -> Result<toml::Value, EditError> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Limits first: the parser below is recursive.
    let (_, errors) = crate::parse::parse(text, 0);
    if let Some(error) = errors.first() {
        return Err(EditError::Syntax(error.message.clone()));
    }
    let table: Result<toml::Table, _> = toml::from_str(body);
    table.map(toml::Value::Table).map_err(|error| EditError::Syntax(error.message().to_owned()))
}

fn look<'a>(value: &'a toml::Value, steps: &[Step]) -> Option<&'a toml::Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.as_table()?.get(key),
        Step::Index(at) => value.as_array()?.get(*at),
    })
}

fn put(into: &mut toml::Value, steps: &[Step], value: &toml::Value, path: &KeyPath) -> Result<(), EditError> {
    let Some((first, rest)) = steps.split_first() else {
        *into = value.clone();
        return Ok(());
    };
    let here = || KeyPath::from(&path.steps()[..path.steps().len() - steps.len()]);
    match (first, into) {
        (Step::Key(key), toml::Value::Table(table)) => {
            let next = table.entry(key.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            put(next, rest, value, path)
        }
        (Step::Index(at), toml::Value::Array(items)) if *at < items.len() => {
            put(&mut items[*at], rest, value, path)
        }
        (Step::Index(at), toml::Value::Array(items)) if *at == items.len() && rest.is_empty() => {
            items.push(value.clone());
            Ok(())
        }
        (Step::Index(_), toml::Value::Array(_)) => Err(EditError::NoSuchItem(path.clone())),
        (Step::Key(_) | Step::Index(_), _) => Err(EditError::NotTable(here())),
    }
}

fn take(from: &mut toml::Value, steps: &[Step]) -> Option<toml::Value> {
    let (first, rest) = steps.split_first()?;
    match (first, from) {
        (Step::Key(key), toml::Value::Table(table)) if rest.is_empty() => table.remove(key),
        (Step::Key(key), toml::Value::Table(table)) => take(table.get_mut(key)?, rest),
        (Step::Index(at), toml::Value::Array(items)) if rest.is_empty() => {
            (*at < items.len()).then(|| items.remove(*at))
        }
        (Step::Index(at), toml::Value::Array(items)) => take(items.get_mut(*at)?, rest),
        (Step::Key(_) | Step::Index(_), _) => None,
    }
}

/// Removes tables and lists on the way that hold nothing.
fn prune(value: &mut toml::Value, steps: &[Step]) {
    let Some((first, rest)) = steps.split_first() else { return };
    let is_empty = |value: &toml::Value| match value {
        toml::Value::Table(table) => table.is_empty(),
        toml::Value::Array(items) => items.is_empty(),
        _ => false,
    };
    match (first, value) {
        (Step::Key(key), toml::Value::Table(table)) => {
            if let Some(next) = table.get_mut(key) {
                prune(next, rest);
                if is_empty(next) {
                    table.remove(key);
                }
            }
        }
        (Step::Index(at), toml::Value::Array(items)) => {
            if let Some(next) = items.get_mut(*at) {
                prune(next, rest);
            }
        }
        (Step::Key(_) | Step::Index(_), _) => {}
    }
}

/// The line, from 1, of the first byte in which two texts differ.
pub(crate) fn first_difference(before: &str, after: &str) -> Option<u32> {
    if before == after {
        return None;
    }
    let same = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    let breaks = |text: &str| text.as_bytes()[..same].iter().filter(|&&byte| byte == b'\n').count() as u32;
    // What is put in after a line begins with that line's end.
    let starts_line = after.as_bytes()[same..].iter().take_while(|&&b| b == b'\n' || b == b'\r').count();
    let skipped = after.as_bytes()[same..same + starts_line].iter().filter(|&&b| b == b'\n').count() as u32;
    Some(breaks(before) + 1 + if after.len() > before.len() { skipped } else { 0 })
}
