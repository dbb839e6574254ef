//! Which services are selected in the list.

use std::collections::{BTreeSet, HashSet};

use ostler_view::{Row, RowKind};

/// The selected rows, by key. Headings are never selected.
#[derive(Debug, Default)]
pub(crate) struct Selection(BTreeSet<String>);

impl Selection {
    /// The keys of those that can be selected.
    pub(crate) fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> BTreeSet<String> {
        rows.filter(|row| row.kind == RowKind::Service).map(|row| row.key.clone()).collect()
    }

    /// Whether a row is selected.
    pub(crate) fn has(&self, row: &Row) -> bool {
        self.0.contains(&row.key)
    }

    /// Selects a row, or not any more; says what changed.
    pub(crate) fn toggle(&mut self, key: String) -> Vec<String> {
        if !key.starts_with("service:") {
            return Vec::new();
        }
        if !self.0.remove(&key) {
            self.0.insert(key.clone());
        }
        vec![key]
    }

    /// Selects these and nothing else; says what changed.
    pub(crate) fn replace(&mut self, keys: BTreeSet<String>) -> Vec<String> {
        let changed = self.0.symmetric_difference(&keys).cloned().collect();
        self.0 = keys;
        changed
    }

    /// Keeps what is still listed; says what went.
    pub(crate) fn keep(&mut self, rows: &[Row]) -> Vec<String> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let listed: HashSet<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        let gone: Vec<String> = self.0.iter().filter(|key| !listed.contains(key.as_str())).cloned().collect();
        for key in &gone {
            self.0.remove(key);
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str) -> Row {
        Row { key: format!("service:{name}"), kind: RowKind::Service, ..Row::default() }
    }

    #[test]
    fn what_leaves_the_list_leaves_the_selection() {
        let mut selection = Selection::default();
        let all =
            [row("a"), row("b"), Row { key: "group:x".into(), kind: RowKind::Heading, ..Row::default() }];
        assert_eq!(selection.replace(Selection::of(all.iter())).len(), 2);
        assert_eq!(selection.keep(&all[1..]), ["service:a"]);
        assert!(selection.has(&all[1]) && !selection.has(&all[2]));
    }

    #[test]
    fn headings_are_never_selected_and_a_second_time_undoes_the_first() {
        let mut selection = Selection::default();
        assert!(selection.toggle("group:x".into()).is_empty());
        selection.toggle("service:a".into());
        assert!(selection.has(&row("a")));
        selection.toggle("service:a".into());
        assert!(!selection.has(&row("a")));
    }
}
