//! Where the configuration is, and paths in it.

use std::path::{Component, Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::world::{Os, World};

/// The default place of the file: `ostler/ostler.toml` in the user's configuration directory.
pub fn default_path() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|dirs| dirs.config_dir().join("ostler").join("ostler.toml"))
}

/// The identity of the engine of a file: `default` for the default place, else the first 8 hex digits of the
/// SHA-256 of its canonical path.
pub fn engine_id(path: &Path) -> String {
    let canonical = Os.canonical(path);
    if default_path().is_some_and(|default| Os.canonical(&default) == canonical) {
        return "default".to_owned();
    }
    let mut id = sha256_hex(canonical.as_os_str().as_encoded_bytes());
    id.truncate(8);
    id
}

/// SHA-256 in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash of a configuration's text, as in [`crate::Loaded::hash`] when nothing is included.
pub fn hash(text: &str) -> String {
    sha256_hex(text.as_bytes())
}

/// Makes a path of the file absolute: `~` is the home directory, relative ones begin at `base`.
pub(crate) fn absolute(text: &str, base: &Path, world: &dyn World) -> PathBuf {
    let path = match (text.strip_prefix('~'), world.home()) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with(['/', '\\']) => {
            home.join(rest.trim_start_matches(['/', '\\']))
        }
        (Some(_) | None, _) => base.join(text),
    };
    // Only dots are tidied: `..` may cross a link and stays.
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}
