//! The terminal on Windows. Differs from Unix: nobody tells that a console has another size while its keys are passed on
//! as they are, so somebody looks; and what asks for an end are the events of the console.

use std::{
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ostler_windows::{console, keyboard::Modes};
use tokio::{
    signal::windows::{
        CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_logoff,
        ctrl_shutdown,
    },
    time::{Interval, MissedTickBehavior, interval},
};

use super::Size;

/// How often somebody who holds a terminal looks at its size.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The codes of programs that end because of Ctrl-C, and because of another word of the system.
const INTERRUPTED: u8 = 130;
const ENDED: u8 = 143;

/// That of the console, or the usual size.
pub(crate) fn size() -> Size {
    console::size().map_or_else(Size::default, |(width, height)| Size {
        width: usize::from(width),
        height: usize::from(height),
    })
}

/// The console of standard input passes on every key as it is, until this is dropped, the program panics, or it ends
/// because of an event that [`Signals`] hears.
#[derive(Debug)]
pub(crate) struct RawMode(());

/// What gives the console back.
static MODES: Mutex<Option<Modes>> = Mutex::new(None);

impl RawMode {
    /// Begins.
    ///
    /// # Errors
    /// Standard input is no console, or one of a system that is too old.
    pub(crate) fn enter() -> io::Result<Self> {
        let modes = Modes::raw()?;
        *MODES.lock().unwrap_or_else(PoisonError::into_inner) = Some(modes);
        let earlier = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            earlier(panic);
        }));
        Ok(Self(()))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    drop(MODES.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// What signals say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The terminal has another size.
    Resized,
    /// The program should end, with this code.
    End(u8),
}

/// The events of somebody who holds a terminal.
#[derive(Debug)]
pub(crate) struct Signals {
    is_resized: bool,
    last: Size,
    look: Interval,
    interrupted: CtrlC,
    stopped: CtrlBreak,
    closed: CtrlClose,
    signed_out: CtrlLogoff,
    shut_down: CtrlShutdown,
}

impl Signals {
    /// Listens. Must be called within a runtime.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn new() -> io::Result<Self> {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            is_resized: false,
            last: size(),
            look,
            interrupted: ctrl_c()?,
            stopped: ctrl_break()?,
            closed: ctrl_close()?,
            signed_out: ctrl_logoff()?,
            shut_down: ctrl_shutdown()?,
        })
    }

    /// Has the size be asked for again.
    pub(crate) fn resized(&mut self) {
        self.is_resized = true;
    }

    /// Waits for one. May be cancelled.
    pub(crate) async fn next(&mut self) -> Heard {
        if std::mem::take(&mut self.is_resized) {
            return Heard::Resized;
        }
        loop {
            tokio::select! {
                _ = self.interrupted.recv() => return Heard::End(INTERRUPTED),
                _ = self.stopped.recv() => return Heard::End(ENDED),
                _ = self.closed.recv() => return Heard::End(ENDED),
                _ = self.signed_out.recv() => return Heard::End(ENDED),
                _ = self.shut_down.recv() => return Heard::End(ENDED),
                _ = self.look.tick() => {
                    let now = size();
                    if now != self.last {
                        self.last = now;
                        return Heard::Resized;
                    }
                }
            }
        }
    }
}
