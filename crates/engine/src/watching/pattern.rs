//! A glob, and where it can match.

use std::path::{Path, PathBuf};

use glob::MatchOptions;

/// As shells have it: `*` does not cross folders nor match hidden files, which editors and their locks are.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// A glob over absolute paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    glob: glob::Pattern,
    /// The folder below which it can match.
    pub base: PathBuf,
    /// Whether it can match below folders of that folder.
    pub is_deep: bool,
}

impl Pattern {
    /// Reads a glob; one that names a folder means all below it.
    ///
    /// # Errors
    /// Says what is wrong.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        // On Windows both kinds of slashes part folders, in a glob too.
        let text = &text.replace(std::path::MAIN_SEPARATOR, "/");
        let has_meaning = |part: &str| part.contains(['*', '?', '[']);
        let parts: Vec<_> = text.split('/').collect();
        let literal = parts.iter().position(|part| has_meaning(&unescaped(part).1)).unwrap_or(parts.len());
        let whole = || parts[..literal].iter().map(|part| unescaped(part).0).collect::<Vec<_>>().join("/");
        let (base, rest) = match parts.len() - literal {
            0 if Path::new(&whole()).is_dir() => {
                return Self::new(&format!("{}/**/*", text.trim_end_matches('/')));
            }
            0 => (PathBuf::from(whole()).parent().map(Path::to_owned).unwrap_or_default(), 1),
            rest => (PathBuf::from(if literal <= 1 { whole() + "/" } else { whole() }), rest),
        };
        let glob = glob::Pattern::new(text).map_err(|error| format!("{text}: {}", error.msg))?;
        Ok(Self { glob, base, is_deep: rest > 1 })
    }

    /// Whether it matches a path.
    pub(crate) fn matches(&self, path: &Path) -> bool {
        self.glob.matches_path_with(path, OPTIONS)
    }
}

/// A part of a glob without its escapes (`[*]` is a star), and what is left of it that has a meaning.
fn unescaped(part: &str) -> (String, String) {
    let (mut literal, mut rest) = (String::new(), String::new());
    let mut letters = part.chars().peekable();
    while let Some(letter) = letters.next() {
        let ahead: String = letters.clone().take(2).collect();
        let mut escaped = ahead.chars();
        match (letter, escaped.next(), escaped.next()) {
            ('[', Some(inner), Some(']')) => {
                literal.push(inner);
                letters.nth(1);
            }
            _ => {
                literal.push(letter);
                rest.push(letter);
            }
        }
    }
    (literal, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, base: &str, is_deep: bool, matching: &[&str], others: &[&str]) {
        let pattern = Pattern::new(text).expect("a pattern");
        assert_eq!((pattern.base.to_str(), pattern.is_deep), (Some(base), is_deep), "{text}");
        for path in matching {
            assert!(pattern.matches(Path::new(path)), "{text} {path}");
        }
        for path in others {
            assert!(!pattern.matches(Path::new(path)), "{text} {path}");
        }
    }

    #[test]
    fn a_pattern_matches_below_its_base() {
        check(
            "/a/src/**/*.rs",
            "/a/src",
            true,
            &["/a/src/x.rs", "/a/src/b/c/x.rs"],
            &["/a/x.rs", "/a/src/.#x.rs"],
        );
        check("/a/*.toml", "/a", false, &["/a/x.toml"], &["/a/b/x.toml", "/a/x.tom"]);
        check("/a/x.toml", "/a", false, &["/a/x.toml"], &["/a/y.toml"]);
        check("/a/*/x", "/a", true, &["/a/b/x"], &["/a/x"]);
        check("/a[*]b/*.x", "/a*b", false, &["/a*b/y.x"], &["/acb/y.x"]);
    }

    #[test]
    fn a_folder_means_all_below_it() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let pattern = Pattern::new(dir.path().to_str().expect("text")).expect("a pattern");
        assert_eq!((pattern.base.as_path(), pattern.is_deep), (dir.path(), true));
        assert!(pattern.matches(&dir.path().join("a/b")));
    }
}
