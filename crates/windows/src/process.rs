//! Processes: a number names one only together with the time of its creation.
#![expect(unsafe_code, reason = "the process table has no safe form")]

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
};

use windows_sys::Win32::{
    Foundation::{ERROR_ACCESS_DENIED, FILETIME, INVALID_HANDLE_VALUE, WAIT_OBJECT_0},
    System::{
        Diagnostics::ToolHelp::{
            CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
        },
        ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS},
        Threading::{
            GetExitCodeProcess, GetPriorityClass, GetProcessHandleCount, GetProcessShutdownParameters,
            GetProcessTimes, OpenProcess, PROCESS_ACCESS_RIGHTS, PROCESS_QUERY_LIMITED_INFORMATION,
            PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, SetProcessShutdownParameters, TerminateProcess,
            WaitForSingleObject,
        },
    },
};

use crate::text::check;

/// The exit code of a process that we killed: that of a Ctrl-C, which tools show as "terminated".
pub const KILLED: u32 = 0xC000_013A;

/// The flag with which a program that writes to a console is started without showing one.
pub const NO_WINDOW: u32 = windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;

/// A line of the process table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub pid: u32,
    /// That of who started it, who may be gone and the number another's.
    pub parent: u32,
    /// The name of its program.
    pub name: String,
    /// How many threads it has.
    pub threads: u32,
    /// When it was created; `None` where we may not look.
    pub created: Option<u64>,
}

/// All processes.
pub fn all() -> Vec<Entry> {
    let mut found = Vec::new();
    // SAFETY: the snapshot is owned at once; the entry says its size, and is filled by the calls.
    unsafe {
        let handle = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
        if handle == INVALID_HANDLE_VALUE {
            return found;
        }
        let snapshot = OwnedHandle::from_raw_handle(handle);
        let mut entry = PROCESSENTRY32W { dwSize: size_of::<PROCESSENTRY32W>() as u32, ..Default::default() };
        let mut has_more = Process32FirstW(snapshot.as_raw_handle(), &mut entry) != 0;
        while has_more {
            let length = entry.szExeFile.iter().take_while(|unit| **unit != 0).count();
            found.push(Entry {
                pid: entry.th32ProcessID,
                parent: entry.th32ParentProcessID,
                name: String::from_utf16_lossy(&entry.szExeFile[..length]),
                threads: entry.cntThreads,
                created: created(entry.th32ProcessID),
            });
            has_more = Process32NextW(snapshot.as_raw_handle(), &mut entry) != 0;
        }
    }
    found
}

/// What a process uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// When it was created, as [`created`] has it.
    pub created: u64,
    /// Processor time of its own, in units of 100 ns.
    pub processor: u64,
    /// Memory that is resident, in bytes.
    pub memory_bytes: u64,
    /// Its open handles.
    pub handles: u32,
}

/// What a living process uses; `None` when it is gone or we may not look.
pub fn usage(pid: u32) -> Option<Usage> {
    let process = open(pid, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE).ok()?;
    let [created, _, kernel, user] = times(&process).ok().filter(|_| !has_ended(&process))?;
    let mut memory = PROCESS_MEMORY_COUNTERS::default();
    let mut handles = 0;
    // SAFETY: the handle is open, the structures are ours and as long as is said. What is not known stays zero.
    unsafe {
        let size = size_of::<PROCESS_MEMORY_COUNTERS>() as u32;
        K32GetProcessMemoryInfo(process.as_raw_handle(), &mut memory, size);
        GetProcessHandleCount(process.as_raw_handle(), &mut handles);
    }
    Some(Usage { created, processor: kernel + user, memory_bytes: memory.WorkingSetSize as u64, handles })
}

/// The priority class of a process, by the numbers of the system; `None` when it is gone or we may not look.
pub fn priority(pid: u32) -> Option<u32> {
    let process = open(pid, PROCESS_QUERY_LIMITED_INFORMATION).ok()?;
    // SAFETY: the handle is open.
    Some(unsafe { GetPriorityClass(process.as_raw_handle()) }).filter(|class| *class != 0)
}

