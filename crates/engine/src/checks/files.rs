//! Folders, files and the room on their disks.

use std::{fs, path::Path};

use ostler_api::Check;
use ostler_config::Paths;

use super::{fail, ok, warn};

/// Free bytes below which a disk counts as nearly full.
const DISK_LOW: u64 = 200 * 1024 * 1024;
/// Free bytes below which nothing can be relied on.
const DISK_EMPTY: u64 = 4 * 1024 * 1024;

/// The state and runtime folders: owner, mode, no links.
pub(super) fn folders(paths: &Paths) -> Check {
    match paths.ensure().err().or_else(|| paths.logs_trouble()) {
        None => ok("folders", format!("{} and those beside it are private", paths.state.display())),
        Some(error) => fail("folders", error.to_string(), error.hint()),
    }
}

/// Whether logs can be written: a file is made there and removed.
pub(super) fn log_folder(paths: &Paths) -> Check {
    let probe = paths.logs.join(format!(".doctor-{}", std::process::id()));
    let written = fs::write(&probe, b"x");
    let _ = fs::remove_file(&probe);
    match written {
        Ok(()) => ok("log folder", format!("{} can be written", paths.logs.display())),
        Err(error) => fail(
            "log folder",
            format!("{} cannot be written: {error}", paths.logs.display()),
            "free the disk, or mend its permissions: chmod 700",
        ),
    }
}

/// Others must not be able to say what is run.
pub(super) fn config_file(path: &Path) -> Check {
    let name = "configuration file";
    match mode(path) {
        None => ok(name, format!("{} is not there yet; the first start writes it", path.display())),
        Some(mode) if mode & 0o022 != 0 => fail(
            name,
            format!("others may write {} (mode {mode:04o}), and so say what is run as you", path.display()),
            format!("chmod go-w {}", path.display()),
        ),
        Some(mode) if mode & 0o044 != 0 && has_secrets(path) => warn(
            name,
            format!("others may read {} (mode {mode:04o}), and it holds secrets", path.display()),
            format!("chmod 600 {}, or take them from ${{env:NAME}} or an env_file", path.display()),
        ),
        Some(_) => ok(name, format!("{} is yours alone to write", path.display())),
    }
}

/// Token files are for their owner alone.
pub(super) fn tokens(paths: &Paths) -> Check {
    let places = [paths.state.join("token"), paths.private.join("token")];
    let found = places.iter().filter_map(|path| Some((path, mode(path)?)));
    let mut text = "there is none yet; it is made when TCP or HTTP is switched on".to_owned();
    for (path, mode) in found {
        if mode & 0o077 != 0 {
            return fail(
                "token",
                format!("{} is open to others (mode {mode:04o})", path.display()),
                format!("chmod 600 {}, and make a new one: ostler token --rotate", path.display()),
            );
        }
        text = format!("{} is yours alone", path.display());
    }
    ok("token", text)
}

/// The room on the disk of a folder.
pub(super) fn disk(name: &str, folder: &Path) -> Check {
    let room = |free: u64| format!("{} MiB are free at {}", free / (1024 * 1024), folder.display());
    match crate::process::free_bytes(folder) {
        Some(free) if free < DISK_EMPTY => {
            fail(name, room(free), "free some space; logs, audit and incidents are dropped and counted")
        }
        Some(free) if free < DISK_LOW => {
            warn(name, room(free), "free some space; logs are dropped and counted when it is full")
        }
        Some(free) => ok(name, room(free)),
        None => warn(name, "the free space cannot be told", "look with `df`"),
    }
}

/// The logs, if they are on another disk than the state.
pub(super) fn other_disk(paths: &Paths) -> Option<Check> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let device = |path: &Path| fs::metadata(path).ok().map(|meta| meta.dev());
        (device(&paths.logs)? != device(&paths.state)?).then(|| disk("disk of logs", &paths.logs))
    }
    #[cfg(not(unix))]
    {
        let _ = paths;
        None
    }
}

fn has_secrets(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    ostler_config::secret_values(&text).iter().any(|value| !value.contains("${env:") && value.len() > 3)
}

/// The permission bits, where there are such and there is a file.
fn mode(path: &Path) -> Option<u32> {
    let meta = fs::metadata(path).ok()?;
    #[cfg(unix)]
    {
        Some(std::os::unix::fs::MetadataExt::mode(&meta) & 0o7777)
    }
    #[cfg(not(unix))]
    {
        let _ = meta;
        Some(0o600)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use ostler_api::CheckState;

    use super::*;

    #[test]
    fn who_may_write_and_read_the_configuration_matters() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("ostler.toml");
        let check = |text: &str, mode: u32| {
            fs::write(&path, text).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
            config_file(&path).state
        };
        let secret = "[services.a]\ncommand = \"x\"\nenv = { API_KEY = \"abcdef\" }\n";
        assert_eq!(check(secret, 0o600), CheckState::Ok);
        assert_eq!(check(secret, 0o644), CheckState::Warn);
        assert_eq!(check(&secret.replace("abcdef", "${env:KEY}"), 0o644), CheckState::Ok);
        assert_eq!(check("", 0o644), CheckState::Ok);
        assert_eq!(check("", 0o666), CheckState::Fail);
    }
}
