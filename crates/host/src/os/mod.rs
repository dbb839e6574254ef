//! What each system does in its own way: signals, limits, processes of our own.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{Signals, detach, raise_file_limit, silence_stdio};
#[cfg(windows)]
pub(crate) use windows::{Signals, detach, raise_file_limit, silence_stdio};
