//! The lines that are kept, and those of them that are listed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ostler_api::{Level, LogLine};

use super::order::Order;
use super::{EntryKind, LogEntry, finds};

/// The most lines that are kept, and that wait while the list is paused.
pub const LOG_LINES_MAX: usize = 100_000;

/// The most text that is kept, in bytes.
pub const LOG_BYTES_MAX: usize = 64 << 20;

/// Which lines are listed. Notes about runs and losses are, unless only what matches is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Lines of this level or worse.
    pub level: Option<Level>,
    /// Services and instances whose lines are not.
    pub hidden: BTreeSet<String>,
    /// What is looked for.
    pub needle: String,
    /// Whether only lines with what is looked for are.
    pub is_matches_only: bool,
}

impl LogFilter {
    /// Whether a line is listed.
    pub fn lists(&self, entry: &LogEntry) -> bool {
        let service = entry.instance.split_once('/').map_or(&*entry.instance, |(service, _)| service);
        if self.hidden.contains(service) || self.hidden.contains(&*entry.instance) {
            return false;
        }
        if self.is_matches_only && !self.needle.is_empty() {
            return self.finds(entry) && self.level.is_none_or(|wanted| entry.level >= Some(wanted));
        }
        entry.kind != EntryKind::Output || self.level.is_none_or(|wanted| entry.level >= Some(wanted))
    }

    /// Whether what is looked for stands in a line.
    pub fn finds(&self, entry: &LogEntry) -> bool {
        finds(&entry.text, &self.needle)
    }

    /// Whether it can leave out lines.
    pub fn is_on(&self) -> bool {
        self.level.is_some() || !self.hidden.is_empty() || self.is_matches_only && !self.needle.is_empty()
    }
}

/// A change of the list. Changes apply in order.
#[derive(Clone, Debug)]
pub enum LogPatch {
    /// All lines are gone.
    Clear,
    /// The first lines are gone.
    RemoveFirst(usize),
    /// Lines are new.
    Insert {
        /// Where the first of them stands.
        at: usize,
        /// The lines.
        entries: Vec<Arc<LogEntry>>,
    },
}

/// What is said about the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFacts {
    /// Lines that are kept.
    pub lines: usize,
    /// Their text, in bytes.
    pub bytes: usize,
    /// Lines that wait while the list is paused.
    pub waiting: usize,
    /// Listed lines with what is looked for.
    pub hits: usize,
    /// Which of them is looked at, from 1; 0 without one.
    pub hit: usize,
    /// The row of it.
    pub hit_row: Option<usize>,
    /// The logs that have lines, in short.
    pub sources: Vec<String>,
    /// Whether nothing older is kept because it is full.
    pub is_full: bool,
}

/// The lines that are kept, and those of them that are listed.
#[derive(Debug, Default)]
pub struct LogList {
    order: Order,
    kept: VecDeque<Arc<LogEntry>>,
    bytes: usize,
    listed: VecDeque<Arc<LogEntry>>,
    waiting: VecDeque<Arc<LogEntry>>,
    waiting_bytes: usize,
    is_paused: bool,
    is_full: bool,
    filter: LogFilter,
    /// The places of the listed lines that match.
    hits: VecDeque<(i64, i64)>,
    hit: Option<(i64, i64)>,
    patches: Vec<LogPatch>,
}

impl LogList {
    /// Says which services have several instances.
    pub fn set_pools(&mut self, pools: Vec<String>) {
        self.order.set_pools(pools);
    }

    /// Takes lines that were just written. Lines that came before are left out.
    pub fn take(&mut self, lines: &[LogLine]) {
        let entries = self.order.after(lines);
        self.add(entries);
    }

    /// Notes that lines did not come; zero when nobody counted them.
    pub fn miss(&mut self, lines: u64) {
        let note = self.order.missed(lines);
        self.add(vec![note]);
    }

