//! Files of `NAME=value` lines.
//!
//! ```text
//! # a comment
//! NAME=value            # ends at the comment; spaces around are not part of it
//! export NAME=value     # so that shells can read the file too
//! NAME='as it is, also over several lines'
//! NAME="with \n \r \t \" \\ \$"
//! ```
//!
//! Values are not expanded: `$HOME` is five characters.

use std::{collections::BTreeMap, fs, io::Read as _, path::Path};

use super::EnvironmentError;

/// The longest env file, in bytes.
pub const ENV_FILE_MAX: u64 = 1 << 20;

/// What is wrong in an env file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {mistake}")]
pub struct DotenvError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub mistake: DotenvMistake,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DotenvMistake {
    /// There is no `=`.
    #[error("no `=` (right would be NAME=value)")]
    NoEquals,
    /// What stands before the `=` is no name.
    #[error("{0:?} is no name (letters, digits and _, not beginning with a digit)")]
    Name(String),
    /// A quote is not closed.
    #[error("the quote {0} is not closed")]
    Open(char),
    /// Something stands after the closing quote.
    #[error("{0:?} stands after the closing quote")]
    AfterQuote(String),
    /// The file is no UTF-8.
    #[error("not UTF-8")]
    NotText,
}

/// Reads an env file.
///
/// # Errors
/// Names the file, the line and the mistake; never a value.
pub fn read_env_file(path: &Path) -> Result<BTreeMap<String, String>, EnvironmentError> {
    let kind = |what| EnvironmentError::EnvFileKind { path: path.to_owned(), what };
    let cannot = |source| EnvironmentError::EnvFile { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(kind("no file"));
    }
    let file = fs::File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    file.take(ENV_FILE_MAX + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > ENV_FILE_MAX {
        return Err(kind("longer than 1 MiB"));
    }
    let syntax = |source| EnvironmentError::EnvFileSyntax { path: path.to_owned(), source };
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        syntax(DotenvError { line, mistake: DotenvMistake::NotText })
    })?;
    parse_dotenv(text).map_err(syntax)
}

/// Reads the text of an env file; of several lines with one name the last counts.
///
/// # Errors
/// Names the line and the mistake.
pub fn parse_dotenv(text: &str) -> Result<BTreeMap<String, String>, DotenvError> {
    let mut variables = BTreeMap::new();
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    while !reader.rest.is_empty() {
        let line = reader.line;
        let entry = reader.entry().map_err(|mistake| DotenvError { line, mistake })?;
        variables.extend(entry);
    }
    Ok(variables)
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    fn entry(&mut self) -> Result<Option<(String, String)>, DotenvMistake> {
        let line_end = self.rest.find('\n').unwrap_or(self.rest.len());
        let line = &self.rest[..line_end];
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            self.skip(line_end);
            return Ok(None);
        }
        let equals = line.find('=').ok_or(DotenvMistake::NoEquals)?;
        let name = line[..equals].trim();
        let name = match name.strip_prefix("export") {
            Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
            Some(_) | None => name,
        };
        if !is_name(name) {
            return Err(DotenvMistake::Name(name.chars().take(64).collect()));
        }
        let name = name.to_owned();
        self.rest = &self.rest[equals + 1..];
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        let value = match self.rest.chars().next() {
            Some('\'') => self.single_quoted()?,
            Some('"') => self.double_quoted()?,
            Some(_) | None => {
                let line = self.take_line();
                let end = line
                    .char_indices()
                    .find(|&(at, c)| c == '#' && (at == 0 || line[..at].ends_with([' ', '\t'])))
                    .map_or(line.len(), |(at, _)| at);
                line[..end].trim().to_owned()
            }
        };
        Ok(Some((name, value)))
    }

    fn single_quoted(&mut self) -> Result<String, DotenvMistake> {
        let length = self.rest[1..].find('\'').ok_or(DotenvMistake::Open('\''))?;
        let value = self.rest[1..=length].to_owned();
        self.close(length + 2)?;
        Ok(value)
    }

    fn double_quoted(&mut self) -> Result<String, DotenvMistake> {
        let mut value = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.close(at + 1)?;
                    return Ok(value);
                }
                '\\' => match characters.next().map(|(_, escaped)| escaped) {
                    Some('n') => value.push('\n'),
                    Some('r') => value.push('\r'),
                    Some('t') => value.push('\t'),
                    Some(escaped @ ('"' | '\\' | '$' | '`')) => value.push(escaped),
                    Some(other) => value.extend(['\\', other]),
                    None => break,
                },
                other => value.push(other),
            }
        }
        Err(DotenvMistake::Open('"'))
    }

    /// Steps over a quoted value, after which only a comment may stand.
    fn close(&mut self, length: usize) -> Result<(), DotenvMistake> {
        self.line += self.rest[..length].matches('\n').count();
        self.rest = &self.rest[length..];
        let after = self.take_line().trim();
        if after.is_empty() || after.starts_with('#') {
            Ok(())
        } else {
            Err(DotenvMistake::AfterQuote(after.chars().take(16).collect()))
        }
    }

    fn take_line(&mut self) -> &'a str {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let line = &self.rest[..end];
        self.skip(end);
        line
    }

    fn skip(&mut self, line_end: usize) {
        self.rest = self.rest.get(line_end + 1..).unwrap_or("");
        self.line += 1;
    }
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> String {
        match parse_dotenv(text) {
            Ok(variables) => variables
                .iter()
                .map(|(name, value)| format!("{name}={value:?}"))
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_usual_forms_are_read() {
        assert_eq!(
            check("A=1\nB = two words # note\n\n# c\nexport C=3\r\nD="),
            r#"A="1" B="two words" C="3" D="""#
        );
        assert_eq!(
            check("A='x # $y \\n'\nB=\"a\\n\\\"b\\\" \\$c \\d\" # end"),
            "A=\"x # $y \\\\n\" B=\"a\\n\\\"b\\\" $c \\\\d\""
        );
        assert_eq!(check("A='one\ntwo'\nB=\"three\nfour\"\nC=5"), r#"A="one\ntwo" B="three\nfour" C="5""#);
        assert_eq!(check("A=http://x/#frag\nA=last\nexportX=1"), r#"A="last" exportX="1""#);
        assert_eq!(check("\u{feff}A=ü"), r#"A="ü""#);
    }

    #[test]
    fn mistakes_name_the_line() {
        assert_eq!(check("A=1\nnonsense"), "line 2: no `=` (right would be NAME=value)");
        assert_eq!(
            check("A='x\ny'\n1B=2"),
            "line 3: \"1B\" is no name (letters, digits and _, not beginning with a digit)"
        );
        assert_eq!(check("\nA='x\nB=2"), "line 2: the quote ' is not closed");
        assert_eq!(check("A=\"x"), "line 1: the quote \" is not closed");
        assert_eq!(check("A=\"x\" y"), "line 1: \"y\" stands after the closing quote");
    }

    #[test]
    fn a_directory_a_missing_file_and_bytes_are_named() {
        let folder = tempfile::tempdir().expect("a directory");
        let error = read_env_file(folder.path()).expect_err("a directory").to_string();
        assert!(error.ends_with("is no file"), "{error}");
        let path = folder.path().join(".env");
        let error = read_env_file(&path).expect_err("missing").to_string();
        assert!(error.contains(".env cannot be read: "), "{error}");
        fs::write(&path, b"A=1\nB=\xff\n").expect("written");
        let error = read_env_file(&path).expect_err("bytes").to_string();
        assert!(error.ends_with(".env, line 2: not UTF-8"), "{error}");
    }
}
