//! Files: replacing them while others look, folders of our own, and whether two names mean one file.
#![expect(unsafe_code, reason = "moving with flags and access lists have no safe form")]

use std::{
    fs::File,
    io,
    os::windows::io::AsRawHandle,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use windows_sys::Win32::{
    Foundation::{ERROR_ACCESS_DENIED, ERROR_LOCK_VIOLATION, ERROR_SHARING_VIOLATION},
    Storage::FileSystem::{
        BY_HANDLE_FILE_INFORMATION, CreateDirectoryW, GetDiskFreeSpaceExW, GetFileInformationByHandle,
        MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH, MoveFileExW,
    },
};

use crate::{
    access::Descriptor,
    text::{check, wide},
};

/// How long somebody who has a file open (an indexer, a virus scanner) may keep us from replacing it.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(10);

/// Puts `from` in the place of `to` at once; waits a moment for those who have `to` open.
///
/// # Errors
/// The system refuses, or somebody does not let go of the file.
pub fn replace(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (wide(from)?, wide(to)?);
    let flags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
    // SAFETY: both names end in zero.
    patiently(|| check(unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), flags) }))
}

/// Tries again while somebody else has the file.
///
/// # Errors
/// What the last attempt says.
pub fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let end = Instant::now() + PATIENCE;
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
    let is_known = unsafe {
        GetDiskFreeSpaceExW(folder.as_ptr(), &mut free, std::ptr::null_mut(), std::ptr::null_mut())
    };
    (is_known != 0).then_some(free)
}
