//! What is in a log file: numbered lines without gap or double.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::Wire;

/// The log files of a service, the oldest first.
pub(super) fn files(wire: &mut Wire, service: &str) -> Result<Vec<PathBuf>, String> {
    let reply =
        wire.call("logs", json!({"services": [service], "lines": 1})).map_err(|error| error.to_string())?;
    let paths = reply["paths"].as_array().cloned().unwrap_or_default();
    let mut files = Vec::new();
    for path in paths.iter().filter_map(|path| path.as_str()) {
        let path = Path::new(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let siblings = std::fs::read_dir(path.parent().unwrap_or(path)).map_err(|error| error.to_string())?;
        let mut rotated: Vec<PathBuf> = siblings
            .flatten()
            .map(|entry| entry.path())
            .filter(|other| other.file_name().is_some_and(|other| other.to_string_lossy().starts_with(&name)))
            .collect();
        rotated.sort_by_key(|file| std::fs::metadata(file).and_then(|data| data.modified()).ok());
        files.extend(rotated);
    }
    Ok(files)
}

/// What a walk through a log found.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// Numbered lines.
    pub(super) lines: u64,
    /// The first number.
    pub(super) first: Option<u64>,
    /// The last number, or that of the last line that a marker at the end counts as dropped.
    pub(super) last: Option<u64>,
    /// Starts of the count at 1, after the first.
    pub(super) runs: u64,
    /// Lines that a marker says were dropped.
    pub(super) dropped: u64,
    /// Jumps that no marker explains.
    pub(super) wrong: Vec<String>,
}

/// Walks through `line N` lines of one instance.
pub(super) fn numbering(files: &[PathBuf]) -> Numbering {
    let mut walk = Numbering::default();
    let mut last: Option<u64> = None;
    let mut announced = 0;
    let mut rest = String::new();
    for file in files {
        for line in lines(file) {
            let mut fields = line.splitn(4, ' ');
            let (Some(_time), Some(stream), Some(flag), Some(text)) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            if stream == "meta" {
                announced += dropped(text);
                continue;
            }
            if flag == "P" {
                rest.push_str(text);
                continue;
            }
            let text = format!("{rest}{text}");
            rest.clear();
            let Some(number) = numbered(&text) else { continue };
            walk.lines += 1;
            walk.first.get_or_insert(number);
            match last {
                Some(before) if number == before + 1 + announced => walk.dropped += announced,
                None if announced > 0 => walk.dropped += announced,
                None => {}
                Some(_) if number == 1 => walk.runs += 1,
                Some(before) => {
                    walk.wrong.push(format!("{number} after {before}, with {announced} said to be dropped"));
                }
            }
            announced = 0;
            last = Some(number);
        }
    }
    walk.dropped += announced;
    walk.last = last.map(|last| last + announced);
    walk
}

/// The lines of a file of any size, one at a time.
pub(super) fn lines(file: &Path) -> impl Iterator<Item = String> {
    let reader = std::fs::File::open(file).map(|file| BufReader::with_capacity(1 << 20, file));
    let mut reader = reader.ok();
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        reader.as_mut()?.read_until(b'\n', &mut line).ok().filter(|read| *read > 0)?;
        let text = String::from_utf8_lossy(&line);
        Some(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    })
}

fn numbered(text: &str) -> Option<u64> {
    text.strip_prefix("line ")?.split(' ').next()?.parse().ok()
}

/// The number in a marker that speaks of dropped lines.
fn dropped(text: &str) -> u64 {
    if !text.contains("drop") {
        return 0;
    }
    text.split(|c: char| !c.is_ascii_digit()).find_map(|word| word.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(text: &str) -> Numbering {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("0.log");
        std::fs::write(&file, text).unwrap();
        numbering(&[file])
    }

    #[test]
    fn a_gap_is_wrong_unless_a_marker_counts_it() {
        let found =
            walk("T stdout F line 1\nT stdout F line 2\nT meta F dropped 3 lines\nT stdout F line 6\n");
        assert_eq!((found.lines, found.dropped, found.wrong.len()), (3, 3, 0));
        assert_eq!(walk("T stdout F line 1\nT stdout F line 3\n").wrong.len(), 1);
        assert_eq!(walk("T stdout F line 4\nT stdout F line 4\n").wrong.len(), 1);
    }

    #[test]
    fn a_marker_at_the_end_counts_what_came_last() {
        let found = walk("T stdout F line 1\nT meta F dropped 3 lines\n");
        assert_eq!((found.first, found.last, found.dropped, found.wrong.len()), (Some(1), Some(4), 3, 0));
    }

    #[test]
    fn a_new_run_counts_from_one_and_parts_are_joined() {
        let found = walk("T stdout F line 8\nT stdout P li\nT stdout F ne 1\nT stdout F line 2\n");
        assert_eq!((found.lines, found.runs, found.wrong.len()), (3, 1, 0));
    }
}
