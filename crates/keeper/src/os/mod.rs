//! What differs between systems in this library: twins with one surface.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{boot_id, from_bytes, start_ticks, to_bytes};
#[cfg(windows)]
pub(crate) use windows::{boot_id, from_bytes, start_ticks, to_bytes};
