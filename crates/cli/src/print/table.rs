//! Aligned columns.

use anstyle::Style;

use super::{DIM, paint};

/// A cell: a text and its colour.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells under headings. A column in which every cell is empty is left out.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    cells: Vec<Cell>,
    below: Vec<String>,
}

impl Cell {
    /// A text in a colour.
    pub(crate) fn styled(style: Style, text: impl Into<String>) -> Self {
        Self { text: text.into(), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
}

impl Table {
    /// A table without rows.
    pub(crate) fn new<const N: usize>(columns: [(&'static str, Align); N]) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(Row { cells: cells.into(), below: Vec::new() });
    }

    /// Adds a line under the last row, beginning at its second column.
    pub(crate) fn below(&mut self, line: String) {
        if let Some(row) = self.rows.last_mut() {
            row.below.push(line);
        }
    }

    /// The lines.
    pub(crate) fn render(&self) -> String {
        let widths: Vec<Option<usize>> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        let mut text = String::new();
        if self.columns.iter().any(|(name, _)| !name.is_empty()) {
            let cells: Vec<Cell> = self.columns.iter().map(|(name, _)| Cell::styled(DIM, *name)).collect();
            self.line(&mut text, &cells, &widths);
        }
        let indent = widths.first().copied().flatten().map_or(0, |width| width + gap(0, &self.columns));
        for row in &self.rows {
            self.line(&mut text, &row.cells, &widths);
            for line in &row.below {
                text.push_str(&" ".repeat(indent));
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }

    fn width(&self, column: usize) -> Option<usize> {
        let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
        let widest = cells.map(|cell| cell.text.chars().count()).max().unwrap_or(0);
        (widest > 0).then(|| widest.max(self.columns[column].0.chars().count()))
    }

    fn line(&self, text: &mut String, cells: &[Cell], widths: &[Option<usize>]) {
        let mut line = String::new();
        let mut pending = 0;
        for (index, cell) in cells.iter().enumerate() {
            let Some(width) = widths[index] else { continue };
            let missing = width.saturating_sub(cell.text.chars().count());
            let (before, after) = match self.columns[index].1 {
                Align::Left => (0, missing),
                Align::Right => (missing, 0),
            };
            pending += before;
            if !cell.text.is_empty() {
                line.push_str(&" ".repeat(pending));
                pending = 0;
                line.push_str(&if cell.style.is_plain() {
                    cell.text.clone()
                } else {
                    paint(cell.style, &cell.text)
                });
            }
            pending += after + gap(index, &self.columns);
        }
        text.push_str(&line);
        text.push('\n');
    }
}

/// A glyph stands close to what it belongs to.
fn gap(column: usize, columns: &[(&'static str, Align)]) -> usize {
    if columns[column].0.is_empty() && column == 0 { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_empty_ones_are_left_out() {
        let mut table = Table::new([
            ("NAME", Align::Left),
            ("PID", Align::Right),
            ("URL", Align::Left),
            ("END", Align::Left),
        ]);
        table.row(["a".into(), "12".into(), "".into(), "x".into()]);
        table.row(["long-name".into(), "4711".into(), "".into(), "".into()]);
        let text = anstream::adapter::strip_str(&table.render()).to_string();
        assert_eq!(text, "NAME        PID  END\na            12  x\nlong-name  4711\n");
    }
}
