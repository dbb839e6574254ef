//! Consoles and standard handles.
#![expect(unsafe_code, reason = "standard handles have no owner that a type could express")]

use std::{io, ptr::null_mut, sync::OnceLock};

use windows_sys::Win32::{
    Foundation::{CloseHandle, HANDLE, INVALID_HANDLE_VALUE},
    System::Console::{
        ATTACH_PARENT_PROCESS, AttachConsole, CONSOLE_SCREEN_BUFFER_INFO, CTRL_BREAK_EVENT, CTRL_C_EVENT,
        CTRL_LOGOFF_EVENT, FreeConsole, GenerateConsoleCtrlEvent, GetConsoleProcessList,
        GetConsoleScreenBufferInfo, GetStdHandle, SMALL_RECT, STD_ERROR_HANDLE, STD_HANDLE, STD_INPUT_HANDLE,
        STD_OUTPUT_HANDLE, SetConsoleCtrlHandler, SetStdHandle,
    },
};

use crate::{session, text::check};

/// The most processes that are looked for in our console.
const SHARERS_MAX: usize = 512;

const STANDARD: [STD_HANDLE; 3] = [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE];

/// Lets go of the console, if there is one: its keys and its end concern this program no more. To be called before anybody
/// listens to what consoles are told, which this forgets.
pub fn leave() {
    // SAFETY: no pointers. Without a console the call fails, which is what is wanted.
    unsafe { FreeConsole() };
}

/// Lets a program without a console write to the terminal that it was started in, if it was; what is redirected stays so.
pub fn join_parent() {
    // SAFETY: no pointers. Whose parent has no console stays without one.
    unsafe { AttachConsole(ATTACH_PARENT_PROCESS) };
}

/// Closes the standard handles: what is written to them from now on goes nowhere.
///
/// # Errors
/// The system refuses.
pub fn close_standard_handles() -> io::Result<()> {
    let mut handles: Vec<HANDLE> = Vec::with_capacity(STANDARD.len());
    for which in STANDARD {
        // SAFETY: no pointers. The standard library asks for the handle at each use and takes none for "nowhere".
        let handle = unsafe {
            let handle = GetStdHandle(which);
            check(SetStdHandle(which, null_mut()))?;
            handle
        };
        // Output and error are often the same one, whose number may be another's once it is closed.
        if !handle.is_null() && handle != INVALID_HANDLE_VALUE && !handles.contains(&handle) {
            handles.push(handle);
        }
    }
    for handle in handles {
        // SAFETY: it is open, is closed once, and nobody else in this process holds it.
        unsafe { CloseHandle(handle) };
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

/// The processes that share our console, this one too; `None` when the system does not say.
pub fn sharers() -> Option<Vec<u32>> {
    let mut list = [0; SHARERS_MAX];
    // SAFETY: the list is as long as is said. When there are more the call says how many, and fills nothing.
    let count = unsafe { GetConsoleProcessList(list.as_mut_ptr(), SHARERS_MAX as u32) } as usize;
    (1..=SHARERS_MAX).contains(&count).then(|| list[..count].to_vec())
}

/// Has this process outlast what consoles are told. It passes over Ctrl-C and Ctrl-Break, which are meant for those whom
/// it keeps. When the session ends `tell` is called, on a thread of the system, and the process goes on until it ends by
/// itself or the system waits no longer. Children are not concerned. Only the first call counts.
///
/// # Errors
/// The system refuses.
pub fn outlast_events(tell: impl Fn() + Send + Sync + 'static) -> io::Result<()> {
    // A second one would have nothing else to tell.
    let _ = SESSION_ENDS.set(Box::new(tell));
    // SAFETY: the handler is safe to run on any thread at any time, and lives as long as the program.
    check(unsafe { SetConsoleCtrlHandler(Some(outlast), 1) })
}

/// Whether an event concerns others: a key that was pressed for those whom we keep, or, in the session of the services,
/// where anybody's is told, a sign-out.
fn is_passed_over(event: u32, is_of_services: bool) -> bool {
    matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT) || (event == CTRL_LOGOFF_EVENT && is_of_services)
}

static SESSION_ENDS: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();

unsafe extern "system" fn outlast(event: u32) -> windows_sys::core::BOOL {
    if is_passed_over(event, session::is_of_services()) {
        return 1;
    }
    if let Some(tell) = SESSION_ENDS.get() {
        tell();
    }
    // The system ends us as soon as this returns, whatever it returns.
    loop {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::System::Console::{CTRL_CLOSE_EVENT, CTRL_SHUTDOWN_EVENT};

    use super::*;

    #[test]
    fn a_sign_out_concerns_who_runs_in_a_session_that_ends() {
        for event in [CTRL_C_EVENT, CTRL_BREAK_EVENT] {
            assert!(is_passed_over(event, false) && is_passed_over(event, true));
        }
        assert!(is_passed_over(CTRL_LOGOFF_EVENT, true) && !is_passed_over(CTRL_LOGOFF_EVENT, false));
        for event in [CTRL_CLOSE_EVENT, CTRL_SHUTDOWN_EVENT] {
            assert!(!is_passed_over(event, false) && !is_passed_over(event, true));
        }
    }
}
