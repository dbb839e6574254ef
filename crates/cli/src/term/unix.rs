//! The terminal on Unix.

use std::{
    io,
    sync::{Mutex, PoisonError},
};

use rustix::termios::{OptionalActions, Termios};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Size;

/// The size of the terminal that standard output is.
pub(crate) fn size() -> Size {
    match rustix::termios::tcgetwinsize(rustix::stdio::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
            Size { width: usize::from(size.ws_col), height: usize::from(size.ws_row) }
        }
        Ok(_) | Err(_) => Size::default(),
    }
}

/// The terminal of standard input passes on every key as it is, until this is dropped, the program panics, or it
/// ends because of a signal that [`Signals`] hears.
#[derive(Debug)]
pub(crate) struct RawMode(());

/// What the terminal was like before.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

impl RawMode {
    /// Begins.
    ///
    /// # Errors
    /// Standard input is no terminal.
    pub(crate) fn enter() -> io::Result<Self> {
        let before = rustix::termios::tcgetattr(rustix::stdio::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let earlier = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            earlier(panic);
        }));
        rustix::termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &raw)?;
        Ok(Self(()))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // A terminal that is gone needs nothing.
        let _ = rustix::termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &before);
    }
}

/// What signals say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The terminal has another size.
    Resized,
    /// The program should end, with this code.
    End(u8),
}

/// The signals of somebody who holds a terminal.
#[derive(Debug)]
pub(crate) struct Signals {
    resized: Signal,
    is_resized: bool,
    ends: [(Signal, u8); 4],
}

impl Signals {
    /// Listens.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn new() -> io::Result<Self> {
        let end = |kind: SignalKind| {
            let code = 128u8.saturating_add(u8::try_from(kind.as_raw_value()).unwrap_or(0));
            signal(kind).map(|signal| (signal, code))
        };
        Ok(Self {
            resized: signal(SignalKind::window_change())?,
            is_resized: false,
            ends: [
                end(SignalKind::interrupt())?,
                end(SignalKind::terminate())?,
                end(SignalKind::hangup())?,
                end(SignalKind::quit())?,
            ],
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
        let [interrupt, terminate, hangup, quit] = &mut self.ends;
        tokio::select! {
            _ = interrupt.0.recv() => Heard::End(interrupt.1),
            _ = terminate.0.recv() => Heard::End(terminate.1),
            _ = hangup.0.recv() => Heard::End(hangup.1),
            _ = quit.0.recv() => Heard::End(quit.1),
            _ = self.resized.recv() => Heard::Resized,
        }
    }
}
