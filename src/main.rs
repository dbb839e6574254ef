//! The desktop app.

// Without a console beside the window; a debug build keeps it for what is written there.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    ostler_tray::main()
}
