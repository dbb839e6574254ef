//! The terminal on Windows. Differs from Unix: it passes on no single keys yet.

use std::io;

use super::Size;

/// That of the console, or the usual size.
pub(crate) fn size() -> Size {
    ostler_windows::console::size().map_or_else(Size::default, |(width, height)| Size {
        width: usize::from(width),
        height: usize::from(height),
    })
}

/// The terminal of standard input passes on every key as it is.
#[derive(Debug)]
pub(crate) struct RawMode(());

impl RawMode {
    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn enter() -> io::Result<Self> {
        let message = "attaching to a terminal is not available on Windows yet";
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
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
    is_resized: bool,
}

impl Signals {
    /// Listens.
    ///
    /// # Errors
    /// None here.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { is_resized: false })
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
        match tokio::signal::ctrl_c().await {
            Ok(()) => Heard::End(130),
            Err(_) => std::future::pending().await,
        }
    }
}
