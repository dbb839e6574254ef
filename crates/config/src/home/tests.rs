use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{Base, Paths, SOCKET_PATH_MAX};

fn base(home: &Path) -> Base {
    Base {
        default_config: home.join("config/ostler/ostler.toml"),
        state: home.join("state/ostler"),
        runtime: None,
        machine: "0a1b2c3d4e5f".to_owned(),
    }
}

/// A short place, because temporary directories may be long and socket paths must not be.
fn home() -> TempDir {
    tempfile::Builder::new().prefix("o").tempdir().expect("temporary directory")
}

fn paths(base: &Base, config: Option<&Path>) -> Paths {
    base.paths(config).expect("paths")
}

#[test]
fn the_default_file_has_the_default_identity_however_it_is_named() {
    let home = home();
    let base = base(home.path());
    assert_eq!(paths(&base, None).id, "default");
    fs::create_dir_all(home.path().join("config/ostler")).expect("directory");
    fs::write(home.path().join("config/ostler/ostler.toml"), "").expect("file");
    let roundabout = home.path().join("config/../config/ostler/ostler.toml");
    assert_eq!(paths(&base, Some(&roundabout)).id, "default");
    assert_eq!(paths(&base, Some(&base.default_config.clone())).id, "default");
}

#[test]
fn another_file_has_the_first_hex_digits_of_its_canonical_path() {
    let home = home();
    let base = base(home.path());
    let file = crate::canonical(home.path()).expect("canonical").join("a.toml");
    fs::write(&file, "").expect("file");
    let id = paths(&base, Some(&file)).id;
    assert_eq!(id, super::digest(file.as_os_str().as_encoded_bytes(), 4));
    assert_eq!(id.len(), 8);
    // Removed and created anew it is the same engine.
    fs::remove_file(&file).expect("remove");
    assert_eq!(paths(&base, Some(&file)).id, id);
}

#[test]
fn the_socket_is_in_the_runtime_directory_and_else_beside_the_lock() {
    let home = home();
    let mut base = base(home.path());
    let private = home.path().join("state/ostler/0a1b2c3d4e5f/default");
    assert_eq!(paths(&base, None).sockets, [private.join("control.sock")]);
    base.runtime = Some(PathBuf::from("/run/user/1000/ostler"));
    assert_eq!(
        paths(&base, None).sockets,
        [PathBuf::from("/run/user/1000/ostler/default.sock"), private.join("control.sock")]
    );
}

#[test]
fn a_socket_whose_path_is_too_long_is_no_candidate() {
    let home = home();
    let mut base = base(home.path());
    base.state = home.path().join("x".repeat(SOCKET_PATH_MAX));
    let error = base.paths(None).expect_err("no candidate is left");
    assert!(error.to_string().contains("too long"), "{error}");
    assert!(cfg!(windows) || error.hint().contains("XDG_STATE_HOME"));
    base.runtime = Some(PathBuf::from("/run/user/1000/ostler"));
    assert_eq!(paths(&base, None).sockets.len(), 1);
}

/// Where the socket is a file like others its path may be as long as theirs, and counts characters.
#[cfg(windows)]
#[test]
fn a_long_name_of_a_user_is_no_obstacle() {
    let base = base(Path::new(r"C:\Users").join("д".repeat(100)).as_path());
    assert_eq!(paths(&base, None).sockets.len(), 1);
}

#[test]
fn engines_that_ran_once_are_known() {
    let home = home();
    let base = base(home.path());
    let default = paths(&base, None);
    assert!(default.known_engines().is_empty());
    for name in ["default", "00ff00ff", "not-an-engine"] {
        fs::create_dir_all(home.path().join("state/ostler/0a1b2c3d4e5f").join(name)).expect("directory");
    }
    let known = default.known_engines();
    assert_eq!(known.iter().map(|engine| engine.id.as_str()).collect::<Vec<_>>(), ["00ff00ff", "default"]);
    assert_eq!(known[1].sockets, default.sockets);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::{super::PathsError, *};

    fn refused(prepare: impl FnOnce(&Path)) -> PathsError {
        let home = home();
        let paths = paths(&base(home.path()), None);
        let folder = home.path().join("state/ostler");
        fs::create_dir_all(&folder).expect("directory");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("mode");
        prepare(&paths.state);
        paths.ensure().expect_err("must be refused")
    }

    #[test]
    fn the_directories_are_only_for_the_user() {
        let home = home();
        let paths = paths(&base(home.path()), None);
        paths.ensure().expect("created");
        paths.ensure().expect("and accepted the second time");
        for path in [&paths.state, &paths.private, &paths.logs] {
            let mode = fs::metadata(path).expect("exists").permissions().mode();
            assert_eq!(mode & 0o7777, 0o700, "{}", path.display());
        }
    }

    #[test]
    fn a_directory_open_to_others_is_refused_with_the_command_that_mends_it() {
        let error = refused(|state| {
            fs::create_dir(state).expect("directory");
            fs::set_permissions(state, fs::Permissions::from_mode(0o755)).expect("mode");
        });
        assert!(error.to_string().ends_with("is open to other users (mode 0755)"), "{error}");
        assert!(error.hint().starts_with("close it: chmod 700 "), "{}", error.hint());
    }

    #[test]
    fn a_link_or_a_file_in_its_place_is_refused() {
        let link = refused(|state| symlink("/", state).expect("link"));
        assert!(matches!(link, PathsError::Symlink { .. }), "{link}");
        let file = refused(|state| fs::write(state, "").expect("file"));
        assert!(matches!(file, PathsError::NotDirectory { .. }), "{file}");
    }

    #[test]
    fn a_directory_of_another_user_is_refused() {
        if !rustix::process::geteuid().is_root() {
            return; // Only root can give a directory away.
        }
        let error = refused(|state| {
            fs::create_dir(state).expect("directory");
            chown(state, Some(4711), None).expect("chown");
        });
        assert!(error.to_string().contains("belongs to user 4711"), "{error}");
        assert!(error.hint().contains("sudo chown -R 0 "), "{}", error.hint());
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_refused() {
        if rustix::process::geteuid().is_root() {
            return; // Root writes everywhere.
        }
        let error = refused(|state| {
            fs::create_dir(state).expect("directory");
            fs::set_permissions(state, fs::Permissions::from_mode(0o500)).expect("mode");
        });
        assert!(matches!(error, PathsError::ReadOnly { .. }), "{error}");
    }
}
