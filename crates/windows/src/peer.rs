//! Who is at the other end of a pipe.
#![expect(unsafe_code, reason = "handles of pipes have no safe form")]

use std::os::windows::io::AsRawHandle;

use windows_sys::Win32::System::Pipes::GetNamedPipeClientProcessId;

/// The process that has opened this instance of a pipe; `None` when the system does not say.
pub fn of_pipe(pipe: &impl AsRawHandle) -> Option<u32> {
    let mut pid = 0;
    // SAFETY: the handle is open, the number ours.
    let is_known = unsafe { GetNamedPipeClientProcessId(pipe.as_raw_handle(), &mut pid) } != 0;
    (is_known && pid != 0).then_some(pid)
}
