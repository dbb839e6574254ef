//! What the system tells all windows: the end of the session, the end of a sleep, a clock that was set. For programs
//! without a window there is one that nobody sees, on a thread of its own: one for all that listen in this process,
//! because the system waits for each window by itself when the session ends.
//!
//! The system asks first whether the session may end, and we do not object; then it says that it ends, or that it goes
//! on after all, because somebody else did. Nothing is done before that is known. A program has about 5 s from then on,
//! which begin when its windows hear of it and end when they have answered; programs of a higher level hear of it before
//! others, and the lower ones live until those have ended.
#![expect(unsafe_code, reason = "windows have no safe form")]

use std::{
    io,
    ptr::null,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use windows_sys::Win32::{
    Foundation::{ERROR_CLASS_ALREADY_EXISTS, HWND, LPARAM, LRESULT, WPARAM},
    System::{
        LibraryLoader::GetModuleHandleW,
        Shutdown::{ShutdownBlockReasonCreate, ShutdownBlockReasonDestroy},
        Threading::SetProcessShutdownParameters,
    },
    UI::WindowsAndMessaging::{
        CreateWindowExW, DefWindowProcW, DestroyWindow, DispatchMessageW, ENDSESSION_CLOSEAPP,
        ENDSESSION_LOGOFF, GetMessageW, MSG, PBT_APMRESUMEAUTOMATIC, PBT_APMRESUMESUSPEND, PostMessageW,
        PostQuitMessage, RegisterClassW, WM_APP, WM_CLOSE, WM_DESTROY, WM_ENDSESSION, WM_POWERBROADCAST,
        WM_QUERYENDSESSION, WM_TIMECHANGE, WNDCLASSW,
    },
};

use crate::text::wide;

/// The name of the windows' class.
pub const CLASS: &str = "OstlerBroadcast";

/// What a program has between hearing that the session ends and its own end: the system gives it 5 s.
pub const LAST_WORDS: Duration = Duration::from_millis(4500);

/// Ends a window.
const LEAVE: u32 = WM_APP;

/// The highest level that programs which are no part of the system may have.
const BEFORE_OTHERS: u32 = 0x3ff;

/// What the system said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The machine ends; [`LAST_WORDS`] are left.
    MachineEnds,
    /// The user signs out; [`LAST_WORDS`] are left.
    SessionEnds,
    /// The program is to end, because its files are replaced; the session goes on.
    ShouldClose,
    /// The machine slept and woke.
    Woke,
    /// Somebody set the clock.
    ClockSet,
}

impl Said {
    /// Whether this process ends once all windows have heard of it.
    fn is_last(self) -> bool {
        match self {
            Self::MachineEnds | Self::SessionEnds | Self::ShouldClose => true,
            Self::Woke | Self::ClockSet => false,
        }
    }
}

/// Hears as long as it lives.
#[derive(Debug)]
pub struct Listener {
    number: u64,
    /// Its end says that nobody needs to wait any more.
    alive: Option<mpsc::SyncSender<()>>,
}

/// Who hears. It is called on the thread of the window, must not wait, and must neither make nor drop listeners.
struct Ear {
    number: u64,
    hear: Box<dyn Fn(Said) + Send>,
    patience: Option<Patience>,
}

/// Whoever has something to do before the end.
#[derive(Clone)]
struct Patience {
    /// What the system shows to the user while it waits.
    why: String,
    /// Ends with the listener.
    is_alive: Arc<Mutex<mpsc::Receiver<()>>>,
}

/// The window of this process and its thread, as long as somebody listens.
struct Window {
    number: usize,
    thread: JoinHandle<()>,
}

/// All that hear.
static EARS: Mutex<Vec<Ear>> = Mutex::new(Vec::new());

/// Held while a window is made or ended. The thread of the window never takes it.
static WINDOW: Mutex<(u64, Option<Window>)> = Mutex::new((0, None));

/// Has `ear` hear what the system says, on a thread of its own. It must not wait.
///
/// # Errors
/// There can be no window.
pub fn listen(ear: impl Fn(Said) + Send + 'static) -> io::Result<Listener> {
    join(Box::new(ear), None)
}

/// The same for somebody who has something to do before the end: once this program is to end, it is kept alive until
/// the listener is dropped, or as long as the system lets it ([`LAST_WORDS`]). The user is told `why`. From now on this
/// program hears of the end before others do.
///
/// # Errors
/// There can be no window.
pub fn listen_to_the_end(why: &str, ear: impl Fn(Said) + Send + 'static) -> io::Result<Listener> {
    // SAFETY: no pointers. A refusal only means that others may end at the same time.
    unsafe { SetProcessShutdownParameters(BEFORE_OTHERS, 0) };
    join(Box::new(ear), Some(why.to_owned()))
}

