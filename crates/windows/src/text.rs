//! Text as the system wants it.

use std::{ffi::OsStr, io, os::windows::ffi::OsStrExt};

/// The text in UTF-16 with a zero at its end.
///
/// # Errors
/// It contains a zero.
pub fn wide(text: impl AsRef<OsStr>) -> io::Result<Vec<u16>> {
    let mut units: Vec<u16> = text.as_ref().encode_wide().collect();
    if units.contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the text contains a zero"));
    }
    units.push(0);
    Ok(units)
}

/// What the system calls fail with.
pub(crate) fn check(result: windows_sys::core::BOOL) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
