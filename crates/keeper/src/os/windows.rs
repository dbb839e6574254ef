//! Windows: names travel as UTF-8; process identity is not available yet.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::MetadataExt;
use std::path::Path;

pub(crate) fn to_bytes(text: &OsStr) -> Cow<'_, [u8]> {
    match text.to_string_lossy() {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

pub(crate) fn from_bytes(bytes: &[u8]) -> Option<OsString> {
    std::str::from_utf8(bytes).ok().map(OsString::from)
}

pub(crate) fn boot_id() -> String {
    String::new()
}

pub(crate) fn start_ticks(_pid: u32) -> Option<u64> {
    None
}

/// The creation time stands in for the file's number, which needs an open handle here.
pub(crate) fn file_identity(metadata: &Metadata) -> (u64, u64) {
    (0, metadata.creation_time())
}

pub(crate) fn open_log(path: &Path, is_new: bool) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).create_new(is_new).open(path)
}

pub(crate) fn open_read(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}
