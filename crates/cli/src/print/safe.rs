//! Foreign text for the terminal: colours pass, everything else that a terminal would obey is shown instead.

use std::borrow::Cow;

const SGR_MAX: usize = 32;

/// One line of output of a service, without the power to move the cursor, set titles, or turn the line around.
/// Colours pass, and end with the line.
pub(crate) fn safe(line: &str) -> Cow<'_, str> {
    if line.chars().all(|c| c == '\t' || !(c.is_control() || turns_around(c))) {
        return Cow::Borrowed(line);
    }
    let mut shown = String::with_capacity(line.len() + 16);
    let mut is_coloured = false;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = sgr_length(rest) {
            shown.push_str(&rest[..length]);
            is_coloured = true;
            rest = &rest[length..];
            continue;
        }
        match c {
            '\t' => shown.push(c),
            '\r' if rest.len() == 1 => {}
            c if c.is_control() || turns_around(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    if is_coloured {
        shown.push_str("\x1b[0m");
    }
    Cow::Owned(shown)
}

/// The length of the colour sequence that the text begins with.
fn sgr_length(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?;
    let end =
        parameters.bytes().take(SGR_MAX).position(|b| !(b.is_ascii_digit() || b == b';' || b == b':'))?;
    (parameters.as_bytes().get(end) == Some(&b'm')).then_some(end + 3)
}

fn turns_around(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn plain_text_passes_as_it_is() {
        assert_eq!(safe("listening on :8080\t✓"), "listening on :8080\t✓");
    }

    #[test]
    fn colours_pass_and_end_with_the_line() {
        assert_eq!(safe("\x1b[1;31merror"), "\x1b[1;31merror\x1b[0m");
    }

    #[test]
    fn other_sequences_are_shown_and_not_obeyed() {
        assert_eq!(safe("\x1b]0;title\x07"), "\\u{1b}]0;title\\u{7}");
        assert_eq!(safe("\x1b[2Jgone"), "\\u{1b}[2Jgone");
        assert_eq!(safe("50 %\r100 %\r"), "50 %\\r100 %");
        assert_eq!(safe("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn an_endless_colour_is_no_colour() {
        let long = format!("\x1b[{}m", "1;".repeat(100));
        assert!(safe(&long).starts_with("\\u{1b}["));
    }
}
