//! Processes cannot be looked at on Windows yet; a client leaves with its connection.

/// A process that was named.
#[derive(Debug)]
pub(super) struct Living;

impl Living {
    /// Takes the word for it.
    pub(super) fn find(_pid: u32) -> Option<Self> {
        Some(Self)
    }

    /// Nobody knows.
    pub(super) fn is_alive(&self) -> bool {
        true
    }
}
