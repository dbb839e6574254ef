//! Paths without links and dots.

use std::{
    io,
    path::{Path, PathBuf},
};

/// The path without links and dots; on Windows in its usual form (`C:\…`) where that means the same as the verbatim one
/// (`\\?\C:\…`), which many programs do not understand.
///
/// # Errors
/// There is nothing, or the system does not say.
pub fn canonical(path: &Path) -> io::Result<PathBuf> {
    let found = path.canonicalize()?;
    #[cfg(windows)]
    let found = ostler_windows::files::plain(found);
    Ok(found)
}

/// The same of a file that may not exist yet: then that of its folder with its name, or the path itself.
pub(crate) fn canonical_or_to_be(path: &Path) -> PathBuf {
    if let Ok(found) = canonical(path) {
        return found;
    }
    match (path.parent().and_then(|parent| canonical(parent).ok()), path.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        (Some(_) | None, _) => path.to_owned(),
    }
}
