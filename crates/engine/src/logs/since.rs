//! From when on.

use jiff::{SignedDuration, Timestamp};

/// A text is neither a time nor a span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a time nor a span (right would be 10min, 2h or 2026-11-21T09:00:00Z)")]
pub struct SinceError(String);

/// Reads a time (RFC 3339) or a span back from `now` (`10min`, `1h 30min`), in nanoseconds since 1970.
///
/// # Errors
/// The text is neither.
pub fn parse_since(text: &str, now: Timestamp) -> Result<u64, SinceError> {
    let text = text.trim();
    let at = match text.parse::<Timestamp>() {
        Ok(at) => Some(at),
        Err(_) => text.parse::<SignedDuration>().ok().and_then(|span| now.checked_sub(span.abs()).ok()),
    };
    at.map(|at| u64::try_from(at.as_nanosecond()).unwrap_or(0)).ok_or_else(|| SinceError(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans_are_read() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().expect("a time");
        let check = |text: &str| {
            let at = parse_since(text, now).map_err(|error| error.to_string())?;
            Ok::<String, String>(Timestamp::from_nanosecond(at.into()).expect("in range").to_string())
        };
        assert_eq!(check("10min").as_deref(), Ok("2026-11-21T09:50:00Z"));
        assert_eq!(check("1h 30min").as_deref(), Ok("2026-11-21T08:30:00Z"));
        assert_eq!(check("30s").as_deref(), Ok("2026-11-21T09:59:30Z"));
        assert_eq!(check("2026-11-20T09:00:00+01:00").as_deref(), Ok("2026-11-20T08:00:00Z"));
        assert!(check("yesterday").expect_err("no time").starts_with("\"yesterday\" is neither"));
    }
}
