//! What each system does in its own way: signals, limits, processes of our own.

#[cfg(target_os = "linux")]
mod pages;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{
    Signals, detach, pass_on_nothing, raise_file_limit, share_one_heap, silence_stdio, trim_memory,
};
#[cfg(windows)]
pub(crate) use windows::{
    Signals, detach, pass_on_nothing, raise_file_limit, share_one_heap, silence_stdio, trim_memory,
};
