//! Signals and processes on Windows. Differs from Unix: only Ctrl-C is received yet, and there are no limits of open
//! files and no sessions to leave.

use std::io;

/// The events that ask for an end.
pub(crate) struct Signals {}

impl Signals {
    /// Begins to receive them.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next; gives its name.
    pub(crate) async fn next(&mut self) -> &'static str {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            Err(_) => std::future::pending().await,
        }
    }
}

/// There is no such limit.
pub(crate) fn raise_file_limit() {}

/// A process that is started without a console has none.
pub(crate) fn detach() {}

/// Handles are passed on only when they are named.
pub(crate) fn pass_on_nothing() {}

/// Standard handles are closed by who started us.
pub(crate) fn silence_stdio() -> io::Result<()> {
    Ok(())
}

pub(crate) fn share_one_heap() {}

pub(crate) fn trim_memory() {}
