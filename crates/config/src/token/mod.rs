//! The file with the token for TCP and HTTP: read and written by its owner alone.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as os;
#[cfg(windows)]
use windows as os;

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::secret::Secret;

/// The longest token file.
pub const TOKEN_FILE_MAX: u64 = 4096;
/// Beside the lock and the keepers' sockets.
const NAME: &str = "token";

/// What cannot be done with a file that others have to do with, where a list of users says so.
const TRUST: &str = "trust";

/// A file with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile {
    path: PathBuf,
    /// Whether we made it and may make it anew.
    is_own: bool,
}

/// Why a token file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// It is not there.
    #[error("there is no token file {}", path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// It is a link, which somebody could point elsewhere.
    #[error("the token file {} is a symbolic link", path.display())]
    Link {
        /// Where.
        path: PathBuf,
    },
    /// It is a folder, a pipe, …
    #[error("{} is not a file", path.display())]
    NotAFile {
        /// Where.
        path: PathBuf,
    },
    /// It belongs to somebody else.
    #[error("the token file {} belongs to user {owner}, but Ostler runs as user {us}", path.display())]
    WrongOwner {
        /// Where.
        path: PathBuf,
        /// To whom.
        owner: u32,
        /// Who we are.
        us: u32,
    },
    /// Others can read it.
    #[error("the token file {} is open to other users (mode {mode:04o})", path.display())]
    TooOpen {
        /// Where.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is nothing in it.
    #[error("the token file {} is empty", path.display())]
    Empty {
        /// Where.
        path: PathBuf,
    },
    /// There is too much in it.
    #[error("the token file {} is longer than {TOKEN_FILE_MAX} bytes", path.display())]
    TooLong {
        /// Where.
        path: PathBuf,
    },
    /// It is no text.
    #[error("the token file {} is not UTF-8", path.display())]
    NotText {
        /// Where.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("cannot {verb} the token file {}", path.display())]
    System {
        /// What was tried.
        verb: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl TokenFileError {
    /// How to mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::Missing { .. } => "make one: ostler token --rotate".to_owned(),
            Self::Link { path } => {
                format!("remove the link, then `ostler token --rotate`: rm {}", path.display())
            }
            Self::NotAFile { path } => format!("move it away: mv {0} {0}.old", path.display()),
            Self::WrongOwner { path, us, .. } => {
                format!("give it back: sudo chown {us} {}", path.display())
            }
            Self::TooOpen { path, .. } => {
                format!(
                    "close it: chmod 600 {}; others may know it, so better: ostler token --rotate",
                    path.display()
                )
            }
            Self::Empty { .. } | Self::TooLong { .. } | Self::NotText { .. } => {
                "make a new one: ostler token --rotate".to_owned()
            }
            Self::System { verb: TRUST, path, .. } => format!(
                "close it: icacls \"{}\" /inheritance:r /grant:r \"%USERNAME%:F\"; others may know it, so better: \
                 ostler token --rotate",
                path.display()
            ),
            Self::System { path, .. } => {
                let folder = path.parent().unwrap_or(path);
                format!("check the permissions of {}", folder.display())
            }
        }
    }
}

impl TokenFile {
    /// The file of an engine, in its private folder.
    pub fn of_engine(private: &Path) -> Self {
        Self { path: private.join(NAME), is_own: true }
    }

    /// A file that the user names. It is never written, and may be a link.
    pub fn named(path: PathBuf) -> Self {
        Self { path, is_own: false }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the token.
    ///
    /// # Errors
    /// It is missing, empty, too long, not ours or open to others.
    pub fn read(&self) -> Result<Secret, TokenFileError> {
        let path = || self.path.clone();
        let file = os::open(&self.path, !self.is_own)?;
        let mut bytes = Vec::new();
        let failed = |source| TokenFileError::System { verb: "read", path: path(), source };
        file.take(TOKEN_FILE_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > TOKEN_FILE_MAX {
            return Err(TokenFileError::TooLong { path: path() });
        }
        let text = String::from_utf8(bytes).map_err(|_| TokenFileError::NotText { path: path() })?;
        match text.trim() {
            "" => Err(TokenFileError::Empty { path: path() }),
            token => Ok(Secret::new(token.to_owned())),
        }
    }

    /// Reads the token; a file of ours that is missing is made with `fresh`.
    ///
    /// # Errors
    /// As [`Self::read`], or it cannot be written.
    pub fn read_or_create(&self, fresh: &Secret) -> Result<Secret, TokenFileError> {
        match self.read() {
            Err(TokenFileError::Missing { .. }) if self.is_own => {
                let draft = self.draft(fresh)?;
                // Whoever was faster made the one that counts.
                let linked = fs::hard_link(&draft, &self.path);
                let _ = fs::remove_file(&draft);
                match linked {
                    Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
                        Err(TokenFileError::System { verb: "create", path: self.path.clone(), source })
                    }
                    Ok(()) | Err(_) => self.read(),
                }
            }
            result => result,
        }
    }

    /// Replaces the token, whatever is there, in one step.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn rotate(&self, fresh: &Secret) -> Result<(), TokenFileError> {
        let draft = self.draft(fresh)?;
        os::replace(&draft, &self.path).map_err(|source| {
            let _ = fs::remove_file(&draft);
            TokenFileError::System { verb: "replace", path: self.path.clone(), source }
        })
    }

    /// A whole file beside it.
    fn draft(&self, token: &Secret) -> Result<PathBuf, TokenFileError> {
        let draft = self.path.with_extension(format!("{}.new", std::process::id()));
        // Left by a process that vanished and had our number.
        let _ = fs::remove_file(&draft);
        let write = || {
            let mut file = os::create(&draft)?;
            writeln!(file, "{}", token.expose())?;
            file.sync_all()
        };
        write().map_err(|source| {
            let _ = fs::remove_file(&draft);
            TokenFileError::System { verb: "create", path: self.path.clone(), source }
        })?;
        Ok(draft)
    }
}

#[cfg(all(test, unix))]
mod tests;