/// When a living process was created, in units of 100 ns since 1601; `None` when it is gone or we may not look.
pub fn created(pid: u32) -> Option<u64> {
    let process = open(pid, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE).ok()?;
    // A handle that somebody holds keeps the number of a process that has ended.
    if has_ended(&process) { None } else { created_of(&process).ok() }
}

/// When the process behind a handle was created.
///
/// # Errors
/// The handle does not allow to look.
pub fn created_of(process: &impl AsRawHandle) -> io::Result<u64> {
    times(process).map(|[created, ..]| created)
}

/// Creation and end, and the time in the kernel and outside of it.
fn times(process: &impl AsRawHandle) -> io::Result<[u64; 4]> {
    let [mut created, mut exited, mut kernel, mut user] = [FILETIME::default(); 4];
    // SAFETY: the handle is open, the four times are ours.
    check(unsafe {
        GetProcessTimes(process.as_raw_handle(), &mut created, &mut exited, &mut kernel, &mut user)
    })?;
    let number = |time: FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    Ok([created, exited, kernel, user].map(number))
}

/// Takes hold of a process to end it, if it is the one that was created then.
pub fn hold(pid: u32, was_created: u64) -> Option<OwnedHandle> {
    let rights = PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE | PROCESS_TERMINATE;
    let process = open(pid, rights).ok()?;
    (created_of(&process).ok()? == was_created && !has_ended(&process)).then_some(process)
}

/// Takes hold of a process to see how long it lives.
pub fn watch(pid: u32) -> Option<OwnedHandle> {
    let process = open(pid, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE).ok()?;
    (!has_ended(&process)).then_some(process)
}

/// Ends a process without asking it; one that has ended already is no error.
///
/// # Errors
/// We may not.
pub fn terminate(process: &impl AsRawHandle) -> io::Result<()> {
    // SAFETY: the handle is open.
    match check(unsafe { TerminateProcess(process.as_raw_handle(), KILLED) }) {
        Err(error) if error.raw_os_error() == Some(ERROR_ACCESS_DENIED as i32) && has_ended(process) => {
            Ok(())
        }
        result => result,
    }
}

/// The end of the range of those whom the system ends last, and the flag by which it asks nobody about one that does not
/// end (`SHUTDOWN_NORETRY`).
const LAST: (u32, u32) = (0x100, 1);

/// Has this process end after all usual ones when the session ends.
///
/// # Errors
/// The system refuses.
pub fn end_last() -> io::Result<()> {
    // SAFETY: no pointers.
    check(unsafe { SetProcessShutdownParameters(LAST.0, LAST.1) })
}

/// Whether this process ends after all usual ones.
pub fn ends_last() -> bool {
    let mut found = (0, 0);
    // SAFETY: both numbers are ours.
    (unsafe { GetProcessShutdownParameters(&mut found.0, &mut found.1) } != 0) && found == LAST
}

/// Whether the process has ended; the handle must allow to wait.
pub fn has_ended(process: &impl AsRawHandle) -> bool {
    // SAFETY: the handle is open; without a time the call does not wait.
    unsafe { WaitForSingleObject(process.as_raw_handle(), 0) == WAIT_OBJECT_0 }
}

/// How a process ended; `None` while it lives.
pub fn exit_code(process: &impl AsRawHandle) -> Option<u32> {
    let mut code = 0;
    // SAFETY: the handle is open.
    let is_known = unsafe { GetExitCodeProcess(process.as_raw_handle(), &mut code) } != 0;
    (is_known && has_ended(process)).then_some(code)
}

fn open(pid: u32, rights: PROCESS_ACCESS_RIGHTS) -> io::Result<OwnedHandle> {
    // SAFETY: no pointers; the new handle is owned at once.
    unsafe {
        let handle = OpenProcess(rights, 0, pid);
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedHandle::from_raw_handle(handle))
    }
}
