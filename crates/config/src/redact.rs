//! What must never be shown.

use toml_parser::{Source, lexer::TokenKind};

use crate::source::SourceFile;

/// What stands in place of a secret.
pub const MASK: &str = "•••";

const SECRET_WORDS: [&str; 8] =
    ["TOKEN", "SECRET", "PASSWORD", "KEY", "PASSWD", "PASSPHRASE", "CREDENTIAL", "AUTHORIZATION"];

/// Whether the value of a key or variable of this name is a secret.
pub fn is_secret_key(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    SECRET_WORDS.iter().any(|word| upper.contains(word))
}

/// A configuration's text with the values of secret keys masked, character by character, so that lines and columns
/// stay. Also of a text that is not valid.
pub fn masked_text(text: &str) -> String {
    let secrets = secret_spans(text);
    let is_secret = |at: usize| {
        let before = secrets.partition_point(|&(from, _)| from <= at);
        before > 0 && at < secrets[before - 1].1
    };
    let one = |(at, c): (usize, char)| if is_secret(at) && !c.is_whitespace() { '•' } else { c };
    text.char_indices().map(one).collect()
}

/// The values of secret keys in a configuration's text, also of one that is not valid.
pub fn secret_values(text: &str) -> Vec<String> {
    let values = secret_spans(text).into_iter().filter_map(|(from, to)| text.get(from..to));
    values.map(|value| value.trim_matches(['"', '\'']).to_owned()).collect()
}

/// A file whose values of secret keys are masked, character by character, so that columns stay.
pub(crate) struct Masked<'a> {
    pub(crate) file: &'a SourceFile,
    /// In bytes, in order.
    secrets: Vec<(usize, usize)>,
}

impl<'a> Masked<'a> {
    pub(crate) fn new(file: &'a SourceFile) -> Self {
        Self { file, secrets: secret_spans(&file.text) }
    }

    /// The characters of a line.
    pub(crate) fn line(&self, number: u32) -> impl Iterator<Item = char> {
        let (start, end) = self.file.line_span(number);
        self.file.text[start..end].char_indices().map(move |(at, c)| {
            let at = start + at;
            let before = self.secrets.partition_point(|&(from, _)| from <= at);
            let is_secret = before > 0 && at < self.secrets[before - 1].1;
            if is_secret && !c.is_whitespace() { '•' } else { c }
        })
    }
}

/// Where values of secret keys stand, found by tokens alone, so that broken files are covered too.
fn secret_spans(text: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut is_secret_name = false;
    let mut is_after_dot = false;
    let mut depth = 0usize;
    // Inside the value of a secret key: the bracket depth it began at.
    let mut hiding: Option<usize> = None;
    for token in Source::new(text).lex().into_vec() {
        let (start, end) = (token.span().start(), token.span().end());
        match token.kind() {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => depth += 1,
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                depth = depth.saturating_sub(1);
                if hiding.is_some_and(|base| depth < base) {
                    hiding = None;
                }
            }
            TokenKind::Newline | TokenKind::Eof => {
                is_secret_name = false;
                if hiding.is_some_and(|base| depth <= base) {
                    hiding = None;
                }
            }
            TokenKind::Comma => {
                is_secret_name = false;
                if hiding == Some(depth) {
                    hiding = None;
                }
            }
            TokenKind::Equals => {
                if is_secret_name && hiding.is_none() {
                    hiding = Some(depth);
                }
                is_secret_name = false;
            }
            TokenKind::Whitespace | TokenKind::Comment => {}
            TokenKind::Dot => is_after_dot = true,
            TokenKind::LiteralString
            | TokenKind::BasicString
            | TokenKind::MlLiteralString
            | TokenKind::MlBasicString
            | TokenKind::Atom => {
                // A value without `=` before it, as other formats write it.
                if is_secret_name && !is_after_dot {
                    hiding.get_or_insert(depth);
                }
                if hiding.is_some() {
                    spans.push((start, end));
                } else {
                    is_secret_name |= is_secret_key(text.get(start..end).unwrap_or_default());
                }
                is_after_dot = false;
            }
        }
    }
    spans
}
