//! What was sent, as it can be shown.

/// A part of what was sent, short and harmless enough to be shown.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    let mut shown: String = text.chars().take(SHOWN_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_short_and_shows_no_control_character() {
        assert_eq!(quoted("a\u{1b}[31m"), "a\\u{1b}[31m");
        assert_eq!(quoted(&"x".repeat(100)).chars().count(), 41);
    }
}
