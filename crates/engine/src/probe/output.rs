//! Waiting for a line of a run's output.

use std::{collections::HashMap, io, sync::Arc};

use ostler_api::{LogLine, LogStream};
use ostler_keeper::log::{LINE_MAX, Meta};
use regex::Regex;

use super::{Answer, ProbeContext};
use crate::logs::{Filter, LogStore, Query, Reading, Source};

/// The most that is remembered of a line that comes in parts, in bytes.
const JOINED_MAX: usize = 2 * LINE_MAX;

/// Lines of earlier runs are skipped: the search begins where the keeper says that this run started.
struct Search<'a> {
    pattern: &'a Regex,
    run: u64,
    is_own: bool,
    parts: HashMap<u8, String>,
}

impl Search<'_> {
    fn finds(&mut self, line: &LogLine) -> bool {
        let stream = match line.stream {
            LogStream::Stdout => 1,
            LogStream::Stderr => 2,
            LogStream::Unknown => return false,
            LogStream::Meta => {
                if let Meta::RunStarted { run, .. } = Meta::parse(line.text.as_bytes()) {
                    self.is_own = run == self.run;
                    self.parts.clear();
                }
                return false;
            }
        };
        if !self.is_own {
            return false;
        }
        // A pattern may straddle the cut of a line that came in parts.
        let joined = self.parts.entry(stream).or_default();
        if joined.len() + line.text.len() > JOINED_MAX {
            joined.clear();
        }
        joined.push_str(&line.text);
        let is_found = self.pattern.is_match(joined);
        if !line.partial {
            joined.clear();
        }
        is_found
    }
}

/// Waits until a line of the run matches.
pub(super) async fn matched(pattern: &Regex, context: &ProbeContext) -> io::Result<()> {
    let source = Source::Instance(context.instance.clone());
    let mut search = Search { pattern, run: context.run.0, is_own: false, parts: HashMap::new() };
    let reading = from_start(&context.logs, &source, context.run.0).await?;
    let mut follower = context.logs.follow(&reading, Filter::default());
    loop {
        let found = follower.next().await?;
        if found.lines.iter().any(|line| search.finds(line)) {
            return Ok(());
        }
    }
}

/// Whether a line of the run has matched by now.
pub(super) async fn has_matched(pattern: &Regex, context: &ProbeContext) -> Answer {
    let source = Source::Instance(context.instance.clone());
    let query = Query {
        lines: crate::logs::READ_LINES_MAX,
        since: None,
        filter: Filter::default(),
        before: <_>::default(),
    };
    let reading = context
        .logs
        .read(&[source], &query)
        .await
        .map_err(|error| format!("the log cannot be read: {}", super::connect::plain(&error)))?;
    let mut search = Search { pattern, run: context.run.0, is_own: false, parts: HashMap::new() };
    if reading.lines.iter().any(|line| search.finds(line)) {
        Ok(())
    } else {
        Err(format!("no line matches {:?}", pattern.as_str()))
    }
}

/// A reading that ends where the run starts, or where the log ends now if the start is not written yet.
async fn from_start(logs: &Arc<LogStore>, source: &Source, run: u64) -> io::Result<Reading> {
    let started = crate::logs::pattern(&format!("^run {run} started, pid ")).map_err(io::Error::other)?;
    let filter = Filter { grep: Some(started), level: None };
    let mut reading = logs
        .read(std::slice::from_ref(source), &Query { lines: 1, since: None, filter, before: <_>::default() })
        .await?;
    let start = reading.lines.iter().find(|line| line.stream == LogStream::Meta);
    if let Some(position) = start.and_then(|line| line.cursor.parse().ok()) {
        reading.rewind(source, position);
    }
    Ok(reading)
}
