//! Single keys of a person at a terminal, for pictures that are drawn in place.
//!
//! The terminal gives each key at once and shows none, but Ctrl-C and the other signals work as ever. It is given back
//! as it was when the value is dropped, also by a panic.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as os;
#[cfg(windows)]
use windows as os;

pub(crate) use os::Keys;

/// Keys that may wait to be looked at; more are not heard.
const KEYS_MAX: usize = 64;

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character.
    Char(char),
    /// Up.
    Up,
    /// Down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Enter.
    Enter,
    /// Backspace.
    Backspace,
    /// Escape, alone.
    Escape,
}

/// What the terminal tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A key.
    Key(Key),
    /// It has another size.
    Resized,
    /// It is gone, or the program should end.
    End,
}

/// The keys in what the terminal sent at once.
fn parse(bytes: &[u8]) -> Vec<Key> {
    let text = String::from_utf8_lossy(bytes);
    let mut rest: &str = &text;
    let mut keys = Vec::new();
    while let Some(c) = rest.chars().next() {
        if let Some((key, length)) = sequence(rest) {
            keys.extend(key);
            rest = &rest[length..];
            continue;
        }
        keys.extend(match c {
            '\x1b' => Some(Key::Escape),
            '\r' | '\n' => Some(Key::Enter),
            '\x7f' | '\x08' => Some(Key::Backspace),
            '\x10' => Some(Key::Up),
            '\x0e' => Some(Key::Down),
            c if c.is_control() => None,
            c => Some(Key::Char(c)),
        });
        rest = &rest[c.len_utf8()..];
    }
    keys
}

/// The key of the escape sequence that a text begins with, and the sequence's length. Unknown ones are no key.
fn sequence(text: &str) -> Option<(Option<Key>, usize)> {
    let body = text.strip_prefix("\x1b[").or_else(|| text.strip_prefix("\x1bO"))?;
    let end = body.find(|c: char| c.is_ascii_alphabetic() || c == '~')?;
    let key = match &body[..=end] {
        "A" => Some(Key::Up),
        "B" => Some(Key::Down),
        "5~" => Some(Key::PageUp),
        "6~" => Some(Key::PageDown),
        _ => None,
    };
    Some((key, 2 + end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_arrows_and_what_is_unknown() {
        assert_eq!(parse(b"r\x1b[A\x1bOB\x1b[6~"), [Key::Char('r'), Key::Up, Key::Down, Key::PageDown]);
        assert_eq!(parse(b"\x1b"), [Key::Escape]);
        assert_eq!(parse("é\r\x7f\x01".as_bytes()), [Key::Char('é'), Key::Enter, Key::Backspace]);
        assert_eq!(parse(b"\x1b[1;5Cx\x1b[200~"), [Key::Char('x')]);
        assert_eq!(parse(&[0xff, 0xfe]), [Key::Char('\u{fffd}'), Key::Char('\u{fffd}')]);
    }
}
