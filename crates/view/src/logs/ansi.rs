//! What a terminal would obey, as text and colours.

use crate::text::is_mark_of_direction;

/// Columns to the next tabulator stop.
const TAB: usize = 8;

/// A colour by its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Red.
    Fail,
    /// Green.
    Ok,
    /// Yellow.
    Warn,
    /// Blue.
    Busy,
    /// Magenta.
    Table,
    /// Cyan.
    Key,
    /// Bright black, or dim.
    Faint,
}

/// A part of a text in one colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins, in UTF-16 units.
    pub begin: u32,
    /// How long it is, in UTF-16 units.
    pub length: u32,
    /// Its colour.
    pub ink: Ink,
}

/// A line as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dressed {
    /// Without any character that a terminal, a reader of text or a label would obey.
    pub text: String,
    /// Its colours; what none names has the usual one.
    pub spans: Vec<Span>,
}

/// Makes a line of output presentable: colours become spans, other sequences of terminals go, and control
/// characters and marks of direction are shown as escapes.
pub fn dressed(raw: &str) -> Dressed {
    let raw = raw.trim_end_matches(['\r', '\n']);
    if raw.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Dressed { text: raw.to_owned(), spans: Vec::new() };
    }
    let mut tailor = Tailor::default();
    let mut chars = raw.chars();
    while let Some(char) = chars.next() {
        match char {
            '\u{1b}' => tailor.escape(&mut chars),
            '\u{9b}' => tailor.sequence(&mut chars),
            '\t' => {
                let column = tailor.dressed.text.chars().count();
                tailor.push_all(std::iter::repeat_n(' ', TAB - column % TAB));
            }
            char if char.is_control() || is_mark_of_direction(char) => tailor.push_all(char.escape_default()),
            char => tailor.push(char),
        }
    }
    tailor.end()
}

#[derive(Default)]
struct Tailor {
    dressed: Dressed,
    /// UTF-16 units so far.
    length: u32,
    ink: Option<Ink>,
    is_dim: bool,
    /// The colour in force, and where it began.
    open: Option<(u32, Ink)>,
}

impl Tailor {
    fn push_all(&mut self, chars: impl Iterator<Item = char>) {
        chars.for_each(|char| self.push(char));
    }

    fn push(&mut self, char: char) {
        let ink = self.ink.or(self.is_dim.then_some(Ink::Faint));
        if self.open.map(|(_, ink)| ink) != ink {
            self.close();
            self.open = ink.map(|ink| (self.length, ink));
        }
        self.dressed.text.push(char);
        self.length += if char.len_utf16() == 2 { 2 } else { 1 };
    }

    fn close(&mut self) {
        if let Some((begin, ink)) = self.open.take() {
            self.dressed.spans.push(Span { begin, length: self.length - begin, ink });
        }
    }

    fn end(mut self) -> Dressed {
        self.close();
        self.dressed
    }

    /// What follows an escape character.
    fn escape(&mut self, chars: &mut std::str::Chars<'_>) {
        let mut ahead = chars.clone();
        match ahead.next() {
            Some('[') => {
                *chars = ahead;
                self.sequence(chars);
            }
            // Titles, links and other strings, up to their end.
            Some(']' | 'P' | 'X' | '^' | '_') if Self::skip_string(&mut ahead) => *chars = ahead,
            Some('(' | ')' | '*' | '+' | '#' | '%') if ahead.next().is_some() => *chars = ahead,
            Some('=' | '>' | '7' | '8' | 'c' | 'D' | 'E' | 'H' | 'M') => *chars = ahead,
            _ => self.push_all('\u{1b}'.escape_default()),
        }
    }

    fn skip_string(chars: &mut std::str::Chars<'_>) -> bool {
        while let Some(char) = chars.next() {
            match char {
                '\u{7}' | '\u{9c}' => return true,
                '\u{1b}' => return chars.next() == Some('\\'),
                _ => {}
            }
        }
        false
    }

