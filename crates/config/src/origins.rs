//! Where each key of the configuration stands.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    source::Files,
    tree::{Node, Table, Value, join},
};

/// Where a key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
}

/// Key path (`services.api.restart.delay`) to its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Where a key stands; `None` when it is a default.
    pub fn get(&self, path: &str) -> Option<&Origin> {
        self.0.get(path)
    }

    /// All keys that are written, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Origin)> {
        self.0.iter().map(|(path, origin)| (path.as_str(), origin))
    }

    pub(crate) fn of(tree: &Table, files: &Files) -> Self {
        let mut all = BTreeMap::new();
        collect(tree, "", files, &mut all);
        Self(all)
    }
}

fn collect(table: &Table, path: &str, files: &Files, all: &mut BTreeMap<String, Origin>) {
    for entry in &table.entries {
        let path = join(path, &entry.key);
        let origin =
            Origin { file: files.path(entry.place).to_owned(), line: files.position(entry.place).line };
        collect_below(&entry.node, &path, files, all);
        all.insert(path, origin);
    }
}

fn collect_below(node: &Node, path: &str, files: &Files, all: &mut BTreeMap<String, Origin>) {
    match &node.value {
        Value::Table(table) => collect(table, path, files, all),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                if item.table().is_some() {
                    collect_below(item, &format!("{path}[{index}]"), files, all);
                }
            }
        }
        Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Bool(_) | Value::Date => {}
    }
}
