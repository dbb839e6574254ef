//! Processes on Windows: not available yet. The table is empty, so nothing is found and nothing is signalled.

use std::io;

use super::Process;

pub(super) fn all() -> Vec<Process> {
    Vec::new()
}

pub(super) fn has_environment_entry(_pid: u32, _entry: &[u8]) -> bool {
    false
}

pub(super) fn environment_value(_pid: u32, _variable: &str) -> Option<String> {
    None
}

pub(super) fn ticks_per_second() -> u64 {
    10_000_000
}

pub(super) fn uid() -> Option<u32> {
    None
}

pub(super) fn is_root() -> bool {
    false
}

/// What is sent to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The polite request.
    Terminate,
    /// The end.
    Kill,
}

/// A hold on one process.
pub(super) enum Handle {}

impl Handle {
    pub(super) fn open(_process: &Process) -> Option<Self> {
        None
    }

    pub(super) fn order(&self, _order: Order) -> io::Result<()> {
        match *self {}
    }

    pub(super) async fn ended(self) {
        match self {}
    }
}

pub(super) fn isolate(_command: &mut tokio::process::Command, _descriptors: Option<u64>) {}

pub(super) fn group_lives(_leader: u32) -> bool {
    false
}

pub(super) fn raise_descriptors() -> io::Result<Option<u64>> {
    Ok(None)
}

pub(super) fn hard_descriptors() -> u64 {
    u64::MAX
}

pub(super) fn free_bytes(_path: &std::path::Path) -> Option<u64> {
    None
}

/// Not limited in this way.
pub(super) fn descriptor_limit() -> Option<(u64, u64)> {
    None
}
