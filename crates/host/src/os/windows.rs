//! Events and processes on Windows. Differs from Unix: what asks for an end are events of the console, and what the
//! system tells a window that nobody sees when the session ends; there are no limits of open files.

use std::io;

use ostler_windows::broadcast::{self, Said};
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown};
use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
use tokio::sync::mpsc;

/// The events that ask for an end.
pub(crate) struct Signals {
    interrupt: CtrlC,
    stop: CtrlBreak,
    close: CtrlClose,
    logoff: CtrlLogoff,
    shutdown: CtrlShutdown,
    session: mpsc::Receiver<()>,
    _listener: Option<broadcast::Listener>,
}

impl Signals {
    /// Begins to receive them.
    pub(crate) fn open() -> io::Result<Self> {
        let (tell, session) = mpsc::channel(1);
        let listener = broadcast::listen(move |said| match said {
            // One word is enough.
            Said::SessionEnds => drop(tell.try_send(())),
            Said::Woke | Said::ClockSet => {}
        });
        if let Err(error) = &listener {
            tracing::debug!(%error, "the system does not tell when the session ends");
        }
        Ok(Self {
            session,
            _listener: listener.ok(),
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
            Some(()) = self.session.recv() => "the end of the session",
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
