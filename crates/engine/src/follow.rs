//! The reader's end of a followed log.

use ostler_api::LogNotification;
use tokio::sync::mpsc;

/// Deliveries that may wait for a slow reader; what it then misses in the files is counted.
pub const FOLLOW_DELIVERIES_MAX: usize = 8;

/// Lines as they are written, at the reader's own pace.
#[derive(Debug)]
pub struct LogFollower {
    pub(crate) lines: mpsc::Receiver<LogNotification>,
}

impl LogFollower {
    /// Waits for more. `None` once the engine is gone.
    pub async fn next(&mut self) -> Option<LogNotification> {
        self.lines.recv().await
    }
}
