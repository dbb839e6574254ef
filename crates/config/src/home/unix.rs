//! Directories of our own on Unix: owner and mode are what counts.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

use rustix::fs::{Access, access};

use super::PathsError;

const PRIVATE_MODE: u32 = 0o700;
const PERMISSION_BITS: u32 = 0o7777;
const OTHERS_BITS: u32 = 0o077;
const MACHINE_ID_FILES: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// Text that tells this machine from others with the same home directory.
pub(super) fn machine_id() -> String {
    let read = |path: &&str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    MACHINE_ID_FILES
        .iter()
        .filter_map(read)
        .find(|id| !id.is_empty() && id != "uninitialized")
        .unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned())
}

/// What paths are measured in.
pub(super) const LENGTH_UNIT: &str = "bytes";

/// The length of a path as the system counts it.
pub(super) fn path_length(path: &Path) -> usize {
    path.as_os_str().len()
}

/// Whether a directory that somebody else made for us is ours.
pub(super) fn is_ours(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw())
}

/// Creates a directory only for this user if there is none, and verifies it.
pub(super) fn ensure_private(path: &Path) -> Result<(), PathsError> {
    create(path).map_err(|source| PathsError::Create { path: path.to_owned(), source })?;
    let owned = || path.to_owned();
    let meta = fs::symlink_metadata(path).map_err(|source| PathsError::Look { path: owned(), source })?;
    let us = rustix::process::geteuid().as_raw();
    if meta.is_symlink() {
        return Err(PathsError::Symlink { path: owned() });
    }
    if !meta.is_dir() {
        return Err(PathsError::NotDirectory { path: owned() });
    }
    if meta.uid() != us {
        return Err(PathsError::WrongOwner { path: owned(), owner: meta.uid(), us });
    }
    if meta.mode() & OTHERS_BITS != 0 {
        return Err(PathsError::TooOpen { path: owned(), mode: meta.mode() & PERMISSION_BITS });
    }
    access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|errno| PathsError::ReadOnly { path: owned(), source: io::Error::from(errno) })
}

fn create(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.mode(PRIVATE_MODE);
    match builder.create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if let Some(parent) = path.parent() {
                fs::DirBuilder::new().recursive(true).mode(PRIVATE_MODE).create(parent)?;
            }
            match builder.create(path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
                result => result,
            }
        }
        result => result,
    }
}
