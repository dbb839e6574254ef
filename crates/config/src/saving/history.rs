//! The versions that were, in a folder that only the user can enter: `000012.toml` with the bytes and, written last,
//! `000012.json` with what is known of them.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{SaveError, os};
use crate::paths::sha256_hex;

/// Versions kept of each file.
pub const VERSIONS_MAX: usize = 10;
/// The most that is read of a description.
const META_MAX: u64 = 64 << 10;

/// One kept version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number; later ones are greater.
    pub id: u64,
    /// When it was kept, RFC 3339.
    pub at: String,
    /// Who wrote it; `found on disk` when nobody said.
    pub actor: String,
    /// The file it is of.
    pub file: PathBuf,
    /// SHA-256 of its bytes.
    pub hash: String,
}

/// A version with its bytes.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) version: Version,
    bytes: Vec<u8>,
}

impl Kept {
    /// A version that has no number yet.
    pub(super) fn new(file: &Path, bytes: Vec<u8>, actor: &str, at: &str) -> Self {
        let hash = sha256_hex(&bytes);
        let (at, actor) = (at.to_owned(), actor.to_owned());
        Self { version: Version { id: 0, at, actor, file: file.to_owned(), hash }, bytes }
    }

    pub(super) fn text(&self) -> Result<String, SaveError> {
        String::from_utf8(self.bytes.clone()).map_err(|error| SaveError::Io {
            doing: "read as text the kept version of",
            path: self.version.file.clone(),
            source: io::Error::new(io::ErrorKind::InvalidData, error),
        })
    }
}

/// The folder.
#[derive(Debug)]
pub(super) struct History {
    dir: PathBuf,
}

impl History {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Makes the folder.
    pub(super) fn prepare(&self) -> Result<(), SaveError> {
        os::private_dir(&self.dir).map_err(|source| self.fail("create the folder", &self.dir, source))
    }

    /// Keeps a version, unless the latest of its file is the same.
    pub(super) fn add(&self, kept: &Kept) -> Result<(), SaveError> {
        let Version { file, hash, at, actor, .. } = &kept.version;
        let versions = self.list()?;
        if versions.iter().find(|version| version.file == *file).is_some_and(|latest| latest.hash == *hash) {
            return Ok(());
        }
        let id = versions.first().map_or(1, |newest| newest.id + 1);
        let meta = json!({
            "id": id, "at": at, "actor": actor, "file": file.to_string_lossy(), "hash": hash,
        });
        self.write(&self.bytes_of(id), &kept.bytes)?;
        self.write(&self.meta_of(id), format!("{meta:#}\n").as_bytes())?;
        self.prune(file);
        Ok(())
    }

    /// The newest first. What cannot be understood is left out.
    pub(super) fn list(&self) -> Result<Vec<Version>, SaveError> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.fail("read", &self.dir, error)),
        };
        let paths = entries.flatten().map(|entry| entry.path());
        let is_meta = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
        let mut versions: Vec<_> = paths.filter(is_meta).filter_map(|path| read_meta(&path)).collect();
        versions.sort_by_key(|version| std::cmp::Reverse(version.id));
        Ok(versions)
    }

    /// A version with its bytes.
    pub(super) fn get(&self, id: u64) -> Result<Kept, SaveError> {
        let version = self.list()?.into_iter().find(|version| version.id == id);
        let version = version.ok_or(SaveError::NoVersion(id))?;
        let path = self.bytes_of(id);
        let bytes = fs::read(&path).map_err(|source| self.fail("read", &path, source))?;
        Ok(Kept { version, bytes })
    }

    fn bytes_of(&self, id: u64) -> PathBuf {
        self.dir.join(format!("{id:06}.toml"))
    }

    fn meta_of(&self, id: u64) -> PathBuf {
        self.dir.join(format!("{id:06}.json"))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), SaveError> {
        let draft = path.with_extension("new");
        let write = || -> io::Result<()> {
            let mut file = os::private_file().create(true).truncate(true).open(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            os::replace(&draft, path)
        };
        write().map_err(|source| {
            let _ = fs::remove_file(&draft);
            self.fail("keep the present version in", &self.dir, source)
        })
    }

    /// What is too much, is not needed: failing to remove it harms nobody.
    fn prune(&self, file: &Path) {
        let versions = self.list().unwrap_or_default();
        let of_file = versions.iter().filter(|version| version.file == file);
        for version in of_file.skip(VERSIONS_MAX) {
            let _ = fs::remove_file(self.meta_of(version.id));
        }
        // Bytes without a description are left over from a writer that was killed.
        let known: BTreeMap<u64, ()> = self.list().unwrap_or_default().iter().map(|v| (v.id, ())).collect();
        for path in fs::read_dir(&self.dir).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let id = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            let is_left = path.extension().is_some_and(|it| it == "toml" || it == "new")
                && id.is_some_and(|id: u64| !known.contains_key(&id));
            if is_left {
                let _ = fs::remove_file(&path);
            }
        }
    }

    fn fail(&self, doing: &'static str, path: &Path, source: io::Error) -> SaveError {
        SaveError::Io { doing, path: path.to_owned(), source }
    }
}

fn read_meta(path: &Path) -> Option<Version> {
    if fs::metadata(path).ok()?.len() > META_MAX {
        return None;
    }
    let meta: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let text = |name: &str| meta.get(name)?.as_str().map(str::to_owned);
    Some(Version {
        id: meta.get("id")?.as_u64()?,
        at: text("at")?,
        actor: text("actor")?,
        file: text("file")?.into(),
        hash: text("hash")?,
    })
}
