//! Places in a log.

use std::{fmt, str::FromStr};

/// A place in a log: ever growing, over rotation, clearing and new keepers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The number of the file in the sequence of all files of the log; 0 is before the first.
    pub generation: u64,
    /// Bytes from the beginning of the file.
    pub offset: u64,
}

/// A text is no `GENERATION:OFFSET`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor (right would be GENERATION:OFFSET, two numbers)")]
pub struct PositionError;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.generation, self.offset)
    }
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let (generation, offset) = text.split_once(':').ok_or(PositionError)?;
        let number = |text: &str| text.parse().map_err(|_| PositionError);
        Ok(Self { generation: number(generation)?, offset: number(offset)? })
    }
}
