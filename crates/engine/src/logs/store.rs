//! Where the logs are, and who waits for them.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use ostler_api::LogLine;
use ostler_core::InstanceId;
use ostler_keeper::{
    log::LogWriter,
    protocol::{LogSettings, OnFull},
};

use super::{
    Filter, Follower, Position,
    backward::{Latest, Wanted, latest},
    files::Record,
    follower::Wake,
    merge::merge,
};

/// The most bytes of one answer, as they are written on the wire.
pub const READ_BYTES_MAX: usize = 8 << 20;

/// What a line of an answer takes on the wire beside its text and its instance, at most.
const LINE_FRAME_BYTES: usize = 160;

/// The most lines of one answer, of all logs together.
pub const READ_LINES_MAX: usize = 10_000;

/// The most text that is read of a log for its last lines, in bytes.
const LAST_LINES_BYTES_MAX: usize = 64 * 1024;

/// Whose log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The output of an instance.
    Instance(InstanceId),
    /// What the supervisor says itself.
    Supervisor,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instance(instance) => instance.fmt(f),
            Self::Supervisor => f.write_str("supervisor"),
        }
    }
}

/// What is wanted of a log.
#[derive(Clone, Debug)]
pub struct Query {
    /// The latest lines of each log; at most [`READ_LINES_MAX`] of all.
    pub lines: usize,
    /// Only lines from then on, in nanoseconds since 1970.
    pub since: Option<u64>,
    /// Only these.
    pub filter: Filter,
    /// Of these logs only what stands before a place.
    pub before: BTreeMap<Source, Position>,
}

/// What was read, and where a follower goes on.
#[derive(Debug)]
pub struct Reading {
    /// In order of time.
    pub lines: Vec<LogLine>,
    /// Whether older lines were left out because the answer was full.
    pub is_cut: bool,
    pub(super) ends: Vec<(Source, Position)>,
}

impl Reading {
    /// Lets a follower begin at another place of a log.
    pub fn rewind(&mut self, source: &Source, position: Position) {
        for (found, end) in &mut self.ends {
            if found == source {
                *end = position;
            }
        }
    }
}

/// The logs of an engine.
#[derive(Debug)]
pub struct LogStore {
    folder: PathBuf,
    supervisor: PathBuf,
    followers: Mutex<Vec<Weak<Wake>>>,
    /// Why the supervisor's own log is not written, if it is not.
    own_trouble: Mutex<Option<String>>,
    /// Who writes the supervisor's own log, if anybody does.
    own_writer: Mutex<Weak<Mutex<LogWriter>>>,
}

impl LogStore {
    /// The logs below the state directory of an engine, `<state>/<id>`.
    pub fn new(state: &Path) -> Arc<Self> {
        Arc::new(Self {
            folder: state.join("logs"),
            supervisor: state.join("supervisor.log"),
            followers: Mutex::default(),
            own_trouble: Mutex::default(),
            own_writer: Mutex::default(),
        })
    }

    /// Where the logs of all instances are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The live file of a log.
    pub fn path(&self, source: &Source) -> PathBuf {
        match source {
            Source::Instance(instance) => {
                self.folder.join(instance.service.as_str()).join(format!("{}.log", instance.index))
            }
            Source::Supervisor => self.supervisor.clone(),
        }
    }

