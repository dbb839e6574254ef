//! The access list of its folder is what counts, which a new file inherits. Differs from Unix: who else
//! may read a file that is there already is not looked at.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

use super::TokenFileError;

/// Opens a file and verifies what was opened.
pub(super) fn open(path: &Path, may_be_link: bool) -> Result<File, TokenFileError> {
    let owned = || path.to_owned();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => TokenFileError::Missing { path: owned() },
        _ => TokenFileError::System { verb: "open", path: owned(), source },
    };
    if !may_be_link && fs::symlink_metadata(path).map_err(failed)?.is_symlink() {
        return Err(TokenFileError::Link { path: owned() });
    }
    if fs::metadata(path).map_err(failed)?.is_dir() {
        return Err(TokenFileError::NotAFile { path: owned() });
    }
    File::open(path).map_err(failed)
}

/// Creates a file that was not there; it is in a folder that only its owner may enter.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
