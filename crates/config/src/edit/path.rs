//! Key paths as people write them: `services.api.args[0]`, `services.api.env."A.B"`.

use std::fmt;

use crate::tree::key_text;

/// The longest path, in steps.
const STEPS_MAX: usize = crate::DEPTH_MAX;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A key of a table.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
}

/// Where a value stands; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyPath(Vec<Step>);

/// What is wrong with a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyPathError {
    /// There is nothing.
    #[error("the key is empty")]
    Empty,
    /// Nothing stands between two dots, or at an end.
    #[error("a part of the key is empty")]
    EmptyPart,
    /// A quoted part without its end.
    #[error("a part of the key is quoted and does not end")]
    Unclosed,
    /// No number between brackets.
    #[error("there is no number between the brackets")]
    NoIndex,
    /// Something that is neither a dot nor a bracket after a part.
    #[error("{0:?} stands in the key; a part with such characters stands in quotes")]
    Stray(char),
    /// Deeper than a configuration can be.
    #[error("the key has more than {STEPS_MAX} parts")]
    TooDeep,
}

impl KeyPath {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, KeyPathError> {
        let mut steps = Vec::new();
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(KeyPathError::Empty);
        }
        loop {
            let (key, after) = part(rest)?;
            steps.push(Step::Key(key));
            rest = after;
            while let Some(inside) = rest.strip_prefix('[') {
                let (number, after) = inside.split_once(']').ok_or(KeyPathError::NoIndex)?;
                steps.push(Step::Index(number.parse().map_err(|_| KeyPathError::NoIndex)?));
                rest = after;
            }
            if steps.len() > STEPS_MAX {
                return Err(KeyPathError::TooDeep);
            }
            match rest.chars().next() {
                None => return Ok(Self(steps)),
                Some('.') => rest = &rest[1..],
                Some(other) => return Err(KeyPathError::Stray(other)),
            }
        }
    }

    /// A path of these keys.
    pub fn of_keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self(keys.into_iter().map(|key| Step::Key(key.to_owned())).collect())
    }

    /// A key in the table at this path.
    #[must_use]
    pub fn child(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.to_owned()));
        Self(steps)
    }

    /// An item of the list at this path, from 0.
    #[must_use]
    pub fn item(&self, at: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(at));
        Self(steps)
    }

    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

impl From<&[Step]> for KeyPath {
    fn from(steps: &[Step]) -> Self {
        Self(steps.to_vec())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => f.write_str(&key_text(key))?,
                Step::Key(key) => write!(f, ".{}", key_text(key))?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The first key, and what follows it.
fn part(text: &str) -> Result<(String, &str), KeyPathError> {
    match text.chars().next() {
        None | Some('.' | '[') => Err(KeyPathError::EmptyPart),
        Some('\'') => {
            let (key, rest) = text[1..].split_once('\'').ok_or(KeyPathError::Unclosed)?;
            Ok((key.to_owned(), rest))
        }
        Some('"') => {
            let mut key = String::new();
            let mut letters = text.char_indices().skip(1);
            while let Some((at, letter)) = letters.next() {
                match letter {
                    '"' => return Ok((key, &text[at + 1..])),
                    '\\' => key.push(letters.next().ok_or(KeyPathError::Unclosed)?.1),
                    letter => key.push(letter),
                }
            }
            Err(KeyPathError::Unclosed)
        }
        Some(_) => {
            let end = text.find(['.', '[', '"', '\'', ']', '=', ' ']).unwrap_or(text.len());
            if end == 0 {
                return Err(KeyPathError::Stray(text.chars().next().unwrap_or_default()));
            }
            Ok((text[..end].to_owned(), &text[end..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_it_is_written() {
        for text in
            ["a", "services.api.restart.delay", "events.sources[0].name", "a.\"b.c\"[3][1]", "\"a\\\"b\".c"]
        {
            assert_eq!(KeyPath::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(KeyPath::parse("a.'b.c'").unwrap().to_string(), "a.\"b.c\"");
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for (text, error) in [
            ("", KeyPathError::Empty),
            ("a.", KeyPathError::EmptyPart),
            ("a..b", KeyPathError::EmptyPart),
            ("a[x]", KeyPathError::NoIndex),
            ("a[1", KeyPathError::NoIndex),
            ("a.\"b", KeyPathError::Unclosed),
            ("a = 1", KeyPathError::Stray(' ')),
            ("[a]", KeyPathError::EmptyPart),
        ] {
            assert_eq!(KeyPath::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(KeyPath::parse(&"a.".repeat(100)), Err(KeyPathError::TooDeep));
    }
}
