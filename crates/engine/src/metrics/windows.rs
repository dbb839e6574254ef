//! Measuring on Windows: not available yet, nothing is measured.

use super::Reading;

pub(super) fn readings() -> Vec<Reading> {
    Vec::new()
}

pub(super) fn uptime_ticks() -> u64 {
    0
}

pub(super) fn open_files(_pid: u32) -> u32 {
    0
}
