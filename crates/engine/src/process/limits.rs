//! The limit of open files.

use std::{io, sync::OnceLock};

static ORIGINAL: OnceLock<Option<u64>> = OnceLock::new();

/// Raises the soft limit of open files of this process to the hard one, and remembers what it was, so that
/// children can have it back. To be called once, early.
///
/// # Errors
/// What the system says; the limit is unchanged then.
pub fn raise_open_files() -> io::Result<()> {
    let original = super::os::raise_descriptors()?;
    ORIGINAL.get_or_init(|| original);
    Ok(())
}

/// The soft limit of open files before [`raise_open_files`]; `None` when it was never raised, or was unlimited.
pub fn original_open_files() -> Option<u64> {
    ORIGINAL.get().copied().flatten()
}

/// The soft and hard limits of open files that a child gets back; `None` when they were never changed.
pub(super) fn original_open_files_pair() -> Option<(u64, u64)> {
    original_open_files().map(|soft| (soft, super::os::hard_descriptors()))
}
