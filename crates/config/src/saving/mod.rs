//! Keeping a changed configuration on disk, so that no text is ever lost.
//!
//! # Theory of operation
//!
//! A save names the hash of what it was made from ([`crate::Loaded::hash`], over all files). Under the lock that all
//! our writers share: what is on disk must still have that hash; the new text must be valid; the present text goes
//! into the history; then `replace` swaps the file in one step and looks at what it swapped out. If that is not what
//! the save was made from, somebody wrote in the last moment: theirs is put back, and the save is a conflict.
//!
//! A key goes into the file it stands in, which may be an included one; a new key goes to its table.
//!
//! What remains: where the system cannot exchange two files (not Linux, some network file systems), a text written
//! between the last look and the rename is found only if its writer still had the old file open, and is then kept in
//! the history. An editor that holds the old file open for longer than half a second and writes to it afterwards
//! writes to a file that has no name any more, as after any editor's own save.
//!
//! Deliberately absent: what a change means for services, and putting it in force.

mod history;
mod locate;
mod replace;

#[cfg(unix)]
#[path = "unix.rs"]
mod os;
#[cfg(windows)]
#[path = "windows.rs"]
mod os;

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use history::{History, Kept};
pub use history::{VERSIONS_MAX, Version};
use locate::file_of;
pub use replace::create;
pub(crate) use replace::is_ours as is_own_draft;
use replace::{ReplaceError, replace};

use crate::{
    diagnostic::Rejected,
    edit::{self, EditError, KeyPath},
    home::Paths,
    include,
    load::{Loaded, load},
    world::{Os, World},
};

/// How long a writer waits for another one.
const LOCK_WAIT: Duration = Duration::from_secs(5);
const LOCK_LOOK: Duration = Duration::from_millis(10);

/// The configuration of one engine on disk, with its history.
#[derive(Clone, Debug)]
pub struct Store {
    config: PathBuf,
    history: PathBuf,
}

/// What is to be changed.
#[derive(Clone, Debug)]
pub enum Change {
    /// The whole text of the main file.
    Text(String),
    /// One key; removed without a value.
    Key {
        /// Which.
        path: KeyPath,
        /// Its new value.
        value: Option<toml::Value>,
    },
    /// Back to a kept version.
    Version(u64),
}

/// The configuration as it is on disk, valid or not.
#[derive(Clone)]
pub struct Present {
    /// The text of the main file; empty when there is none.
    pub text: String,
    /// The hash over all files.
    pub hash: String,
    /// The main file and everything that is included.
    pub files: Vec<PathBuf>,
    /// Whether there is a main file.
    pub exists: bool,
    sources: crate::source::Files,
    tree: crate::tree::Table,
}

/// A change that is valid and not yet written.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The file that changes.
    pub file: PathBuf,
    /// Its present text; none when there is no such file.
    pub before: Option<String>,
    /// Its new text.
    pub text: String,
    /// The first line that differs, from 1.
    pub line: Option<u32>,
    /// What the whole configuration will say.
    pub loaded: Loaded,
    /// What the change does not reach, in one sentence.
    pub notice: Option<String>,
}

/// Why a change is not saved. Nothing on disk has changed, unless it says so.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// It would not be valid.
    #[error("the changed configuration has mistakes")]
    Invalid(Rejected),
    /// The present configuration cannot be read.
    #[error("the configuration cannot be read")]
    Unreadable(Rejected),
    /// The key cannot be changed.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The parts of a table stand in several files.
    #[error("`{path}` stands in several files: {}", listed(files))]
    Scattered {
        /// Which.
        path: KeyPath,
        /// Where.
        files: Vec<PathBuf>,
    },
    /// Somebody else changed it.
    #[error("{} was changed by somebody else meanwhile", file.display())]
    Conflict {
        /// Which file, or the main one if it is not known.
        file: PathBuf,
    },
    /// There is no such version.
    #[error("there is no version {0}")]
    NoVersion(u64),
    /// The version is of a file that is not part of the configuration any more.
    #[error("version {id} is of {}, which is not included any more", file.display())]
    VersionElsewhere {
        /// Which.
        id: u64,
        /// Its file.
        file: PathBuf,
    },
    /// Another writer does not end.
    #[error("another program is saving this configuration and does not end")]
    Busy,
    /// The file must not be changed.
    #[error("{} is read-only", .0.display())]
    ReadOnly(PathBuf),
    /// The system says no.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl Present {
    /// Whether there is a service of this name.
    pub fn has_service(&self, name: &str) -> bool {
        self.tree.table("services").is_some_and(|services| services.get(name).is_some())
    }
}

