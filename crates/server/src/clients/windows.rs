//! Whether a process still lives, by the time of its creation.

use ostler_windows::process;

/// A process that lived when it was found.
#[derive(Debug)]
pub(super) struct Living {
    pid: u32,
    created: u64,
}

impl Living {
    /// Finds a process.
    pub(super) fn find(pid: u32) -> Option<Self> {
        process::created(pid).map(|created| Self { pid, created })
    }

    /// Whether it is still there, and not another with its number.
    pub(super) fn is_alive(&self) -> bool {
        process::created(self.pid) == Some(self.created)
    }
}
