//! Where a process runs: in the session of somebody who has signed in, or in that of the services; with a console or
//! without one.
#![expect(unsafe_code, reason = "the system's questions have no safe form")]

use windows_sys::Win32::System::{Console::GetConsoleCP, RemoteDesktop::ProcessIdToSessionId};

/// The session in which nobody signs in.
const SERVICES: u32 = 0;

/// Whether this process runs in the session of the services, as what a service or a scheduled task starts does: nobody
/// sees it, and it lives on when people sign out.
pub fn is_of_services() -> bool {
    let mut session = u32::MAX;
    // SAFETY: the number is ours.
    let is_known = unsafe { ProcessIdToSessionId(std::process::id(), &mut session) } != 0;
    is_known && session == SERVICES
}

/// Whether this process has a console, whose events concern it.
pub fn has_console() -> bool {
    // SAFETY: no pointers; every console has a code page.
    unsafe { GetConsoleCP() != 0 }
}
