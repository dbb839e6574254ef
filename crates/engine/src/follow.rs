//! The reader's end of a followed log.

use std::sync::Arc;

use ostler_api::LogNotification;
use ostler_core::InstanceId;
use tokio::sync::mpsc;

use crate::logs::{Follower, LogStore, Position, Source};

/// Logs that are followed as well from now on, and where they begin. Dropped with the reader: keepers stop telling of
/// growth.
pub(crate) type Joins = mpsc::UnboundedReceiver<(InstanceId, Position)>;

/// Lines as they are written, at the reader's own pace; a slow reader delays nobody.
pub struct LogFollower {
    follower: Follower,
    store: Arc<LogStore>,
    joins: Joins,
}

impl LogFollower {
    pub(crate) fn new(follower: Follower, store: Arc<LogStore>, joins: Joins) -> Self {
        Self { follower, store, joins }
    }

    /// Waits for more. `None` if the files cannot be read any more.
    pub async fn next(&mut self) -> Option<LogNotification> {
        loop {
            tokio::select! {
                Some((id, from)) = self.joins.recv() => {
                    let source = Source::Instance(id);
                    let path = self.store.path(&source);
                    self.follower.add(source, &path, from);
                }
                lines = self.follower.next() => match lines {
                    Ok(lines) => return Some(lines),
                    Err(error) => {
                        tracing::warn!(%error, "followed log cannot be read");
                        return None;
                    }
                },
            }
        }
    }
}

impl std::fmt::Debug for LogFollower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogFollower")
    }
}
