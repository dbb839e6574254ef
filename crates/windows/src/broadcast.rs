//! What the system tells all windows: the end of the session, the end of a sleep, a clock that was set. For programs
//! without a window there is one that nobody sees, on a thread of its own.
#![expect(unsafe_code, reason = "windows have no safe form")]

use std::{
    cell::RefCell,
    io,
    ptr::null,
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use windows_sys::Win32::{
    Foundation::{ERROR_CLASS_ALREADY_EXISTS, HWND, LPARAM, LRESULT, WPARAM},
    System::LibraryLoader::GetModuleHandleW,
    UI::WindowsAndMessaging::{
        CreateWindowExW, DefWindowProcW, DestroyWindow, DispatchMessageW, GetMessageW, MSG,
        PBT_APMRESUMEAUTOMATIC, PBT_APMRESUMESUSPEND, PostMessageW, PostQuitMessage, RegisterClassW, WM_APP,
        WM_DESTROY, WM_ENDSESSION, WM_POWERBROADCAST, WM_QUERYENDSESSION, WM_TIMECHANGE, WNDCLASSW,
    },
};

use crate::text::wide;

/// The name of the windows' class.
pub const CLASS: &str = "OstlerBroadcast";

/// Ends a window.
const LEAVE: u32 = WM_APP;

/// The system ends a program 5 s after its windows have heard that the session ends, or once they have answered.
const LAST_WORDS: Duration = Duration::from_millis(4500);

/// What the system said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The user signs out, or the system ends; about 4 s are left.
    SessionEnds,
    /// The machine slept and woke.
    Woke,
    /// Somebody set the clock.
    ClockSet,
}

/// Hears as long as it lives.
#[derive(Debug)]
pub struct Listener {
    window: usize,
    /// Its end says that nobody needs to wait any more.
    alive: Option<mpsc::SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Who hears, and whose end is the end of the listener.
type Ear = (Box<dyn Fn(Said)>, mpsc::Receiver<()>);

thread_local! {
    static EAR: RefCell<Option<Ear>> = const { RefCell::new(None) };
}

/// Has `ear` hear what the system says, on a thread of its own. Once the session ends, that thread keeps the program
/// alive for as long as the system lets it.
///
/// # Errors
/// There can be no window.
pub fn listen(ear: impl Fn(Said) + Send + 'static) -> io::Result<Listener> {
    let (tell, told) = mpsc::sync_channel(1);
    let (alive, is_alive) = mpsc::sync_channel(1);
    let thread = thread::Builder::new().name("broadcast".to_owned()).spawn(move || {
        EAR.with(|slot| *slot.borrow_mut() = Some((Box::new(ear), is_alive)));
        let window = window();
        let is_there = window.is_ok();
        // Whoever asked waits for this.
        let _ = tell.send(window);
        if is_there {
            hear();
        }
    })?;
    let window = told.recv().map_err(io::Error::other)??;
    Ok(Listener { window, alive: Some(alive), thread: Some(thread) })
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.alive = None;
        // SAFETY: a window that is gone is refused.
        unsafe { PostMessageW(self.window as HWND, LEAVE, 0, 0) };
        if let Some(thread) = self.thread.take() {
            // What an ear does is its own affair.
            let _ = thread.join();
        }
    }
}

/// Makes the window of this thread; gives its number.
fn window() -> io::Result<usize> {
    let (class, title) = (wide(CLASS)?, wide("")?);
    // SAFETY: the texts end in zero and outlive the calls; the procedure is one that the system may call on this thread.
    unsafe {
        let module = GetModuleHandleW(null());
        let description = WNDCLASSW {
            lpfnWndProc: Some(procedure),
            hInstance: module,
            lpszClassName: class.as_ptr(),
            ..Default::default()
        };
        if RegisterClassW(&description) == 0 {
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(ERROR_CLASS_ALREADY_EXISTS as i32) {
                return Err(error);
            }
        }
        // A window of the desktop, never shown: others are not told.
        let nobody = std::ptr::null_mut();
        let window = CreateWindowExW(
            0,
            class.as_ptr(),
            title.as_ptr(),
            0,
            0,
            0,
            0,
            0,
            nobody,
            std::ptr::null_mut(),
            module,
            null(),
        );
        if window.is_null() { Err(io::Error::last_os_error()) } else { Ok(window as usize) }
    }
}

/// Hears until the window is gone.
fn hear() {
    let mut message = MSG::default();
    // SAFETY: the message is ours; those of all windows of this thread are meant.
    unsafe {
        while GetMessageW(&mut message, std::ptr::null_mut(), 0, 0) > 0 {
            DispatchMessageW(&message);
        }
    }
}

unsafe extern "system" fn procedure(window: HWND, message: u32, first: WPARAM, second: LPARAM) -> LRESULT {
    let tell = |said| {
        EAR.with(|ear| {
            if let Some((ear, is_alive)) = &*ear.borrow() {
                ear(said);
                if said == Said::SessionEnds {
                    // With our answer the program ends, unless it has ended before.
                    let _ = is_alive.recv_timeout(LAST_WORDS);
                }
            }
        });
    };
    match message {
        // We do not object.
        WM_QUERYENDSESSION => 1,
        WM_ENDSESSION if first != 0 => {
            tell(Said::SessionEnds);
            0
        }
        WM_POWERBROADCAST => {
            if matches!(first as u32, PBT_APMRESUMEAUTOMATIC | PBT_APMRESUMESUSPEND) {
                tell(Said::Woke);
            }
            1
        }
        WM_TIMECHANGE => {
            tell(Said::ClockSet);
            0
        }
        LEAVE => {
            // SAFETY: it is the window of this thread.
            unsafe { DestroyWindow(window) };
            0
        }
        WM_DESTROY => {
            // SAFETY: no pointers; it ends the loop of this thread.
            unsafe { PostQuitMessage(0) };
            0
        }
        // SAFETY: what concerns nobody goes back to the system as it came.
        _ => unsafe { DefWindowProcW(window, message, first, second) },
    }
}

/// Says something to a listener as the system does.
#[cfg(test)]
pub(crate) fn say(listener: &Listener, message: u32, first: WPARAM) {
    // SAFETY: the window is there as long as its listener.
    unsafe { PostMessageW(listener.window as HWND, message, first, 0) };
}

#[cfg(test)]
pub(crate) mod messages {
    pub(crate) use windows_sys::Win32::UI::WindowsAndMessaging::{
        PBT_APMRESUMEAUTOMATIC, PBT_APMSUSPEND, WM_ENDSESSION, WM_POWERBROADCAST, WM_TIMECHANGE,
    };
}
