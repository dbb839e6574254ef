//! What differs between two texts, as bars beside the lines and as a list of lines.

use std::time::Duration;

use similar::{Algorithm, DiffOp, TextDiff};

/// How long two texts may be compared; after that the answer is coarser.
const COMPARE_MAX: Duration = Duration::from_millis(200);
/// Lines that are shown around a change.
const AROUND: usize = 3;

/// The bar beside a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The line is new.
    pub is_added: bool,
    /// The line is another one than before.
    pub is_changed: bool,
    /// Lines before this one are gone.
    pub is_gone_above: bool,
}

/// What differs, line by line of the new text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// One for each line, and one for what follows the last.
    pub marks: Vec<Mark>,
    /// Lines that are new or another.
    pub added: usize,
    /// Lines that are gone or another.
    pub removed: usize,
}

/// What a line of a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffKind {
    /// In both.
    Same,
    /// Only in the new text.
    Added,
    /// Only in the old one.
    Removed,
    /// Lines in both that are left out.
    Gap,
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// What it is.
    pub kind: DiffKind,
    /// Its number in the old text, from 1; 0 where it is not in it.
    pub old: usize,
    /// Its number in the new text, from 1; 0 where it is not in it.
    pub new: usize,
    /// What it says; of a gap, nothing.
    pub text: String,
}

/// The bars beside the lines of a text that was made from another.
pub fn changes(before: &str, after: &str) -> Changes {
    let lines = after.split('\n').count();
    let mut all = Changes { marks: vec![Mark::default(); lines + 1], added: 0, removed: 0 };
    for op in compared(before, after).ops() {
        let (old, new) = (op.old_range(), op.new_range());
        let (is_delete, is_insert) = (!old.is_empty(), !new.is_empty());
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        all.removed += old.len();
        all.added += new.len();
        for (at, line) in new.clone().enumerate() {
            let Some(mark) = all.marks.get_mut(line) else { continue };
            mark.is_changed = is_delete && at < old.len();
            mark.is_added = !mark.is_changed;
        }
        if is_delete
            && (!is_insert || old.len() > new.len())
            && let Some(mark) = all.marks.get_mut(new.end)
        {
            mark.is_gone_above = true;
        }
    }
    all
}

/// The lines that differ, with some around them.
pub fn diff_lines(before: &str, after: &str) -> Vec<DiffLine> {
    let diff = compared(before, after);
    let olds: Vec<&str> = before.split_inclusive('\n').collect();
    let news: Vec<&str> = after.split_inclusive('\n').collect();
    let mut lines = Vec::new();
    for group in diff.grouped_ops(AROUND) {
        let Some(first) = group.first() else { continue };
        if first.new_range().start > 0 || !lines.is_empty() {
            lines.push(DiffLine { kind: DiffKind::Gap, old: 0, new: 0, text: String::new() });
        }
        for op in group {
            let line = |kind, old: usize, new: usize, text: Option<&&str>| {
                let text = text.copied().unwrap_or_default().trim_end_matches(['\n', '\r']).to_owned();
                DiffLine { kind, old, new, text }
            };
            let (old, new) = (op.old_range(), op.new_range());
            if matches!(op, DiffOp::Equal { .. }) {
                for (old, new) in old.zip(new) {
                    lines.push(line(DiffKind::Same, old + 1, new + 1, news.get(new)));
                }
            } else {
                lines.extend(old.map(|at| line(DiffKind::Removed, at + 1, 0, olds.get(at))));
                lines.extend(new.map(|at| line(DiffKind::Added, 0, at + 1, news.get(at))));
            }
        }
    }
    lines
}

fn compared<'a>(before: &'a str, after: &'a str) -> TextDiff<'a, 'a, str> {
    TextDiff::configure().algorithm(Algorithm::Patience).timeout(COMPARE_MAX).diff_lines(before, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(before: &str, after: &str) -> String {
        let letter = |mark: &Mark| match mark {
            Mark { is_added: true, .. } => '+',
            Mark { is_changed: true, .. } => '~',
            Mark { is_gone_above: true, .. } => '^',
            Mark { .. } => '.',
        };
        changes(before, after).marks.iter().map(letter).collect()
    }

    #[test]
    fn bars_tell_new_changed_and_missing_lines() {
        assert_eq!(bars("a\nb\nc\n", "a\nb\nc\n"), ".....");
        assert_eq!(bars("a\nb\nc\n", "a\nx\nc\n"), ".~...");
        assert_eq!(bars("a\nb\nc\n", "a\nb\nn\nm\nc\n"), "..++...");
        assert_eq!(bars("a\nb\nc\n", "a\nc\n"), ".^..");
        assert_eq!(bars("", "a\nb\n"), "++..");
        let both = changes("a\nb\nc\nd\n", "a\nx\nd\ne\n");
        assert_eq!((both.added, both.removed), (2, 2));
    }

    #[test]
    fn a_difference_lists_what_changed_and_what_stands_around() {
        let before: String = (1..=20).map(|number| format!("{number}\n")).collect();
        let after = before.replace("10\n", "ten\r\n");
        let shown: Vec<_> = diff_lines(&before, &after)
            .into_iter()
            .map(|line| format!("{:?} {} {} {}", line.kind, line.old, line.new, line.text))
            .collect();
        assert_eq!(
            shown,
            [
                "Gap 0 0 ",
                "Same 7 7 7",
                "Same 8 8 8",
                "Same 9 9 9",
                "Removed 10 0 10",
                "Added 0 10 ten",
                "Same 11 11 11",
                "Same 12 12 12",
                "Same 13 13 13",
            ]
        );
        assert!(diff_lines("same\n", "same\n").is_empty());
    }
}
