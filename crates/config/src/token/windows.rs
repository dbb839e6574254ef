//! Owner and access list are what counts.

use std::{fs::File, io, os::windows::fs::OpenOptionsExt as _, path::Path};

use ostler_windows::{access, files, user};

use super::{TRUST, TokenFileError};

/// Opens a file and verifies what was opened.
pub(super) fn open(path: &Path, may_be_link: bool) -> Result<File, TokenFileError> {
    let owned = || path.to_owned();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => TokenFileError::Missing { path: owned() },
        _ => TokenFileError::System { verb: "open", path: owned(), source },
    };
    let mut options = File::options();
    let file = options.read(true).custom_flags(files::as_it_is(may_be_link)).open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    if found.is_symlink() {
        return Err(TokenFileError::Link { path: owned() });
    }
    if !found.is_file() {
        return Err(TokenFileError::NotAFile { path: owned() });
    }
    let holders = access::holders_of_file(&file).map_err(failed)?;
    let told = match holders.others.first() {
        _ if !holders.is_owner_trusted() => format!("it belongs to {}", user::name(&holders.owner)),
        Some(who) => format!("it is open to {}", user::name(who)),
        None => return Ok(file),
    };
    let source = io::Error::new(io::ErrorKind::PermissionDenied, told);
    Err(TokenFileError::System { verb: TRUST, path: owned(), source })
}

/// Puts a file in the place of another; waits a moment for those who have it open.
pub(super) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    files::replace(from, to)
}

/// Creates a file that was not there, for its owner alone.
pub(super) fn create(path: &Path) -> io::Result<File> {
    files::create_private_file(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::TokenFile;
    use super::*;
    use crate::secret::Secret;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_token_is_made_once_for_its_owner_alone_and_replaced_when_asked() {
        let home = tempfile::tempdir().unwrap();
        let file = TokenFile::of_engine(home.path());
        assert!(matches!(file.read(), Err(TokenFileError::Missing { .. })));
        assert_eq!(file.read_or_create(&secret("first")).unwrap().expose(), "first");
        assert_eq!(file.read_or_create(&secret("second")).unwrap().expose(), "first");
        assert!(access::holders(file.path()).unwrap().is_closed());
        file.rotate(&secret("third")).unwrap();
        assert_eq!(file.read().unwrap().expose(), "third");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_token_that_others_may_read_is_refused() {
        let system = std::env::var("SystemRoot").unwrap();
        let shared = Path::new(&system).join("system32").join("kernel32.dll");
        let error = TokenFile::named(shared).read().unwrap_err();
        assert!(matches!(error, TokenFileError::System { verb: TRUST, .. }), "{error}");
        assert!(error.hint().contains("icacls"), "{}", error.hint());
        assert!(matches!(TokenFile::named(system.into()).read(), Err(TokenFileError::NotAFile { .. })));
    }
}
