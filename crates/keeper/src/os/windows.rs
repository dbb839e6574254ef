//! Windows: names travel as UTF-8; a process is told from others by the time of its creation, which is of the wall
//! clock and so differs from boot to boot.

pub mod port;
pub mod slot;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use ostler_windows::{files, process};

/// What stands for the boot: creation times mean the same in all boots.
const ANY_BOOT: &str = "any";

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
    ANY_BOOT.to_owned()
}

pub(crate) fn start_ticks(pid: u32) -> Option<u64> {
    process::created(pid)
}

/// Disk and number: whether a path still leads to the file that is open.
pub(crate) fn file_identity(file: &File, _metadata: &Metadata) -> io::Result<(u64, u64)> {
    files::identity(file)
}

/// The same of whatever is at a path.
pub(crate) fn path_identity(path: &Path, _metadata: &Metadata) -> io::Result<(u64, u64)> {
    files::identity(&open_read(path)?)
}

/// Puts a file in the place of another, unless somebody has that open: the one thread of a keeper waits for nobody.
pub(crate) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    files::replace_now(from, to)
}

pub(crate) fn open_log(path: &Path, is_new: bool) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).create_new(is_new).open(path)
}

/// Cuts a log off at a length.
pub(crate) fn cut_log(log: &File, length: u64) -> io::Result<()> {
    files::cut(log, length)
}

pub(crate) fn open_read(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// Creates or empties a file; its folder says who can read it.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{self, Record};
    use std::os::windows::fs::OpenOptionsExt as _;
    use std::time::{Duration, Instant};

    #[test]
    fn a_record_that_somebody_holds_fails_at_once_and_is_written_later() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.rec");
        let record = |pid| Record { version: 1, keeper_pid: pid, ..Record::default() };
        record::write(&path, &record(1)).unwrap();
        // As an indexer does that shares nothing but looking.
        let held = OpenOptions::new().read(true).share_mode(1).open(&path).unwrap();
        let begin = Instant::now();
        assert!(record::write(&path, &record(2)).is_err());
        assert!(begin.elapsed() < Duration::from_millis(500), "{:?}", begin.elapsed());
        assert_eq!(record::read(&path).unwrap().keeper_pid, 1);
        drop(held);
        record::write(&path, &record(2)).unwrap();
        assert_eq!(record::read(&path).unwrap().keeper_pid, 2);
    }
}
