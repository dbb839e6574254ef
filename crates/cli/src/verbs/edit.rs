//! `ostler config edit`: the editor works on a copy; only a valid text replaces the file, in one step.

use std::{
    env,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use ostler_api::{ApiError, ErrorCode};
use ostler_config::Os;
use serde_json::json;

use super::config;
use crate::{
    context::Context,
    failure::{Failure, OK, Outcome},
    link::Link,
    print::{self, home_text},
    term,
};

#[cfg(unix)]
const EDITORS: [&str; 4] = ["sensible-editor", "nano", "vim", "vi"];
#[cfg(windows)]
const EDITORS: [&str; 1] = ["notepad"];

/// A copy beside the file, removed when it is no longer needed.
pub(super) struct Draft(PathBuf);

impl Draft {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It may have become the file.
        let _ = fs::remove_file(&self.0);
    }
}

/// Does it.
pub(crate) async fn run(context: &mut Context) -> Outcome {
    // A link stays a link: what it points to is replaced.
    let named = context.paths()?.config;
    let path = named.canonicalize().unwrap_or(named);
    let before = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(Failure::file("read", &path, &error)),
    };
    let first = before.clone().unwrap_or_else(|| ostler_config::default_text().to_owned());
    let draft = write_draft(&path, &first).map_err(|error| Failure::file("write beside", &path, &error))?;
    let text = loop {
        open_editor(&draft.0)?;
        let text = fs::read_to_string(&draft.0).map_err(|error| Failure::file("read", &draft.0, &error))?;
        match ostler_config::check(&text, &path, &Os) {
            Ok(_) => break text,
            Err(rejected) => {
                print::remark(config::rejected_text(&rejected));
                if !term::can_ask() || !term::ask("Edit again? Without a yes the file stays as it was.") {
                    return Ok(config::refusal_code(&rejected));
                }
            }
        }
    };
    if before.as_deref() == Some(text.as_str()) {
        context.out.either(&json!({ "changed": false }), || "Nothing was changed.\n".to_owned())?;
        return Ok(OK);
    }
    if fs::read_to_string(&path).ok() != before {
        return Err(Failure::Api(ApiError::new(
            ErrorCode::ConfigConflict,
            format!("{} was changed by somebody else meanwhile; nothing was written", path.display()),
        )));
    }
    keep(&draft.0, &path).map_err(|error| Failure::file("write", &path, &error))?;
    let is_running = Link::first(&context.sockets()?).await?.is_some();
    let after = if is_running { "; the engine follows it: ostler status" } else { "" };
    let said = format!("Saved {}{after}\n", home_text(&path.to_string_lossy()));
    context.out.either(&json!({ "changed": true }), || said)?;
    Ok(OK)
}

pub(super) fn write_draft(path: &Path, text: &str) -> io::Result<Draft> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    // Beside the file, so that includes and relative paths mean the same, and the last step is a rename.
    let name = format!(".ostler-edit-{}.toml", std::process::id());
    let draft = dir.join(name);
    let mut file = File::create_new(&draft)?;
    let draft = Draft(draft);
    if let Ok(meta) = fs::metadata(path) {
        file.set_permissions(meta.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    Ok(draft)
}

fn open_editor(draft: &Path) -> Result<(), Failure> {
    let chosen =
        ["VISUAL", "EDITOR"].iter().find_map(|name| env::var(name).ok().filter(|text| !text.is_empty()));
    let editors: Vec<String> = match &chosen {
        Some(editor) => vec![editor.clone()],
        None => EDITORS.iter().map(|&editor| editor.to_owned()).collect(),
    };
    for editor in &editors {
        // `code --wait` has arguments; a path with spaces is not split further than at spaces.
        let mut words = editor.split_whitespace();
        let Some(program) = words.next() else { continue };
        match Command::new(program).args(words).arg(draft).status() {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => {
                let message = format!("the editor {program} ended with {status}; the file stays as it was");
                return Err(Failure::Api(ApiError::new(ErrorCode::SpawnFailed, message)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let message = format!("cannot start the editor {program}: {error}");
                return Err(Failure::Api(ApiError::new(ErrorCode::SpawnFailed, message)));
            }
        }
    }
    Err(Failure::new(
        ErrorCode::NotAvailable,
        format!("there is no editor (looked for {})", editors.join(", ")),
        "set EDITOR to one, as in: EDITOR=nano ostler config edit",
    ))
}

/// Puts the draft in the place of the file, whole or not at all.
pub(super) fn keep(draft: &Path, path: &Path) -> io::Result<()> {
    File::open(draft)?.sync_all()?;
    fs::rename(draft, path)?;
    #[cfg(unix)]
    if let Some(dir) = path.parent() {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}
