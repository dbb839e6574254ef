//! Replacing files that somebody has open.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write as _},
    os::windows::fs::OpenOptionsExt,
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::files;

/// Has a file open as scanners and indexers do: nobody else may open, replace or delete it meanwhile.
fn held(path: &Path) -> File {
    File::options().read(true).share_mode(0).open(path).unwrap()
}

#[test]
fn a_file_is_replaced_once_those_who_have_it_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let (new, old) = (folder.path().join("new"), folder.path().join("old"));
    fs::write(&new, "new").unwrap();
    fs::write(&old, "old").unwrap();
    let holder = held(&old);
    let (done, is_done) = mpsc::channel();
    let (from, to) = (new.clone(), old.clone());
    let replacing = thread::spawn(move || {
        let result = files::replace(&from, &to);
        done.send(()).unwrap();
        result
    });
    assert!(is_done.recv_timeout(Duration::from_millis(200)).is_err(), "it waits");
    drop(holder);
    replacing.join().unwrap().unwrap();
    assert_eq!(fs::read_to_string(&old).unwrap(), "new");
    assert!(!new.exists());
}

#[test]
fn who_does_not_let_go_is_not_waited_for_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let (new, old) = (folder.path().join("new"), folder.path().join("old"));
    fs::write(&new, "new").unwrap();
    fs::write(&old, "old").unwrap();
    let holder = held(&old);
    let started = Instant::now();
    assert!(files::replace(&new, &old).is_err());
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let started = Instant::now();
    assert!(files::replace_soon(&new, &old).is_err());
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    drop(holder);
    assert_eq!(fs::read_to_string(&old).unwrap(), "old");
    assert_eq!(fs::read_to_string(&new).unwrap(), "new");
}

#[test]
fn a_verbatim_path_becomes_a_usual_one_where_both_mean_the_same() {
    let long = format!(r"\\?\C:\{}", "x\\".repeat(150));
    for (verbatim, plain) in [
        (r"\\?\C:\Users\Ann Other\ostler.toml", r"C:\Users\Ann Other\ostler.toml"),
        (r"\\?\C:\", r"C:\"),
        (r"\\?\C:\a\nul.txt", r"\\?\C:\a\nul.txt"),
        (r"\\?\C:\a\com3", r"\\?\C:\a\com3"),
        (r"\\?\C:\a\command", r"C:\a\command"),
        (r"\\?\C:\a.\b", r"\\?\C:\a.\b"),
        (r"\\?\C:\a b \c", r"\\?\C:\a b \c"),
        (r"\\?\C:\a/b", r"\\?\C:\a/b"),
        (r"\\?\UNC\server\share\a", r"\\?\UNC\server\share\a"),
        (r"\\.\pipe\a", r"\\.\pipe\a"),
        (r"C:\a\nul", r"C:\a\nul"),
        (&long, &long),
    ] {
        assert_eq!(files::plain(verbatim.into()), Path::new(plain), "{verbatim}");
    }
    let folder = tempfile::tempdir().unwrap();
    let found = files::plain(folder.path().canonicalize().unwrap());
    assert!(!found.to_string_lossy().starts_with(r"\\?\") && found.is_dir(), "{}", found.display());
}

#[test]
fn what_is_missing_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let result = files::replace(&folder.path().join("missing"), &folder.path().join("old"));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[test]
fn readers_that_share_do_not_keep_a_file_from_being_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (new, old) = (folder.path().join("new"), folder.path().join("old"));
    fs::write(&new, "new").unwrap();
    fs::write(&old, "old").unwrap();
    let mut reader = File::open(&old).unwrap();
    files::replace(&new, &old).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
    assert_eq!(text, "old");
    assert_eq!(fs::read_to_string(&old).unwrap(), "new");
}

#[test]
fn a_file_to_append_to_can_be_cut_and_goes_on_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut log = File::options().create(true).append(true).open(&path).unwrap();
    log.write_all(b"whole\nhal").unwrap();
    files::cut(&log, 6).unwrap();
    log.write_all(b"next\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "whole\nnext\n");
}
