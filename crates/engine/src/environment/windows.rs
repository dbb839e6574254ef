//! Programs and shells on Windows: only what needs no permissions. Login shells are not available yet.

use std::{io, path::Path};

/// Where programs are looked for when the service has no `PATH`.
pub(super) const DEFAULT_PATH: &str = r"C:\Windows\System32;C:\Windows";

/// Whether a program is given with its place.
pub(super) fn has_separator(program: &str) -> bool {
    program.contains(['/', '\\'])
}

/// Says why a file cannot be executed; `None` when it can.
pub(super) fn why_not_executable(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Err(error) => Some(plain(&error)),
        Ok(metadata) if !metadata.is_file() => Some("not a file".to_owned()),
        Ok(_) => None,
    }
}

/// Says why an existing directory cannot be entered; `None` when it can.
pub(super) fn why_not_enterable(_path: &Path) -> Option<String> {
    None
}

/// What the system says.
pub(super) fn plain(error: &io::Error) -> String {
    error.to_string()
}

/// The shell that runs lines.
pub(super) fn shell(_variable: Option<&str>) -> String {
    "cmd.exe".to_owned()
}

/// What makes the shell run a line.
pub(super) const SHELL_LINE: &str = "/C";

/// There is no login shell on Windows: nothing is printed.
pub(super) fn login_arguments(_mark: &str) -> Vec<String> {
    ["/C", "exit"].map(str::to_owned).to_vec()
}
