//! Small languages inside of values: command lines, durations, sizes, dollars.

use std::time::Duration;

/// The longest that Ostler takes.
const DURATION_MAX: Duration = ostler_config::DURATION_MAX;

/// Splits a command line as a POSIX shell would, without expanding anything.
pub(crate) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some('"'), '\\') => match chars.next()? {
                c @ ('"' | '\\' | '$' | '`') => word.get_or_insert_default().push(c),
                c => word.get_or_insert_default().extend(['\\', c]),
            },
            (None, '\\') => word.get_or_insert_default().push(chars.next()?),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// One shell line out of words.
pub(crate) fn quote_words<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let one = |word: &str| {
        let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
        if !word.is_empty() && word.chars().all(is_plain) {
            word.to_owned()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    words.into_iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Keeps dollars as they are through Ostler's own `${…}`.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        escaped.push(c);
        if c == '$' && matches!(chars.peek(), Some('$' | '{')) {
            escaped.push('$');
        }
    }
    escaped
}

/// `$NAME`, `${NAME}` and `${NAME:-default}` of the supervisor's environment, as Ostler writes them.
pub(crate) fn escape_env(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (hole, next) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((inner, next)) => (inner, next),
            None => after.split_at(after.find(|c| !is_name(c)).unwrap_or(after.len())),
        };
        let (name, default) = hole.split_once(":-").unwrap_or((hole, ""));
        if let Some(next) = after.strip_prefix('$') {
            out.push_str("$$");
            rest = next;
        } else if !name.is_empty() && name.chars().all(is_name) && !default.contains('$') {
            out.push_str(&format!("${{env:{name}:-{default}}}"));
            rest = next;
        } else {
            out.push_str("$$");
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// A text as a regular expression that matches just it.
pub(crate) fn escape_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// What compose made of a text: `$$` is a dollar; other dollars stay for the shell in the container.
pub(crate) fn from_compose(text: &str) -> String {
    escape(&text.replace("$$", "$"))
}

/// A number, or the default of `${NAME:-8080}`.
pub(crate) fn interpolated_number(text: &str) -> Option<u16> {
    let text = text.trim();
    let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let number = match inner {
        Some(inner) => {
            inner.split_once(":-").or_else(|| inner.split_once('-')).map(|(_, default)| default)?
        }
        None => text,
    };
    number.parse().ok().filter(|&port: &u16| port > 0)
}

/// `30`, `1m30s`, `500ms`, `2h`: a number alone counts in `unit`.
pub(crate) fn duration(text: &str, unit: Duration) -> Option<Duration> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return seconds(number * unit.as_secs_f64());
    }
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (name, after) = after.split_at(letters);
        let factor = match name.trim() {
            "ms" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            "us" | "µs" => 0.000_001,
            "ns" => 0.000_000_001,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    (!text.is_empty()).then(|| seconds(total)).flatten()
}

/// A number of seconds, in whole milliseconds.
pub(crate) fn seconds(number: f64) -> Option<Duration> {
    let is_possible = number.is_finite() && (0.0..=DURATION_MAX.as_secs_f64()).contains(&number);
    is_possible.then(|| Duration::from_millis((number * 1000.0).round() as u64))
}

/// `200M`, `1.5GB`, `512k`, `1000`: powers of 1024, as all of these programs have it.
pub(crate) fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let factor: u64 = match text[digits..].trim().trim_end_matches('b').trim_end_matches('i') {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return None,
    };
    let bytes = number * factor as f64;
    (bytes >= 1.0 && bytes <= i64::MAX as f64).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_split_as_a_shell_does() {
        let words = |line| split(line).map(|words| words.join("|"));
        assert_eq!(words(r#"a 'b c' "d \"e\"" f\ g ''"#).as_deref(), Some("a|b c|d \"e\"|f g|"));
        assert_eq!(words("a 'b"), None);
        assert_eq!(words("a \\"), None);
        assert_eq!(words("  ").as_deref(), Some(""));
    }

    #[test]
    fn dollars_keep_their_meaning() {
        for (text, escaped) in
            [("$PORT", "$PORT"), ("${PORT}", "$${PORT}"), ("$$", "$$$"), ("a$", "a$"), ("$(x)", "$(x)")]
        {
            assert_eq!(escape(text), escaped);
        }
        assert_eq!(from_compose("$$X ${Y}"), "$X $${Y}");
        for (text, escaped) in [
            ("$HOME/a", "${env:HOME:-}/a"),
            ("${A:-b}c", "${env:A:-b}c"),
            ("$$x", "$$x"),
            ("$(x)", "$$(x)"),
            ("${", "$${"),
            ("a$", "a$$"),
        ] {
            assert_eq!(escape_env(text), escaped, "{text}");
        }
    }

    #[test]
    fn durations_and_sizes_are_read_in_every_spelling() {
        let second = Duration::from_secs(1);
        for (text, millis) in
            [("30", 30_000), ("1m30s", 90_000), ("500ms", 500), ("1.5s", 1_500), ("2 min", 120_000), ("0", 0)]
        {
            assert_eq!(duration(text, second), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "5x", "-1", "1e300", "nan", "inf"] {
            assert_eq!(duration(text, second), None, "{text}");
        }
        assert_eq!(size("200M"), Some(200 << 20));
        assert_eq!(size("1.5GiB"), Some(3 << 29));
        assert_eq!(size("50MB"), Some(50 << 20));
        for text in ["", "0", "M", "5q", "9999999999999T"] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
