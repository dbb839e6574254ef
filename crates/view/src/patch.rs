//! What changed between two lists.

use std::{collections::HashSet, fmt};

use crate::Row;

/// What lists are made of.
pub trait Line: Clone + fmt::Debug + PartialEq {
    /// One of the things that it says.
    type Role: Copy + fmt::Debug + PartialEq;

    /// What it is, in all that it says over time.
    fn key(&self) -> &str;

    /// In what it differs from another.
    fn changes(&self, other: &Self) -> Vec<Self::Role>;
}

/// One change of a list. Changes apply in order, each to the result of those before it.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch<L: Line = Row> {
    /// Rows are gone.
    Remove {
        /// The first.
        at: usize,
        /// How many.
        count: usize,
    },
    /// Rows are new.
    Insert {
        /// Where the first stands.
        at: usize,
        /// The rows.
        rows: Vec<L>,
    },
    /// One row stands elsewhere, further up.
    Move {
        /// Where it stood.
        from: usize,
        /// Where it stands; less than `from`.
        to: usize,
    },
    /// One row says something else.
    Change {
        /// Which.
        at: usize,
        /// As it is now.
        row: L,
        /// What differs.
        roles: Vec<L::Role>,
    },
}

/// The changes that make `new` of `old`. Rows are the same when their keys are.
pub fn diff<L: Line>(old: &[L], new: &[L]) -> Vec<Patch<L>> {
    let mut patches = Vec::new();
    let wanted: HashSet<&str> = new.iter().map(|row| row.key()).collect();
    let mut current: Vec<&L> = Vec::with_capacity(old.len());
    let mut gone = 0;
    for row in old {
        if wanted.contains(row.key()) {
            end_removal(&mut patches, &mut gone, current.len());
            current.push(row);
        } else {
            gone += 1;
        }
    }
    end_removal(&mut patches, &mut gone, current.len());

    let kept: HashSet<&str> = current.iter().map(|row| row.key()).collect();
    for (at, row) in new.iter().enumerate() {
        if !kept.contains(row.key()) {
            current.insert(at, row);
            match patches.last_mut() {
                Some(Patch::Insert { at: first, rows }) if *first + rows.len() == at => {
                    rows.push(row.clone());
                }
                _ => patches.push(Patch::Insert { at, rows: vec![row.clone()] }),
            }
            continue;
        }
        if current[at].key() != row.key() {
            let from =
                at + current[at..].iter().position(|it| it.key() == row.key()).expect("kept rows are ahead");
            let moved = current.remove(from);
            current.insert(at, moved);
            patches.push(Patch::Move { from, to: at });
        }
        let roles = current[at].changes(row);
        if !roles.is_empty() {
            patches.push(Patch::Change { at, row: row.clone(), roles });
        }
    }
    patches
}

fn end_removal<L: Line>(patches: &mut Vec<Patch<L>>, gone: &mut usize, at: usize) {
    if *gone > 0 {
        patches.push(Patch::Remove { at, count: *gone });
        *gone = 0;
    }
}

/// Applies changes to a list.
pub fn apply<L: Line>(rows: &mut Vec<L>, patches: Vec<Patch<L>>) {
    for patch in patches {
        match patch {
            Patch::Remove { at, count } => drop(rows.drain(at..at + count)),
            Patch::Insert { at, rows: new } => drop(rows.splice(at..at, new)),
            Patch::Move { from, to } => rows[to..=from].rotate_right(1),
            Patch::Change { at, row, .. } => rows[at] = row,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<Row> {
        let row = |word: &str| {
            let (key, name) = word.split_once('=').unwrap_or((word, ""));
            Row { key: key.to_owned(), name: name.to_owned(), ..Default::default() }
        };
        text.split_whitespace().map(row).collect()
    }

    fn check(old: &str, new: &str, patches: usize) {
        let mut rows = list(old);
        let changes = diff(&rows, &list(new));
        assert_eq!(changes.len(), patches, "{old:?} to {new:?}: {changes:?}");
        apply(&mut rows, changes);
        assert_eq!(rows, list(new), "{old:?} to {new:?}");
    }

    #[test]
    fn every_list_becomes_every_other_with_few_changes() {
        check("", "", 0);
        check("a b c", "a b c", 0);
        check("", "a b c", 1);
        check("a b c", "", 1);
        check("a b c d e", "a d e", 1);
        check("a b c d", "b d", 2);
        check("a d", "a b c d e", 2);
        check("a b c", "c a b", 1);
        check("a b=1 c", "a b=2 c", 1);
        check("a b=1 c", "c b=2 d", 4);
    }

    #[test]
    fn all_lists_of_four_become_all_others() {
        let names = ["a", "b", "c", "d"];
        let lists: Vec<String> = (0..256)
            .map(|code: usize| {
                let mut picked: Vec<&str> = Vec::new();
                for place in 0..4 {
                    let name = names[(code >> (2 * place)) & 3];
                    if !picked.contains(&name) {
                        picked.push(name);
                    }
                }
                picked.join(" ")
            })
            .collect();
        for old in &lists {
            for new in &lists {
                let mut rows = list(old);
                let changes = diff(&rows, &list(new));
                apply(&mut rows, changes);
                assert_eq!(rows, list(new), "{old:?} to {new:?}");
            }
        }
    }
}
