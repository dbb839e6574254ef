//! Owner and mode are what counts.

use std::{
    fs::{DirBuilder, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use rustix::{process::geteuid, system::uname};

const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
const OTHERS_BITS: u32 = 0o077;

/// Creates a file that was not there, for its owner alone.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)
}

/// Puts a file in the place of another.
pub(super) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

/// Creates a folder for its owner alone, unless it is there.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(FOLDER_MODE).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether nobody else can have read or written a file.
pub(super) fn is_private(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| {
        found.is_file() && found.uid() == geteuid().as_raw() && found.mode() & OTHERS_BITS == 0
    })
}

/// What tells a file from another in its place.
pub(super) fn number(found: &Metadata) -> u64 {
    found.ino()
}

/// How this machine is called.
pub(super) fn machine() -> String {
    uname().nodename().to_string_lossy().into_owned()
}
