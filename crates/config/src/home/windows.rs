//! Directories of our own on Windows: those below the user's profile are closed to others by inheritance.
//! Differs from Unix: there is no owner or mode to verify yet, and the control socket becomes a pipe.

use std::{env, fs, path::Path};

use super::PathsError;

/// Text that tells this machine from others with the same home directory.
pub(super) fn machine_id() -> String {
    env::var("COMPUTERNAME").unwrap_or_default()
}

/// Whether a directory that somebody else made for us is ours.
pub(super) fn is_ours(path: &Path) -> bool {
    path.is_dir()
}

/// Creates a directory if there is none.
pub(super) fn ensure_private(path: &Path) -> Result<(), PathsError> {
    fs::create_dir_all(path).map_err(|source| PathsError::Create { path: path.to_owned(), source })?;
    let meta =
        fs::symlink_metadata(path).map_err(|source| PathsError::Look { path: path.to_owned(), source })?;
    if meta.is_symlink() {
        return Err(PathsError::Symlink { path: path.to_owned() });
    }
    Ok(())
}