impl Store {
    /// The store of an engine.
    pub fn of(paths: &Paths) -> Self {
        Self::new(&paths.config, &paths.state)
    }

    /// The store of a configuration whose state is in a folder.
    pub fn new(config: &Path, state: &Path) -> Self {
        Self { config: config.to_owned(), history: state.join("history") }
    }

    /// What is on disk.
    ///
    /// # Errors
    /// The main file cannot be read.
    pub fn present(&self) -> Result<Present, SaveError> {
        let config = std::path::absolute(&self.config).unwrap_or_else(|_| self.config.clone());
        let read = include::read(&config, None, &Os);
        let is_missing = || std::fs::symlink_metadata(&config).is_err_and(is_not_found);
        let (text, exists) = match read.text {
            Some(text) => (text, true),
            None if is_missing() => (String::new(), false),
            None => return Err(SaveError::Unreadable(self.rejected(read.files, read.sink))),
        };
        Ok(Present {
            text,
            exists,
            hash: read.files.hash(),
            files: read.files.iter().map(|file| file.path.clone()).collect(),
            sources: read.files,
            tree: read.tree,
        })
    }

    /// What a change would be, without writing anything.
    ///
    /// # Errors
    /// It is not possible, not valid, or made from something else than what is on disk.
    pub fn draft(&self, change: &Change, base_hash: Option<&str>) -> Result<Draft, SaveError> {
        let present = self.present()?;
        if base_hash.is_some_and(|base| base != present.hash) {
            return Err(SaveError::Conflict { file: self.config.clone() });
        }
        let main = present.files.first().cloned().unwrap_or_else(|| self.config.clone());
        let (file, text, line) = match change {
            Change::Text(text) => (main, text.clone(), None),
            Change::Key { path, value } => {
                let index = file_of(&present.tree, &present.sources, path)?;
                let source = present.sources.get(index).ok_or_else(|| EditError::Missing(path.clone()))?;
                let edited = edit::edit(&source.text, path, value.as_ref());
                let edited = edited.map_err(|error| self.why_not(error))?;
                (source.path.clone(), edited.text, edited.line)
            }
            Change::Version(id) => {
                let kept = History::new(&self.history).get(*id)?;
                let file = present.files.iter().find(|file| Os.canonical(file) == kept.version.file);
                let file = file.cloned().ok_or_else(|| SaveError::VersionElsewhere {
                    id: *id,
                    file: kept.version.file.clone(),
                })?;
                (file, kept.text()?, None)
            }
        };
        let canonical = Os.canonical(&file);
        let before = present.sources.iter().find(|source| source.path == file);
        let before = before.filter(|_| present.exists).map(|source| source.text.clone());
        let line = line.or_else(|| edit::first_difference(before.as_deref().unwrap_or_default(), &text));
        let world = Overlay { file: &canonical, text: &text };
        let loaded = load(&self.config, &world).map_err(SaveError::Invalid)?;
        let notice = notice(change, &loaded);
        Ok(Draft { file: canonical, before, text, line, loaded, notice })
    }

