//! Being process 1 of a container: the daemon runs as its child, and this process reaps whatever is left to it.
//!
//! The daemon itself could not: waiting for any child would take the exits of its own children away from it.

use std::{env, io, process::Command};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};
use tokio::signal::unix::{SignalKind, signal};

const FIRST_PROCESS: u32 = 1;
const SIGNAL_CODE_BASE: i32 = 128;

/// Whether this is process 1 and should hand its work to a child.
pub fn is_init() -> bool {
    std::process::id() == FIRST_PROCESS
}

/// Runs this program again with the same arguments, hands signals on to it, reaps strangers, and ends with its code.
/// Must be called on a runtime that has no other children.
///
/// # Errors
/// The program cannot be started, or signals cannot be received.
pub async fn run_as_init() -> io::Result<u8> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut child_ended = signal(SignalKind::child())?;
    let child = Command::new(env::current_exe()?).args(env::args_os().skip(1)).spawn()?;
    let child = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
    loop {
        let handed_on = tokio::select! {
            Some(()) = terminate.recv() => Some(Signal::TERM),
            Some(()) = interrupt.recv() => Some(Signal::INT),
            Some(()) = hang_up.recv() => Some(Signal::HUP),
            Some(()) = child_ended.recv() => None,
        };
        if let Some(signal) = handed_on {
            // It may have ended just now, which is heard next.
            let _ = kill_process(child, signal);
        }
        if let Some(code) = reap(child) {
            return Ok(code);
        }
    }
}

/// Takes all exits there are; gives the code of the child among them.
fn reap(child: Pid) -> Option<u8> {
    while let Ok(Some((pid, status))) = waitpid(None, WaitOptions::NOHANG) {
        if pid == child {
            return Some(code(status));
        }
    }
    None
}

fn code(status: WaitStatus) -> u8 {
    let code =
        status.exit_status().or_else(|| status.terminating_signal().map(|signal| SIGNAL_CODE_BASE + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