    /// Parameters and the letter that ends them; only `m` means anything here.
    fn sequence(&mut self, chars: &mut std::str::Chars<'_>) {
        let mut parameters = String::new();
        for char in chars.by_ref() {
            match char {
                '0'..='?' => parameters.push(char),
                ' '..='/' => {}
                'm' => return self.colour(&parameters),
                _ => return,
            }
        }
    }

    fn colour(&mut self, parameters: &str) {
        let mut codes = parameters.split([';', ':']).map(|code| code.parse::<u16>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => (self.ink, self.is_dim) = (None, false),
                2 => self.is_dim = true,
                22 => self.is_dim = false,
                30..=37 => self.ink = Self::ink(code - 30),
                39 => self.ink = None,
                90 => self.ink = Some(Ink::Faint),
                91..=97 => self.ink = Self::ink(code - 90),
                38 | 48 => {
                    let ink = Self::chosen(&mut codes);
                    if code == 38 {
                        self.ink = ink;
                    }
                }
                _ => {}
            }
        }
    }

    fn ink(colour: u16) -> Option<Ink> {
        Some(match colour {
            1 => Ink::Fail,
            2 => Ink::Ok,
            3 => Ink::Warn,
            4 => Ink::Busy,
            5 => Ink::Table,
            6 => Ink::Key,
            _ => return None,
        })
    }

    /// One of 256 colours, or of all: only the sixteen with names have a role.
    fn chosen(codes: &mut impl Iterator<Item = u16>) -> Option<Ink> {
        match codes.next() {
            Some(5) => match codes.next() {
                Some(8) => Some(Ink::Faint),
                Some(colour @ 0..=7) => Self::ink(colour),
                Some(colour @ 9..=15) => Self::ink(colour - 8),
                _ => None,
            },
            Some(2) => {
                codes.nth(2);
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<const N: usize>(raw: &str, text: &str, spans: [(u32, u32, Ink); N]) {
        let expected = spans.map(|(begin, length, ink)| Span { begin, length, ink });
        assert_eq!(dressed(raw), Dressed { text: text.to_owned(), spans: expected.to_vec() }, "{raw:?}");
    }

    #[test]
    fn colours_become_spans() {
        check("plain", "plain", []);
        check("\u{1b}[32mGET\u{1b}[0m /", "GET /", [(0, 3, Ink::Ok)]);
        check(
            "\u{1b}[1;31mno\u{1b}[39m\u{1b}[2m dim\u{1b}[m",
            "no dim",
            [(0, 2, Ink::Fail), (2, 4, Ink::Faint)],
        );
        check("\u{1b}[90ma\u{1b}[94mb", "ab", [(0, 1, Ink::Faint), (1, 1, Ink::Busy)]);
        check("\u{1b}[38;5;3ma\u{1b}[48;2;1;2;3mb\u{1b}[38;2;9;9;9mc", "abc", [(0, 2, Ink::Warn)]);
        check("😀\u{1b}[35mü\u{1b}[36m!", "😀ü!", [(2, 1, Ink::Table), (3, 1, Ink::Key)]);
    }

    #[test]
    fn nothing_else_is_obeyed() {
        check("a\u{1b}[2K\u{1b}[1Gb\r\n", "ab", []);
        check("\u{1b}]0;title\u{7}x\u{1b}]8;;http://a\u{1b}\\y", "xy", []);
        check("bell\u{7} nul\0 <b>", "bell\\u{7} nul\\u{0} <b>", []);
        check("a\u{202e}b\u{1b}", "a\\u{202e}b\\u{1b}", []);
        check("50 %\r100 %", "50 %\\r100 %", []);
        check("ab\tc", "ab      c", []);
        check("\u{1b}[31", "", []);
        check("\u{1b}]0;never ends", "\\u{1b}]0;never ends", []);
    }
}
