//! Windows of other processes.
#![expect(unsafe_code, reason = "windows have no safe form")]

use windows_sys::{
    Win32::{
        Foundation::{HWND, LPARAM},
        UI::WindowsAndMessaging::{AllowSetForegroundWindow, WM_CLOSE},
    },
    core::{BOOL, PCSTR, PCWSTR},
};

use crate::wide;

#[link(name = "kernel32", kind = "raw-dylib")]
unsafe extern "system" {
    fn LoadLibraryW(name: PCWSTR) -> *mut std::ffi::c_void;
    fn GetProcAddress(library: *mut std::ffi::c_void, name: PCSTR) -> *mut std::ffi::c_void;
}

type Visit = unsafe extern "system" fn(HWND, LPARAM) -> BOOL;

/// What is needed of `user32.dll`, which is loaded only when somebody is to be asked: it is large.
#[derive(Clone, Copy)]
struct Functions {
    enumerate: unsafe extern "system" fn(Visit, LPARAM) -> BOOL,
    process_of: unsafe extern "system" fn(HWND, *mut u32) -> u32,
    post: unsafe extern "system" fn(HWND, u32, usize, isize) -> BOOL,
}

struct Errand<'a> {
    functions: Functions,
    pids: &'a [u32],
    asked: usize,
}

/// Asks all top-level windows of these processes to close; says how many were asked.
pub fn ask_to_close(pids: &[u32]) -> usize {
    let Some(functions) = functions().filter(|_| !pids.is_empty()) else { return 0 };
    let mut errand = Errand { functions, pids, asked: 0 };
    // SAFETY: the function calls `visit` with the errand, which outlives the call, and with nothing else.
    unsafe { (functions.enumerate)(visit, (&raw mut errand) as LPARAM) };
    errand.asked
}

/// Lets a process put its window before those of others, if we may do so ourselves.
pub fn allow_foreground(pid: u32) {
    // SAFETY: no pointers. A refusal only means that the window blinks instead.
    unsafe { AllowSetForegroundWindow(pid) };
}

unsafe extern "system" fn visit(window: HWND, errand: LPARAM) -> BOOL {
    // SAFETY: the number is the address of the errand that `ask_to_close` holds; nobody else uses it meanwhile.
    let errand = unsafe { &mut *(errand as *mut Errand<'_>) };
    let mut pid = 0;
    // SAFETY: windows may vanish at any time, which both calls answer with an error.
    unsafe { (errand.functions.process_of)(window, &mut pid) };
    if errand.pids.contains(&pid) {
        // SAFETY: as above.
        let is_posted = unsafe { (errand.functions.post)(window, WM_CLOSE, 0, 0) } != 0;
        errand.asked += usize::from(is_posted);
    }
    1
}

fn functions() -> Option<Functions> {
    let name = wide("user32.dll").ok()?;
    // SAFETY: the name ends in zero; a library of the system, found in its own folder because it is a known one. It
    // stays loaded, so its functions stay valid, and their types are those of the system's documentation.
    unsafe {
        let library = LoadLibraryW(name.as_ptr());
        if library.is_null() {
            return None;
        }
        let find = |name: &std::ffi::CStr| {
            let found = GetProcAddress(library, name.as_ptr().cast());
            (!found.is_null()).then_some(found)
        };
        Some(Functions {
            enumerate: std::mem::transmute::<
                *mut std::ffi::c_void,
                unsafe extern "system" fn(Visit, LPARAM) -> BOOL,
            >(find(c"EnumWindows")?),
            process_of: std::mem::transmute::<
                *mut std::ffi::c_void,
                unsafe extern "system" fn(HWND, *mut u32) -> u32,
            >(find(c"GetWindowThreadProcessId")?),
            post: std::mem::transmute::<
                *mut std::ffi::c_void,
                unsafe extern "system" fn(HWND, u32, usize, isize) -> BOOL,
            >(find(c"PostMessageW")?),
        })
    }
}
