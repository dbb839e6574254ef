//! Saving: nothing is lost, whatever happens to the file meanwhile.

#![cfg(unix)]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use ostler_config::{
    edit::KeyPath,
    saving::{Change, Draft, SaveError, Store, VERSIONS_MAX, create},
};

const AT: &str = "2026-01-02T03:04:05Z";
const TEXT: &str = "# ours\n[services.api]\ncommand = \"true\" # it\n";

struct Place(tempfile::TempDir);

impl Place {
    fn new(text: &str) -> Self {
        let place = Self(tempfile::tempdir().expect("a temporary folder"));
        fs::create_dir(place.path("etc")).expect("a folder");
        place.write("ostler.toml", text);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.path("etc/ostler.toml")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path("etc").join(name), text).expect("a file");
    }

    fn read(&self) -> String {
        fs::read_to_string(self.file()).expect("the file")
    }

    fn store(&self) -> Store {
        Store::new(&self.file(), &self.path("state"))
    }

    fn hash(&self) -> String {
        self.store().present().expect("the file").hash
    }

    fn set(&self, path: &str, value: &str) -> Result<Draft, SaveError> {
        let path = KeyPath::parse(path).expect("a path");
        let value = (!value.is_empty()).then(|| ostler_config::edit::from_words(&path, value));
        self.store().save(&Change::Key { path, value }, Some(&self.hash()), "me", AT)
    }

    fn save(&self, text: &str, base: &str) -> Result<Draft, SaveError> {
        self.store().save(&Change::Text(text.to_owned()), Some(base), "me", AT)
    }

    /// The names beside the file.
    fn names(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.path("etc")).expect("a folder").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    fn versions(&self) -> Vec<String> {
        let store = self.store();
        let all = store.history().expect("a history");
        all.iter().map(|version| store.version(version.id).expect("a version").1).collect()
    }
}

#[test]
fn a_key_is_saved_and_what_was_is_kept() {
    let place = Place::new(TEXT);
    let draft = place.set("services.api.enabled", "false").expect("saved");
    assert_eq!(place.read(), format!("{TEXT}enabled = false\n"));
    assert_eq!((draft.line, draft.loaded.hash == place.hash()), (Some(4), true));
    assert_eq!(place.versions(), [place.read(), TEXT.to_owned()]);
    let history = place.store().history().expect("a history");
    let known: Vec<_> =
        history.iter().map(|version| (version.id, version.actor.as_str(), version.at.as_str())).collect();
    assert_eq!(known, [(2, "me", AT), (1, "found on disk", AT)]);
    assert_eq!(place.names().len(), 1, "nothing is left beside it");
    for entry in fs::read_dir(place.path("state/history")).expect("a folder").flatten() {
        assert_eq!(entry.metadata().expect("a file").mode() & 0o777, 0o600, "{:?}", entry.path());
    }
}

#[test]
fn a_version_comes_back_and_only_the_latest_are_kept() {
    let place = Place::new(TEXT);
    for number in 0..VERSIONS_MAX + 5 {
        place.set("services.api.nice", &number.to_string()).expect("saved");
    }
    let history = place.store().history().expect("a history");
    assert_eq!(history.len(), VERSIONS_MAX);
    let files = fs::read_dir(place.path("state/history")).expect("a folder").count();
    assert_eq!(files, VERSIONS_MAX * 2 + 1, "two per version, and the lock");
    let oldest = history.last().expect("a version").id;
    place.store().save(&Change::Version(oldest), Some(&place.hash()), "me", AT).expect("restored");
    assert!(place.read().contains("nice = 5"), "{}", place.read());
    let missing = place.store().save(&Change::Version(999), None, "me", AT);
    assert!(matches!(missing, Err(SaveError::NoVersion(999))), "{missing:?}");
}

