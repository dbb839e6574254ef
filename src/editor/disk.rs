//! The file on disk, and who tells when it changes.

use std::path::{Path, PathBuf};

use notify::Watcher as _;
use ostler_config::saving::{Present, SaveError, Store};
use ostler_view::editor::Ends;
use tokio::sync::mpsc;

/// What the document was made from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Base {
    /// The document of the file.
    pub(crate) text: String,
    /// How the file writes it.
    pub(crate) ends: Ends,
    /// The hash over all files.
    pub(crate) hash: String,
    /// Whether there is a file.
    pub(crate) exists: bool,
    /// The file and all that it includes.
    pub(crate) files: Vec<PathBuf>,
}

impl From<Present> for Base {
    fn from(present: Present) -> Self {
        let (text, ends) = Ends::taken_from(&present.text);
        Self { text, ends, hash: present.hash, exists: present.exists, files: present.files }
    }
}

/// Reads what is on disk, beside the task.
pub(crate) async fn read(store: &Store) -> Result<Base, String> {
    let store = store.clone();
    let read = tokio::task::spawn_blocking(move || {
        store.present().map(Base::from).map_err(|error| told(&store, error))
    });
    read.await.unwrap_or_else(|_| Err("reading the file came to no end".to_owned()))
}

fn told(store: &Store, error: SaveError) -> String {
    let error = ostler_host::saving::told(store, error);
    let first = error.diagnostics.first().map(|it| format!(": {}", it.message)).unwrap_or_default();
    format!("{}{first}", error.message)
}

/// Tells by a token when something in the folders of these files changes; dropped, it stops.
pub(crate) fn watch(files: &[PathBuf], changes: mpsc::Sender<()>) -> Option<notify::RecommendedWatcher> {
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // A token that is there already says the same.
            changes.try_send(()).ok();
        }
    });
    let mut watcher = watcher.inspect_err(|error| tracing::warn!(%error, "the file is not watched")).ok()?;
    let mut folders: Vec<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    folders.sort();
    folders.dedup();
    for folder in folders {
        if let Err(error) = watcher.watch(folder, notify::RecursiveMode::NonRecursive) {
            tracing::warn!(%error, "a folder of the configuration is not watched");
        }
    }
    Some(watcher)
}
