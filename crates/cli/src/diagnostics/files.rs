//! Ends of files, bounded.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

/// The most that is read of one file.
const READ_MAX: u64 = 2 << 20;
/// Log files of one service that are taken.
const SLOTS_MAX: usize = 64;

/// The last lines of a text file; bytes that are no UTF-8 are replaced.
pub(super) fn tail(path: &Path, lines: usize) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let begin = length.saturating_sub(READ_MAX);
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    file.take(READ_MAX).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line of a cut file is not whole.
    let whole = if begin > 0 { text.split_once('\n').map_or("", |(_, rest)| rest) } else { &text };
    let count = whole.lines().count();
    let kept: Vec<&str> = whole.lines().skip(count.saturating_sub(lines)).collect();
    Ok(kept.join("\n") + "\n")
}

/// The live log files below a folder, with the service of each.
pub(super) fn logs(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for (service, dir) in entries(folder) {
        let live = entries(&dir).into_iter().filter(|(name, _)| name.ends_with(".log"));
        found.extend(live.take(SLOTS_MAX).map(|(_, path)| (service.clone(), path)));
    }
    found
}

/// The entries of a folder by name, in order; none when there is no folder.
pub(super) fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> =
        entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_a_file_are_taken_whole() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("x.log");
        fs::write(&path, b"one\ntwo\n\xffthree\n").expect("written");
        assert_eq!(tail(&path, 2).expect("read"), "two\n\u{fffd}three\n");
        fs::write(&path, "x".repeat(READ_MAX as usize) + "\nend\n").expect("written");
        assert_eq!(tail(&path, 5).expect("read"), "end\n");
        assert!(tail(&dir.path().join("gone"), 1).is_err());
    }
}
