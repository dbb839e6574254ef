//! Files: replacing them while others look, folders of our own, and whether two names mean one file.
#![expect(unsafe_code, reason = "moving with flags and access lists have no safe form")]

use std::{
    fs::{self, File},
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    path::Path,
    ptr::null_mut,
    thread,
    time::{Duration, Instant},
};

use windows_sys::Win32::{
    Foundation::{
        ERROR_ACCESS_DENIED, ERROR_LOCK_VIOLATION, ERROR_SHARING_VIOLATION, GENERIC_WRITE,
        INVALID_HANDLE_VALUE,
    },
    Storage::FileSystem::{
        BY_HANDLE_FILE_INFORMATION, CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_ATTRIBUTE_NORMAL,
        FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, GetDiskFreeSpaceExW,
        GetFileInformationByHandle, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH, MoveFileExW,
    },
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

/// Puts `from` in the place of `to` at once. Who reads `to` and shares it reads on in the old file; for others it waits
/// a moment, on this thread: up to 2 s.
///
/// # Errors
/// The system refuses, or somebody does not let go of the file.
pub fn replace(from: &Path, to: &Path) -> io::Result<()> {
    replace_within(PATIENCE, from, to)
}

/// The same for a thread that others wait for: it gives up after 100 ms.
///
/// # Errors
/// As [`replace`].
pub fn replace_soon(from: &Path, to: &Path) -> io::Result<()> {
    replace_within(HASTE, from, to)
}

fn replace_within(limit: Duration, from: &Path, to: &Path) -> io::Result<()> {
    let (wide_from, wide_to) = (wide(from)?, wide(to)?);
    let flags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
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
