//! One engine per user and configuration.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use ostler_config::Paths;

/// The right to be the engine of a state directory. Held as long as the value lives, and given back by the
/// system when the process dies, however it dies. The file is never deleted.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another engine has it.
    #[error("another engine owns this configuration{}", owner.map_or(String::new(), |pid| format!(" (pid {pid})")))]
    Held {
        /// Its process, if it has written it yet.
        owner: Option<u32>,
    },
    /// The file cannot be used.
    #[error("cannot use the lock file {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock, or says who has it. Never waits.
    ///
    /// # Errors
    /// [`LockError::Held`] while another engine lives; [`LockError::File`] if the file cannot be opened.
    pub fn acquire(paths: &Paths) -> Result<Self, LockError> {
        Self::acquire_file(&paths.private.join("engine.lock"))
    }

    fn acquire_file(path: &Path) -> Result<Self, LockError> {
        let fail = |source| LockError::File { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                return Err(LockError::Held { owner: text.trim().parse().ok() });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(fail(source)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(fail)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("engine.lock");
        let first = Lock::acquire_file(&path).expect("free");
        match Lock::acquire_file(&path) {
            Err(LockError::Held { owner }) => assert_eq!(owner, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        Lock::acquire_file(&path).expect("free again");
    }
}
