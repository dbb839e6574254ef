//! Numbers and foreign text in words.

use std::time::Duration;

use ostler_api::ApiError;

/// Why the engine did not do it: what, because of what, and what helps.
pub fn refusal_text(error: &ApiError) -> String {
    let mut text = error.message.clone();
    for cause in error.causes.iter().filter(|cause| !error.message.contains(cause.as_str())) {
        text.push_str(": ");
        // The number says nothing to a person.
        let cause = cause.split(" (os error").next().unwrap_or_default();
        // Windows ends its reasons with a full stop.
        text.push_str(cause.trim_end_matches('.'));
    }
    if let Some(hint) = &error.hint {
        text.push_str(". ");
        text.push_str(&capitalised(hint));
    }
    text
}

/// A span in at most two units: `4 s`, `12 min`, `2 h 14 min`, `3 d 4 h`.
pub fn span_text(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if minutes == 0 {
        return format!("{seconds} s");
    }
    let (large, small) = if hours == 0 {
        return format!("{minutes} min");
    } else if days == 0 {
        (format!("{hours} h"), (minutes % 60, "min"))
    } else {
        (format!("{days} d"), (hours % 24, "h"))
    };
    if small.0 == 0 { large } else { format!("{large} {} {}", small.0, small.1) }
}

/// A short span with its tenths: `96 ms`, `0.4 s`, `41 s`, else as [`span_text`].
pub fn short_span_text(span: Duration) -> String {
    let millis = span.as_millis();
    if millis < 100 {
        format!("{millis} ms")
    } else if millis < 10_000 {
        let tenths = (millis + 50) / 100;
        if tenths.is_multiple_of(10) {
            format!("{} s", tenths / 10)
        } else {
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
    } else {
        span_text(span)
    }
}

/// How long [`span_text`] of a growing span stays as it is.
pub fn span_text_holds(span: Duration) -> Duration {
    let unit = match span.as_secs() {
        0..60 => 1_000,
        60..86_400 => 60_000,
        86_400.. => 3_600_000,
    };
    let past = span.as_millis() % unit;
    Duration::from_millis(u64::try_from(unit - past).unwrap_or(1_000))
}

/// An amount of memory: `8.4 MiB`, `301 MiB`, `1.92 GiB`.
pub fn memory_text(mebibytes: f64) -> String {
    if !mebibytes.is_finite() || mebibytes < 0.0 {
        "–".to_owned()
    } else if mebibytes < 9.95 {
        format!("{mebibytes:.1} MiB")
    } else if mebibytes < 1023.5 {
        format!("{mebibytes:.0} MiB")
    } else {
        format!("{:.2} GiB", mebibytes / 1024.0)
    }
}

/// A number with its thousands apart: `18,204`.
pub fn count_text(count: usize) -> String {
    let digits = count.to_string();
    let first = digits.len() % 3;
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 3 == first {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size: `812 B`, `48 KiB`, else as [`memory_text`].
pub fn size_text(bytes: usize) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_047_552 => format!("{} KiB", bytes / 1_024),
        _ => memory_text(bytes as f64 / 1_048_576.0),
    }
}

/// A share of one core: `0.4 %`, `38 %`.
pub fn percent_text(percent: f64) -> String {
    if !percent.is_finite() || percent < 0.0 {
        "–".to_owned()
    } else if percent < 9.95 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// Foreign text on one line, control characters and marks of direction shown as escapes.
pub fn plain(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for char in text.trim_end().chars() {
        if char.is_control() || is_mark_of_direction(char) {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
    }
    line
}

pub(crate) fn is_mark_of_direction(char: char) -> bool {
    matches!(char, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first letter in upper case, unless it begins a path or the name of a file.
pub fn capitalised(text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or_default();
    if word.trim_end_matches(['.', ':', ',']).contains(['.', '/', '\\']) {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_because_of_what_and_what_helps() {
        let cause = std::io::Error::from_raw_os_error(28);
        let error =
            ApiError::new(ostler_api::ErrorCode::ConfigUnreadable, "cannot write beside /x/ostler.toml");
        let error = error.hint("free some space on the disk").caused_by(&cause);
        let told = "cannot write beside /x/ostler.toml: No space left on device. Free some space on the disk";
        if cfg!(unix) {
            assert_eq!(refusal_text(&error), told);
        }
    }

    #[test]
    fn a_reason_that_ends_with_a_full_stop_makes_no_second_one() {
        let cause = std::io::Error::other("The system cannot find the file specified. (os error 2)");
        let error = ApiError::new(ostler_api::ErrorCode::ConfigUnreadable, "cannot read it");
        let error = error.hint("write one").caused_by(&cause);
        let told = "cannot read it: The system cannot find the file specified. Write one";
        assert_eq!(refusal_text(&error), told);
    }

    #[test]
    fn sentences_begin_with_a_capital_and_names_of_files_do_not() {
        assert_eq!(capitalised("exit 1. Next try in 18 s"), "Exit 1. Next try in 18 s");
        assert_eq!(capitalised("stopped."), "Stopped.");
        assert_eq!(capitalised("ostler.toml:17:14: a list"), "ostler.toml:17:14: a list");
        assert_eq!(capitalised("/bin/x is missing"), "/bin/x is missing");
        assert_eq!(capitalised(""), "");
    }

    #[test]
    fn a_span_is_said_in_two_units_at_most() {
        let said = |seconds| span_text(Duration::from_secs(seconds));
        assert_eq!(said(0), "0 s");
        assert_eq!(said(59), "59 s");
        assert_eq!(said(720), "12 min");
        assert_eq!(said(3600), "1 h");
        assert_eq!(said(2 * 3600 + 14 * 60 + 59), "2 h 14 min");
        assert_eq!(said(3 * 86_400 + 4 * 3600 + 1800), "3 d 4 h");
        assert_eq!(said(86_400), "1 d");
    }

    #[test]
    fn a_short_span_has_tenths() {
        let said = |millis| short_span_text(Duration::from_millis(millis));
        assert_eq!(said(96), "96 ms");
        assert_eq!(said(400), "0.4 s");
        assert_eq!(said(999), "1 s");
        assert_eq!(said(1_800), "1.8 s");
        assert_eq!(said(41_200), "41 s");
    }

    #[test]
    fn a_text_holds_until_its_last_unit_turns() {
        assert_eq!(span_text_holds(Duration::from_millis(4_300)), Duration::from_millis(700));
        assert_eq!(span_text_holds(Duration::from_secs(61)), Duration::from_secs(59));
        assert_eq!(span_text_holds(Duration::from_secs(86_400 + 60)), Duration::from_secs(3540));
        for seconds in [1_u64, 59, 60, 3599, 86_399, 90_000] {
            let span = Duration::from_secs(seconds);
            let holds = span_text_holds(span);
            assert_eq!(span_text(span), span_text(span + holds - Duration::from_millis(1)), "{seconds}");
            assert_ne!(span_text(span), span_text(span + holds), "{seconds}");
        }
    }

    #[test]
    fn memory_and_shares_have_a_unit_and_few_digits() {
        assert_eq!(memory_text(301.2), "301 MiB");
        assert_eq!(memory_text(1966.0), "1.92 GiB");
        assert_eq!(memory_text(8.44), "8.4 MiB");
        assert_eq!(percent_text(0.42), "0.4 %");
        assert_eq!(percent_text(38.4), "38 %");
        assert_eq!(percent_text(f64::NAN), "–");
    }

    #[test]
    fn thousands_stand_apart() {
        let said = [0, 12, 999, 1_000, 18_204, 100_000, 1_234_567].map(count_text);
        assert_eq!([812, 2_100, 4_299_162].map(size_text), ["812 B", "2 KiB", "4.1 MiB"]);
        assert_eq!(said, ["0", "12", "999", "1,000", "18,204", "100,000", "1,234,567"]);
    }

    #[test]
    fn foreign_text_cannot_turn_the_line_around() {
        assert_eq!(plain("a\u{202e}b\x1b[1m\n"), "a\\u{202e}b\\u{1b}[1m");
        assert_eq!(plain("two\nlines"), "two\\nlines");
    }
}
