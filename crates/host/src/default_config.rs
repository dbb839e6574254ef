//! The configuration of a first start.

use std::{fs, io, path::Path};

use ostler_config::{Paths, saving};

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
    match saving::create(&paths.config, &text(&programs::find_cli())) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        result => result.map_err(fail)?,
    }
    // Editors complete from it; the engine does without.
    let schema = serde_json::to_string_pretty(&ostler_config::schema()).unwrap_or_default();
    if let Err(error) = saving::create(&dir.join(SCHEMA_FILE), &schema) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_service_can_be_found() {
        assert!(text(Path::new("/usr/bin/ostler")).contains(DEMO_COMMAND));
        let elsewhere = text(Path::new("/opt/my tools/ostler"));
        assert!(elsewhere.contains("command = \"/opt/my tools/ostler\""), "{elsewhere}");
    }

    /// Set in a process of this test that cannot write a byte to a file.
    #[cfg(unix)]
    const IS_FULL: &str = "OSTLER_TEST_DISK_IS_FULL";

    #[cfg(unix)]
    #[test]
    fn a_full_disk_leaves_no_configuration() {
        if std::env::var_os(IS_FULL).is_some() {
            let paths = Paths::for_config(None).unwrap();
            write_if_missing(&paths).expect_err("there is no room");
            return;
        }
        let home = tempfile::tempdir().unwrap();
        let output = std::process::Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "default_config::tests::a_full_disk_leaves_no_configuration"])
            .env_clear()
            .env("HOME", home.path())
            .env(IS_FULL, "1")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        let folder = home.path().join(".config/ostler");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "nothing is left");
    }
}
