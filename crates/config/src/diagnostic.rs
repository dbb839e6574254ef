//! What is wrong, where, and what would be right.

use std::{collections::BTreeSet, fmt, path::PathBuf};

use crate::{
    redact::Masked,
    source::{Files, Place},
};

/// The most diagnostics that are reported at once.
pub const DIAGNOSTICS_MAX: usize = 200;
/// The longest message or hint, in characters.
const MESSAGE_MAX: usize = 1000;
/// The widest line that is shown whole, in characters.
const LINE_MAX: usize = 160;
/// What is shown before the place on a wider line, in characters.
const LINE_BEFORE: usize = 60;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// It is accepted; something is worth knowing.
    Notice,
}

/// One remark on a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The first column, from 1, in characters.
    pub column: u32,
    /// The column after the last one, on the same line.
    pub end_column: u32,
    /// The key, as `services.api.restart.delay`; empty when there is none.
    pub path: String,
    /// What is wrong, one sentence without a full stop. Never holds a secret.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
    /// Whether it stops the load.
    pub severity: Severity,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, path, message, hint, severity, end_column: _ } = self;
        let word = match severity {
            Severity::Error => "error",
            Severity::Notice => "notice",
        };
        write!(f, "{}:{line}:{column}: {word}: ", file.display())?;
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(message)?;
        hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

/// A configuration that is refused.
#[derive(Clone)]
pub struct Rejected {
    /// Everything that is wrong, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// The text of the main file; `None` when it could not be read.
    pub text: Option<String>,
    pub(crate) files: Files,
}

impl Rejected {
    /// Whether the main file could not be read at all.
    pub fn is_unreadable(&self) -> bool {
        self.text.is_none()
    }

    /// The files that were read, the main one first.
    pub fn files(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked: Vec<Masked<'_>> = self.files.iter().map(Masked::new).collect();
        for diagnostic in &self.diagnostics {
            let file = masked.iter().find(|masked| masked.file.path == diagnostic.file);
            write_for_people(f, diagnostic, file.map(|file| excerpt(file, diagnostic)))?;
        }
        let count = self.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
        write!(f, "{count} {} in the configuration", if count == 1 { "mistake" } else { "mistakes" })
    }
}

impl std::error::Error for Rejected {}

/// Without the text, which may hold secrets.
impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("diagnostics", &self.diagnostics).finish_non_exhaustive()
    }
}

/// The part of a line that is shown, and where in it the place begins and ends, from 0.
struct Excerpt {
    text: String,
    start: usize,
    width: usize,
}

fn excerpt(file: &Masked<'_>, diagnostic: &Diagnostic) -> Excerpt {
    let place = diagnostic.column.max(1) as usize - 1;
    let width = diagnostic.end_column.saturating_sub(diagnostic.column) as usize;
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let line: Vec<char> = file.line(diagnostic.line).map(printable).take(place + LINE_MAX).collect();
    if line.len() <= LINE_MAX {
        let start = place.min(line.len());
        return Excerpt {
            start,
            width: width.min(line.len() - start).max(1),
            text: line.into_iter().collect(),
        };
    }
    let from = place.saturating_sub(LINE_BEFORE).min(line.len());
    let shown = &line[from..(from + LINE_MAX).min(line.len())];
    let start = place - from;
    let text = format!("…{}…", shown.iter().collect::<String>());
    Excerpt { start: start + 1, width: width.min(shown.len().saturating_sub(start)).max(1), text }
}

fn write_for_people(
    f: &mut fmt::Formatter<'_>,
    diagnostic: &Diagnostic,
    excerpt: Option<Excerpt>,
) -> fmt::Result {
    let Diagnostic { path, message, hint, severity, .. } = diagnostic;
    let word = match severity {
        Severity::Error => "error",
        Severity::Notice => "notice",
    };
    let colon = if path.is_empty() { "" } else { ": " };
    writeln!(f, "{word}: {path}{colon}{message}")?;
    writeln!(f, "  --> {}:{}:{}", diagnostic.file.display(), diagnostic.line, diagnostic.column)?;
    if let Some(Excerpt { text, start, width }) = excerpt.filter(|excerpt| !excerpt.text.is_empty()) {
        let number = diagnostic.line.to_string();
        let gutter = " ".repeat(number.len());
        writeln!(f, "{number} | {text}")?;
        writeln!(f, "{gutter} | {}{}", " ".repeat(start), "^".repeat(width))?;
    }
    if let Some(hint) = hint {
        writeln!(f, "  = {hint}")?;
    }
    writeln!(f)
}

/// Collects diagnostics; never stops at the first.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    items: Vec<(Place, Diagnostic)>,
}

impl Sink {
    pub(crate) fn error(
        &mut self,
        files: &Files,
        place: Place,
        path: &str,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.push(files, place, path, message.into(), hint.into(), Severity::Error);
    }

    pub(crate) fn notice(
        &mut self,
        files: &Files,
        place: Place,
        path: &str,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.push(files, place, path, message.into(), hint.into(), Severity::Notice);
    }

    fn push(
        &mut self,
        files: &Files,
        place: Place,
        path: &str,
        message: String,
        hint: Option<String>,
        severity: Severity,
    ) {
        if self.is_full() {
            return;
        }
        let at = files.position(place);
        let diagnostic = Diagnostic {
            file: files.path(place).to_owned(),
            line: at.line,
            column: at.column,
            end_column: at.end_column,
            path: path.to_owned(),
            message: shortened(message),
            hint: hint.map(shortened),
            severity,
        };
        self.items.push((place, diagnostic));
    }

    /// Takes over remarks on lines that have none yet.
    pub(crate) fn absorb_other_lines(&mut self, more: Self) {
        let taken: BTreeSet<(u16, u32)> =
            self.items.iter().map(|(place, known)| (place.file, known.line)).collect();
        let others = more.items.into_iter().filter(|(place, new)| !taken.contains(&(place.file, new.line)));
        self.items.extend(others);
    }

    /// Whether nothing more is taken.
    pub(crate) fn is_full(&self) -> bool {
        self.items.len() >= DIAGNOSTICS_MAX
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.items.iter().any(|(_, diagnostic)| diagnostic.severity == Severity::Error)
    }

    /// Everything, in the order of the files.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.items.sort_by_key(|&(place, _)| place);
        let mut all: Vec<Diagnostic> = self.items.into_iter().map(|(_, diagnostic)| diagnostic).collect();
        all.dedup();
        all
    }
}

/// A message may quote what was written, which may be anything.
fn shortened(text: String) -> String {
    match text.char_indices().nth(MESSAGE_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
