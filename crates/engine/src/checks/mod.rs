//! The parts of the self-check that need no engine: this machine and this user.
//!
//! The engine asks them for its `doctor`, and the CLI asks them when no engine runs. Each check is one line: what was
//! looked at, what it is like, and how to mend it. A new check is a function in one of the files and a line in
//! [`machine`].

mod desktop;
mod files;
mod limits;
mod programs;
mod session_bus;

use std::path::Path;

use ostler_api::{Check, CheckState};

/// Looks at everything. Blocks: files, and one question to the session bus.
pub fn machine(paths: &ostler_config::Paths, keeper: Option<&Path>) -> Vec<Check> {
    let mut checks = vec![
        files::folders(paths),
        files::log_folder(paths),
        files::config_file(&paths.config),
        files::tokens(paths),
        files::disk("disk of state", &paths.state),
    ];
    checks.extend(files::other_disk(paths));
    checks.extend(keeper.map(programs::keeper));
    checks.push(limits::descriptors());
    checks.extend(limits::watches());
    checks.push(limits::clock());
    checks.push(limits::time_zone());
    checks.extend(desktop::units());
    checks.push(desktop::tray());
    checks
}

/// A check that went well.
pub fn ok(name: &str, text: impl Into<String>) -> Check {
    Check { name: name.to_owned(), state: CheckState::Ok, text: text.into(), mend: None }
}

/// Something worth knowing, and what can be done.
pub fn warn(name: &str, text: impl Into<String>, mend: impl Into<String>) -> Check {
    let mend = Some(mend.into());
    Check { name: name.to_owned(), state: CheckState::Warn, text: text.into(), mend }
}

/// Something that must be mended, and how.
pub fn fail(name: &str, text: impl Into<String>, mend: impl Into<String>) -> Check {
    let mend = Some(mend.into());
    Check { name: name.to_owned(), state: CheckState::Fail, text: text.into(), mend }
}
