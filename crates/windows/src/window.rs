//! Windows of other processes.
#![expect(unsafe_code, reason = "windows have no safe form")]

use windows_sys::{
    Win32::{
        Foundation::{HWND, LPARAM},
        UI::WindowsAndMessaging::WM_CLOSE,
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
    type Allow = unsafe extern "system" fn(u32) -> BOOL;
    let Some(function) = library().and_then(|library| library.find(c"AllowSetForegroundWindow")) else {
        return;
    };
    // SAFETY: the function has the type of the system's documentation, and takes no pointers. A refusal only means that
    // the window blinks instead.
    unsafe { std::mem::transmute::<*mut std::ffi::c_void, Allow>(function)(pid) };
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

/// `user32.dll`, which stays loaded, so that its functions stay valid.
struct Library(*mut std::ffi::c_void);

impl Library {
    fn find(&self, name: &std::ffi::CStr) -> Option<*mut std::ffi::c_void> {
        // SAFETY: the library is loaded; the name ends in zero.
        let found = unsafe { GetProcAddress(self.0, name.as_ptr().cast()) };
        (!found.is_null()).then_some(found)
    }
}

fn library() -> Option<Library> {
    let name = wide("user32.dll").ok()?;
    // SAFETY: the name ends in zero; a library of the system, found in its own folder because it is a known one.
    let library = unsafe { LoadLibraryW(name.as_ptr()) };
    (!library.is_null()).then_some(Library(library))
}

fn functions() -> Option<Functions> {
    type Enumerate = unsafe extern "system" fn(Visit, LPARAM) -> BOOL;
    type ProcessOf = unsafe extern "system" fn(HWND, *mut u32) -> u32;
    type Post = unsafe extern "system" fn(HWND, u32, usize, isize) -> BOOL;
    type Any = *mut std::ffi::c_void;
    let library = library()?;
    // SAFETY: the types are those of the system's documentation.
    unsafe {
        Some(Functions {
            enumerate: std::mem::transmute::<Any, Enumerate>(library.find(c"EnumWindows")?),
            process_of: std::mem::transmute::<Any, ProcessOf>(library.find(c"GetWindowThreadProcessId")?),
            post: std::mem::transmute::<Any, Post>(library.find(c"PostMessageW")?),
        })
    }
}
