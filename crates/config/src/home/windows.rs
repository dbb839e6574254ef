//! Directories of our own on Windows: made with an access list for our user and the system alone.
//! One that is there already must be closed too. The control socket is a pipe that a small file announces.

use std::{
    env, fs,
    io::{self, ErrorKind},
    os::windows::ffi::OsStrExt as _,
    path::Path,
};

use ostler_windows::{access::holders, files::create_private_folder, user};

use super::PathsError;

/// Text that tells this machine from others with the same home directory.
pub(super) fn machine_id() -> String {
    env::var("COMPUTERNAME").unwrap_or_default()
}

/// What paths are measured in.
pub(super) const LENGTH_UNIT: &str = "characters";

/// The length of a path as the system counts it, in UTF-16 units.
pub(super) fn path_length(path: &Path) -> usize {
    path.as_os_str().encode_wide().count()
}

/// Whether a directory that somebody else made for us is ours.
pub(super) fn is_ours(path: &Path) -> bool {
    path.is_dir() && holders(path).is_ok_and(|holders| holders.is_owner_trusted())
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
    let holders = holders(path).map_err(|source| PathsError::Look { path: owned(), source })?;
    if !holders.is_owner_trusted() {
        return Err(PathsError::Stranger { path: owned(), owner: user::name(&holders.owner) });
    }
    match holders.others.first() {
        Some(who) => Err(PathsError::Shared { path: owned(), who: user::name(who) }),
        None => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_closed_and_one_that_others_may_enter_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let ours = home.path().join("a").join("b");
        ensure_private(&ours).unwrap();
        ensure_private(&ours).unwrap();
        assert!(is_ours(&ours));
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(ensure_private(&file), Err(PathsError::NotDirectory { .. })));
        // Everybody may look at the system's own folder.
        let system = env::var("SystemRoot").unwrap();
        let error = ensure_private(Path::new(&system)).unwrap_err();
        assert!(matches!(error, PathsError::Shared { .. } | PathsError::Stranger { .. }), "{error}");
        assert!(error.hint().contains(&system), "{}", error.hint());
    }
}
