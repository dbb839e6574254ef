//! The tree that YAML, JSON and TOML become.

/// A value and its line.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    /// From 1; 0 when there is none to tell.
    pub(crate) line: usize,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    /// A text, number or flag, as it is written.
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line: usize,
    pub(crate) node: Node,
}

impl Node {
    pub(crate) fn map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            Value::Null | Value::Scalar(_) | Value::List(_) => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            Value::Null | Value::Scalar(_) | Value::Map(_) => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.map()?.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// `true`, `yes`, `on`, as YAML of all versions and INI have it.
    pub(crate) fn flag(&self) -> Option<bool> {
        flag(self.text()?)
    }

    pub(crate) fn integer(&self) -> Option<i64> {
        self.text()?.trim().parse().ok()
    }

    pub(crate) fn float(&self) -> Option<f64> {
        self.text()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// One text, or a list of them.
    pub(crate) fn texts(&self) -> Option<Vec<String>> {
        match &self.value {
            Value::Scalar(text) => Some(vec![text.clone()]),
            Value::List(items) => items.iter().map(|item| item.text().map(str::to_owned)).collect(),
            Value::Null => Some(Vec::new()),
            Value::Map(_) => None,
        }
    }

    /// Variables: a map, or a list of `NAME=value`. What has no value has `None`.
    pub(crate) fn variables(&self) -> Option<Vec<(String, Option<String>)>> {
        match &self.value {
            Value::Map(entries) => entries
                .iter()
                .map(|entry| match &entry.node.value {
                    Value::Null => Some((entry.key.clone(), None)),
                    Value::Scalar(text) => Some((entry.key.clone(), Some(text.clone()))),
                    Value::List(_) | Value::Map(_) => None,
                })
                .collect(),
            Value::List(items) => items
                .iter()
                .map(|item| match item.text()?.split_once('=') {
                    Some((name, value)) => Some((name.to_owned(), Some(value.to_owned()))),
                    None => item.text().map(|name| (name.to_owned(), None)),
                })
                .collect(),
            Value::Null => Some(Vec::new()),
            Value::Scalar(_) => None,
        }
    }

    /// How many values it holds, itself included.
    pub(crate) fn size(&self) -> usize {
        match &self.value {
            Value::Null | Value::Scalar(_) => 1,
            Value::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(|entry| entry.node.size()).sum::<usize>(),
        }
    }
}

pub(crate) fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The keys of a map; what nobody takes is left to be told.
pub(crate) struct Fields<'n> {
    entries: Vec<Option<&'n Entry>>,
    pub(crate) path: String,
}

impl<'n> Fields<'n> {
    pub(crate) fn new(entries: &'n [Entry], path: impl Into<String>) -> Self {
        Self { entries: entries.iter().map(Some).collect(), path: path.into() }
    }

    /// Takes a key; an empty value is as good as none.
    pub(crate) fn take(&mut self, key: &str) -> Option<&'n Entry> {
        let slot = self.entries.iter_mut().find(|slot| slot.is_some_and(|entry| entry.key == key))?;
        slot.take().filter(|entry| !entry.node.is_null())
    }

    /// The first of these that is there.
    pub(crate) fn take_any(&mut self, keys: &[&str]) -> Option<&'n Entry> {
        keys.iter().find_map(|key| self.take(key))
    }

    /// Whether the key is still there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().flatten().any(|entry| entry.key == key)
    }

    /// Takes what begins so.
    pub(crate) fn take_prefixed(&mut self, prefix: &str) -> Vec<&'n Entry> {
        let slots = self.entries.iter_mut();
        slots
            .filter(|slot| slot.is_some_and(|e| e.key.starts_with(prefix)))
            .filter_map(Option::take)
            .collect()
    }

    /// What nobody took.
    pub(crate) fn rest(self) -> impl Iterator<Item = &'n Entry> {
        self.entries.into_iter().flatten()
    }

    pub(crate) fn key(&self, key: &str) -> String {
        crate::note::join(&self.path, key)
    }
}
