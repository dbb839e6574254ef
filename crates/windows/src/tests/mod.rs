//! What holds on any Windows, and under Wine unless the name of a test is in the list of what it cannot show.

mod closed;
mod held;
mod known;
mod launched;
mod replaced;

use std::{
    os::windows::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use windows_sys::Win32::System::Threading::DETACHED_PROCESS;

/// Waits until something is so, for a bounded time.
fn wait_until(mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

/// A process that stays until its input ends; without a console, so nobody is started to serve that.
fn stays() -> Child {
    let mut command = Command::new("cmd.exe");
    command.creation_flags(DETACHED_PROCESS);
    command.arg("/k").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}
