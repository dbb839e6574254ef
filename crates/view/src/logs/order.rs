//! The order of lines of several logs.

use std::collections::BTreeMap;
use std::sync::Arc;

use ostler_api::{Level, LogLine};

use super::LogEntry;
use super::entry::{Cursor, cursor};

/// What is known of one log.
#[derive(Clone, Debug)]
struct Log {
    instance: Arc<str>,
    source: Arc<str>,
    first: Option<Cursor>,
    last: Option<Cursor>,
    /// The times between which its lines are put: no line of a log comes before one that stands above it, whatever
    /// the clock of the machine did meanwhile.
    from: i64,
    to: i64,
    level: Option<Level>,
}

/// Gives lines their place among all.
#[derive(Debug, Default)]
pub(super) struct Order {
    logs: BTreeMap<String, Log>,
    /// Services of several instances, whose lines say which.
    pools: Vec<String>,
    next: i64,
    previous: i64,
}

impl Order {
    pub(super) fn set_pools(&mut self, pools: Vec<String>) {
        self.pools = pools;
    }

    /// The places of the oldest line of each log.
    pub(super) fn firsts(&self) -> BTreeMap<String, String> {
        let place = |(name, log): (&String, &Log)| {
            log.first.map(|(generation, offset)| (name.clone(), format!("{generation}:{offset}")))
        };
        self.logs.iter().filter_map(place).collect()
    }

    /// The logs that have lines, in short.
    pub(super) fn sources(&self) -> Vec<String> {
        self.logs.values().map(|log| log.source.to_string()).collect()
    }

    /// Lines that come after all of their log; those that came before are left out.
    pub(super) fn after(&mut self, lines: &[LogLine]) -> Vec<Arc<LogEntry>> {
        let mut entries = Vec::with_capacity(lines.len());
        for line in lines {
            let place = cursor(&line.cursor);
            let log = Self::log(&mut self.logs, &self.pools, &line.instance);
            if place.is_some() && log.last.is_some() && place <= log.last {
                continue;
            }
            let mut entry =
                LogEntry::new(line, Arc::clone(&log.instance), Arc::clone(&log.source), log.level);
            log.level = entry.level;
            log.first = log.first.or(place);
            log.last = place.or(log.last);
            log.to = log.to.max(entry.at);
            log.from = log.from.min(entry.at);
            entry.order = (log.to, self.next);
            self.next += 1;
            entries.push(Arc::new(entry));
        }
        entries.sort_by_key(|entry| entry.order);
        entries
    }

    /// Lines that stand before all of their log.
    pub(super) fn before(&mut self, lines: &[LogLine]) -> Vec<Arc<LogEntry>> {
        let mut levels: BTreeMap<&str, Option<Level>> = BTreeMap::new();
        let mut entries = Vec::with_capacity(lines.len());
        for line in lines {
            let log = Self::log(&mut self.logs, &self.pools, &line.instance);
            if log.first.is_some() && cursor(&line.cursor) >= log.first {
                continue;
            }
            let above = levels.entry(&line.instance).or_default();
            let entry = LogEntry::new(line, Arc::clone(&log.instance), Arc::clone(&log.source), *above);
            *above = entry.level;
            entries.push(entry);
        }
        for entry in entries.iter_mut().rev() {
            let log = Self::log(&mut self.logs, &self.pools, &entry.instance);
            self.previous -= 1;
            log.from = log.from.min(entry.at);
            log.to = log.to.max(entry.at);
            entry.order = (log.from, self.previous);
            log.first = entry.cursor.or(log.first);
            log.last = log.last.or(entry.cursor);
        }
        entries.sort_by_key(|entry| entry.order);
        entries.into_iter().map(Arc::new).collect()
    }

    /// A note that lines are missing after the last that came.
    pub(super) fn missed(&mut self, lines: u64) -> Arc<LogEntry> {
        let last = self.logs.values().max_by_key(|log| log.to);
        let (at, instance) = last.map_or((0, Arc::from("")), |log| (log.to, Arc::clone(&log.source)));
        let mut entry = LogEntry::missed(lines, at, instance);
        entry.order = (at, self.next);
        self.next += 1;
        Arc::new(entry)
    }

    fn log<'a>(logs: &'a mut BTreeMap<String, Log>, pools: &[String], instance: &str) -> &'a mut Log {
        logs.entry(instance.to_owned()).or_insert_with(|| {
            let service = instance.split_once('/').map_or(instance, |(service, _)| service);
            let is_pool = pools.iter().any(|pool| pool == service);
            Log {
                instance: instance.into(),
                source: if is_pool { instance.into() } else { service.into() },
                first: None,
                last: None,
                from: i64::MAX,
                to: i64::MIN,
                level: None,
            }
        })
    }
}
