//! One line of the list.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ostler_api::{Level, LogLine, LogStream};

use super::{Dressed, Span, dressed};

/// What is shown of one line; all of it can be copied and saved.
pub const SHOWN_MAX: usize = 2_000;

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Output.
    Output,
    /// A run begins.
    RunStarted {
        /// Which.
        run: u64,
        /// Its process.
        pid: u32,
    },
    /// A run has ended.
    RunEnded {
        /// Which.
        run: u64,
        /// How: `exit code 1`.
        how: String,
        /// Whether it ended well.
        is_well: bool,
    },
    /// Output was not written.
    Dropped {
        /// How many lines.
        lines: u64,
        /// Why.
        why: String,
    },
    /// Lines that exist were not shown here, because they came too fast; zero when nobody counted.
    Missed(u64),
    /// Anything else that the supervisor notes.
    Note(String),
}

/// One line of the list.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Where it stands among all: a time in nanoseconds since 1970, and a number.
    pub(super) order: (i64, i64),
    /// Whose it is: `api/0`.
    pub instance: Arc<str>,
    /// The same in short, where that is clear.
    pub source: Arc<str>,
    /// When it was written, in nanoseconds since 1970.
    pub at: i64,
    /// What it is.
    pub kind: EntryKind,
    /// How bad it is, as far as it or the line that it belongs to says so.
    pub level: Option<Level>,
    /// Whether it goes on with the line before it.
    pub is_continued: bool,
    /// What it says; empty unless it is output.
    pub text: Box<str>,
    /// Its colours.
    pub spans: Box<[Span]>,
    /// Where it stands in its log.
    pub(super) cursor: Option<Cursor>,
}

/// A place in a log: the number of its file, and the offset.
pub(super) type Cursor = (u64, u64);

/// Reads `GENERATION:OFFSET`.
pub(super) fn cursor(text: &str) -> Option<Cursor> {
    let (generation, offset) = text.split_once(':')?;
    Some((generation.parse().ok()?, offset.parse().ok()?))
}

impl LogEntry {
    /// Makes a line presentable. `above` is how bad the line before it is.
    pub(super) fn new(line: &LogLine, instance: Arc<str>, source: Arc<str>, above: Option<Level>) -> Self {
        let kind =
            if line.stream == LogStream::Meta { EntryKind::of_meta(&line.text) } else { EntryKind::Output };
        let Dressed { text, spans } =
            if kind == EntryKind::Output { dressed(&line.text) } else { Dressed::default() };
        let own = if kind == EntryKind::Output { Level::of_line(&text) } else { kind.level() };
        let is_continued = own.is_none() && above.is_some() && is_continuation(&text);
        let at = line.at.parse::<Timestamp>().map_or(0, |at| i64::try_from(at.as_nanosecond()).unwrap_or(0));
        Self {
            order: (0, 0),
            instance,
            source,
            at,
            kind,
            level: if is_continued { above } else { own },
            is_continued,
            text: text.into_boxed_str(),
            spans: spans.into_boxed_slice(),
            cursor: cursor(&line.cursor),
        }
    }

    /// A note that lines are missing, after what was written then.
    pub(super) fn missed(lines: u64, at: i64, instance: Arc<str>) -> Self {
        Self {
            order: (0, 0),
            source: Arc::clone(&instance),
            instance,
            at,
            kind: EntryKind::Missed(lines),
            level: Some(Level::Warn),
            is_continued: false,
            text: Box::default(),
            spans: Box::default(),
            cursor: None,
        }
    }

    /// What it takes, in bytes, as far as that depends on what it says.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// What is shown of its text.
    pub fn shown(&self) -> &str {
        match self.text.char_indices().nth(SHOWN_MAX) {
            Some((end, _)) => &self.text[..end],
            None => &self.text,
        }
    }

    /// How many characters of its text are not shown.
    pub fn hidden(&self) -> usize {
        self.text[self.shown().len()..].chars().count()
    }

    /// When it was written: `14:31:54.690`.
    pub fn time(&self, zone: &TimeZone) -> String {
        self.format(zone, "%H:%M:%S%.3f")
    }

    /// The line as it is copied and saved, with the day.
    pub fn copied(&self, zone: &TimeZone, with_source: bool) -> String {
        let at = self.format(zone, "%Y-%m-%d %H:%M:%S%.3f");
        let words = self.words();
        if with_source { format!("{at} {} {words}\n", self.source) } else { format!("{at} {words}\n") }
    }

    fn format(&self, zone: &TimeZone, format: &str) -> String {
        let at = Timestamp::from_nanosecond(self.at.into()).unwrap_or_default();
        at.to_zoned(zone.clone()).strftime(format).to_string()
    }

    fn words(&self) -> String {
        match &self.kind {
            EntryKind::Output => self.text.to_string(),
            EntryKind::RunStarted { run, pid } => format!("-- run {run} started, pid {pid}"),
            EntryKind::RunEnded { run, how, .. } => format!("-- run {run} ended: {how}"),
            EntryKind::Dropped { lines, why } => format!("-- {lines} lines dropped here: {why}"),
            EntryKind::Missed(lines) => format!("-- {lines} lines are not shown here"),
            EntryKind::Note(text) => format!("-- {text}"),
        }
    }
}

impl EntryKind {
    fn of_meta(text: &str) -> Self {
        Self::of_known(text).unwrap_or_else(|| Self::Note(crate::plain(text)))
    }

    fn of_known(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("run ") {
            if let Some((run, pid)) = rest.split_once(" started, pid ") {
                return Some(Self::RunStarted { run: run.parse().ok()?, pid: pid.parse().ok()? });
            }
            let (run, how) = rest.split_once(" ended: ")?;
            let is_well = matches!(how, "exit code 0" | "exit 0");
            return Some(Self::RunEnded { run: run.parse().ok()?, how: crate::plain(how), is_well });
        }
        let (lines, rest) = text.strip_prefix("dropped ")?.split_once(" lines, ")?;
        let (_, why) = rest.split_once(" bytes: ")?;
        Some(Self::Dropped { lines: lines.parse().ok()?, why: crate::plain(why) })
    }

    fn level(&self) -> Option<Level> {
        match self {
            Self::Dropped { .. } | Self::Missed(_) => Some(Level::Warn),
            Self::Output | Self::RunStarted { .. } | Self::RunEnded { .. } | Self::Note(_) => None,
        }
    }
}

/// Whether a line looks like the rest of the one before it: a frame of a stack, an indented detail.
fn is_continuation(text: &str) -> bool {
    text.starts_with([' ', '}', ')', ']']) && !text.trim().is_empty()
        || ["at ", "Caused by", "Traceback ", "... "].iter().any(|begin| text.starts_with(begin))
}
