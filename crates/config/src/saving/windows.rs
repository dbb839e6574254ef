//! Replacing files on Windows is not available yet.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

/// How to open a file that only the user can read.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    options
}

/// Makes a folder that only the user can enter, with those above it.
pub(super) fn private_dir(_path: &Path) -> io::Result<()> {
    Err(unavailable())
}

/// Whether the file may be changed.
pub(super) fn is_writable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.permissions().readonly())
}

/// Gives a new file the rights of the old one.
pub(super) fn copy_rights(_old: &File, _new: &File) -> io::Result<()> {
    Err(unavailable())
}

/// Has two files change places in one step.
pub(super) fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(unavailable())
}

/// Whether the system or the file system cannot exchange files at all.
pub(super) fn cannot_exchange(_error: &io::Error) -> bool {
    false
}

/// Has the disk keep the names in a folder.
pub(super) fn sync_dir(_dir: &Path) -> io::Result<()> {
    Err(unavailable())
}

/// Whether somebody has the file open for writing.
pub(super) fn is_being_written(_file: &File) -> bool {
    false
}

fn unavailable() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "saving is not available on Windows yet")
}
