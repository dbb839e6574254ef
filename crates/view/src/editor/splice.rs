//! Places in a text as the window counts them: in UTF-16 units.

/// What turns one text into another: one stretch is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// Where it begins, in UTF-16 units.
    pub start: usize,
    /// Where it ends in the old text, in UTF-16 units.
    pub end: usize,
    /// What stands there afterwards.
    pub text: String,
}

/// The smallest stretch whose replacement makes `after` of `before`; nothing when they are the same.
pub fn splice(before: &str, after: &str) -> Option<Splice> {
    if before == after {
        return None;
    }
    let mut head = 0;
    for (old, new) in before.chars().zip(after.chars()) {
        if old != new {
            break;
        }
        head += old.len_utf8();
    }
    let mut tail = 0;
    for (old, new) in before[head..].chars().rev().zip(after[head..].chars().rev()) {
        if old != new {
            break;
        }
        tail += old.len_utf8();
    }
    let units = |text: &str| text.chars().map(char::len_utf16).sum::<usize>();
    let start = units(&before[..head]);
    let end = start + units(&before[head..before.len() - tail]);
    Some(Splice { start, end, text: after[head..after.len() - tail].to_owned() })
}

/// The UTF-16 units before a column (in characters, from 1) of a line.
pub fn utf16_column(line: &str, column: usize) -> usize {
    line.chars().take(column.saturating_sub(1)).map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_splice_is_small_and_makes_the_other_text() {
        for (before, after) in [
            ("abc", "aXc"),
            ("", "a"),
            ("a", ""),
            ("aa", "aaa"),
            ("😀b", "😀c"),
            ("x😀", "x😁"),
            ("ab", "ba"),
        ] {
            let splice = splice(before, after).unwrap();
            let mut units: Vec<u16> = before.encode_utf16().collect();
            units.splice(splice.start..splice.end, splice.text.encode_utf16());
            assert_eq!(String::from_utf16(&units).unwrap(), after);
        }
        assert_eq!(splice("same", "same"), None);
        let one = splice("a = 1\nb = 2\nc = 3\n", "a = 1\nb = 4\nc = 3\n").unwrap();
        assert_eq!((one.start, one.end, one.text.as_str()), (10, 11, "4"));
    }

    #[test]
    fn columns_count_characters_and_places_count_units() {
        assert_eq!(utf16_column("a😀b", 1), 0);
        assert_eq!(utf16_column("a😀b", 3), 3);
        assert_eq!(utf16_column("ab", 9), 2);
    }
}
