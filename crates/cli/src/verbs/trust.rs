//! Whether a folder's own `ostler.toml` may be run: it is shown, asked about, and remembered by its content.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use ostler_api::{ApiError, ErrorCode};
use ostler_config::{Paths, sha256_hex};

use crate::{
    context::{home_failure, quoted},
    failure::Failure,
    print::{self, BOLD, DIM, paint, safe},
    term,
};

const ANSWERS_FILE: &str = "agreed";
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Succeeds if the file may be run, after asking if need be.
///
/// # Errors
/// The answer is no, nobody can be asked, or the file cannot be read.
pub(crate) fn agree(paths: &Paths) -> Result<(), Failure> {
    let text = read(&paths.config)?;
    let answers = answers_file(paths);
    let key = key(&paths.config, &text);
    if is_agreed(&answers, &key) {
        return Ok(());
    }
    let config = quoted(&paths.config);
    if !term::can_ask() {
        return Err(Failure::new(
            ErrorCode::NotPermitted,
            format!("this folder has an ostler.toml of its own ({config}) that you have not agreed to run"),
            format!("run it: ostler --config {config} up; run your own instead: ostler up --no-folder"),
        ));
    }
    show(&paths.config, &text);
    if !term::ask("Run these programs as an engine of this folder?") {
        return Err(Failure::new(
            ErrorCode::NotPermitted,
            "nothing was started",
            "to start your own configuration from here: ostler up --no-folder",
        ));
    }
    remember(paths, &answers, &key)
}

fn read(path: &Path) -> Result<String, Failure> {
    let fail = |error: std::io::Error| Failure::file("read", path, &error);
    if fs::metadata(path).map_err(fail)?.len() > FILE_BYTES_MAX {
        let message = format!("{} is larger than 1 MiB", path.display());
        return Err(Failure::Api(ApiError::new(ErrorCode::ConfigUnreadable, message)));
    }
    fs::read_to_string(path).map_err(fail)
}

fn show(path: &Path, text: &str) {
    print::remark(format!("{} says:\n", paint(BOLD, path.display())));
    for line in text.lines() {
        print::remark(format!("  {} {}", paint(DIM, "│"), safe(line)));
    }
    print::remark("");
}

/// The same content elsewhere is another thing: paths in it mean other programs there.
fn key(path: &Path, text: &str) -> String {
    let path = ostler_config::canonical(path).unwrap_or_else(|_| path.to_owned());
    let mut bytes = path.as_os_str().as_encoded_bytes().to_vec();
    bytes.push(0);
    bytes.extend_from_slice(text.as_bytes());
    sha256_hex(&bytes)
}

fn answers_file(paths: &Paths) -> PathBuf {
    paths.state.parent().unwrap_or(&paths.state).join(ANSWERS_FILE)
}

fn is_agreed(answers: &Path, key: &str) -> bool {
    fs::read_to_string(answers).is_ok_and(|text| text.lines().any(|line| line == key))
}

fn remember(paths: &Paths, answers: &Path, key: &str) -> Result<(), Failure> {
    paths.ensure().map_err(|error| home_failure(&error))?;
    let fail = |error: std::io::Error| Failure::file("write", answers, &error);
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(answers).map_err(fail)?;
    writeln!(file, "{key}").map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_for_this_content_at_this_place_only() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let answers = dir.path().join(ANSWERS_FILE);
        let here = key(Path::new("/a/ostler.toml"), "x = 1");
        fs::write(&answers, format!("{here}\n")).expect("file");
        assert!(is_agreed(&answers, &here));
        assert!(!is_agreed(&answers, &key(Path::new("/a/ostler.toml"), "x = 2")));
        assert!(!is_agreed(&answers, &key(Path::new("/b/ostler.toml"), "x = 1")));
    }
}
