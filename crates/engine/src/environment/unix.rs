//! Programs and shells on Unix.

use std::{
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};

/// Where programs are looked for when the service has no `PATH`.
pub(super) const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Variables that a minimal environment has besides those of all systems.
pub(super) const MINIMAL: [&str; 0] = [];

/// Used when `SHELL` is not set.
const DEFAULT_SHELL: &str = "/bin/sh";

/// The name of a variable as it is compared.
pub(super) fn variable_name(name: String) -> String {
    name
}

/// Whether a program is given with its place.
pub(super) fn has_separator(program: &str) -> bool {
    program.contains('/')
}

/// The file that a program's name means.
pub(super) fn as_program(place: PathBuf) -> PathBuf {
    place
}

/// Says why a file cannot be executed; `None` when it can.
pub(super) fn why_not_executable(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Err(error) => Some(plain(&error)),
        Ok(metadata) if metadata.is_dir() => Some("a directory".to_owned()),
        Ok(metadata) if !metadata.is_file() => Some("not a file".to_owned()),
        Ok(_) => match access(path, Access::EXEC_OK) {
            Ok(()) => None,
            Err(rustix::io::Errno::ACCESS) => Some("not marked as executable (chmod +x)".to_owned()),
            Err(error) => Some(plain(&error.into())),
        },
    }
}

/// Says why an existing directory cannot be entered; `None` when it can.
pub(super) fn why_not_enterable(path: &Path) -> Option<String> {
    access(path, Access::EXEC_OK).err().map(|error| plain(&error.into()))
}

/// What the system says, without the number.
pub(super) fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// The user's shell, by the environment a service gets.
pub(super) fn shell(variable: Option<&str>) -> String {
    match variable {
        Some(shell) if shell.starts_with('/') && why_not_executable(Path::new(shell)).is_none() => {
            shell.to_owned()
        }
        Some(_) | None => DEFAULT_SHELL.to_owned(),
    }
}

/// What makes the shell run a line.
pub(super) const SHELL_LINE: &[&str] = &["-c"];

/// What makes the shell print a mark, its environment and the mark again, the variables ended by zero bytes.
pub(super) fn login_arguments(mark: &str) -> Vec<String> {
    let script = format!("printf %s {mark}; /usr/bin/env -0; printf %s {mark}");
    ["-l", "-i", "-c", &script].map(str::to_owned).to_vec()
}
