//! Replacing files on Windows. Differs from Unix: two files cannot change places, so the last look and the rename are
//! two steps; a new file has the rights that its folder passes on; and the disk keeps names by itself.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

/// How to open a new file; its folder says who can read it.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    options
}

/// Makes a folder, with those above it; the topmost of ours is closed to others and passes that on.
pub(super) fn private_dir(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Whether the file may be changed.
pub(super) fn is_writable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.permissions().readonly())
}

/// Both lie in one folder, from which they have their rights.
pub(super) fn copy_rights(_old: &File, _new: &File) -> io::Result<()> {
    Ok(())
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
    ostler_windows::files::replace(from, to)
}

/// The file system's journal keeps them.
pub(super) fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(())
}

/// The system does not tell.
pub(super) fn is_being_written(_file: &File) -> bool {
    false
}