    /// Why the supervisor's own log is not written, if it is not.
    pub fn own_trouble(&self) -> Option<String> {
        self.own_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The supervisor's own log is not written any more, or again: `""`.
    pub(super) fn set_own_trouble(&self, text: String) {
        let trouble = (!text.is_empty()).then_some(text);
        *self.own_trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// From now on the supervisor's own log is written there.
    pub(super) fn set_own_writer(&self, writer: &Arc<Mutex<LogWriter>>) {
        *self.own_writer.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(writer);
    }

    /// Removes what the supervisor has said.
    ///
    /// # Errors
    /// What the system says.
    pub fn clear_own(&self) -> io::Result<()> {
        let writer = self.own_writer.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        writer.map_or(Ok(()), |writer| writer.lock().unwrap_or_else(PoisonError::into_inner).clear())
    }

    /// Wakes the followers of a log that has grown. Takes microseconds.
    pub fn advanced(&self, source: &Source) {
        self.followers().retain(|follower| match follower.upgrade() {
            Some(follower) => {
                follower.wake(source);
                true
            }
            None => false,
        });
    }

    /// Reads the latest lines of some logs, merged in the order of time. Files are read on a thread for blocking
    /// work.
    ///
    /// # Errors
    /// A file cannot be read. A log that does not exist is empty.
    pub async fn read(&self, sources: &[Source], query: &Query) -> io::Result<Reading> {
        let logs: Vec<(Source, PathBuf)> =
            sources.iter().map(|source| (source.clone(), self.path(source))).collect();
        let query = query.clone();
        let reading = tokio::task::spawn_blocking(move || read_all(logs, &query));
        reading.await.map_err(io::Error::other)?
    }

    /// Follows logs from where a reading ended.
    pub fn follow(self: &Arc<Self>, reading: &Reading, filter: Filter) -> Follower {
        let logs =
            reading.ends.iter().map(|(source, end)| (source.clone(), self.path(source), *end)).collect();
        let follower = Follower::new(logs, filter);
        self.followers().push(Arc::downgrade(follower.waker()));
        follower
    }

    /// The last lines of an instance, at most 64 KiB of them, read at once from the end of its file: for a crash,
    /// after the keeper said that all is written. Empty when they cannot be read.
    pub fn last_lines(&self, instance: &InstanceId, lines: usize) -> Vec<LogLine> {
        self.lines_before(instance, lines, None)
    }

    /// As [`Self::last_lines`], but only what stands before a place in the log.
    pub fn lines_before(
        &self,
        instance: &InstanceId,
        lines: usize,
        before: Option<Position>,
    ) -> Vec<LogLine> {
        let source = Source::Instance(instance.clone());
        let filter = Filter::default();
        let wanted = Wanted { lines, since: None, bytes: LAST_LINES_BYTES_MAX, filter: &filter, before };
        let latest = latest(&source.to_string(), &self.path(&source), &wanted).unwrap_or_default();
        latest.records.into_iter().map(|record| record.line).collect()
    }

    /// The end of a log as it is now; `None` when there is none.
    pub fn end(&self, source: &Source) -> Option<Position> {
        let filter = Filter::default();
        let wanted = Wanted { lines: 0, since: None, bytes: 0, filter: &filter, before: None };
        latest("", &self.path(source), &wanted).ok()?.end
    }

    /// Removes what was written of an instance that has no keeper. (A keeper clears its log itself.)
    ///
    /// # Errors
    /// What the system says.
    pub fn clear_unkept(&self, instance: &InstanceId, files: u32) -> io::Result<()> {
        let source = Source::Instance(instance.clone());
        let settings =
            LogSettings { path: self.path(&source), max_size: 0, max_files: files, on_full: OnFull::Drop };
        if !settings.path.exists() {
            return Ok(());
        }
        LogWriter::new(settings, &instance.to_string()).clear()?;
        self.advanced(&source);
        Ok(())
    }

    fn followers(&self) -> MutexGuard<'_, Vec<Weak<Wake>>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_all(logs: Vec<(Source, PathBuf)>, query: &Query) -> io::Result<Reading> {
    let mut ends = Vec::new();
    let mut found = Found::default();
    let mut is_cut = false;
    for (source, path) in logs {
        let wanted = Wanted {
            lines: query.lines.min(READ_LINES_MAX),
            since: query.since,
            bytes: READ_BYTES_MAX,
            filter: &query.filter,
            before: query.before.get(&source).copied(),
        };
        let Latest { records, end, is_full } = latest(&source.to_string(), &path, &wanted)?;
        ends.push((source, end.unwrap_or_default()));
        // With a time nobody has said that so many are enough.
        is_cut |= is_full || (query.since.is_some() && records.len() >= READ_LINES_MAX);
        found.add(records);
    }
    let records = found.latest();
    let lines = records.into_iter().map(|record| record.line).collect();
    Ok(Reading { lines, is_cut: is_cut || found.is_cut, ends })
}

/// What was found in logs, of which no more than the latest is kept, however many they are.
#[derive(Default)]
struct Found {
    logs: Vec<Vec<Record>>,
    lines: usize,
    bytes: usize,
    is_cut: bool,
}

impl Found {
    fn add(&mut self, log: Vec<Record>) {
        self.lines += log.len();
        self.bytes += log.iter().map(|record| wire_bytes(&record.line)).sum::<usize>();
        self.logs.push(log);
        // A second time as much, so that not every log has all merged anew.
        if self.lines > 2 * READ_LINES_MAX || self.bytes > 2 * READ_BYTES_MAX {
            let latest = self.latest();
            (self.lines, self.bytes) = (0, 0);
            self.add(latest);
        }
    }

    /// The latest that one answer may have, in the order of time.
    fn latest(&mut self) -> Vec<Record> {
        let mut merged = merge(std::mem::take(&mut self.logs));
        let mut bytes = 0;
        let kept = merged
            .iter()
            .rev()
            .take(READ_LINES_MAX)
            .take_while(|record| {
                bytes += wire_bytes(&record.line);
                bytes <= READ_BYTES_MAX
            })
            .count();
        let left_out = merged.len() - kept;
        self.is_cut |= left_out > 0;
        merged.drain(..left_out);
        merged
    }
}

/// What a line takes in an answer: controls become `\u001b`.
fn wire_bytes(line: &LogLine) -> usize {
    let escaped = |c: char| match c {
        '"' | '\\' => 2,
        c if c.is_control() => 6,
        c => c.len_utf8(),
    };
    LINE_FRAME_BYTES + line.instance.len() + line.text.chars().map(escaped).sum::<usize>()
}
