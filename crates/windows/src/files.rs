//! Files: replacing them while others look, folders of our own, and whether two names mean one file.
#![expect(unsafe_code, reason = "moving with flags and access lists have no safe form")]

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::windows::{
        ffi::OsStrExt as _,
        io::{AsRawHandle, FromRawHandle, OwnedHandle},
    },
    path::{Component, Path, PathBuf, Prefix},
    ptr::null_mut,
    thread,
    time::{Duration, Instant},
};

use windows_sys::Win32::{
    Foundation::{
        ERROR_ACCESS_DENIED, ERROR_IO_PENDING, ERROR_LOCK_VIOLATION, ERROR_SHARING_VIOLATION, GENERIC_WRITE,
        INVALID_HANDLE_VALUE,
    },
    Storage::FileSystem::{
        BY_HANDLE_FILE_INFORMATION, CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_ATTRIBUTE_NORMAL,
        FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ,
        FILE_SHARE_WRITE, GetDiskFreeSpaceExW, GetFileInformationByHandle, LOCKFILE_EXCLUSIVE_LOCK,
        LOCKFILE_FAIL_IMMEDIATELY, LockFileEx, MOVE_FILE_FLAGS, MOVEFILE_REPLACE_EXISTING,
        MOVEFILE_WRITE_THROUGH, MoveFileExW, ReOpenFile,
    },
    System::IO::{OVERLAPPED, OVERLAPPED_0_0},
};

use crate::{
    access::Descriptor,
    text::{check, wide},
};

/// How long somebody who has a file open (an indexer, a virus scanner) may keep us from replacing it.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same where nobody may be kept waiting.
const HASTE: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(10);

/// Puts `from` in the place of `to` at once, and sees it to the disk. Who reads `to` and shares it reads on in the old
/// file; for others it waits a moment, on this thread: up to 2 s.
///
/// # Errors
/// The system refuses, or somebody does not let go of the file.
pub fn replace(from: &Path, to: &Path) -> io::Result<()> {
    replace_within(PATIENCE, MOVEFILE_WRITE_THROUGH, from, to)
}

/// The same for a thread that others wait for: it gives up after 100 ms, and does not wait for the disk.
///
/// # Errors
/// As [`replace`].
pub fn replace_soon(from: &Path, to: &Path) -> io::Result<()> {
    replace_within(HASTE, 0, from, to)
}

/// The same for a thread that may not wait at all: it tries once, and does not wait for the disk.
///
/// # Errors
/// As [`replace`].
pub fn replace_now(from: &Path, to: &Path) -> io::Result<()> {
    replace_within(Duration::ZERO, 0, from, to)
}

fn replace_within(limit: Duration, flags: MOVE_FILE_FLAGS, from: &Path, to: &Path) -> io::Result<()> {
    let (wide_from, wide_to) = (wide(from)?, wide(to)?);
    let flags = flags | MOVEFILE_REPLACE_EXISTING;
    patiently(limit, || {
        // SAFETY: both names end in zero.
        let moved = check(unsafe { MoveFileExW(wide_from.as_ptr(), wide_to.as_ptr(), flags) });
        // The standard library knows how to take the name from a file that is open.
        moved
            .or_else(|error| if is_in_use(&error) { fs::rename(from, to).or(Err(error)) } else { Err(error) })
    })
}

/// Tries again while somebody else has the file; an error is that of the last attempt.
fn patiently<T>(limit: Duration, mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let end = Instant::now() + limit;
    loop {
        match attempt() {
            Err(error) if is_in_use(&error) && Instant::now() < end => thread::sleep(PAUSE),
            result => return result,
        }
    }
}

fn is_in_use(error: &io::Error) -> bool {
    let codes = [ERROR_ACCESS_DENIED, ERROR_LOCK_VIOLATION, ERROR_SHARING_VIOLATION];
    error.raw_os_error().is_some_and(|code| codes.contains(&(code as u32)))
}

/// Cuts a file off at a length. Who may only append may not cut, so the file is opened once more, whatever its name is
/// by now.
///
/// # Errors
/// The system refuses, or somebody does not let others write.
pub fn cut(file: &File, length: u64) -> io::Result<()> {
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    // SAFETY: the handle is open; the new one is owned at once.
    let writable = unsafe {
        let handle = ReOpenFile(file.as_raw_handle(), GENERIC_WRITE, share, 0);
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        File::from(OwnedHandle::from_raw_handle(handle))
    };
    writable.set_len(length)
}

/// Makes a folder for our user and the system alone; an error of kind `AlreadyExists` where there is one.
///
/// # Errors
/// The system refuses.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let path = wide(path)?;
    let descriptor = Descriptor::for_folder()?;
    let attributes = descriptor.attributes(false);
    // SAFETY: the name ends in zero; the attributes live until the call is over.
    check(unsafe { CreateDirectoryW(path.as_ptr(), &attributes) })
}

