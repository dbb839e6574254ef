//! The configuration as a tree in which every key and value knows its place.

use std::collections::HashMap;

use crate::source::Place;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    /// `None` when the number does not fit 64 bits.
    Integer(Option<i64>),
    Float(f64),
    Bool(bool),
    Date,
    List(Vec<Node>),
    Table(Table),
}

/// A table in the order of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
}

/// One key of a table.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) node: Node,
}

impl Node {
    pub(crate) fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            Value::Text(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Bool(_)
            | Value::Date
            | Value::List(_) => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            Value::Text(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Bool(_)
            | Value::Date
            | Value::Table(_) => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::List(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Bool(_)
            | Value::Date
            | Value::Table(_) => None,
        }
    }

    pub(crate) fn integer(&self) -> Option<i64> {
        if let Value::Integer(number) = self.value { number } else { None }
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        if let Value::Bool(flag) = self.value { Some(flag) } else { None }
    }

    /// How many keys and list items it holds, itself included.
    pub(crate) fn weight(&self) -> usize {
        match &self.value {
            Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Bool(_) | Value::Date => 1,
            Value::List(items) => 1 + items.iter().map(|item| item.weight() - 1).sum::<usize>(),
            Value::Table(table) => 1 + table.weight(),
        }
    }
}

impl Table {
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// How many keys it holds, all levels together.
    pub(crate) fn weight(&self) -> usize {
        self.entries.iter().map(|entry| entry.node.weight()).sum()
    }

    /// Lays a later table over this one: tables merge by key, everything else is replaced.
    pub(crate) fn merge(&mut self, later: Self) {
        if self.entries.is_empty() {
            self.entries = later.entries;
            return;
        }
        let known: HashMap<String, usize> =
            self.entries.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect();
        for entry in later.entries {
            match known.get(&entry.key).and_then(|&at| self.entries.get_mut(at)) {
                None => self.entries.push(entry),
                Some(mine) => match (&mut mine.node.value, entry.node.value) {
                    (Value::Table(mine), Value::Table(later)) => mine.merge(later),
                    (_, value) => {
                        mine.place = entry.place;
                        mine.node = Node { place: entry.node.place, value };
                    }
                },
            }
        }
    }
}

/// Writes a key the way TOML does: bare where possible, else quoted.
pub(crate) fn key_text(key: &str) -> String {
    let is_bare =
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if is_bare { key.to_owned() } else { format!("{key:?}") }
}

/// `services.api` + `restart` = `services.api.restart`.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key_text(key) } else { format!("{path}.{}", key_text(key)) }
}
