//! From text to tree: limits first, then the TOML parser on a thread of known stack size.

use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml_parser::{Source, lexer::TokenKind};

use crate::{
    redact::is_secret_key,
    source::Place,
    tree::{Entry, Node, Table, Value},
};

/// The deepest nesting of tables and lists.
pub const DEPTH_MAX: usize = 64;
/// The longest run of `+` and `-` outside of texts and comments.
const SIGNS_MAX: usize = 64;
/// The stack of the thread that parses.
const STACK_BYTES: usize = 8 << 20;
/// The most syntax errors reported of one file.
const SYNTAX_ERRORS_MAX: usize = 50;

/// A mistake in the syntax.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// Whether what follows it may stand in the wrong table.
    pub(crate) is_confusing: bool,
}

/// Parses one file. The tree holds what could be understood, whatever the errors.
pub(crate) fn parse(text: &str, file: u16) -> (Table, Vec<SyntaxError>) {
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = &text[bom..];
    let place = |span: Range<usize>| Place {
        file,
        start: (span.start + bom) as u32,
        end: (span.end.max(span.start) + bom) as u32,
    };
    if let Some((span, message)) = too_deep(body) {
        let hint = "keep tables flat; services need four levels at most".to_owned();
        return (
            Table::default(),
            vec![SyntaxError { place: place(span), message, hint: Some(hint), is_confusing: true }],
        );
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("config".to_owned()).stack_size(STACK_BYTES);
        let parsed = thread.spawn_scoped(scope, || parse_here(body, &place));
        let failed = |message: &str| {
            let error = SyntaxError {
                place: place(0..0),
                message: message.to_owned(),
                hint: None,
                is_confusing: true,
            };
            (Table::default(), vec![error])
        };
        match parsed.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(parsed)) => parsed,
            Ok(Err(_)) => failed("the TOML parser gave up on this file"),
            Err(_) => failed("no thread could be started to read this file"),
        }
    })
}

fn parse_here(body: &str, place: &dyn Fn(Range<usize>) -> Place) -> (Table, Vec<SyntaxError>) {
    let (document, errors) = DeTable::parse_recoverable(body);
    let breaks: Vec<usize> = body.match_indices('\n').map(|(at, _)| at).collect();
    let mut lines = std::collections::BTreeSet::new();
    let errors = errors
        .iter()
        .filter_map(|error| {
            let span = error.span().unwrap_or(0..0);
            let line = breaks.partition_point(|&at| at < span.start);
            // What follows on the same line mostly follows from the first.
            lines.insert(line).then(|| {
                let (message, hint) = friendly(error.message(), body, &span);
                let is_confusing = is_confusing(error.message(), body, &span);
                SyntaxError { place: place(span), message, hint, is_confusing }
            })
        })
        .take(SYNTAX_ERRORS_MAX)
        .collect();
    (convert_table(document.get_ref(), place), errors)
}

fn convert_table(table: &DeTable<'_>, place: &dyn Fn(Range<usize>) -> Place) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            place: place(key.span()),
            node: Node { place: place(value.span()), value: convert(value.get_ref(), place) },
        })
        .collect();
    entries.sort_by_key(|entry| entry.place);
    Table { entries }
}

fn convert(value: &DeValue<'_>, place: &dyn Fn(Range<usize>) -> Place) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| Node { place: place(item.span()), value: convert(item.get_ref(), place) })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(convert_table(table, place)),
    }
}

/// Where a TOML text nests deeper than its recursive parser should see, and what is wrong there.
pub fn toml_too_deep(text: &str) -> Option<(usize, String)> {
    too_deep(text).map(|(span, message)| (span.start, message))
}

/// Looks for nesting that no honest file has, by tokens, before the recursive parser sees it.
fn too_deep(body: &str) -> Option<(Range<usize>, String)> {
    // Dots since the last delimiter, per open bracket.
    let mut dots = vec![0usize];
    let mut header = 0usize;
    let mut is_header = false;
    let mut is_line_start = true;
    for token in Source::new(body).lex().into_vec() {
        let span = token.span().start()..token.span().end();
        let was_line_start = std::mem::replace(&mut is_line_start, false);
        match token.kind() {
            TokenKind::Whitespace => is_line_start = was_line_start,
            TokenKind::Dot => *dots.last_mut()? += 1,
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                is_header |= was_line_start && dots.len() == 1;
                is_line_start = is_header;
                dots.push(0);
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                let inside = dots.last().copied().unwrap_or(0);
                if dots.len() > 1 {
                    dots.pop();
                }
                if is_header {
                    header = inside + 1;
                    is_header = false;
                }
            }
            TokenKind::Newline => {
                is_line_start = true;
                if let Some(last) = dots.last_mut() {
                    *last = 0;
                }
            }
            TokenKind::Comma | TokenKind::Equals => {
                // An inline table keeps what its key has before `=`; a list starts over.
                if token.kind() == TokenKind::Comma
                    && let Some(last) = dots.last_mut()
                {
                    *last = 0;
                }
            }
            TokenKind::Atom => {
                let text = body.get(span.clone()).unwrap_or_default();
                if longest_sign_run(text) > SIGNS_MAX {
                    return Some((span, "there are too many signs in a row".to_owned()));
                }
            }
            TokenKind::LiteralString
            | TokenKind::BasicString
            | TokenKind::MlLiteralString
            | TokenKind::MlBasicString
            | TokenKind::Comment
            | TokenKind::Eof => {}
        }
        let base = if is_header { 0 } else { header };
        if base + dots.len() - 1 + dots.iter().sum::<usize>() > DEPTH_MAX {
            return Some((span, format!("tables and lists are nested more than {DEPTH_MAX} levels deep")));
        }
    }
    None
}

