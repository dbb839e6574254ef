//! Where an engine lives: its identity, directories and sockets.
//!
//! The identity comes from the configuration's path alone, so that a client finds its engine without reading the
//! configuration. What must not be reached by others (lock, keeper records and sockets) lives in the state
//! directory, apart for each machine, because a home directory may be shared by several and the runtime
//! directory is gone after logout. The control socket is in the runtime directory where there is one.

#[cfg(unix)]
#[path = "home/unix.rs"]
mod os;
#[cfg(windows)]
#[path = "home/windows.rs"]
mod os;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::canonical::canonical_or_to_be;

/// The identity of the engine of the default configuration.
pub const DEFAULT_ID: &str = "default";
/// The longest path of a socket in bytes: `sun_path` less its final zero. On Windows it is a file like others, whose path
/// has so many UTF-16 units: `MAX_PATH` less its final zero.
pub const SOCKET_PATH_MAX: usize = if cfg!(windows) {
    259
} else if cfg!(target_os = "macos") {
    103
} else {
    107
};

const CONFIG_FILE: &str = "ostler.toml";
const FOLDER: &str = "ostler";
const ID_BYTES: usize = 4;
const MACHINE_BYTES: usize = 6;

/// Where an engine lives. One user has exactly one engine per identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `default`, or the first 8 hexadecimal digits of the SHA-256 of the configuration's canonical path.
    pub id: String,
    /// The configuration file, absolute; it need not exist.
    pub config: PathBuf,
    /// `<state>/ostler/<id>`: journal, intent, logs.
    pub state: PathBuf,
    /// `<state>/ostler/<machine>/<id>`: lock, keeper records and keeper sockets.
    pub private: PathBuf,
    /// Where the control socket may be, in order; the engine takes the first, clients look in all.
    pub sockets: Vec<PathBuf>,
    /// `<state>/ostler/<id>/logs`.
    pub logs: PathBuf,
}

/// An engine that lives here, or lived here once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEngine {
    /// Its identity.
    pub id: String,
    /// Where its control socket may be.
    pub sockets: Vec<PathBuf>,
}

