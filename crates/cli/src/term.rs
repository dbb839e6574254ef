//! What is known of the terminal.

#[cfg(unix)]
#[path = "term/unix.rs"]
mod os;
#[cfg(windows)]
#[path = "term/windows.rs"]
mod os;

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

pub(crate) use os::{Heard, RawMode, Signals, size};

/// Width and height in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { width: 80, height: 24 }
    }
}

/// Whether a person can be asked: both the question and the answer go through a terminal.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question whose safe answer is no.
pub(crate) fn ask(question: &str) -> bool {
    let mut err = anstream::stderr();
    let _ = write!(err, "{question} [y/N] ");
    let _ = err.flush();
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
