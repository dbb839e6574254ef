//! Replacing files on Windows. Differs from Unix: two files cannot change places, so the last look and the rename are
//! two steps; a new file has the rights that its folder passes on until it gets those of the old one; what is locked in the
//! usual way cannot be read by anybody; and the disk keeps names by itself.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::windows::fs::OpenOptionsExt as _,
    path::Path,
};

use ostler_windows::{access, files};

/// How to open a new file; its folder says who can read it, until [`copy_rights`] does.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).access_mode(access::CHANGE_ACCESS);
    options
}

/// The same: the folder says who can read it.
pub(super) fn open_file() -> OpenOptions {
    private_file()
}

/// Says that the writer of a file lives, or finds that it does.
pub(super) fn try_lock(file: &File) -> io::Result<()> {
    files::try_lock_aside(file)
}

/// Makes a folder, with those above it; the topmost of ours is closed to others and passes that on.
pub(super) fn private_dir(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Whether the file may be changed.
pub(super) fn is_writable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.permissions().readonly())
}

/// Gives a new file the access list of the old one; its owner is whoever saves.
pub(super) fn copy_rights(old: &File, new: &File) -> io::Result<()> {
    access::copy(old, new)
}

/// There is no such step.
pub(super) fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether the system or the file system cannot exchange files at all.
pub(super) fn cannot_exchange(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}

/// Puts a file in the place of another; gives what it was, to be looked at once more. A file that anybody has open, be
/// it we, may keep its place, so a second name leads to it meanwhile: one by which it is found when we are killed.
pub(super) fn rename(old: File, from: &Path, to: &Path) -> io::Result<File> {
    drop(old);
    let mut aside = from.as_os_str().to_owned();
    aside.push("-old");
    let aside = Path::new(&aside);
    // Without links, who writes in the last moment is not heard.
    fs::hard_link(to, aside).or_else(|_| fs::copy(to, aside).map(drop))?;
    let result = replace(from, to).and_then(|()| File::open(aside));
    let _ = fs::remove_file(aside);
    result
}

/// Puts a file in the place of another, or where there is none; waits a moment for those who have it open.
pub(super) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    files::replace(from, to)
}

/// The file system's journal keeps them.
pub(super) fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(())
}

/// The system does not tell.
pub(super) fn is_being_written(_file: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::super::replace::replace;
    use super::*;

    #[test]
    fn a_file_that_is_saved_keeps_its_access_list() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("ostler.toml");
        files::create_private_file(&target).unwrap().write_all(b"old").unwrap();
        replace(&target, Some(b"old"), b"new", &mut |_| Ok(())).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        let holders = access::holders(&target).unwrap();
        assert!(holders.is_closed(), "{holders:?}");
        // One that others may read stays so.
        let target = home.path().join("shared.toml");
        fs::write(&target, "old").unwrap();
        let before = access::holders(&target).unwrap();
        replace(&target, Some(b"old"), b"new", &mut |_| Ok(())).unwrap();
        assert_eq!(access::holders(&target).unwrap(), before);
    }
}
