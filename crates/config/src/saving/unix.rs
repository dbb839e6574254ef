//! Replacing files on Unix; Linux can exchange two of them, and say whether one is being written.

use std::{
    fs::{DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use rustix::fs::{Access, access};

const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_DIR: u32 = 0o700;
const WRITE_BITS: u32 = 0o222;
const PERMISSION_BITS: u32 = 0o7777;

/// How to open a file that only the user can read.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(PRIVATE_FILE);
    options
}

/// How to open a new file that others may read as the user's mask says.
pub(super) fn open_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    options
}

/// Says that the writer of a file lives, or finds that it does.
pub(super) fn try_lock(file: &File) -> io::Result<()> {
    file.try_lock().map_err(io::Error::from)
}

/// Makes a folder that only the user can enter, with those above it.
pub(super) fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(PRIVATE_DIR).create(path)
}

/// Whether the file may be changed; root may pass over that, but is not meant to.
pub(super) fn is_writable(path: &Path) -> bool {
    let has_bits = std::fs::metadata(path).is_ok_and(|meta| meta.mode() & WRITE_BITS != 0);
    has_bits && access(path, Access::WRITE_OK).is_ok()
}

/// Gives a new file the mode of the old one, and its owner and attributes where that is allowed.
pub(super) fn copy_rights(old: &File, new: &File) -> io::Result<()> {
    let (from, to) = (old.metadata()?, new.metadata()?);
    if (from.uid(), from.gid()) != (to.uid(), to.gid()) {
        // Somebody who is not root can at most give it to a group of their own.
        let _ = std::os::unix::fs::fchown(new, Some(from.uid()), Some(from.gid()));
        let _ = std::os::unix::fs::fchown(new, None, Some(from.gid()));
    }
    #[cfg(target_os = "linux")]
    copy_attributes(old, new);
    new.set_permissions(Permissions::from_mode(from.mode() & PERMISSION_BITS))
}

/// Access lists and the like; what the file system does not take is left out.
#[cfg(target_os = "linux")]
fn copy_attributes(old: &File, new: &File) {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
    const BYTES_MAX: usize = 64 << 10;
    let mut names = vec![0u8; BYTES_MAX];
    let Ok(length) = flistxattr(old, &mut names[..]) else { return };
    let mut value = vec![0u8; BYTES_MAX];
    for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        if let Ok(length) = fgetxattr(old, name, &mut value[..]) {
            let _ = fsetxattr(new, name, &value[..length], XattrFlags::empty());
        }
    }
}

/// Has two files change places in one step.
#[cfg(target_os = "linux")]
pub(super) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// Has two files change places in one step.
#[cfg(not(target_os = "linux"))]
pub(super) fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether the system or the file system cannot exchange files at all.
pub(super) fn cannot_exchange(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

/// Puts a file in the place of another, which is open; gives what it was, to be looked at once more.
pub(super) fn rename(old: File, from: &Path, to: &Path) -> io::Result<File> {
    replace(from, to).map(|()| old)
}

/// Puts a file in the place of another, or where there is none.
pub(super) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

/// Has the disk keep the names in a folder.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Whether somebody has the file open for writing; `false` where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn is_being_written(file: &File) -> bool {
    // A read lease can be taken only while nobody can write.
    match lease(file, libc::F_RDLCK) {
        Ok(()) => {
            let _ = lease(file, libc::F_UNLCK);
            false
        }
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    }
}

/// Whether somebody has the file open for writing; `false` where the system does not tell.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_being_written(_file: &File) -> bool {
    false
}

#[cfg(target_os = "linux")]
fn lease(file: &File, kind: libc::c_int) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;
    /// From `asm-generic/fcntl.h`.
    const F_SETSIG: libc::c_int = 10;
    #[expect(unsafe_code, reason = "leases have no safe interface")]
    // SAFETY: both calls take integers only, and the descriptor is open as long as `file` is borrowed. The signal
    // that tells of somebody who waits for the lease is one that is ignored by default, not SIGIO.
    let result = unsafe {
        libc::fcntl(file.as_raw_fd(), F_SETSIG, libc::SIGURG);
        libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind)
    };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
