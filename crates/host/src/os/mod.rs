//! What each system does in its own way: signals, limits, processes of our own.

#[cfg(target_os = "linux")]
mod pages;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::time::Duration;

use ostler_engine::Ending;

/// What asks for an end.
pub(crate) struct Heard {
    /// Its name, for people.
    pub(crate) name: &'static str,
    /// What else ends, and in how long at the earliest, where the system does not wait for us.
    pub(crate) ends: Option<(Ending, Duration)>,
}

#[cfg(unix)]
pub(crate) use unix::{
    Signals, detach, raise_file_limit, share_one_heap, silence_stdio, spawn_aside, trim_memory,
};
#[cfg(windows)]
pub(crate) use windows::{
    Signals, detach, raise_file_limit, share_one_heap, silence_stdio, spawn_aside, trim_memory,
};
