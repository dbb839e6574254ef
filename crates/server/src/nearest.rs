//! What somebody may have meant.

/// The candidate that is most like what was typed, if one is like it at all.
pub(crate) fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(typed, candidate);
    // What nobody could have meant is not worth comparing.
    let typed_is_sane = typed.len() <= 64;
    candidates
        .into_iter()
        .filter(|_| typed_is_sane)
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

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
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        assert_eq!(nearest("statsu", ["start", "status", "stop"]), Some("status"));
        assert_eq!(nearest("rstart", ["start", "restart"]), Some("start"));
        assert_eq!(nearest("frobnicate", ["start", "status"]), None);
    }

    #[test]
    fn what_is_quoted_is_short_and_shows_no_control_character() {
        assert_eq!(quoted("a\u{1b}[31m"), "a\\u{1b}[31m");
        assert_eq!(quoted(&"x".repeat(100)).chars().count(), 41);
    }
}
