//! Where our other programs are: beside this one, or where packages put them.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::HostError;

/// Names the keeper program, for tests and unusual places.
pub const KEEPER_VARIABLE: &str = "OSTLER_KEEPER";

pub(crate) const KEEPER: &str = "ostler-keeper";
const CLI: &str = "ostler";
const LIBEXEC: &str = "../libexec/ostler";
/// `cargo test` puts programs one directory deeper.
const TEST_FOLDER: &str = "deps";

/// The keeper program: `OSTLER_KEEPER`, beside this program, or in `../libexec/ostler`.
///
/// # Errors
/// [`HostError::NoKeeper`] with all places.
pub fn find_keeper() -> Result<PathBuf, HostError> {
    if let Some(path) = env::var_os(KEEPER_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from) {
        return if path.is_file() { Ok(path) } else { Err(HostError::NoKeeper { tried: vec![path] }) };
    }
    let tried = own_directory().map(|dir| places(&dir, KEEPER)).unwrap_or_default();
    match tried.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => Err(HostError::NoKeeper { tried }),
    }
}

/// The `ostler` program, for starting a daemon: this one, beside it, or in the search path.
pub fn find_cli() -> PathBuf {
    let is_cli = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem == CLI);
    if let Some(own) = env::current_exe().ok().filter(is_cli) {
        return own;
    }
    let beside = own_directory().map(|dir| places(&dir, CLI)).unwrap_or_default();
    beside.into_iter().find(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(CLI))
}

fn own_directory() -> Option<PathBuf> {
    env::current_exe().ok()?.parent().map(Path::to_owned)
}

fn places(dir: &Path, name: &str) -> Vec<PathBuf> {
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
    let mut places = vec![dir.join(&name), dir.join(LIBEXEC).join(&name)];
    if dir.ends_with(TEST_FOLDER)
        && let Some(parent) = dir.parent()
    {
        places.push(parent.join(&name));
    }
    places
}
