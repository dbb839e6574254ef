//! Replacing small files.

use std::{fs, io, io::Write as _, path::Path};

/// Replaces a file as a whole. No fsync: this state must survive the death of a process, not of the machine,
/// where it is worth nothing anyway.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // What is wanted, and the configuration in force, concern nobody else.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    drop(file);
    rename_soon(&draft, path)
}

#[cfg(unix)]
use rename as rename_soon;

/// The actor itself does this, and tries again a second later: nobody else waits for who has the file open.
#[cfg(windows)]
fn rename_soon(from: &Path, to: &Path) -> io::Result<()> {
    ostler_windows::files::replace_soon(from, to)
}

/// Puts a file in the place of another.
#[cfg(unix)]
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Puts a file in the place of another; waits a moment for those who have it open.
#[cfg(windows)]
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    ostler_windows::files::replace(from, to)
}

/// Reads a file; none is not an error.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
