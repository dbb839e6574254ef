//! Words in lines.

/// Whether a text contains what is looked for. Capitals count only when what is looked for has some.
pub fn finds(text: &str, needle: &str) -> bool {
    next(text, needle, 0).is_some()
}

/// Where what is looked for stands in a text: begin and length in UTF-16 units.
pub fn places(text: &str, needle: &str) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let (mut from, mut units) = (0, 0);
    while let Some((begin, end)) = next(text, needle, from) {
        units += utf16(&text[from..begin]);
        let length = utf16(&text[begin..end]);
        found.push((units, length));
        units += length;
        from = end;
    }
    found
}

fn utf16(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

/// The first place from there on, in bytes.
fn next(text: &str, needle: &str, from: usize) -> Option<(usize, usize)> {
    if needle.is_empty() {
        return None;
    }
    let rest = &text[from..];
    if needle.chars().any(char::is_uppercase) {
        return rest.find(needle).map(|at| (from + at, from + at + needle.len()));
    }
    if needle.is_ascii() {
        let (hay, wanted) = (rest.as_bytes(), needle.as_bytes());
        let at = hay.windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted))?;
        return Some((from + at, from + at + wanted.len()));
    }
    let wanted: Vec<char> = needle.chars().flat_map(char::to_lowercase).collect();
    rest.char_indices().find_map(|(at, _)| {
        let length = folded_prefix(&rest[at..], &wanted)?;
        Some((from + at, from + at + length))
    })
}

/// How many bytes of a text are these characters, whatever their case.
fn folded_prefix(text: &str, wanted: &[char]) -> Option<usize> {
    let mut wanted = wanted.iter();
    for (at, char) in text.char_indices() {
        if wanted.len() == 0 {
            return Some(at);
        }
        for folded in char.to_lowercase() {
            if wanted.next() != Some(&folded) {
                return None;
            }
        }
    }
    (wanted.len() == 0).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_count_only_when_asked_for() {
        assert_eq!(places("GET get Get", "get"), [(0, 3), (4, 3), (8, 3)]);
        assert_eq!(places("GET get Get", "Get"), [(8, 3)]);
        assert_eq!(places("aaaa", "aa"), [(0, 2), (2, 2)]);
        assert_eq!(places("", "x"), []);
        assert_eq!(places("x", ""), []);
        assert!(finds("a 503", "503") && !finds("a 50", "503"));
    }

    #[test]
    fn places_count_as_the_window_counts() {
        assert_eq!(places("😀 Ärger ärger", "ärger"), [(3, 5), (9, 5)]);
        assert_eq!(places("ü503", "503"), [(1, 3)]);
    }
}
