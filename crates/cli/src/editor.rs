//! Which program `VISUAL` and `EDITOR` mean: a path as it is, or a program with arguments.

use std::path::{Path, PathBuf};

/// The program that a text names, and its arguments; `None` when it names none.
pub(crate) fn command(text: &str) -> Option<(PathBuf, Vec<String>)> {
    if let Some(program) = os::whole(Path::new(text)) {
        return Some((program, Vec::new()));
    }
    let mut words = os::words(text).into_iter();
    let program = words.next().filter(|program| !program.is_empty())?;
    Some((os::program(&program), words.collect()))
}

/// The shell's words; programs are found by the system.
#[cfg(unix)]
mod os {
    use std::path::{Path, PathBuf};

    pub(super) fn whole(path: &Path) -> Option<PathBuf> {
        (path.is_absolute() && path.is_file()).then(|| path.to_owned())
    }

    pub(super) fn words(text: &str) -> Vec<String> {
        let words = shlex::split(text);
        words.unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect())
    }

    pub(super) fn program(name: &str) -> PathBuf {
        PathBuf::from(name)
    }
}

/// The system itself finds no batch files, which some editors are started by.
#[cfg(windows)]
mod os {
    use std::path::{Path, PathBuf};

    use ostler_windows::program;

    pub(super) use super::parted as words;

    pub(super) fn whole(path: &Path) -> Option<PathBuf> {
        path.to_str().filter(|text| program::has_separator(text)).and_then(program::find)
    }

    pub(super) fn program(name: &str) -> PathBuf {
        program::find(name).unwrap_or_else(|| PathBuf::from(name))
    }
}

/// Words between spaces, but for those between double quotes. Backslashes part folders.
#[cfg(any(windows, test))]
fn parted(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    for character in text.chars() {
        match character {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            space if space.is_whitespace() && !is_quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_at_spaces_that_are_not_quoted() {
        for (text, expected) in [
            ("notepad", &["notepad"][..]),
            ("code --wait", &["code", "--wait"]),
            (r#""C:\Program Files\a b.exe" -x "y z""#, &[r"C:\Program Files\a b.exe", "-x", "y z"]),
            (r#"C:\a" "b.exe """#, &[r"C:\a b.exe", ""]),
            (" ", &[]),
        ] {
            assert_eq!(parted(text), expected, "{text}");
        }
    }

    #[test]
    fn a_path_with_spaces_is_taken_as_a_whole_where_it_is_one() {
        let folder = tempfile::Builder::new().prefix("two words").tempdir().unwrap();
        let program = folder.path().join("editor.exe");
        std::fs::write(&program, "x").unwrap();
        let text = program.to_str().unwrap();
        assert_eq!(command(text), Some((program.clone(), Vec::new())));
        assert_eq!(command(&format!("\"{text}\" --wait")), Some((program, vec!["--wait".to_owned()])));
        assert_eq!(command("  "), None);
    }

    #[cfg(windows)]
    #[test]
    fn a_batch_file_is_found_without_its_ending() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("code.cmd"), "@echo off").unwrap();
        let text = format!("{} --wait", folder.path().join("code").display());
        assert_eq!(command(&text), Some((folder.path().join("code.cmd"), vec!["--wait".to_owned()])));
    }
}
