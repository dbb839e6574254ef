//! Hearing of the end of a process without a thread that waits for it.
#![expect(unsafe_code, reason = "waits of the system's threads have no safe form")]

use std::{
    ffi::c_void,
    io,
    os::windows::io::{AsRawHandle, OwnedHandle},
    ptr::null_mut,
    sync::{Mutex, PoisonError},
};

use windows_sys::Win32::{
    Foundation::{HANDLE, INVALID_HANDLE_VALUE},
    System::Threading::{INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEONLYONCE},
};

use crate::text::check;

/// A wait for the end of a process, which is given up when this is dropped.
#[derive(Debug)]
pub struct Awaited {
    wait: HANDLE,
    errand: *mut Errand,
    /// Open for as long as it is waited for.
    _process: OwnedHandle,
}

// SAFETY: the handle and the errand belong to this alone; the system's thread, which reads the errand, has ended with it
// before it is freed.
unsafe impl Send for Awaited {}
// SAFETY: nothing of it can be reached by reference.
unsafe impl Sync for Awaited {}

struct Errand(Mutex<Option<Box<dyn FnOnce() + Send>>>);

/// Calls `tell` once when the process has ended, on a thread of the system; `tell` does not wait and does not drop this.
///
/// # Errors
/// The system refuses.
pub fn when_ended(process: &OwnedHandle, tell: impl FnOnce() + Send + 'static) -> io::Result<Awaited> {
    let process = process.try_clone()?;
    let errand = Box::into_raw(Box::new(Errand(Mutex::new(Some(Box::new(tell))))));
    let mut awaited = Awaited { wait: null_mut(), errand, _process: process };
    // SAFETY: process and errand live until the wait has been given up.
    check(unsafe {
        let process = awaited._process.as_raw_handle();
        let errand = errand.cast_const().cast();
        RegisterWaitForSingleObject(
            &mut awaited.wait,
            process,
            Some(ended),
            errand,
            INFINITE,
            WT_EXECUTEONLYONCE,
        )
    })?;
    Ok(awaited)
}

unsafe extern "system" fn ended(errand: *mut c_void, _is_late: bool) {
    // SAFETY: the errand is freed only after the wait was given up, which waits for this.
    let errand = unsafe { &*errand.cast::<Errand>() };
    let tell = errand.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(tell) = tell {
        tell();
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        // SAFETY: the call comes back when nobody uses the errand any more, which is freed once.
        unsafe {
            if !self.wait.is_null() {
                UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE);
            }
            drop(Box::from_raw(self.errand));
        }
    }
}
