//! Who somebody is: security identifiers in their text form, `S-1-5-21-…`.
#![expect(unsafe_code, reason = "tokens have no safe form")]

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr::{null, null_mut},
    sync::OnceLock,
};

use windows_sys::Win32::{
    Foundation::{HANDLE, LocalFree},
    Security::{
        Authorization::{ConvertSidToStringSidW, ConvertStringSidToSidW},
        GetTokenInformation, LookupAccountSidW, PSID, TOKEN_ELEVATION, TOKEN_INFORMATION_CLASS, TOKEN_QUERY,
        TOKEN_USER, TokenElevation, TokenUser,
    },
    System::Threading::{
        GetCurrentProcess, OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION,
    },
};

use crate::text::{check, wide};

/// The system itself.
pub const SYSTEM: &str = "S-1-5-18";

/// The administrators of the machine, to whom belongs what one of them makes with all rights.
pub const ADMINISTRATORS: &str = "S-1-5-32-544";

/// The longest name of an account or a domain, in UTF-16 units with the zero at its end.
const NAME_MAX: usize = 257;

/// The user of this process.
///
/// # Errors
/// The system does not say.
pub fn own() -> io::Result<String> {
    static OWN: OnceLock<String> = OnceLock::new();
    if let Some(own) = OWN.get() {
        return Ok(own.clone());
    }
    // SAFETY: the pseudo handle of this process is always valid.
    let own = unsafe { of_handle(GetCurrentProcess()) }?;
    Ok(OWN.get_or_init(|| own).clone())
}

/// The user of a process.
///
/// # Errors
/// There is no such process, or it belongs to somebody who does not let us look.
pub fn of_process(pid: u32) -> io::Result<String> {
    // SAFETY: no pointers; the handle is owned at once.
    let process = unsafe {
        let handle = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        OwnedHandle::from_raw_handle(handle)
    };
    // SAFETY: the handle is open.
    unsafe { of_handle(process.as_raw_handle()) }
}

/// Whether a process belongs to our user or to the system itself.
pub fn is_trusted(pid: u32) -> bool {
    match (of_process(pid), own()) {
        (Ok(user), Ok(own)) => user == own || user == SYSTEM,
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// Whether this process runs with all rights (elevated).
pub fn is_elevated() -> bool {
    // SAFETY: the pseudo handle is valid; the buffer has the size and form that the class asks for.
    unsafe {
        token_of(GetCurrentProcess())
            .and_then(|token| information(&token, TokenElevation))
            .is_ok_and(|buffer| (*buffer.as_ptr().cast::<TOKEN_ELEVATION>()).TokenIsElevated != 0)
    }
}

/// How people call somebody, `MACHINE\name`; the identifier itself where the system knows no name.
pub fn name(identifier: &str) -> String {
    named(identifier).unwrap_or_else(|_| identifier.to_owned())
}

fn named(identifier: &str) -> io::Result<String> {
    let (text, mut sid) = (wide(identifier)?, null_mut());
    let (mut name, mut domain) = ([0; NAME_MAX], [0; NAME_MAX]);
    let (mut name_length, mut domain_length) = (NAME_MAX as u32, NAME_MAX as u32);
    let mut kind = 0;
    // SAFETY: the text ends in zero, the buffers are as long as is said; what was allocated is freed.
    unsafe {
        check(ConvertStringSidToSidW(text.as_ptr(), &mut sid))?;
        let result = check(LookupAccountSidW(
            null(),
            sid,
            name.as_mut_ptr(),
            &mut name_length,
            domain.as_mut_ptr(),
            &mut domain_length,
            &mut kind,
        ));
        LocalFree(sid);
        result?;
    }
    let text =
        |units: &[u16], length: u32| String::from_utf16_lossy(&units[..(length as usize).min(units.len())]);
    let (name, domain) = (text(&name, name_length), text(&domain, domain_length));
    Ok(if domain.is_empty() { name } else { format!("{domain}\\{name}") })
}

/// # Safety
/// The handle is open and allows to query.
unsafe fn of_handle(process: HANDLE) -> io::Result<String> {
    // SAFETY: as promised by the caller; the buffer holds a `TOKEN_USER`, whose identifier lies in the same buffer.
    unsafe {
        let buffer = information(&token_of(process)?, TokenUser)?;
        let user = &*buffer.as_ptr().cast::<TOKEN_USER>();
        text_of(user.User.Sid)
    }
}

/// The text form of an identifier.
///
/// # Safety
/// It is a valid one.
pub(crate) unsafe fn text_of(sid: PSID) -> io::Result<String> {
    let mut text = null_mut();
    // SAFETY: as promised by the caller; the text ends in zero, and is freed after it was copied.
    unsafe {
        check(ConvertSidToStringSidW(sid, &mut text))?;
        let length = (0..).take_while(|&at| *text.add(at) != 0).count();
        let copy = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        Ok(copy)
    }
}

/// # Safety
/// The handle is open.
unsafe fn token_of(process: HANDLE) -> io::Result<OwnedHandle> {
    let mut token = null_mut();
    // SAFETY: as promised by the caller; the new handle is owned at once.
    unsafe {
        check(OpenProcessToken(process, TOKEN_QUERY, &mut token))?;
        Ok(OwnedHandle::from_raw_handle(token))
    }
}

/// What a token says, in a buffer that is aligned for any of its structures.
fn information(token: &OwnedHandle, class: TOKEN_INFORMATION_CLASS) -> io::Result<Vec<u64>> {
    let mut needed = 0;
    // SAFETY: without a buffer the call only says how long it has to be.
    unsafe { GetTokenInformation(token.as_raw_handle(), class, null_mut(), 0, &mut needed) };
    let mut buffer = vec![0_u64; (needed as usize).div_ceil(8).max(1)];
    let length = u32::try_from(buffer.len() * 8).unwrap_or(u32::MAX);
    // SAFETY: the buffer has the length that is said.
    check(unsafe {
        GetTokenInformation(token.as_raw_handle(), class, buffer.as_mut_ptr().cast(), length, &mut needed)
    })?;
    Ok(buffer)
}
