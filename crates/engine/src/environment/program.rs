//! Finding a program, and what would keep it from running.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{EnvironmentError, os};

/// As much of a script's first line as the kernel reads, in bytes.
const FIRST_LINE_MAX: u64 = 256;

/// Finds the program: as it is when it has a slash (relative to `working_dir`), else through `path`.
pub(crate) fn find_program(
    program: &str,
    path: Option<&str>,
    working_dir: &Path,
) -> Result<PathBuf, EnvironmentError> {
    let path = path.unwrap_or(os::DEFAULT_PATH);
    let found = look_up(program, path, working_dir)?;
    check_interpreter(program, &found, path, working_dir)?;
    Ok(found)
}

fn look_up(program: &str, path: &str, working_dir: &Path) -> Result<PathBuf, EnvironmentError> {
    let not_found = |searched: String| EnvironmentError::NotFound { program: program.to_owned(), searched };
    let not_executable = |reason| EnvironmentError::NotExecutable { program: program.to_owned(), reason };
    if program.is_empty() {
        return Err(not_found("PATH: the command is empty".to_owned()));
    }
    if os::has_separator(program) {
        let place = os::as_program(working_dir.join(program));
        return match os::why_not_executable(&place) {
            None => Ok(place),
            Some(_) if !place.exists() => Err(not_found(working_dir.display().to_string())),
            Some(reason) => Err(not_executable(reason)),
        };
    }
    let mut refused = None;
    for folder in std::env::split_paths(path) {
        let place = os::as_program(working_dir.join(folder).join(program));
        match os::why_not_executable(&place) {
            None => return Ok(place),
            Some(reason) if place.is_file() => {
                refused.get_or_insert_with(|| format!("{}: {reason}", place.display()));
            }
            Some(_) => {}
        }
    }
    Err(refused.map_or_else(|| not_found(format!("PATH {path:?}")), not_executable))
}

/// A script whose `#!` names nobody fails with "No such file" although it is there: it is said here what is missing.
fn check_interpreter(
    program: &str,
    file: &Path,
    path: &str,
    working_dir: &Path,
) -> Result<(), EnvironmentError> {
    let fails = |reason| Err(EnvironmentError::NotExecutable { program: program.to_owned(), reason });
    let mut first = Vec::new();
    // Executable but not readable is no mistake, and tells nothing.
    if File::open(file).and_then(|file| file.take(FIRST_LINE_MAX).read_to_end(&mut first)).is_err() {
        return Ok(());
    }
    if first.is_empty() {
        return fails("the file is empty".to_owned());
    }
    let Some(line) = first.strip_prefix(b"#!") else { return Ok(()) };
    let line = String::from_utf8_lossy(line.split(|byte| *byte == b'\n').next().unwrap_or(line)).into_owned();
    if line.ends_with('\r') {
        return fails("its #! line ends with a carriage return (it has Windows line ends)".to_owned());
    }
    let mut words = line.split_ascii_whitespace();
    let Some(interpreter) = words.next() else { return fails("its #! line names no interpreter".to_owned()) };
    let place = working_dir.join(interpreter);
    if let Some(reason) = os::why_not_executable(&place) {
        return fails(format!("its interpreter {interpreter}: {reason}"));
    }
    if place.file_name().is_some_and(|name| name == "env") {
        let named = words.find(|word| !word.starts_with('-') && !word.contains('='));
        if let Some(named) = named
            && look_up(named, path, working_dir).is_err()
        {
            return fails(format!("its interpreter {named} is not in PATH {path:?}"));
        }
    }
    Ok(())
}

/// Says why a directory cannot be worked in; `None` when it can.
pub(crate) fn why_not_enterable(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Err(error) => Some(os::plain(&error)),
        Ok(metadata) if !metadata.is_dir() => Some("not a directory".to_owned()),
        Ok(_) => os::why_not_enterable(path),
    }
}
