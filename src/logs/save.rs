//! A log as a file of a person's own.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Zoned;
use jiff::tz::TimeZone;
use ostler_view::{LogEntry, say, say_with};

/// The most names of services in the name of a file.
const NAMES_MAX: usize = 3;

/// A name for a file that says whose log it is and of when, in the home folder.
pub(crate) fn default_path(services: &[String]) -> String {
    let names: Vec<_> = services.iter().take(NAMES_MAX).map(|name| name.replace('/', "-")).collect();
    let more = if services.len() > NAMES_MAX { "-and-more" } else { "" };
    let file = format!("{}{more}-{}.log", names.join("-"), Zoned::now().strftime("%Y%m%d-%H%M%S"));
    std::env::home_dir().unwrap_or_default().join(file).display().to_string()
}

/// Writes lines into a new file; says where it is.
pub(super) fn save(path: &str, entries: &[Arc<LogEntry>], with_source: bool) -> Result<PathBuf, String> {
    let path = absolute(path.trim())?;
    write(&path, entries, with_source).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => say_with("%1 exists already. Nothing was written.", &[&path.display()]),
        _ => say_with("%1 cannot be written: %2", &[&path.display(), &error]),
    })?;
    Ok(path)
}

fn absolute(path: &str) -> Result<PathBuf, String> {
    if path.is_empty() {
        return Err(say("No file is named."));
    }
    let home = std::env::home_dir().unwrap_or_default();
    Ok(match path.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => home.join(path),
    })
}

fn write(path: &Path, entries: &[Arc<LogEntry>], with_source: bool) -> std::io::Result<()> {
    let zone = TimeZone::system();
    let mut file = BufWriter::new(File::create_new(path)?);
    for entry in entries {
        file.write_all(entry.copied(&zone, with_source).as_bytes())?;
    }
    file.flush()?;
    file.get_ref().sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_exists_is_not_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("api.log");
        let text = path.to_str().expect("a path");
        assert_eq!(save(text, &[], false), Ok(path.clone()));
        assert_eq!(save(text, &[], false), Err(format!("{text} exists already. Nothing was written.")));
        assert!(save("", &[], false).is_err());
        let nowhere = folder.path().join("no/such/api.log");
        let error = save(nowhere.to_str().expect("a path"), &[], false).expect_err("no folder");
        assert!(error.contains("cannot be written"), "{error}");
    }

    #[test]
    fn a_path_begins_at_home() {
        let home = std::env::home_dir().unwrap_or_default();
        assert_eq!(absolute("~/a.log"), Ok(home.join("a.log")));
        assert_eq!(absolute("a.log"), Ok(home.join("a.log")));
        assert_eq!(absolute("/tmp/a.log"), Ok(PathBuf::from("/tmp/a.log")));
        let path = default_path(&["a/1".to_owned(), "b".to_owned(), "c".to_owned(), "d".to_owned()]);
        assert!(path.contains("a-1-b-c-and-more-") && path.ends_with(".log"), "{path}");
    }
}
