//! The system's watcher.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use notify::{EventKind, RecursiveMode, Watcher as _, event::ModifyKind};
use ostler_core::ServiceName;

use super::{Change, Pattern};

/// Folders that are watched at most, for all services together: each costs the kernel about a kilobyte.
const FOLDERS_MAX: usize = 16_384;

/// What services want watched.
pub(crate) type Wanted = BTreeMap<ServiceName, Vec<Pattern>>;

/// What changed and was not looked at yet, by service.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    waiting: Mutex<BTreeMap<ServiceName, Change>>,
}

impl Changes {
    /// Takes all.
    pub(crate) fn take(&self) -> BTreeMap<ServiceName, Change> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds a path; whether nothing waited before.
    fn add(&self, wanted: &Wanted, path: &Path) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = waiting.is_empty();
        for (service, patterns) in wanted {
            if patterns.iter().any(|pattern| pattern.matches(path)) {
                waiting
                    .entry(service.clone())
                    .and_modify(|change| change.more = change.more.saturating_add(1))
                    .or_insert_with(|| Change { first: path.to_owned(), more: 0 });
            }
        }
        was_empty && !waiting.is_empty()
    }
}

/// Watches until it is dropped.
pub(crate) struct FileWatcher {
    _watcher: notify::RecommendedWatcher,
    /// What a person should know, by service.
    pub remarks: BTreeMap<ServiceName, String>,
}

/// What the watcher saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A watched file changed.
    Change,
    /// A folder that was missing may be there now.
    Folder,
}

/// Watches what is wanted. Blocks: it walks through all folders. `hear` is called from a thread of the watcher.
///
/// # Errors
/// Says why the system watches nothing at all.
pub(crate) fn watch(
    wanted: Wanted,
    changes: Arc<Changes>,
    hear: impl Fn(Seen) + Send + 'static,
) -> Result<FileWatcher, String> {
    let (folders, mut remarks) = plan(&wanted);
    let missing: Vec<PathBuf> = wanted
        .values()
        .flatten()
        .filter(|pattern| !pattern.base.is_dir())
        .map(|pattern| pattern.base.clone())
        .collect();
    let handler = move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if event.paths.iter().any(|path| missing.iter().any(|base| base.starts_with(path))) {
            hear(Seen::Folder);
        }
        let mut is_first = false;
        for path in event.paths.iter().filter(|path| is_change(&event.kind, path)) {
            is_first |= changes.add(&wanted, path);
        }
        if is_first {
            hear(Seen::Change);
        }
    };
    let mut watcher = notify::recommended_watcher(handler).map_err(|error| in_words(&error))?;
    for (folder, (mode, services)) in folders {
        if let Err(error) = watcher.watch(&folder, mode) {
            let text = format!("changes below {} are not noticed: {}", folder.display(), in_words(&error));
            remarks.extend(services.into_iter().map(|service| (service, text.clone())));
        }
    }
    Ok(FileWatcher { _watcher: watcher, remarks })
}

/// Whether an event says that what is at a path is not what it was. Permissions and times of access are no change of what
/// is in a file; and Windows tells of a folder itself whenever an entry in it changes, which it tells of as well.
fn is_change(kind: &EventKind, path: &Path) -> bool {
    match kind {
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Any => true,
        EventKind::Modify(ModifyKind::Metadata(_)) | EventKind::Access(_) | EventKind::Other => false,
        EventKind::Modify(ModifyKind::Any) => !path.is_dir(),
        EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Name(_) | ModifyKind::Other) => true,
    }
}

type Folders = BTreeMap<PathBuf, (RecursiveMode, Vec<ServiceName>)>;

/// Which folders to watch, and what to say.
fn plan(wanted: &Wanted) -> (Folders, BTreeMap<ServiceName, String>) {
    let mut folders: Folders = BTreeMap::new();
    let mut remarks = BTreeMap::new();
    let mut room = FOLDERS_MAX;
    for (service, patterns) in wanted {
        for pattern in patterns {
            let there = pattern.base.ancestors().find(|folder| folder.is_dir());
            let Some(there) = there else { continue };
            let is_missing = there != pattern.base;
            if is_missing {
                let text = format!(
                    "{} does not exist yet; {} is watched until it does",
                    pattern.base.display(),
                    there.display()
                );
                remarks.insert(service.clone(), text);
            }
            let is_deep = pattern.is_deep && !is_missing;
            let known =
                folders.get(there).is_some_and(|(mode, _)| *mode == RecursiveMode::Recursive || !is_deep);
            let count = if known { 0 } else { folders_in(there, is_deep, room + 1) };
            if count > room {
                let text = format!(
                    "{} has too many folders, more than {FOLDERS_MAX} for all services: changes there are not \
                     noticed; name folders below it in watch.paths",
                    there.display()
                );
                remarks.insert(service.clone(), text);
                continue;
            }
            room -= count;
            let mode = if is_deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            let entry = folders.entry(there.to_owned()).or_insert((mode, Vec::new()));
            if is_deep {
                entry.0 = RecursiveMode::Recursive;
            }
            entry.1.push(service.clone());
        }
    }
    (folders, remarks)
}

/// Folders in and below one, itself included, counted up to a bound.
fn folders_in(folder: &Path, is_deep: bool, most: usize) -> usize {
    if !is_deep {
        return 1;
    }
    let mut open = vec![folder.to_owned()];
    let mut count = 0;
    while let Some(folder) = open.pop() {
        count += 1;
        if count >= most {
            return count;
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        open.extend(
            entries.filter(|entry| entry.file_type().is_ok_and(|it| it.is_dir())).map(|entry| entry.path()),
        );
    }
    count
}

fn in_words(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the system's limit of watched folders is reached; raise fs.inotify.max_user_watches".to_owned()
        }
        notify::ErrorKind::Io(error) if error.raw_os_error() == Some(24) => {
            "the system's limit of watchers is reached; raise fs.inotify.max_user_instances".to_owned()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{DataChange, MetadataKind};

    use super::*;

    #[test]
    fn a_folder_in_which_something_changed_has_not_changed_itself() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("a.txt");
        std::fs::write(&file, "").expect("written");
        let any = EventKind::Modify(ModifyKind::Any);
        assert!(is_change(&any, &file));
        assert!(!is_change(&any, folder.path()));
        assert!(is_change(&any, &folder.path().join("gone")));
        assert!(is_change(&EventKind::Modify(ModifyKind::Data(DataChange::Any)), &file));
        assert!(!is_change(&EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), &file));
    }
}
