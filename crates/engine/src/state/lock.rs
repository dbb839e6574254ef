//! One engine per user and configuration.

use std::{
    fs::{File, OpenOptions},
    io,
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
                return Err(LockError::Held { owner: owner::read(file, path) });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(fail(source)),
        }
        owner::write(&mut file, path).map_err(fail)?;
        Ok(Self { _file: file })
    }
}

/// The lock file says who has it.
#[cfg(unix)]
mod owner {
    use std::{
        fs::File,
        io::{self, Read as _, Seek as _, Write as _},
        path::Path,
    };

    pub(super) fn read(mut file: File, _path: &Path) -> Option<u32> {
        let mut text = String::new();
        let _ = file.read_to_string(&mut text);
        text.trim().parse().ok()
    }

    pub(super) fn write(file: &mut File, _path: &Path) -> io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    }
}

/// What is locked cannot be read: a file beside it says who has it.
#[cfg(windows)]
mod owner {
    use std::{
        fs::{self, File},
        io::{self, Write as _},
        path::Path,
    };

    const ENDING: &str = "pid";
    /// The longest number of a process, and the end of the line.
    const LENGTH: u64 = 11;

    /// `None` until it is written for the first time. Just after the lock has changed hands it may still be the number
    /// of the last owner.
    pub(super) fn read(_file: File, path: &Path) -> Option<u32> {
        fs::read_to_string(path.with_extension(ENDING)).ok()?.trim().parse().ok()
    }

    /// Always as long, and written at once: whoever reads meanwhile finds the old number or the new one.
    pub(super) fn write(_file: &mut File, path: &Path) -> io::Result<()> {
        let line = format!("{:<10}\n", std::process::id());
        let mut file =
            File::options().write(true).create(true).truncate(false).open(path.with_extension(ENDING))?;
        file.write_all(line.as_bytes())?;
        file.set_len(LENGTH)
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