    /// Takes lines that stand before all others.
    pub fn take_older(&mut self, lines: &[LogLine]) {
        let mut entries = self.order.before(lines);
        let room = LOG_LINES_MAX.saturating_sub(self.kept.len());
        if entries.len() >= room {
            self.is_full = true;
            entries.drain(..entries.len() - room);
        }
        self.bytes += entries.iter().map(|entry| entry.bytes()).sum::<usize>();
        self.is_full |= self.bytes >= LOG_BYTES_MAX;
        self.insert(entries);
    }

    /// Where older lines end: a place for each log that has lines.
    pub fn older_than(&self) -> BTreeMap<String, String> {
        self.order.firsts()
    }

    /// Whether older lines can be taken.
    pub fn has_room(&self) -> bool {
        !self.is_full
    }

    /// Lets the list stand still.
    pub fn pause(&mut self) {
        self.is_paused = true;
    }

    /// Lists what came meanwhile, and what comes.
    pub fn follow(&mut self) {
        self.is_paused = false;
        self.waiting_bytes = 0;
        let entries = std::mem::take(&mut self.waiting).into();
        self.add(entries);
    }

    /// Whether the list stands still.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Lists other lines. `row` is where the person looks.
    pub fn set_filter(&mut self, filter: LogFilter, row: Option<usize>) {
        let is_same_list = !filter.is_matches_only
            && !self.filter.is_matches_only
            && (filter.level, &filter.hidden) == (self.filter.level, &self.filter.hidden);
        let looked_at = row.and_then(|row| self.listed.get(row)).map(|entry| entry.order);
        let has_other_needle = filter.needle != self.filter.needle;
        self.filter = filter;
        if !is_same_list {
            self.listed = self.kept.iter().filter(|entry| self.filter.lists(entry)).cloned().collect();
            self.patches.clear();
            self.patches.push(LogPatch::Clear);
            if !self.listed.is_empty() {
                self.patches.push(LogPatch::Insert { at: 0, entries: self.listed.iter().cloned().collect() });
            }
        }
        if !is_same_list || has_other_needle {
            let hits = self.listed.iter().filter(|entry| self.filter.finds(entry));
            self.hits = hits.map(|entry| entry.order).collect();
        }
        if has_other_needle {
            let after =
                looked_at.map_or(self.hits.len(), |order| self.hits.partition_point(|hit| *hit <= order));
            self.hit = self.hits.get(after.saturating_sub(1)).copied();
        }
        self.hit = self.hit.filter(|hit| self.hits.binary_search(hit).is_ok());
    }

    /// The next line with what is looked for, or the one before it, around the end.
    pub fn step(&mut self, is_forward: bool) {
        let count = self.hits.len();
        if count == 0 {
            return;
        }
        let present = self.hit.map(|hit| self.hits.binary_search(&hit).unwrap_or_else(|at| at));
        let at = match (present, is_forward) {
            (None, true) => 0,
            (None, false) => count - 1,
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => (at + count - 1) % count,
        };
        self.hit = self.hits.get(at).copied();
    }

    /// What changed in the list since it was asked last.
    pub fn patches(&mut self) -> Vec<LogPatch> {
        std::mem::take(&mut self.patches)
    }

    /// What is listed.
    pub fn listed(&self) -> impl ExactSizeIterator<Item = &Arc<LogEntry>> {
        self.listed.iter()
    }

    /// What is said about the list.
    pub fn facts(&self) -> LogFacts {
        let row = |order| self.listed.binary_search_by_key(order, |entry| entry.order).ok();
        LogFacts {
            lines: self.kept.len() + self.waiting.len(),
            bytes: self.bytes + self.waiting_bytes,
            waiting: self.waiting.len(),
            hits: self.hits.len(),
            hit: self.hit.and_then(|hit| self.hits.binary_search(&hit).ok()).map_or(0, |at| at + 1),
            hit_row: self.hit.as_ref().and_then(row),
            sources: self.order.sources(),
            is_full: self.is_full,
        }
    }

