//! Consoles and standard handles.
#![expect(unsafe_code, reason = "standard handles have no owner that a type could express")]

use std::io;

use windows_sys::Win32::{
    Foundation::{CloseHandle, HANDLE_FLAG_INHERIT, INVALID_HANDLE_VALUE, SetHandleInformation},
    System::Console::{
        CONSOLE_SCREEN_BUFFER_INFO, CTRL_BREAK_EVENT, FreeConsole, GenerateConsoleCtrlEvent,
        GetConsoleScreenBufferInfo, GetStdHandle, SMALL_RECT, STD_ERROR_HANDLE, STD_HANDLE, STD_INPUT_HANDLE,
        STD_OUTPUT_HANDLE, SetConsoleCtrlHandler, SetStdHandle,
    },
};

use crate::text::check;

const STANDARD: [STD_HANDLE; 3] = [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE];

/// Lets go of the console, if there is one.
pub fn leave() {
    // SAFETY: no pointers. Without a console the call fails, which is what is wanted.
    unsafe { FreeConsole() };
}

/// Has children inherit none of our standard handles by accident; who is to have one gets a copy.
pub fn keep_standard_handles() {
    for which in STANDARD {
        // SAFETY: only a flag of an open handle changes; an invalid one is refused.
        unsafe {
            let handle = GetStdHandle(which);
            if !handle.is_null() && handle != INVALID_HANDLE_VALUE {
                SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
            }
        }
    }
}

/// Closes the standard handles: what is written to them from now on goes nowhere.
///
/// # Errors
/// The system refuses.
pub fn close_standard_handles() -> io::Result<()> {
    for which in STANDARD {
        // SAFETY: the standard library asks for the handle at each use and takes none for "nowhere"; nobody else in
        // this process holds it.
        unsafe {
            let handle = GetStdHandle(which);
            check(SetStdHandle(which, std::ptr::null_mut()))?;
            if !handle.is_null() && handle != INVALID_HANDLE_VALUE {
                CloseHandle(handle);
            }
        }
    }
    Ok(())
}

/// Columns and lines of the console that we write to; `None` when it is none.
pub fn size() -> Option<(u16, u16)> {
    for which in [STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        let mut found = CONSOLE_SCREEN_BUFFER_INFO::default();
        // SAFETY: the structure is ours; a handle that is no console is refused.
        if unsafe { GetConsoleScreenBufferInfo(GetStdHandle(which), &mut found) } != 0 {
            let SMALL_RECT { Left, Top, Right, Bottom } = found.srWindow;
            let length = |from: i16, to: i16| u16::try_from(i32::from(to) - i32::from(from) + 1).ok();
            return Some((length(Left, Right)?, length(Top, Bottom)?));
        }
    }
    None
}

/// Sends Ctrl-Break to the process group of a process that shares our console.
///
/// # Errors
/// There is no console, or no such group.
pub fn send_break(group: u32) -> io::Result<()> {
    // SAFETY: no pointers.
    check(unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, group) })
}

/// Has this process pass over Ctrl-C and Ctrl-Break, which are meant for those whom it keeps. Children are not
/// concerned.
///
/// # Errors
/// The system refuses.
pub fn pass_over_events() -> io::Result<()> {
    unsafe extern "system" fn pass_over(_event: u32) -> windows_sys::core::BOOL {
        1
    }
    // SAFETY: the handler is safe to run on any thread at any time, and lives as long as the program.
    check(unsafe { SetConsoleCtrlHandler(Some(pass_over), 1) })
}