#[test]
fn what_is_not_valid_is_not_saved() {
    let place = Place::new(TEXT);
    let refused = place.set("services.api.comand", "x");
    let Err(SaveError::Invalid(rejected)) = refused else { panic!("{refused:?}") };
    assert_eq!(
        (rejected.diagnostics[0].line, rejected.diagnostics[0].path.as_str()),
        (4, "services.api.comand")
    );
    assert!(matches!(place.save("a = ", &place.hash()), Err(SaveError::Invalid(_))));
    assert_eq!((place.read(), place.versions()), (TEXT.to_owned(), Vec::new()));
}

#[test]
fn an_edit_that_was_not_seen_is_not_overwritten() {
    let place = Place::new(TEXT);
    let base = place.hash();
    place.write("ostler.toml", "# theirs\n");
    assert!(matches!(place.save("# ours\n", &base), Err(SaveError::Conflict { .. })));
    assert_eq!(place.read(), "# theirs\n");
}

#[test]
fn a_first_file_is_written_but_never_over_another() {
    let place = Place::new("");
    fs::remove_file(place.file()).expect("removed");
    let base = place.hash();
    place.set("services.web.command", "true").expect("saved");
    assert_eq!(place.read(), "[services.web]\ncommand = \"true\"\n");
    assert!(matches!(place.save("# ours\n", &base), Err(SaveError::Conflict { .. })));
}

#[test]
fn mode_and_links_stay() {
    let place = Place::new("");
    fs::rename(place.file(), place.path("real.toml")).expect("moved");
    fs::set_permissions(place.path("real.toml"), fs::Permissions::from_mode(0o640)).expect("ours");
    symlink("../real.toml", place.file()).expect("a link");
    place.save(TEXT, &place.hash()).expect("saved");
    assert!(fs::symlink_metadata(place.file()).expect("there").is_symlink());
    assert_eq!(fs::read_to_string(place.path("real.toml")).expect("there"), TEXT);
    assert_eq!(fs::metadata(place.file()).expect("there").mode() & 0o777, 0o640);
}

#[test]
fn a_key_of_an_included_file_is_changed_there() {
    let place = Place::new("include = [\"*.part\"]\n[services.api]\ncommand = \"true\"\n");
    place.write("b.part", "[services.db]\ncommand = \"true\"\n[services.api]\nnice = 1\n");
    let base = place.hash();
    let draft = place.set("services.db.enabled", "false").expect("saved");
    assert_eq!((draft.file.ends_with("b.part"), draft.line), (true, Some(3)));
    assert_ne!(place.hash(), base, "the hash covers included files");
    place.set("services.api.nice", "2").expect("saved");
    let part = fs::read_to_string(place.path("etc/b.part")).expect("there");
    assert_eq!(part, "[services.db]\ncommand = \"true\"\nenabled = false\n[services.api]\nnice = 2\n");
    place.set("services.web.command", "ls").expect("saved");
    assert!(place.read().ends_with("\n[services.web]\ncommand = \"ls\"\n"), "{}", place.read());
    assert!(
        matches!(place.set("services.api", ""), Err(SaveError::Scattered { files, .. }) if files.len() == 2)
    );
    place.write("c.part", "[services.api]\nnice = 3\n");
    let draft = place.set("services.api.nice", "").expect("saved");
    assert!(draft.notice.is_some_and(|notice| notice.contains("still set")));
}

#[test]
fn a_file_that_is_read_only_stays() {
    let place = Place::new(TEXT);
    fs::set_permissions(place.file(), fs::Permissions::from_mode(0o444)).expect("ours");
    assert!(matches!(place.set("services.api.nice", "2"), Err(SaveError::ReadOnly(_))));
    assert_eq!((place.read(), place.names().len()), (TEXT.to_owned(), 1));
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    if rustix::process::geteuid().is_root() {
        // Root passes over permission bits; CI runs this as a user.
        return;
    }
    let place = Place::new(TEXT);
    fs::set_permissions(place.path("etc"), fs::Permissions::from_mode(0o555)).expect("ours");
    let refused = place.set("services.api.nice", "2");
    fs::set_permissions(place.path("etc"), fs::Permissions::from_mode(0o755)).expect("ours");
    assert!(matches!(refused, Err(SaveError::Io { doing: "write beside", .. })), "{refused:?}");
    assert_eq!(place.read(), TEXT);
}

