//! What differs between systems in this library: twins with one surface.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{
    boot_id, create_private, file_identity, from_bytes, open_log, open_read, start_ticks, to_bytes,
};
#[cfg(windows)]
pub(crate) use windows::{
    boot_id, create_private, file_identity, from_bytes, open_log, open_read, start_ticks, to_bytes,
};