fn longest_sign_run(text: &str) -> usize {
    text.split(|c| c != '+' && c != '-').map(str::len).max().unwrap_or(0)
}

/// Whether a mistake concerns more than its own line: headings, and what spans lines.
fn is_confusing(message: &str, body: &str, span: &Range<usize>) -> bool {
    let start = span.start.min(body.len());
    let line_start = body[..start].rfind('\n').map_or(0, |at| at + 1);
    let is_heading = body[line_start..].trim_start().starts_with('[');
    is_heading || ["unclosed", "multi-line", "cannot extend"].iter().any(|part| message.contains(part))
}

/// Says a parser's message in plainer words, with an example of what is right.
fn friendly(message: &str, body: &str, span: &Range<usize>) -> (String, Option<String>) {
    let line_start = body.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = body.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default().trim();
    let message = message.trim_end_matches(", expected nothing");
    let has = |part: &str| message.contains(part);
    if has("string values must be quoted") {
        let after = body.get(span.start..).unwrap_or_default().lines().next().unwrap_or_default().trim();
        return if after.is_empty() || after.starts_with('#') {
            ("there is no value after `=`".to_owned(), Some("write for example enabled = true".to_owned()))
        } else {
            (
                "this is neither a number, true, false nor a text in quotes".to_owned(),
                Some(match after.split(" #").next() {
                    Some(text) if !is_secret_key(line) => {
                        format!("a text stands in quotes: {:?}", text.trim())
                    }
                    Some(_) | None => "a text stands in quotes".to_owned(),
                }),
            )
        };
    }
    let hint = if has("duplicate key") {
        "each key and each [heading] may stand once; delete one, or merge the two"
    } else if has("key with no value") {
        if let Some((key, value)) = colon(line) {
            let hint = if is_secret_key(key) {
                "TOML uses `=`, not `:`".to_owned()
            } else if value.is_empty() {
                format!("TOML uses `=`, not `:`; a table begins with a heading, e.g. [{key}]")
            } else {
                format!("TOML uses `=`, not `:`; write {key} = {value}")
            };
            return (message.to_owned(), Some(hint));
        }
        "write key = value, e.g. command = \"./server\""
    } else if has("unclosed array table") {
        "close the heading with two brackets, e.g. [[events.sources]]"
    } else if has("unclosed table") {
        "close the heading, e.g. [services.api]"
    } else if has("unclosed array") || has("unclosed inline") {
        "close what was opened: `[` with `]`, `{` with `}`"
    } else if has("escape") || has("unicode value") {
        "in \"…\" a backslash is written \\\\; in '…' it is written as it is, e.g. 'C:\\tools'"
    } else if has("string") {
        "close the text with the quote that began it"
    } else if has("comma") {
        "items are separated by one comma, e.g. [\"a\", \"b\"]"
    } else if has("unexpected key or value") {
        "one key = value per line; texts stand in quotes"
    } else if has("cannot extend") {
        "the name is a value already, and cannot be a table too"
    } else if has("boolean") || has("float, expected") {
        "write true or false; a text stands in quotes, e.g. \"true\""
    } else if has("keys cannot be empty") || has("unquoted key") || has("expected key") {
        "a key has letters, digits, _ and -, e.g. [services.api]; any other stands in quotes"
    } else if has("leading zero") {
        "write the number without zeros before it, or as a text, e.g. umask = \"022\""
    } else if has("number") || has("sign") || has("digits") || has("mantissa") || has("integer") {
        "a number is written 8080 or 0.5; a text stands in quotes"
    } else if has("date") || has("time") {
        "a text stands in quotes; Ostler's keys have no dates"
    } else {
        "see https://toml.io for how TOML is written"
    };
    (message.to_owned(), Some(hint.to_owned()))
}

/// `key: value` as other formats write it.
fn colon(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let is_key = !key.is_empty() && !key.contains(['"', '\'', ' ', '=', '[']);
    is_key.then_some((key, value.trim()))
}
