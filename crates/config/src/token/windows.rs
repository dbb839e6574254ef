//! Access lists come with a later issue; until then no token is read or kept here, and that is said.

use std::{fs::File, io, path::Path};

use super::TokenFileError;

pub(super) fn open(path: &Path, _may_be_link: bool) -> Result<File, TokenFileError> {
    Err(TokenFileError::System { verb: "open", path: path.to_owned(), source: not_yet() })
}

pub(super) fn create(_path: &Path) -> io::Result<File> {
    Err(not_yet())
}

fn not_yet() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "token files are not available on Windows yet")
}
