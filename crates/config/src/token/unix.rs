//! Owner and mode are what counts.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use rustix::{fs::OFlags, io::Errno, process::geteuid};

use super::TokenFileError;

const MODE: u32 = 0o600;
const PERMISSION_BITS: u32 = 0o7777;
const OTHERS_BITS: u32 = 0o077;

/// Opens a file and verifies what was opened.
pub(super) fn open(path: &Path, may_be_link: bool) -> Result<File, TokenFileError> {
    let owned = || path.to_owned();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => TokenFileError::Missing { path: owned() },
        _ if Errno::from_io_error(&source) == Some(Errno::LOOP) => TokenFileError::Link { path: owned() },
        _ => TokenFileError::System { verb: "open", path: owned(), source },
    };
    // A pipe in its place must not make us wait.
    let mut flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
    if !may_be_link {
        flags |= OFlags::NOFOLLOW;
    }
    let file = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    let us = geteuid().as_raw();
    if !found.is_file() {
        return Err(TokenFileError::NotAFile { path: owned() });
    }
    if found.uid() != us {
        return Err(TokenFileError::WrongOwner { path: owned(), owner: found.uid(), us });
    }
    if found.mode() & OTHERS_BITS != 0 {
        return Err(TokenFileError::TooOpen { path: owned(), mode: found.mode() & PERMISSION_BITS });
    }
    Ok(file)
}

/// Puts a file in the place of another.
pub(super) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

/// Creates a file that was not there.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)
}
