//! The reader's end of a followed log.

use ostler_api::LogNotification;
use tokio::sync::oneshot;

use crate::logs::Follower;

/// Lines as they are written, at the reader's own pace; a slow reader delays nobody.
pub struct LogFollower {
    follower: Follower,
    /// Dropped with the reader: keepers stop telling of growth.
    _keep: oneshot::Sender<()>,
}

impl LogFollower {
    pub(crate) fn new(follower: Follower, keep: oneshot::Sender<()>) -> Self {
        Self { follower, _keep: keep }
    }

    /// Waits for more. `None` if the files cannot be read any more.
    pub async fn next(&mut self) -> Option<LogNotification> {
        match self.follower.next().await {
            Ok(lines) => Some(lines),
            Err(error) => {
                tracing::warn!(%error, "followed log cannot be read");
                None
            }
        }
    }
}

impl std::fmt::Debug for LogFollower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogFollower")
    }
}
