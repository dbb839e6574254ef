//! The desktop app.

// Without a console beside the window; a debug build keeps it for what is written there.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(windows, not(debug_assertions)))]
    ostler_windows::console::join_parent();
    ostler_tray::main()
}
