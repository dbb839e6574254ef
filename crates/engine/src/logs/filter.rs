//! Which lines are wanted.

use ostler_api::LogStream;
use ostler_keeper::log::Meta;
use regex::{Regex, RegexBuilder};

use super::Level;

/// The most memory a pattern may take, in bytes.
const PATTERN_SIZE_MAX: usize = 1 << 20;

/// A pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct PatternError {
    /// In words, on one line.
    reason: String,
}

/// Compiles a pattern that is safe to use on anything: linear in time, bounded in memory.
///
/// # Errors
/// Says what is wrong with it.
pub fn pattern(text: &str) -> Result<Regex, PatternError> {
    RegexBuilder::new(text).size_limit(PATTERN_SIZE_MAX).dfa_size_limit(PATTERN_SIZE_MAX).build().map_err(
        |error| {
            let reason = match error {
                regex::Error::CompiledTooBig(_) => "the pattern is too big".to_owned(),
                other => {
                    let text = other.to_string();
                    let last = text.lines().last().unwrap_or_default();
                    last.strip_prefix("error: ").unwrap_or(last).to_owned()
                }
            };
            PatternError { reason }
        },
    )
}

/// Which lines are wanted. The default wants all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Lines that match.
    pub grep: Option<Regex>,
    /// Lines of this level or worse. Lines that name no level are not wanted then.
    pub level: Option<Level>,
}

impl Filter {
    /// Whether a line is wanted.
    pub fn wants(&self, stream: LogStream, text: &str) -> bool {
        if let Some(wanted) = self.level {
            let level = match stream {
                LogStream::Meta => Some(level_of_meta(text)),
                LogStream::Stdout | LogStream::Stderr | LogStream::Unknown => Level::of_line(text),
            };
            if level.is_none_or(|level| level < wanted) {
                return false;
            }
        }
        self.grep.as_ref().is_none_or(|grep| grep.is_match(text))
    }
}

fn level_of_meta(text: &str) -> Level {
    match Meta::parse(text.as_bytes()) {
        Meta::Dropped { .. } => Level::Warn,
        Meta::Header(_) | Meta::RunStarted { .. } | Meta::RunEnded { .. } | Meta::Note(_) => Level::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_are_none_or_too_big_are_said() {
        let error = pattern("a(b").expect_err("open").to_string();
        assert_eq!(error, "unclosed group");
        let error = pattern("(\\w{100}){100}{100}").expect_err("big").to_string();
        assert_eq!(error, "the pattern is too big");
    }

    #[test]
    fn level_and_pattern_must_both_fit() {
        let filter = Filter { grep: Some(pattern("disk").expect("a pattern")), level: Some(Level::Warn) };
        assert!(filter.wants(LogStream::Stdout, "ERROR disk full"));
        assert!(!filter.wants(LogStream::Stdout, "INFO disk fine"));
        assert!(!filter.wants(LogStream::Stdout, "disk"));
        assert!(!filter.wants(LogStream::Stdout, "ERROR net"));
        assert!(filter.wants(LogStream::Meta, "dropped 3 lines, 9 bytes: disk full"));
        assert!(!filter.wants(LogStream::Meta, "run 3 started, pid 9"));
        assert!(Filter::default().wants(LogStream::Stderr, ""));
    }
}