    fn add(&mut self, mut entries: Vec<Arc<LogEntry>>) {
        if self.is_paused {
            self.waiting_bytes += entries.iter().map(|entry| entry.bytes()).sum::<usize>();
            self.waiting.extend(entries);
            while self.waiting.len() > LOG_LINES_MAX || self.waiting_bytes > LOG_BYTES_MAX {
                let Some(gone) = self.waiting.pop_front() else { break };
                self.waiting_bytes -= gone.bytes();
            }
            return;
        }
        if entries.len() > LOG_LINES_MAX {
            entries.drain(..entries.len() - LOG_LINES_MAX);
        }
        self.bytes += entries.iter().map(|entry| entry.bytes()).sum::<usize>();
        self.insert(entries);
        self.trim();
    }

    /// Puts lines where they belong: nearly always all of them at one end.
    fn insert(&mut self, entries: Vec<Arc<LogEntry>>) {
        let is_listed = |entry: &Arc<LogEntry>| self.filter.lists(entry);
        let listed: Vec<_> = entries.iter().filter(|entry| is_listed(entry)).cloned().collect();
        let is_hit = |entry: &Arc<LogEntry>| self.filter.finds(entry);
        let hits: Vec<_> = listed.iter().filter(|entry| is_hit(entry)).map(|entry| entry.order).collect();
        merge(&mut self.hits, hits, |order| *order, |_, _| {});
        merge(&mut self.kept, entries, |entry| entry.order, |_, _| {});
        let patches = &mut self.patches;
        merge(
            &mut self.listed,
            listed,
            |entry| entry.order,
            |at, entries| {
                patches.push(LogPatch::Insert { at, entries: entries.to_vec() });
            },
        );
    }

    /// Lets the oldest go.
    fn trim(&mut self) {
        let mut gone = 0;
        while self.kept.len() > LOG_LINES_MAX || self.bytes > LOG_BYTES_MAX {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.is_full = true;
            self.bytes -= oldest.bytes();
            if self.listed.front().is_some_and(|first| Arc::ptr_eq(first, &oldest)) {
                self.listed.pop_front();
                gone += 1;
            }
            if self.hits.front() == Some(&oldest.order) {
                self.hits.pop_front();
            }
        }
        if gone > 0 {
            self.patches.push(LogPatch::RemoveFirst(gone));
        }
    }
}

/// The next row after `row`, or before it, that is a warning or worse.
pub fn log_problem(rows: &VecDeque<Arc<LogEntry>>, row: Option<usize>, is_forward: bool) -> Option<usize> {
    let is_bad = |at: &usize| rows[*at].level >= Some(Level::Warn);
    if is_forward {
        (row.map_or(0, |row| row + 1)..rows.len()).find(is_bad)
    } else {
        (0..row.unwrap_or(rows.len()).min(rows.len())).rev().find(is_bad)
    }
}

/// Puts sorted items into a sorted queue, run by run; `told` hears where each run went.
fn merge<T: Clone, K: Ord>(
    queue: &mut VecDeque<T>,
    items: Vec<T>,
    key: impl Fn(&T) -> K,
    mut told: impl FnMut(usize, &[T]),
) {
    let mut rest = &items[..];
    while let Some(first) = rest.first() {
        let first = key(first);
        let at = match queue.back() {
            Some(last) if key(last) > first => queue.partition_point(|item| key(item) <= first),
            _ => queue.len(),
        };
        let run = match queue.get(at) {
            Some(next) => {
                let next = key(next);
                rest.iter().take_while(|item| key(item) <= next).count()
            }
            None => rest.len(),
        };
        let (these, others) = rest.split_at(run);
        if at == queue.len() {
            queue.extend(these.iter().cloned());
        } else if at == 0 {
            these.iter().rev().for_each(|item| queue.push_front(item.clone()));
        } else {
            let tail = queue.split_off(at);
            queue.extend(these.iter().cloned());
            queue.extend(tail);
        }
        told(at, these);
        rest = others;
    }
}
