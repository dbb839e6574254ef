//! Access lists are what counts.

use std::{
    fs::{File, Metadata},
    io,
    path::Path,
};

use ostler_windows::{access, files};

/// Creates a file that was not there, for its owner alone.
pub(super) fn create(path: &Path) -> io::Result<File> {
    files::create_private_file(path)
}

/// Puts a file in the place of another; waits a moment for those who have it open.
pub(super) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    files::replace(from, to)
}

/// Creates a folder for its owner alone, unless it is there.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    match files::create_private_folder(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether nobody else can have read or written a file.
pub(super) fn is_private(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
        && access::holders(path).is_ok_and(|holders| holders.is_closed())
}

/// What tells a file from another in its place: length and time do.
pub(super) fn number(_found: &Metadata) -> u64 {
    0
}

/// How this machine is called.
pub(super) fn machine() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}
