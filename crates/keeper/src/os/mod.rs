//! What differs between systems: twins with one surface, and what the keeper's binary asks of the system.
//!
//! The parts below `unix` are for the keeper's binary, which has one thread and no descriptor but its own.

#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

#[cfg(unix)]
pub(crate) use unix::{
    boot_id, create_private, cut_log, file_identity, from_bytes, open_log, open_read, path_identity, replace,
    start_ticks, to_bytes,
};
#[cfg(windows)]
pub(crate) use windows::{
    boot_id, create_private, cut_log, file_identity, from_bytes, open_log, open_read, path_identity, replace,
    start_ticks, to_bytes,
};
