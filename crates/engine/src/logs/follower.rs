//! Following logs as they grow.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ostler_api::LogNotification;
use tokio::{sync::Notify, task::JoinHandle};

use super::{
    Filter, Position, Source,
    forward::{Forward, Pulled},
    merge::merge,
};

/// Logs that are read in one turn; the others have theirs after the delivery.
const TURN_MAX: usize = 16;

/// How a growing log wakes its follower.
#[derive(Debug, Default)]
pub(super) struct Wake {
    logs: Mutex<Logs>,
    notify: Notify,
}

#[derive(Debug, Default)]
struct Logs {
    followed: BTreeSet<Source>,
    grown: BTreeSet<Source>,
}

impl Wake {
    pub(super) fn wake(&self, source: &Source) {
        let mut logs = self.logs();
        if logs.followed.contains(source) {
            logs.grown.insert(source.clone());
            self.notify.notify_one();
        }
    }

    /// Whether it was not followed before.
    fn follow(&self, source: &Source) -> bool {
        let mut logs = self.logs();
        let is_new = logs.followed.insert(source.clone());
        if is_new {
            // Whatever was written since the reading is looked for at once.
            logs.grown.insert(source.clone());
            self.notify.notify_one();
        }
        is_new
    }

    fn logs(&self) -> MutexGuard<'_, Logs> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lines of some logs as they are written, at the reader's own pace. Nothing is read ahead: whoever does not ask
/// costs nothing.
pub struct Follower {
    /// Those that are not being read.
    logs: BTreeMap<Source, Forward>,
    reading: Option<JoinHandle<Vec<Read>>>,
    filter: Filter,
    wake: Arc<Wake>,
}

impl Follower {
    pub(super) fn new(logs: Vec<(Source, PathBuf, Position)>, filter: Filter) -> Self {
        let mut follower = Self { logs: BTreeMap::new(), reading: None, filter, wake: Arc::default() };
        for (source, path, next) in logs {
            follower.add(source, &path, next);
        }
        follower
    }

    /// Follows one more log from there, unless it is followed already.
    pub fn add(&mut self, source: Source, path: &Path, next: Position) {
        if self.wake.follow(&source) {
            let forward = Forward::new(&source.to_string(), path, next);
            self.logs.insert(source, forward);
        }
    }

    pub(super) fn waker(&self) -> &Arc<Wake> {
        &self.wake
    }

    /// Waits for wanted lines, or for lines that were removed before they could be read: `missed` counts those
    /// places, each at least one line. May be cancelled; nothing is lost then.
    ///
    /// # Errors
    /// A file cannot be read.
    pub async fn next(&mut self) -> io::Result<LogNotification> {
        loop {
            if let Some(reading) = &mut self.reading {
                let read = reading.await;
                self.reading = None;
                let notification = self.take(read.map_err(io::Error::other)?)?;
                if !notification.lines.is_empty() || notification.missed > 0 {
                    return Ok(notification);
                }
            }
            let turn = self.turn();
            if turn.is_empty() {
                self.wake.notify.notified().await;
            } else {
                self.read(&turn);
            }
        }
    }

    /// Up to [`TURN_MAX`] logs that have grown.
    fn turn(&self) -> Vec<Source> {
        let grown = &mut self.wake.logs().grown;
        let turn: Vec<Source> = grown.iter().take(TURN_MAX).cloned().collect();
        for source in &turn {
            grown.remove(source);
        }
        turn
    }

    fn read(&mut self, turn: &[Source]) {
        let logs: Vec<(Source, Forward)> =
            turn.iter().filter_map(|source| self.logs.remove_entry(source)).collect();
        let filter = self.filter.clone();
        let read = move |(source, mut forward): (Source, Forward)| {
            let pulled = forward.pull(&filter);
            Read { source, forward, pulled }
        };
        self.reading = Some(tokio::task::spawn_blocking(move || logs.into_iter().map(read).collect()));
    }

    fn take(&mut self, read: Vec<Read>) -> io::Result<LogNotification> {
        let mut missed = 0;
        let mut found = Vec::new();
        let mut failure = None;
        for Read { source, forward, pulled } in read {
            self.logs.insert(source.clone(), forward);
            match pulled {
                Ok(pulled) => {
                    missed += pulled.missed;
                    if pulled.has_more {
                        self.wake.logs().grown.insert(source);
                    }
                    found.push(pulled.records);
                }
                Err(error) => failure = Some(error),
            }
        }
        let lines: Vec<_> = merge(found).into_iter().map(|record| record.line).collect();
        match failure {
            // What could be read of the others comes first.
            Some(error) if lines.is_empty() => Err(error),
            Some(_) | None => Ok(LogNotification { lines, missed }),
        }
    }
}

/// What one turn read of a log.
struct Read {
    source: Source,
    forward: Forward,
    pulled: io::Result<Pulled>,
}
