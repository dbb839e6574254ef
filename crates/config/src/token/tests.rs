//! Token files in every bad shape.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;

fn place() -> (tempfile::TempDir, TokenFile) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = TokenFile::of_engine(folder.path());
    (folder, file)
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn write(path: &Path, bytes: &[u8], mode: u32) {
    fs::write(path, bytes).expect("it can be written");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[test]
fn a_missing_file_is_made_once_for_its_owner_alone() {
    let (folder, file) = place();
    assert!(matches!(file.read(), Err(TokenFileError::Missing { .. })));
    assert_eq!(file.read_or_create(&secret("first")).unwrap(), secret("first"));
    assert_eq!(file.read_or_create(&secret("second")).unwrap(), secret("first"));
    assert_eq!(fs::metadata(file.path()).unwrap().mode() & 0o777, 0o600);
    file.rotate(&secret("third")).unwrap();
    assert_eq!(file.read().unwrap(), secret("third"));
    assert_eq!(fs::metadata(file.path()).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_mend() {
    let (_folder, file) = place();
    for mode in [0o644, 0o640, 0o604, 0o620] {
        write(file.path(), b"0123456789abcdef\n", mode);
        let error = file.read().unwrap_err();
        assert!(matches!(error, TokenFileError::TooOpen { mode: found, .. } if found == mode), "{error}");
        assert!(error.hint().contains("chmod 600"), "{}", error.hint());
    }
}

#[test]
fn what_is_no_token_is_said_and_left_alone() {
    let (folder, file) = place();
    type Fault = fn(&TokenFileError) -> bool;
    let cases: [(&[u8], Fault); 4] = [
        (b"", |error| matches!(error, TokenFileError::Empty { .. })),
        (b" \r\n\n", |error| matches!(error, TokenFileError::Empty { .. })),
        (b"\xff\xfe", |error| matches!(error, TokenFileError::NotText { .. })),
        (&[b'x'; 5000], |error| matches!(error, TokenFileError::TooLong { .. })),
    ];
    for (bytes, is_expected) in cases {
        write(file.path(), bytes, 0o600);
        let error = file.read_or_create(&secret("fresh")).unwrap_err();
        assert!(is_expected(&error), "{error}");
        assert!(error.hint().contains("ostler token --rotate"));
        assert_eq!(fs::read(file.path()).unwrap(), bytes);
    }
    fs::remove_file(file.path()).unwrap();
    fs::create_dir(file.path()).unwrap();
    assert!(matches!(file.read(), Err(TokenFileError::NotAFile { .. })));
    fs::remove_dir(file.path()).unwrap();
    let target = folder.path().join("elsewhere");
    write(&target, b"0123456789abcdef", 0o600);
    symlink(&target, file.path()).unwrap();
    assert!(matches!(file.read(), Err(TokenFileError::Link { .. })));
    assert_eq!(TokenFile::named(file.path().to_owned()).read().unwrap(), secret("0123456789abcdef"));
}

#[test]
fn a_pipe_in_its_place_makes_nobody_wait() {
    let (_folder, file) = place();
    assert!(std::process::Command::new("mkfifo").arg(file.path()).status().unwrap().success());
    assert!(matches!(file.read(), Err(TokenFileError::NotAFile { .. })));
}

#[test]
fn a_file_of_another_user_is_refused() {
    let (_folder, file) = place();
    write(file.path(), b"0123456789abcdef", 0o600);
    let stranger = rustix::process::geteuid().as_raw() + 1;
    if std::os::unix::fs::chown(file.path(), Some(stranger), None).is_err() {
        // Only root can give a file away.
        return;
    }
    let error = file.read().unwrap_err();
    assert!(matches!(error, TokenFileError::WrongOwner { owner, .. } if owner == stranger), "{error}");
    assert!(error.hint().contains("chown"));
}
