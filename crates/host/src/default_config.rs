//! The configuration of a first start.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use ostler_config::Paths;

use crate::{HostError, programs};

const SCHEMA_FILE: &str = "ostler.schema.json";
/// Where every login shell looks.
const COMMON_FOLDERS: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];
const DEMO_COMMAND: &str = "command = \"ostler\"";

/// Writes a commented default file, if this is the engine of the default place and there is none. Says whether it
/// did. The caller holds the lock.
pub(crate) fn write_if_missing(paths: &Paths) -> Result<bool, HostError> {
    if !paths.is_default() || fs::symlink_metadata(&paths.config).is_ok() {
        return Ok(false);
    }
    let fail = |source| HostError::DefaultConfig { path: paths.config.clone(), source };
    let dir = paths.config.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(dir).map_err(fail)?;
    match write_new(&paths.config, &text(&programs::find_cli())) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        result => result.map_err(fail)?,
    }
    // Editors complete from it; the engine does without.
    let schema = serde_json::to_string_pretty(&ostler_config::schema()).unwrap_or_default();
    if let Err(error) = write_new(&dir.join(SCHEMA_FILE), &schema) {
        tracing::debug!(%error, "the schema is not written beside the configuration");
    }
    Ok(true)
}

/// The default text; the demo service names our program by its path unless every shell finds it by name.
fn text(program: &Path) -> String {
    let text = ostler_config::default_text();
    if program.parent().is_some_and(|dir| COMMON_FOLDERS.iter().any(|common| dir == Path::new(common))) {
        return text.to_owned();
    }
    let program = serde_json::Value::from(program.to_string_lossy()).to_string();
    text.replacen(DEMO_COMMAND, &format!("command = {program}"), 1)
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_service_can_be_found() {
        assert!(text(Path::new("/usr/bin/ostler")).contains(DEMO_COMMAND));
        let elsewhere = text(Path::new("/opt/my tools/ostler"));
        assert!(elsewhere.contains("command = \"/opt/my tools/ostler\""), "{elsewhere}");
    }
}
