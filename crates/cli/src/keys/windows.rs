//! Keys on Windows: not available yet.

use std::io;

use super::Event;

/// Never made here.
pub(crate) struct Keys(());

impl Keys {
    /// Says that it is not available.
    pub(crate) fn open() -> io::Result<Self> {
        Err(io::Error::other("single keys are not available on Windows yet"))
    }

    /// Never comes.
    pub(crate) async fn event(&mut self) -> Event {
        std::future::pending().await
    }
}
