//! A machine in memory, and the shortest way to a verdict.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::{
    collections::BTreeMap,
    io,
    path::{Component, Path, PathBuf},
};

use ostler_config::{Loaded, Rejected, World, load};

/// Where the main file is.
pub(crate) const MAIN: &str = "/etc/ostler/ostler.toml";

/// Files and variables in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) directories: Vec<PathBuf>,
    pub(crate) forbidden: Vec<PathBuf>,
}

impl Memory {
    /// A machine whose main file says this.
    pub(crate) fn with(text: impl Into<Vec<u8>>) -> Self {
        Self::default().file(MAIN, text)
    }

    /// Adds a file; a relative path begins beside the main file.
    pub(crate) fn file(mut self, path: &str, text: impl Into<Vec<u8>>) -> Self {
        self.files.insert(Path::new("/etc/ostler").join(path), text.into());
        self
    }

    /// Sets a variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Loads the main file.
    pub(crate) fn load(&self) -> Result<Loaded, Rejected> {
        load(Path::new(MAIN), self)
    }
}

impl World for Memory {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let path = self.canonical(path);
        if self.directories.contains(&path) {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
        }
        if self.forbidden.contains(&path) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let bytes = self.files.get(&path).ok_or(io::ErrorKind::NotFound)?;
        Ok(bytes.iter().copied().take(limit as usize + 1).collect())
    }

    fn glob(&self, pattern: &Path) -> io::Result<Vec<PathBuf>> {
        let pattern = glob::Pattern::new(&pattern.to_string_lossy())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.msg))?;
        let options = glob::MatchOptions { require_literal_separator: true, ..Default::default() };
        Ok(self.files.keys().filter(|path| pattern.matches_path_with(path, options)).cloned().collect())
    }

    fn is_file(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    fn canonical(&self, path: &Path) -> PathBuf {
        let mut canonical = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir => {
                    canonical.pop();
                }
                Component::CurDir => {}
                Component::Prefix(_) | Component::RootDir | Component::Normal(_) => canonical.push(part),
            }
        }
        canonical
    }

    fn env(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn home(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/home/me"))
    }
}
