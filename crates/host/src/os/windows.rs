//! Events and processes on Windows. Differs from Unix: what asks for an end are events of the console, and the end of
//! the session where there is no window to hear of it otherwise; there are no limits of open files.

use std::io;

use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown};
use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

/// The events that ask for an end.
pub(crate) struct Signals {
    interrupt: CtrlC,
    stop: CtrlBreak,
    close: CtrlClose,
    logoff: CtrlLogoff,
    shutdown: CtrlShutdown,
}

impl Signals {
    /// Begins to receive them.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self {
            interrupt: ctrl_c()?,
            stop: ctrl_break()?,
            close: ctrl_close()?,
            logoff: ctrl_logoff()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    /// Waits for the next; gives its name.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            Some(()) = self.interrupt.recv() => "Ctrl-C",
            Some(()) = self.stop.recv() => "Ctrl-Break",
            Some(()) = self.close.recv() => "the end of the console",
            Some(()) = self.logoff.recv() => "the end of the session",
            Some(()) = self.shutdown.recv() => "the end of the system",
            else => std::future::pending().await,
        }
    }
}

/// There is no such limit.
pub(crate) fn raise_file_limit() {}

/// Leaves the console: neither its end nor its Ctrl-C concerns this process any more.
pub(crate) fn detach() {
    ostler_windows::console::leave();
}

/// Has what is started from now on inherit nothing but its standard streams.
pub(crate) fn pass_on_nothing() {
    ostler_windows::console::keep_standard_handles();
}

/// Lets go of standard input, output and error: whoever waits for their end is told.
pub(crate) fn silence_stdio() -> io::Result<()> {
    ostler_windows::console::close_standard_handles()
}

pub(crate) fn share_one_heap() {}

pub(crate) fn trim_memory() {}
