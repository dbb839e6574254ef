//! One row of any list but the services.

use crate::Line;

/// One thing that a record says.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// How many; or a value of an enumeration.
    Whole(i32),
    /// How much.
    Number(f64),
    /// A course over time.
    Numbers(Vec<f64>),
    /// Several words.
    Texts(Vec<String>),
}

/// One row: what it is, and one cell for each role of its list.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What it is, in all that it says over time.
    pub key: String,
    /// What it says, in the order of the roles.
    pub cells: Vec<Cell>,
}

impl Record {
    /// A record that says nothing yet.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), cells: Vec::new() }
    }

    /// Adds what it says in the next role.
    #[must_use]
    pub fn with(mut self, cell: impl Into<Cell>) -> Self {
        self.cells.push(cell.into());
        self
    }
}

impl Line for Record {
    type Role = usize;

    fn key(&self) -> &str {
        &self.key
    }

    fn changes(&self, other: &Self) -> Vec<usize> {
        let cells = self.cells.iter().zip(&other.cells).enumerate();
        cells.filter(|(_, (mine, theirs))| mine != theirs).map(|(at, _)| at).collect()
    }
}

macro_rules! cells {
    ($($type:ty => $kind:ident,)*) => {$(
        impl From<$type> for Cell {
            fn from(value: $type) -> Self {
                Self::$kind(value.into())
            }
        }
    )*};
}

cells! {
    String => Text,
    &str => Text,
    &String => Text,
    bool => Flag,
    i32 => Whole,
    f64 => Number,
    Vec<f64> => Numbers,
    Vec<String> => Texts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_roles_that_differ_change() {
        let record = |text: &str, flag: bool| Record::new("a").with(text).with(flag).with(1.5);
        assert_eq!(record("x", true).changes(&record("x", true)), Vec::<usize>::new());
        assert_eq!(record("x", true).changes(&record("y", false)), [0, 1]);
    }
}
