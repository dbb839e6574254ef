//! Aligned columns, and text that cannot harm a terminal.

use std::fmt::Write as _;

/// Rows of cells, the first of them the headings.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|cell| harmless(cell)).collect());
    }

    /// Lines with two blanks between columns and none at the end; columns without any text are left out.
    pub(crate) fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize, rows: &[Vec<String>]| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let used: Vec<_> = (0..columns).filter(|column| width(*column, &self.rows[1..]) > 0).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for column in &used {
                let cell = row.get(*column).map_or("", String::as_str);
                let cell = if cell.is_empty() { "-" } else { cell };
                // Writing to a text cannot fail.
                let _ = write!(line, "{cell:<width$}  ", width = width(*column, &self.rows));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// One line of text without anything that a terminal would obey: control characters as `^[`, marks that turn
/// the direction of writing by number.
pub(crate) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => shown.push(c),
            '\u{0}'..='\u{1f}' => shown.extend(['^', char::from(c as u8 + b'@')]),
            '\u{7f}'..='\u{9f}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                let _ = write!(shown, "<U+{:04X}>", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let mut table = Table::new(&["SERVICE", "PID", "URL", "WHY"]);
        table.row(vec!["a".into(), "1".into(), String::new(), String::new()]);
        table.row(vec!["long-name".into(), String::new(), String::new(), "asked".into()]);
        assert_eq!(table.text(), "SERVICE    PID  WHY\na          1    -\nlong-name  -    asked\n");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(harmless("a\u{1b}]0;x\u{7}\u{9b}b\n\u{202e}c\t"), "a^[]0;x^G<U+009B>b^J<U+202E>c\t");
    }
}