fn join(hear: Box<dyn Fn(Said) + Send>, why: Option<String>) -> io::Result<Listener> {
    let mut place = locked(&WINDOW);
    if place.1.is_none() {
        place.1 = Some(open()?);
    }
    place.0 += 1;
    let number = place.0;
    let (alive, is_alive) = mpsc::sync_channel(1);
    let patience = why.map(|why| Patience { why, is_alive: Arc::new(Mutex::new(is_alive)) });
    locked(&EARS).push(Ear { number, hear, patience });
    Ok(Listener { number, alive: Some(alive) })
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.alive = None;
        let mut place = locked(&WINDOW);
        let is_last = {
            let mut ears = locked(&EARS);
            ears.retain(|ear| ear.number != self.number);
            ears.is_empty()
        };
        if is_last && let Some(window) = place.1.take() {
            // SAFETY: a window that is gone is refused.
            unsafe { PostMessageW(window.number as HWND, LEAVE, 0, 0) };
            // What an ear does is its own affair.
            let _ = window.thread.join();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens the window, on a thread of its own.
fn open() -> io::Result<Window> {
    let (tell, told) = mpsc::sync_channel(1);
    let thread = thread::Builder::new().name("broadcast".to_owned()).spawn(move || {
        let window = window();
        let is_there = window.is_ok();
        // Whoever asked waits for this.
        let _ = tell.send(window);
        if is_there {
            pass_on();
        }
    })?;
    let number = told.recv().map_err(io::Error::other)??;
    Ok(Window { number, thread })
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

/// Passes on what the system says until the window is gone.
fn pass_on() {
    let mut message = MSG::default();
    // SAFETY: the message is ours; those of all windows of this thread are meant.
    unsafe {
        while GetMessageW(&mut message, std::ptr::null_mut(), 0, 0) > 0 {
            DispatchMessageW(&message);
        }
    }
}

/// Tells all ears. Before an end it waits for those who have something to do; with our answer the program ends.
fn tell(said: Said) {
    let waiting: Vec<Patience> = {
        let ears = locked(&EARS);
        for ear in ears.iter() {
            (ear.hear)(said);
        }
        ears.iter().filter_map(|ear| ear.patience.clone()).collect()
    };
    if said.is_last() {
        let end = Instant::now() + LAST_WORDS;
        for patience in waiting {
            // Nothing is ever sent: it ends with its listener, or the time is over.
            let _ = locked(&patience.is_alive).recv_timeout(end.saturating_duration_since(Instant::now()));
        }
    }
}

/// Has the system show what it waits for, until `None`.
fn excuse(window: HWND, why: Option<&str>) {
    // SAFETY: the window is that of this thread; the text ends in zero and is copied. Refusals only mean that the user
    // is not told.
    unsafe {
        match why.map(wide) {
            Some(Ok(why)) => ShutdownBlockReasonCreate(window, why.as_ptr()),
            Some(Err(_)) | None => ShutdownBlockReasonDestroy(window),
        };
    }
}

unsafe extern "system" fn procedure(window: HWND, message: u32, first: WPARAM, second: LPARAM) -> LRESULT {
    let is = |flag: u32| second as u32 & flag != 0;
    match message {
        // We do not object; should the end come, the user may read why it takes a moment.
        WM_QUERYENDSESSION => {
            let why = locked(&EARS).iter().find_map(|ear| Some(ear.patience.as_ref()?.why.clone()));
            if why.is_some() {
                excuse(window, why.as_deref());
            }
            1
        }
        WM_ENDSESSION => {
            // Otherwise somebody objected, and everything goes on.
            if first != 0 {
                tell(match (is(ENDSESSION_CLOSEAPP), is(ENDSESSION_LOGOFF)) {
                    (true, _) => Said::ShouldClose,
                    (false, true) => Said::SessionEnds,
                    (false, false) => Said::MachineEnds,
                });
            }
            excuse(window, None);
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
        // It goes with its last listener, and with nobody else's wish.
        WM_CLOSE => 0,
        WM_DESTROY => {
            // SAFETY: no pointers; it ends the loop of this thread.
            unsafe { PostQuitMessage(0) };
            0
        }
        // SAFETY: what concerns nobody goes back to the system as it came.
        _ => unsafe { DefWindowProcW(window, message, first, second) },
    }
}

/// Says something to the window as the system does.
#[cfg(test)]
pub(crate) fn say(message: u32, first: WPARAM, second: LPARAM) {
    let place = locked(&WINDOW);
    let window = place.1.as_ref().map_or(0, |window| window.number);
    // SAFETY: the window is there as long as somebody listens; one that is not is refused.
    unsafe { PostMessageW(window as HWND, message, first, second) };
}

#[cfg(test)]
pub(crate) mod messages {
    pub(crate) use windows_sys::Win32::UI::WindowsAndMessaging::{
        ENDSESSION_CLOSEAPP, ENDSESSION_LOGOFF, PBT_APMRESUMEAUTOMATIC, PBT_APMSUSPEND, WM_CLOSE,
        WM_ENDSESSION, WM_POWERBROADCAST, WM_QUERYENDSESSION, WM_TIMECHANGE,
    };
}
