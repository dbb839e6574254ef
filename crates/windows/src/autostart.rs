//! What the system starts when the user signs in: entries of the registry, as each program has one.
#![expect(unsafe_code, reason = "the registry has no safe form")]

use std::{io, ptr::null_mut};

use windows_sys::Win32::{
    Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS, WIN32_ERROR},
    System::Registry::{
        HKEY, HKEY_CURRENT_USER, KEY_QUERY_VALUE, KEY_SET_VALUE, REG_OPTION_NON_VOLATILE, REG_SZ,
        REG_VALUE_TYPE, RRF_RT_REG_BINARY, RRF_RT_REG_SZ, RegCloseKey, RegCreateKeyExW, RegDeleteValueW,
        RegGetValueW, RegSetValueExW,
    },
};

use crate::text::wide;

/// Where the entries are, for a person who looks for them.
pub const PLACE: &str = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run";

const RUN: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";

/// Where the system's own settings say which entries the user has switched off.
const APPROVED: &str = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run";

/// The longest entry that the system follows, in UTF-16 units, with room to see that one is longer.
const ENTRY_MAX: usize = 512;

/// The command line of an entry; `None` when there is none, or the user has switched it off in the system's settings.
///
/// # Errors
/// The registry cannot be read.
pub fn entry(name: &str) -> io::Result<Option<String>> {
    let mut units = [0_u16; ENTRY_MAX];
    let Some(bytes) = read(RUN, name, RRF_RT_REG_SZ, &mut units)? else { return Ok(None) };
    let mut state = [0_u8; 12];
    let approved = read(APPROVED, name, RRF_RT_REG_BINARY, &mut state)?;
    // An odd first byte means that it is switched off.
    if approved.is_some() && state[0] & 1 == 1 {
        return Ok(None);
    }
    let length = (bytes / 2).min(ENTRY_MAX);
    let text = String::from_utf16_lossy(&units[..length]);
    Ok(Some(text.trim_end_matches('\0').to_owned()))
}

/// Has the system run a command line when the user signs in; `None` takes the entry away.
///
/// # Errors
/// The registry cannot be written.
pub fn set_entry(name: &str, command: Option<&str>) -> io::Result<()> {
    match command {
        Some(command) => {
            let units = wide(command)?;
            write(RUN, name, REG_SZ, &units)?;
        }
        None => remove(RUN, name)?,
    }
    // What the user said in the settings before is of the entry that was.
    remove(APPROVED, name)
}

/// Switches an entry off as the system's settings do.
///
/// # Errors
/// The registry cannot be written.
#[cfg(test)]
pub(crate) fn switch_off(name: &str) -> io::Result<()> {
    write(
        APPROVED,
        name,
        windows_sys::Win32::System::Registry::REG_BINARY,
        &[3_u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    )
}

/// Reads a value; gives its length in bytes.
fn read<T>(key: &str, name: &str, kinds: u32, value: &mut [T]) -> io::Result<Option<usize>> {
    let (key, name) = (wide(key)?, wide(name)?);
    let mut length = size_of_val(value) as u32;
    // SAFETY: both names end in zero; the value has the length that is said.
    let code = unsafe {
        RegGetValueW(
            HKEY_CURRENT_USER,
            key.as_ptr(),
            name.as_ptr(),
            kinds,
            null_mut(),
            value.as_mut_ptr().cast(),
            &mut length,
        )
    };
    match code {
        ERROR_SUCCESS => Ok(Some(length as usize)),
        ERROR_FILE_NOT_FOUND => Ok(None),
        code => Err(io::Error::from_raw_os_error(code as i32)),
    }
}

fn write<T>(key: &str, name: &str, kind: REG_VALUE_TYPE, value: &[T]) -> io::Result<()> {
    let name = wide(name)?;
    let key = Key::open(key)?;
    // SAFETY: the key is open, the name ends in zero, the value has the length that is said.
    checked(unsafe {
        RegSetValueExW(key.0, name.as_ptr(), 0, kind, value.as_ptr().cast(), size_of_val(value) as u32)
    })
}

fn remove(key: &str, name: &str) -> io::Result<()> {
    let name = wide(name)?;
    let key = Key::open(key)?;
    // SAFETY: the key is open, the name ends in zero.
    match unsafe { RegDeleteValueW(key.0, name.as_ptr()) } {
        ERROR_FILE_NOT_FOUND => Ok(()),
        code => checked(code),
    }
}

struct Key(HKEY);

impl Key {
    /// Opens a key of our user to write in it; makes one that is missing.
    fn open(path: &str) -> io::Result<Self> {
        let (path, mut key) = (wide(path)?, null_mut());
        let rights = KEY_QUERY_VALUE | KEY_SET_VALUE;
        // SAFETY: the path ends in zero; the key is closed when this is dropped.
        checked(unsafe {
            RegCreateKeyExW(
                HKEY_CURRENT_USER,
                path.as_ptr(),
                0,
                null_mut(),
                REG_OPTION_NON_VOLATILE,
                rights,
                null_mut(),
                &mut key,
                null_mut(),
            )
        })?;
        Ok(Self(key))
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: it is open, and nobody uses it any more.
        unsafe { RegCloseKey(self.0) };
    }
}

fn checked(code: WIN32_ERROR) -> io::Result<()> {
    if code == ERROR_SUCCESS { Ok(()) } else { Err(io::Error::from_raw_os_error(code as i32)) }
}