/// Why an engine cannot live where it should.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// There is no home directory.
    #[error("this user has no home directory")]
    NoHome,
    /// A relative path, and no working directory to read it from.
    #[error("the working directory cannot be read")]
    NoWorkingDirectory(#[source] io::Error),
    /// The paths of both possible sockets are longer than the system allows.
    #[error("the path of the control socket is too long: {} has {} {}, at most {SOCKET_PATH_MAX} are possible", path.display(), os::path_length(path), os::LENGTH_UNIT)]
    SocketTooLong {
        /// The shortest candidate.
        path: PathBuf,
    },
    /// A directory cannot be created.
    #[error("cannot create the directory {}", path.display())]
    Create {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A directory cannot be looked at.
    #[error("cannot look at {}", path.display())]
    Look {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// There is something else of that name.
    #[error("{} is not a directory", path.display())]
    NotDirectory {
        /// Which.
        path: PathBuf,
    },
    /// It is a link, which somebody could point elsewhere.
    #[error("{} is a symbolic link; Ostler's own directories must not be links", path.display())]
    Symlink {
        /// Which.
        path: PathBuf,
    },
    /// It belongs to somebody else.
    #[error("{} belongs to user {owner}, but Ostler runs as user {us}", path.display())]
    WrongOwner {
        /// Which.
        path: PathBuf,
        /// The user id it belongs to.
        owner: u32,
        /// Our user id.
        us: u32,
    },
    /// Others may enter it.
    #[error("{} is open to other users (mode {mode:04o})", path.display())]
    TooOpen {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to somebody else, where users have names and not numbers.
    #[error("{} belongs to {owner}", path.display())]
    Stranger {
        /// Which.
        path: PathBuf,
        /// Whom it belongs to.
        owner: String,
    },
    /// Others may enter it, where a list of users says so.
    #[error("{} is open to {who}", path.display())]
    Shared {
        /// Which.
        path: PathBuf,
        /// To whom.
        who: String,
    },
    /// Nothing can be written in it.
    #[error("{} cannot be written to", path.display())]
    ReadOnly {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl PathsError {
    /// Whether nothing is wrong but that nothing can be written there.
    fn is_unwritable(&self) -> bool {
        match self {
            Self::Create { .. } | Self::NotDirectory { .. } | Self::ReadOnly { .. } => true,
            Self::NoHome
            | Self::NoWorkingDirectory(_)
            | Self::SocketTooLong { .. }
            | Self::Look { .. }
            | Self::Symlink { .. }
            | Self::WrongOwner { .. }
            | Self::TooOpen { .. }
            | Self::Stranger { .. }
            | Self::Shared { .. } => false,
        }
    }

    /// How to mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoHome => "set HOME, or XDG_STATE_HOME and XDG_CONFIG_HOME".to_owned(),
            Self::NoWorkingDirectory(_) => {
                "go to a directory that exists, or give an absolute path".to_owned()
            }
            Self::SocketTooLong { .. } if cfg!(windows) => {
                "a user folder with a shorter path is needed".to_owned()
            }
            Self::SocketTooLong { .. } => "set XDG_STATE_HOME to a shorter path".to_owned(),
            Self::Create { path, .. } => {
                let parent = path.parent().unwrap_or(path);
                format!("check who may write in {}, or set XDG_STATE_HOME to another place", parent.display())
            }
            Self::Look { path, .. } => format!("check the permissions of {}", path.display()),
            Self::NotDirectory { path } => format!("move it away: mv {0} {0}.old", quoted(path)),
            Self::Symlink { path } => {
                format!("remove the link: rm {}; to move the state, set XDG_STATE_HOME", quoted(path))
            }
            Self::WrongOwner { path, us, .. } => {
                format!("run as its owner, or give it back: sudo chown -R {us} {}", quoted(path))
            }
            Self::TooOpen { path, .. } => format!("close it: chmod 700 {}", quoted(path)),
            Self::Stranger { path, .. } => {
                format!("run as its owner, or take it over: takeown /r /f \"{}\"", path.display())
            }
            Self::Shared { path, .. } => format!(
                "close it: icacls \"{}\" /inheritance:r /grant:r \"%USERNAME%:(OI)(CI)F\"",
                path.display()
            ),
            Self::ReadOnly { path, .. } => {
                format!("mend it: chmod 700 {}; or set XDG_STATE_HOME to another place", quoted(path))
            }
        }
    }
}

impl Paths {
    /// The home of the engine for a configuration; without one that of `OSTLER_CONFIG`, else of the default file.
    /// Creates nothing.
    ///
    /// # Errors
    /// There is no home directory, or the socket's path is too long.
    pub fn for_config(config: Option<&Path>) -> Result<Self, PathsError> {
        let base = Base::of_user()?;
        let from_env = env::var_os("OSTLER_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        base.paths(config.or(from_env.as_deref()))
    }

    /// The sockets that a client should try, in order: `OSTLER_SOCKET` alone if it is set.
    pub fn client_sockets(&self) -> Vec<PathBuf> {
        match env::var_os("OSTLER_SOCKET").filter(|path| !path.is_empty()) {
            Some(path) => vec![PathBuf::from(path)],
            None => self.sockets.clone(),
        }
    }

    /// Whether this is the engine of the default configuration.
    pub fn is_default(&self) -> bool {
        self.id == DEFAULT_ID
    }

    /// All engines of this user on this machine that have run at least once, in order of their identity.
    pub fn known_engines(&self) -> Vec<KnownEngine> {
        let Some(machine) = self.private.parent() else { return Vec::new() };
        let entries = fs::read_dir(machine).into_iter().flatten().flatten();
        let mut ids: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|id| is_id(id)).collect();
        ids.sort();
        let runtime =
            self.sockets.iter().filter_map(|socket| socket.parent()).find(|dir| *dir != self.private);
        ids.into_iter()
            .map(|id| KnownEngine { sockets: candidates(runtime, &machine.join(&id), &id), id })
            .collect()
    }

    /// Creates the directories, only for this user, and verifies that they are what they should be.
    ///
    /// # Errors
    /// A directory is a link, belongs to somebody else, is open to others or read-only; for the logs, being
    /// read-only is no error: see [`Self::logs_trouble`].
    pub fn ensure(&self) -> Result<(), PathsError> {
        let own = |path: &Path| path.parent().map(Path::to_owned);
        let mut directories: Vec<PathBuf> = own(&self.state).into_iter().chain(own(&self.private)).collect();
        directories.extend([self.state.clone(), self.private.clone()]);
        directories.extend(self.sockets.first().and_then(|socket| own(socket)));
        directories.dedup();
        directories.iter().try_for_each(|path| os::ensure_private(path))?;
        match os::ensure_private(&self.logs) {
            Err(error) if !error.is_unwritable() => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Why no log can be written, if so. Services run without logs rather than not at all; what is lost is counted.
    pub fn logs_trouble(&self) -> Option<PathsError> {
        os::ensure_private(&self.logs).err()
    }
}

/// The places of a user from which all else follows.
#[derive(Clone, Debug)]
struct Base {
    default_config: PathBuf,
    /// With our folder's name.
    state: PathBuf,
    /// With our folder's name.
    runtime: Option<PathBuf>,
    machine: String,
}

impl Base {
    fn of_user() -> Result<Self, PathsError> {
        let dirs = directories::BaseDirs::new().ok_or(PathsError::NoHome)?;
        let state = dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir());
        let runtime = dirs.runtime_dir().filter(|dir| os::is_ours(dir));
        Ok(Self {
            default_config: dirs.config_dir().join(FOLDER).join(CONFIG_FILE),
            state: state.join(FOLDER),
            runtime: runtime.map(|dir| dir.join(FOLDER)),
            machine: digest(os::machine_id().as_bytes(), MACHINE_BYTES),
        })
    }

    fn paths(&self, config: Option<&Path>) -> Result<Paths, PathsError> {
        let config = match config {
            Some(path) => std::path::absolute(path).map_err(PathsError::NoWorkingDirectory)?,
            None => self.default_config.clone(),
        };
        let canonical = canonical_or_to_be(&config);
        let is_default =
            config == self.default_config || canonical == canonical_or_to_be(&self.default_config);
        let id = if is_default {
            DEFAULT_ID.to_owned()
        } else {
            digest(canonical.as_os_str().as_encoded_bytes(), ID_BYTES)
        };
        let state = self.state.join(&id);
        let private = self.state.join(&self.machine).join(&id);
        let sockets = candidates(self.runtime.as_deref(), &private, &id);
        if sockets.is_empty() {
            return Err(PathsError::SocketTooLong { path: private.join("control.sock") });
        }
        Ok(Paths { logs: state.join("logs"), id, config, state, private, sockets })
    }
}

/// The possible control sockets, without those whose paths are too long.
fn candidates(runtime: Option<&Path>, private: &Path, id: &str) -> Vec<PathBuf> {
    let in_runtime = runtime.map(|dir| dir.join(format!("{id}.sock")));
    in_runtime
        .into_iter()
        .chain([private.join("control.sock")])
        .filter(|path| os::path_length(path) <= SOCKET_PATH_MAX)
        .collect()
}

fn is_id(text: &str) -> bool {
    text == DEFAULT_ID || (text.len() == ID_BYTES * 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The first bytes of the SHA-256, in hexadecimal.
fn digest(bytes: &[u8], length: usize) -> String {
    Sha256::digest(bytes).iter().take(length).map(|byte| format!("{byte:02x}")).collect()
}

/// A path as a shell needs it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || "/._-+,:@%".contains(c));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
#[path = "home/tests.rs"]
mod tests;