    /// Makes a change: valid, from what is on disk, whole or not at all. `at` is the time as RFC 3339.
    ///
    /// # Errors
    /// As [`Self::draft`]; another writer does not end; the system says no.
    pub fn save(
        &self,
        change: &Change,
        base_hash: Option<&str>,
        actor: &str,
        at: &str,
    ) -> Result<Draft, SaveError> {
        let history = History::new(&self.history);
        history.prepare()?;
        let _lock = self.lock()?;
        let mut draft = self.draft(change, base_hash)?;
        let keep = |text: &[u8], actor: &str| {
            history.add(&Kept::new(&draft.file, text.to_vec(), actor, at)).map(drop)
        };
        replace::clean(&draft.file, &mut |text| keep(text, "somebody else"))?;
        if draft.before.as_deref() == Some(draft.text.as_str()) {
            return Ok(draft);
        }
        if let Some(before) = &draft.before {
            keep(before.as_bytes(), "found on disk")?;
        }
        let before = draft.before.as_deref().map(str::as_bytes);
        match replace(&draft.file, before, draft.text.as_bytes(), &mut |text| keep(text, "somebody else")) {
            Ok(()) => {}
            Err(ReplaceError::Conflict) => return Err(SaveError::Conflict { file: draft.file }),
            Err(ReplaceError::Save(error)) => return Err(error),
        }
        if let Err(error) = keep(draft.text.as_bytes(), actor) {
            // The next save keeps it as what it finds.
            draft.notice.get_or_insert(format!("it is saved, but not in the history: {error}"));
        }
        Ok(draft)
    }

    /// The kept versions, the newest first.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn history(&self) -> Result<Vec<Version>, SaveError> {
        History::new(&self.history).list()
    }

    /// The text of a kept version.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn version(&self, id: u64) -> Result<(Version, String), SaveError> {
        let kept = History::new(&self.history).get(id)?;
        let text = kept.text()?;
        Ok((kept.version, text))
    }

    fn lock(&self) -> Result<File, SaveError> {
        let path = self.history.join("lock");
        let fail = |source| SaveError::Io { doing: "lock", path: path.clone(), source };
        let file = os::private_file().create(true).truncate(false).open(&path).map_err(fail)?;
        let end = Instant::now() + LOCK_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < end => thread::sleep(LOCK_LOOK),
                Err(TryLockError::WouldBlock) => return Err(SaveError::Busy),
                Err(TryLockError::Error(error)) => return Err(fail(error)),
            }
        }
    }

    /// A text that is no TOML is told with all its mistakes.
    fn why_not(&self, error: EditError) -> SaveError {
        match (&error, load(&self.config, &Os)) {
            (EditError::Syntax(_), Err(rejected)) => SaveError::Invalid(rejected),
            (_, _) => SaveError::Edit(error),
        }
    }

    fn rejected(&self, files: crate::source::Files, sink: crate::diagnostic::Sink) -> Rejected {
        Rejected { diagnostics: sink.into_sorted(), text: None, files }
    }
}

/// A key that is removed in one file may stand in another that it was laid over.
fn notice(change: &Change, loaded: &Loaded) -> Option<String> {
    let Change::Key { path, value: None } = change else { return None };
    let origin = loaded.origins.get(&path.to_string())?;
    Some(format!("{path} is still set, in {}:{}", origin.file.display(), origin.line))
}

fn listed(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn is_not_found(error: io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// The machine with one file as it will be.
struct Overlay<'a> {
    file: &'a Path,
    text: &'a str,
}

impl World for Overlay<'_> {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        if Os.canonical(path) == self.file {
            let end = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1).min(self.text.len());
            return Ok(self.text.as_bytes()[..end].to_vec());
        }
        Os.read(path, limit)
    }

    fn glob(&self, pattern: &Path) -> io::Result<Vec<PathBuf>> {
        Os.glob(pattern)
    }

    fn is_file(&self, path: &Path) -> bool {
        Os.is_file(path)
    }

    fn canonical(&self, path: &Path) -> PathBuf {
        Os.canonical(path)
    }

    fn env(&self, name: &str) -> Option<String> {
        Os.env(name)
    }

    fn home(&self) -> Option<PathBuf> {
        Os.home()
    }
}
