//! The desktop app.

use std::process::ExitCode;

fn main() -> ExitCode {
    ostler_tray::main()
}