#[test]
fn what_a_killed_writer_left_is_cleaned_and_a_text_in_it_is_kept() {
    let place = Place::new(TEXT);
    place.write(".ostler.toml.ostler-new-1-0", "half a te");
    place.write(".ostler.toml.ostler-swap-1-1", "# somebody's\n");
    place.write(".ostler.toml.swp", "vim's own");
    place.set("services.api.nice", "2").expect("saved");
    assert_eq!(place.names(), BTreeSet::from([".ostler.toml.swp".to_owned(), "ostler.toml".to_owned()]));
    assert!(place.versions().contains(&"# somebody's\n".to_owned()));
}

/// A text of an external editor is in the file, in the history, or our save after it was a conflict.
fn race(write: fn(&Path, &str)) {
    const SAVES: u32 = 100;
    let place = Place::new("# 0\n");
    let file = place.file();
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let saves = std::sync::atomic::AtomicU32::new(0);
    let (theirs, seen) = std::thread::scope(|scope| {
        let editor = scope.spawn(|| {
            let mut written = Vec::new();
            let mut last = u32::MAX;
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                // Once per save: an editor that never ends writing cannot be waited for.
                let now = saves.load(std::sync::atomic::Ordering::Relaxed);
                if std::mem::replace(&mut last, now) == now {
                    std::thread::yield_now();
                    continue;
                }
                // An honest editor: it writes over what it has just read.
                let before = fs::read_to_string(&file).expect("there");
                let text = format!("# theirs {}\n", written.len());
                write(&file, &text);
                written.push((before, text));
            }
            written
        });
        let mut seen = BTreeSet::new();
        for number in 0..SAVES {
            let present = place.store().present();
            let Ok(present) = present else { continue };
            seen.insert(present.text.clone());
            saves.store(number, std::sync::atomic::Ordering::Relaxed);
            match place.save(&format!("# ours {number}\n"), &present.hash) {
                Ok(_) | Err(SaveError::Conflict { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
            seen.extend(place.versions());
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        (editor.join().expect("an editor"), seen)
    });
    // What they did not overwrite themselves, we have seen.
    let mut known = seen;
    known.insert(place.read());
    known.extend(theirs.iter().map(|(before, _)| before.clone()));
    let pairs = theirs.windows(2).map(|pair| (&pair[0].1, &pair[1].0));
    for (text, next) in pairs {
        let is_their_own_loss = text == next || known.contains(text);
        assert!(is_their_own_loss, "{text:?} is lost; the next read gave {next:?}");
    }
    assert_eq!(place.names().len(), 1, "{:?}", place.names());
}

#[test]
fn an_editor_that_renames_in_a_race_loses_nothing() {
    race(|file, text| {
        let fresh = file.with_extension("fresh");
        fs::write(&fresh, text).expect("a file");
        fs::rename(fresh, file).expect("renamed");
    });
}

#[test]
fn an_editor_that_writes_in_place_in_a_race_loses_nothing() {
    race(|file, text| fs::write(file, text).expect("written"));
}

#[test]
fn a_new_file_comes_whole_and_never_over_another() {
    let place = Place::new(TEXT);
    let new = place.path("etc/deep/new.toml");
    create(&new, "# new\n").expect("written");
    assert_eq!(fs::read_to_string(&new).expect("a file"), "# new\n");
    let names = fs::read_dir(place.path("etc/deep")).expect("a folder").count();
    assert_eq!(names, 1, "nothing is left beside it");
    let refused = create(&place.file(), "# ours").expect_err("there is one");
    assert_eq!(refused.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(place.read(), TEXT);
}
