//! In which file a key stands, or should.

use std::collections::BTreeSet;

use super::SaveError;
use crate::{
    edit::{KeyPath, Step, holds_names},
    source::Files,
    tree::{Node, Table, Value},
};

/// The main file is the first.
const MAIN: u16 = 0;

/// The file in which a change of this key belongs.
pub(super) fn file_of(tree: &Table, files: &Files, path: &KeyPath) -> Result<u16, SaveError> {
    let steps = path.steps();
    let mut table = tree;
    let mut home = MAIN;
    for (at, step) in steps.iter().enumerate() {
        let Step::Key(key) = step else { return Ok(home) };
        let Some(entry) = table.entry(key) else {
            // A new service goes to the main file, a new key of a service to where the service is.
            return Ok(if at == 0 || holds_names(&steps[..at]) { MAIN } else { home });
        };
        home = entry.place.file;
        match &entry.node.value {
            Value::Table(inner) if at + 1 == steps.len() => return whole(inner, home, files, path),
            Value::Table(inner) => table = inner,
            Value::Text(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Bool(_)
            | Value::Date
            | Value::List(_) => return Ok(home),
        }
    }
    Ok(home)
}

/// The file of a table, if all that is in it stands there.
fn whole(table: &Table, home: u16, files: &Files, path: &KeyPath) -> Result<u16, SaveError> {
    let mut all = BTreeSet::from([home]);
    collect(table, &mut all);
    if all.len() == 1 {
        return Ok(home);
    }
    let files = all.iter().filter_map(|&file| files.get(file)).map(|file| file.path.clone()).collect();
    Err(SaveError::Scattered { path: path.clone(), files })
}

fn collect(table: &Table, all: &mut BTreeSet<u16>) {
    for entry in &table.entries {
        all.insert(entry.place.file);
        if let Some(inner) = Node::table(&entry.node) {
            collect(inner, all);
        }
    }
}