/// Makes a file for our user and the system alone, to be written; an error of kind `AlreadyExists` where there is one.
///
/// # Errors
/// The system refuses.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    let path = wide(path)?;
    let descriptor = Descriptor::for_file()?;
    let attributes = descriptor.attributes(false);
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    // SAFETY: the name ends in zero; the attributes live until the call is over; the new handle is owned at once.
    unsafe {
        let handle = CreateFileW(
            path.as_ptr(),
            GENERIC_WRITE,
            share,
            &attributes,
            CREATE_NEW,
            FILE_ATTRIBUTE_NORMAL,
            null_mut(),
        );
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        Ok(File::from(OwnedHandle::from_raw_handle(handle)))
    }
}

/// The usual form of a path that the system gave in its verbatim form (`\\?\C:\…`), where both mean the same: on a disk
/// with a letter, no longer than programs expect, and without names that mean something else in the usual form. Many
/// programs take the verbatim form for no path at all.
pub fn plain(path: PathBuf) -> PathBuf {
    const LENGTH_MAX: usize = 247;
    let mut parts = path.components();
    let Some(Component::Prefix(prefix)) = parts.next() else { return path };
    let Prefix::VerbatimDisk(letter) = prefix.kind() else { return path };
    let mut plain = PathBuf::from(format!("{}:\\", char::from(letter)));
    for part in parts {
        match part {
            Component::RootDir => {}
            Component::Normal(name) if is_usual(name) => plain.push(name),
            Component::Normal(_) | Component::Prefix(_) | Component::CurDir | Component::ParentDir => {
                return path;
            }
        }
    }
    if plain.as_os_str().encode_wide().count() > LENGTH_MAX { path } else { plain }
}

/// Whether a name means the same in the usual form of a path.
fn is_usual(name: &OsStr) -> bool {
    const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    let Some(name) = name.to_str() else { return false };
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = ["COM", "LPT"].iter().find_map(|device| stem.strip_prefix(device));
    let is_device = DEVICES.contains(&stem.as_str())
        || numbered.is_some_and(|number| number.chars().count() == 1 && !number.starts_with('0'));
    let is_odd = |c: char| c.is_control() || "<>:\"/\\|?*".contains(c);
    !is_device && !name.ends_with(['.', ' ']) && !name.contains(is_odd)
}

/// The flags with which whatever has a name is opened, be it a folder or, unless it is to be followed, a link: so that one
/// handle tells what it is.
pub fn as_it_is(is_link_followed: bool) -> u32 {
    let link = if is_link_followed { 0 } else { FILE_FLAG_OPEN_REPARSE_POINT };
    FILE_FLAG_BACKUP_SEMANTICS | link
}

/// Takes a lock of a file that nobody else has, or says that somebody has it. It lies behind all bytes that a file can
/// have, so that others read and write them meanwhile: what is locked in the usual way cannot be read on Windows. Those
/// who lock the whole file keep this lock out, and this one them. It ends with the file.
///
/// # Errors
/// Somebody has it (`WouldBlock`), or the system refuses.
pub fn try_lock_aside(file: &File) -> io::Result<()> {
    let mut place = OVERLAPPED::default();
    place.Anonymous.Anonymous = OVERLAPPED_0_0 { Offset: u32::MAX - 1, OffsetHigh: u32::MAX };
    let flags = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
    // SAFETY: the handle is open, and the structure ours until the call is over: nothing is waited for.
    let locked = check(unsafe { LockFileEx(file.as_raw_handle(), flags, 0, 1, 0, &mut place) });
    locked.map_err(|error| match error.raw_os_error().map(|code| code as u32) {
        Some(ERROR_LOCK_VIOLATION | ERROR_IO_PENDING) => io::ErrorKind::WouldBlock.into(),
        _ => error,
    })
}

/// What tells an open file from all others on this machine: its disk and its number there.
///
/// # Errors
/// The system does not say.
pub fn identity(file: &File) -> io::Result<(u64, u64)> {
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, the structure ours.
    check(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &mut found) })?;
    let number = u64::from(found.nFileIndexHigh) << 32 | u64::from(found.nFileIndexLow);
    Ok((u64::from(found.dwVolumeSerialNumber), number))
}

/// Bytes that this user may still write on the disk that holds `path`; `None` when the system does not say.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let folder = if path.is_dir() { path } else { path.parent()? };
    let (folder, mut free) = (wide(folder).ok()?, 0);
    // SAFETY: the name ends in zero; the numbers that are not wanted may be null.
    let is_known = unsafe { GetDiskFreeSpaceExW(folder.as_ptr(), &mut free, null_mut(), null_mut()) };
    (is_known != 0).then_some(free)
}
