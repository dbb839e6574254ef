//! What the configuration asks of the machine: files, variables, the home directory.

use std::{
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
};

use crate::canonical::canonical_or_to_be;

/// The machine, as far as reading a configuration needs it. Tests bring their own.
pub trait World {
    /// Reads a file, but never more than `limit` bytes plus one.
    ///
    /// # Errors
    /// What the operating system says; for a directory or a device, that it is one.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;

    /// The files that match a pattern, sorted.
    ///
    /// # Errors
    /// The pattern is malformed, or a directory cannot be listed.
    fn glob(&self, pattern: &Path) -> io::Result<Vec<PathBuf>>;

    /// Whether there is a file of this name.
    fn is_file(&self, path: &Path) -> bool;

    /// The path without links and dots, or as it is when there is no such file.
    fn canonical(&self, path: &Path) -> PathBuf;

    /// An environment variable, when it is set and valid UTF-8.
    fn env(&self, name: &str) -> Option<String>;

    /// The user's home directory.
    fn home(&self) -> Option<PathBuf>;
}

/// The real machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Os;

impl World for Os {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        // Asked before opening, because opening a pipe would wait for its other end.
        let metadata = fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
        }
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn glob(&self, pattern: &Path) -> io::Result<Vec<PathBuf>> {
        let text = pattern
            .to_str()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the pattern is not valid UTF-8"))?;
        let paths = glob::glob(text).map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e.msg))?;
        let mut found = Vec::new();
        for path in paths {
            let path = path.map_err(io::Error::from)?;
            if path.is_file() && !crate::saving::is_own_draft(&path) {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn canonical(&self, path: &Path) -> PathBuf {
        // A file that does not exist yet still has a place.
        canonical_or_to_be(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
    }

    fn env(&self, name: &str) -> Option<String> {
        // `var_os` panics on such names.
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        std::env::var(name).ok()
    }

    fn home(&self) -> Option<PathBuf> {
        directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned())
    }
}
