//! The known name that a mistyped one most likely meant.

/// What nobody could have meant, in bytes, is not worth comparing.
const LENGTH_MAX: usize = 128;

/// The candidate nearest to `wrong`, when it is near enough to be meant: a third of its letters may be others, and one
/// always. Case and the choice between `-` and `_` do not count. Nothing is near to more than 128 bytes.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.len() > LENGTH_MAX {
        return None;
    }
    let lower = wrong.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase().replace('-', "_")), candidate)
        })
        .filter(|&(distance, candidate)| {
            let length = lower.chars().count().max(candidate.chars().count());
            distance <= (length / 3).max(1) && distance < length
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn either(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        assert_eq!(nearest("statsu", ["start", "status", "stop"]), Some("status"));
        assert_eq!(nearest("rstart", ["start", "restart"]), Some("start"));
        assert_eq!(nearest("Web-Server", ["web_server", "web"]), Some("web_server"));
        assert_eq!(nearest("apo", ["api", "web"]), Some("api"));
        assert_eq!(nearest("frobnicate", ["start", "status"]), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest(&"x".repeat(129), ["x"]), None);
    }
}
