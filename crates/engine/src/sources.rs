//! The other sources of events, as those in front of the engine say: what `status` tells of them.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use ostler_api::SourceStatus;

/// Says how the sources are now. It must not wait.
pub type ReadSources = Arc<dyn Fn() -> Vec<SourceStatus> + Send + Sync>;

/// Where to read how the sources are, and whether one of them has changed.
#[derive(Default)]
pub(crate) struct Sources {
    read: Mutex<Option<ReadSources>>,
    changes: AtomicU64,
}

impl Sources {
    /// Has them read by this.
    pub(crate) fn set(&self, read: ReadSources) {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
    }

    /// One of them has changed its state.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// How often one of them has changed its state.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// How they are now.
    pub(crate) fn now(&self) -> Vec<SourceStatus> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        read.map(|read| read()).unwrap_or_default()
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("changes", &self.changes).finish_non_exhaustive()
    }
}
