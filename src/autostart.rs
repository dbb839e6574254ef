//! Starting with the session: what the system really has, not what was once clicked.

#[cfg(all(unix, not(target_os = "macos")))]
#[path = "autostart/xdg.rs"]
mod os;
#[cfg(windows)]
#[path = "autostart/windows.rs"]
mod os;
#[cfg(not(any(windows, all(unix, not(target_os = "macos")))))]
#[path = "autostart/other.rs"]
mod os;

pub(crate) use os::{is_on, place, repair, set};
