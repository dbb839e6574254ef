//! How bad a line of output is, as far as it says so itself.

use std::str::FromStr;

/// As much of a line as is searched for its level, in bytes.
const SEARCHED: usize = 512;

/// How bad it is, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Every step.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// A person may care.
    Info,
    /// Something is odd.
    Warn,
    /// Something went wrong.
    Error,
}

/// A text is no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no level (right would be error, warn, info, debug or trace)")]
pub struct LevelError(String);

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        Self::of_word(text).ok_or_else(|| LevelError(text.to_owned()))
    }
}

impl Level {
    /// The level that a line names: as a word (`ERROR`, `[warn]`, `info:`), as a field (`level=warn`,
    /// `"level":"warn"`, `"level":50`), or as klog writes it (`E1121 …`). The first one in the line counts.
    pub fn of_line(line: &str) -> Option<Self> {
        let line = without_colours(line);
        let line = line.trim_start();
        if line.starts_with('{') {
            return Self::of_json(line);
        }
        Self::of_field(line).or_else(|| Self::of_klog(line)).or_else(|| Self::of_text(line))
    }

    fn of_word(word: &str) -> Option<Self> {
        let level = match word.to_ascii_lowercase().as_str() {
            "trace" | "finest" | "verbose" => Self::Trace,
            "debug" | "dbg" | "fine" => Self::Debug,
            "info" | "information" | "notice" | "log" => Self::Info,
            "warn" | "warning" | "wrn" => Self::Warn,
            "error" | "err" | "fatal" | "critical" | "crit" | "panic" | "alert" | "emerg" | "severe" => {
                Self::Error
            }
            _ => return None,
        };
        Some(level)
    }

    /// The numbers of pino and bunyan.
    fn of_number(number: u32) -> Option<Self> {
        match number {
            0..10 => None,
            10..20 => Some(Self::Trace),
            20..30 => Some(Self::Debug),
            30..40 => Some(Self::Info),
            40..50 => Some(Self::Warn),
            50..=100 => Some(Self::Error),
            101.. => None,
        }
    }

    fn of_json(line: &str) -> Option<Self> {
        ["\"level\"", "\"severity\"", "\"lvl\"", "\"levelname\""].into_iter().find_map(|key| {
            let value = line[line.find(key)? + key.len()..].trim_start().strip_prefix(':')?.trim_start();
            Self::of_value(value)
        })
    }

    fn of_field(line: &str) -> Option<Self> {
        ["level=", "lvl=", "severity="].into_iter().find_map(|key| {
            let at = line.find(key)?;
            let is_word = at == 0 || !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            if is_word { Self::of_value(&line[at + key.len()..]) } else { None }
        })
    }

    fn of_value(value: &str) -> Option<Self> {
        let value = value.strip_prefix('"').unwrap_or(value);
        let end = value.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(value.len());
        let word = &value[..end];
        word.parse().ok().map_or_else(|| Self::of_word(word), Self::of_number)
    }

    fn of_klog(line: &str) -> Option<Self> {
        let mut bytes = line.bytes();
        let letter = bytes.next()?;
        let is_klog = (0..4).all(|_| bytes.next().is_some_and(|byte| byte.is_ascii_digit()));
        if !is_klog || bytes.next() != Some(b' ') {
            return None;
        }
        match letter {
            b'I' => Some(Self::Info),
            b'W' => Some(Self::Warn),
            b'E' | b'F' => Some(Self::Error),
            _ => None,
        }
    }

    /// The first word that is a level: in capitals, or marked as one by brackets or a colon.
    fn of_text(line: &str) -> Option<Self> {
        let is_letter = |c: char| c.is_ascii_alphabetic();
        let mut from = 0;
        while let Some(begin) = line[from..].find(is_letter).map(|at| from + at) {
            let end = line[begin..].find(|c| !is_letter(c)).map_or(line.len(), |length| begin + length);
            let word = &line[begin..end];
            from = end;
            let Some(level) = Self::of_word(word) else { continue };
            let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '-' | '.');
            let (before, after) = (&line[..begin], &line[end..]);
            if before.ends_with(is_inside) || after.starts_with(|c| is_inside(c) && c != '.') {
                continue;
            }
            let is_marked = (before.ends_with(['[', '(', '<']) && after.starts_with([']', ')', '>']))
                || after.starts_with(':');
            let is_capital = word.bytes().all(|byte| byte.is_ascii_uppercase());
            // `Log` and `fine` are words of prose too.
            if is_marked && word.len() > 3 || is_capital {
                return Some(level);
            }
        }
        None
    }
}

/// The beginning of a line without escape sequences of colours.
fn without_colours(line: &str) -> std::borrow::Cow<'_, str> {
    let line = &line[..line.floor_char_boundary(SEARCHED)];
    if !line.contains('\u{1b}') {
        return line.into();
    }
    let mut plain = String::new();
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        if c != '\u{1b}' {
            plain.push(c);
        } else if characters.next() == Some('[') {
            // Parameters, up to the letter that ends the sequence.
            characters.by_ref().find(|c| ('@'..='~').contains(c));
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_their_level_in_many_ways() {
        for (line, expected) in [
            ("2026-11-21T00:46:00Z  INFO ostler: ready, no ERROR", Some(Level::Info)),
            ("\u{1b}[2m2026\u{1b}[0m \u{1b}[33m WARN\u{1b}[0m hyper: slow", Some(Level::Warn)),
            ("ERROR:root:no such table", Some(Level::Error)),
            ("[warning] deprecated", Some(Level::Warn)),
            ("error: could not compile", Some(Level::Error)),
            ("time=12:00 level=debug msg=\"ERROR in text\"", Some(Level::Debug)),
            ("{\"level\":\"warn\",\"msg\":\"ERROR\"}", Some(Level::Warn)),
            ("{\"time\":1, \"level\": 50}", Some(Level::Error)),
            ("{\"severity\":\"CRITICAL\"}", Some(Level::Error)),
            ("{\"msg\":\"ERROR\"}", None),
            ("W1121 00:46:00.1 7 main.go:3] careful", Some(Level::Warn)),
            ("1:M 21 Nov 2026 00:46:00.123 * Ready", None),
            ("GET /error 200", None),
            ("GET /x?level=1 200", None),
            ("3 errors, 1 error left", None),
            ("loglevel=error is set", None),
            ("", None),
        ] {
            assert_eq!(Level::of_line(line), expected, "{line}");
        }
        assert!(Level::Error > Level::Warn && Level::Warn > Level::Info);
        assert_eq!("Warning".parse(), Ok(Level::Warn));
        assert!("loud".parse::<Level>().is_err());
    }

    #[test]
    fn a_cut_in_a_character_is_no_panic() {
        let line = format!("{}{}", "x".repeat(SEARCHED - 1), "ü".repeat(9));
        assert_eq!(Level::of_line(&line), None);
    }
}
