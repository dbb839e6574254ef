//! There is no notify socket on Windows.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::watch;

use super::Notified;

/// The socket of one run; cannot be made here.
pub struct NotifySocket {
    path: PathBuf,
    notified: watch::Sender<Notified>,
}

impl NotifySocket {
    /// Not available.
    ///
    /// # Errors
    /// Always.
    pub fn bind(_path: &Path) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "notify sockets are not available on Windows"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the run says, from now on.
    pub fn notified(&self) -> watch::Receiver<Notified> {
        self.notified.subscribe()
    }

    /// Waits for ever.
    pub async fn listen(self, _tree: Arc<dyn Fn() -> HashSet<u32> + Send + Sync>) {
        std::future::pending().await
    }
}
