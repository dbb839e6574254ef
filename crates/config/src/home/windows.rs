//! Directories of our own on Windows: made with an access list for our user and the system alone.
//! Differs from Unix: whether somebody else may enter a folder that is there already is not looked at; those below the
//! user's profile are closed by inheritance. The control socket is a pipe that a small file announces.

use std::{
    env, fs,
    io::{self, ErrorKind},
    path::Path,
};

use ostler_windows::files::create_private_folder;

use super::PathsError;

/// Text that tells this machine from others with the same home directory.
pub(super) fn machine_id() -> String {
    env::var("COMPUTERNAME").unwrap_or_default()
}

/// Whether a directory that somebody else made for us is ours.
pub(super) fn is_ours(path: &Path) -> bool {
    path.is_dir()
}

/// Creates a directory only for this user if there is none.
pub(super) fn ensure_private(path: &Path) -> Result<(), PathsError> {
    let owned = || path.to_owned();
    create(path).map_err(|source| PathsError::Create { path: owned(), source })?;
    let meta = fs::symlink_metadata(path).map_err(|source| PathsError::Look { path: owned(), source })?;
    if meta.is_symlink() {
        return Err(PathsError::Symlink { path: owned() });
    }
    if !meta.is_dir() {
        return Err(PathsError::NotDirectory { path: owned() });
    }
    Ok(())
}

/// Also those above it; these belong to the system and the user.
fn create(path: &Path) -> io::Result<()> {
    let once = || match create_private_folder(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        result => result,
    };
    match once() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            once()
        }
        result => result,
    }
}
