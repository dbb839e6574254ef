//! The diagnostics, packed by the command line tool: one way to gather them, one way to mask secrets.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ostler_view::say_with;
use serde::Deserialize;
use tokio::process::Command;

use crate::reach::Reach;

/// How long gathering may take.
const GATHER_MAX: Duration = Duration::from_secs(60);
/// The most that is kept of what the tool says when it fails.
const SAID_MAX: usize = 400;

/// One file of the zip.
#[derive(Debug, Deserialize)]
pub(crate) struct Part {
    /// Its name.
    pub(crate) name: String,
    /// Its size in bytes.
    pub(crate) bytes: usize,
    /// What it is.
    pub(crate) what: String,
}

#[derive(Deserialize)]
struct Packed {
    parts: Vec<Part>,
}

/// What would be in the zip.
///
/// # Errors
/// The tool is not there, takes too long or fails; in words.
pub(crate) async fn parts(reach: &Reach) -> Result<Vec<Part>, String> {
    let said = tool(reach, &["diagnostics", "--list", "--json"]).await?;
    let packed: Packed = serde_json::from_slice(&said)
        .map_err(|error| say_with("the answer of the command line tool is unclear: %1", &[&error]))?;
    Ok(packed.parts)
}

/// Writes the zip and says so.
pub(crate) async fn save(reach: Reach, path: PathBuf) {
    let text = path.to_string_lossy();
    let outcome = tool(&reach, &["diagnostics", "--yes", "--json", "--output", &text]).await;
    reach.notice(match outcome {
        Ok(_) => {
            say_with("Diagnostics written to %1. Look through them before you give them away.", &[&text])
        }
        Err(why) => say_with("No diagnostics were written: %1", &[&why]),
    });
}

/// A name for the zip that is not taken, in the person's own folder.
pub(crate) fn default_path(home: &Path, now: &jiff::Zoned) -> PathBuf {
    home.join(format!("ostler-diagnostics-{}.zip", now.strftime("%Y%m%d-%H%M%S")))
}

async fn tool(reach: &Reach, words: &[&str]) -> Result<Vec<u8>, String> {
    let program = ostler_host::find_cli();
    let mut command = Command::new(&program);
    command.arg("--config").arg(&reach.paths.config).args(words);
    command.stdin(Stdio::null()).kill_on_drop(true);
    #[cfg(windows)]
    command.creation_flags(ostler_windows::process::NO_WINDOW);
    let run = tokio::time::timeout(GATHER_MAX, command.output()).await;
    let output = match run {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => {
            return Err(say_with("%1 cannot be started: %2", &[&program.display(), &error]));
        }
        Err(_) => return Err(say_with("gathering took longer than %1 s", &[&GATHER_MAX.as_secs()])),
    };
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said: String = String::from_utf8_lossy(&output.stderr).chars().take(SAID_MAX).collect();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(said.strip_prefix("error: ").unwrap_or(&said).to_owned())
}
