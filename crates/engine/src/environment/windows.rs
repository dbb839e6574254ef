//! Programs and shells on Windows. Differs from Unix: what can be executed is told by the end of its name, names of
//! variables are the same in capitals, and there are no login shells.

use std::{io, path::Path};

use ostler_windows::program::has_ending;
pub(super) use ostler_windows::program::{has_separator, with_ending as as_program};

/// Where programs are looked for when the service has no `PATH`.
pub(super) const DEFAULT_PATH: &str = r"C:\Windows\System32;C:\Windows";

/// Variables that a minimal environment has besides those of all systems: without them many programs do not start.
pub(super) const MINIMAL: [&str; 16] = [
    "APPDATA",
    "COMSPEC",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "NUMBER_OF_PROCESSORS",
    "OS",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMDATA",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "USERNAME",
    "USERPROFILE",
];

/// The name of a variable as it is compared.
pub(super) fn variable_name(name: String) -> String {
    name.to_uppercase()
}

/// Says why a file cannot be executed; `None` when it can.
pub(super) fn why_not_executable(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Err(error) => Some(plain(&error)),
        Ok(metadata) if !metadata.is_file() => Some("not a file".to_owned()),
        Ok(_) if !has_ending(path) => {
            Some("its name ends neither in .exe nor in .com, .bat or .cmd".to_owned())
        }
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

/// What makes the shell run a line: without the user's AutoRun, and with the line as it is.
pub(super) const SHELL_LINE: &[&str] = &["/d", "/s", "/c"];

/// There is no login shell on Windows: nothing is printed.
pub(super) fn login_arguments(_mark: &str) -> Vec<String> {
    ["/C", "exit"].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_may_be_left_out_and_others_cannot_be_executed() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("tool.cmd"), "@echo hi").expect("written");
        std::fs::write(dir.path().join("tool.txt"), "hi").expect("written");
        assert_eq!(as_program(dir.path().join("tool")), dir.path().join("tool.cmd"));
        assert_eq!(why_not_executable(&dir.path().join("tool.cmd")), None);
        assert!(why_not_executable(&dir.path().join("tool.txt")).is_some());
    }
}
