//! `ostler config edit`: the editor works on a copy; only a valid text replaces the file, in one step.

use std::{
    env,
    fs::{self, File},
    io::{self, BufRead as _, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use ostler_api::{ApiError, ConfigSaveParams, ErrorCode};
use ostler_config::Os;
use ostler_host::saving::{self, SaveWish};
use serde_json::json;

use super::config;
use crate::{
    context::Context,
    editor,
    failure::{Failure, OK, Outcome},
    print::{self, home_text},
    saving::{Saver, diff_text, saved_text},
    term,
};

#[cfg(unix)]
const EDITORS: [&str; 4] = ["sensible-editor", "nano", "vim", "vi"];
#[cfg(windows)]
const EDITORS: [&str; 1] = ["notepad"];

/// A copy beside the file, removed when it is no longer needed.
struct Draft {
    path: PathBuf,
    /// It holds a text that is nowhere else.
    is_left: bool,
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_left {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// What to do when somebody else changed the file meanwhile.
enum Choice {
    Overwrite,
    KeepTheirs,
    Reopen,
}

/// Does it.
pub(crate) async fn run(context: &mut Context) -> Outcome {
    let saver = Saver::new(context).await?;
    let told = |error| Failure::Api(saving::told(&saver.store, error));
    let present = saver.store.present().map_err(told)?;
    // A link stays a link: what it points to is replaced.
    let named = context.paths()?.config;
    let path = ostler_config::canonical(&named).unwrap_or(named);
    let first = if present.exists { present.text.as_str() } else { ostler_config::default_text() };
    let mut draft =
        write_draft(&path, first).map_err(|error| Failure::file("write beside", &path, &error))?;
    let mut base = present.hash.clone();
    let mut must_open = true;
    loop {
        if must_open {
            open_editor(&draft.path)?;
        }
        must_open = true;
        let read = fs::read_to_string(&draft.path);
        let text = read.map_err(|error| Failure::file("read", &draft.path, &error))?;
        if present.exists && text == present.text {
            context.out.either(&json!({ "changed": false }), || "Nothing was changed.\n".to_owned())?;
            return Ok(OK);
        }
        if let Err(rejected) = ostler_config::check(&text, &path, &Os) {
            print::remark(config::rejected_text(&rejected));
            if term::can_ask() && term::ask("Edit again? Without a yes the file stays as it was.") {
                continue;
            }
            return Ok(config::refusal_code(&rejected));
        }
        match save(&saver, context, &present.text, text, &base, &path).await {
            Ok(code) => return Ok(code),
            Err(Failure::Api(error)) if error.code == ErrorCode::ConfigConflict => {
                let theirs = saver.store.present().map_err(told)?;
                let ours = fs::read_to_string(&draft.path).unwrap_or_default();
                print::remark(diff_text(&theirs.text, &ours, &path).trim_end());
                match choose(&error, &mut draft)? {
                    Choice::Overwrite => must_open = false,
                    Choice::Reopen => {}
                    Choice::KeepTheirs => {
                        let said = || "Kept theirs; nothing was written.\n".to_owned();
                        context.out.either(&json!({ "changed": false }), said)?;
                        return Ok(error.code.exit_code());
                    }
                }
                base = theirs.hash;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Shows what changes, and saves it.
async fn save(
    saver: &Saver,
    context: &mut Context,
    before: &str,
    text: String,
    base: &str,
    path: &Path,
) -> Outcome {
    if !context.out.is_json() {
        print::remark(diff_text(before, &text, path).trim_end());
    }
    let params = ConfigSaveParams { text, base_hash: base.to_owned() };
    let reply = saver.save(&SaveWish::Save(params)).await?;
    let said =
        || saved_text(&reply, &format!("saved {}", home_text(&path.to_string_lossy())), saver.has_engine());
    context.out.either(&json!({ "changed": true, "saved": reply }), said)?;
    Ok(OK)
}

/// Asks what is right; where nobody can be asked, the text is left beside the file.
fn choose(error: &ApiError, draft: &mut Draft) -> Result<Choice, Failure> {
    if !term::can_ask() {
        draft.is_left = true;
        let hint = format!("your text is in {}", draft.path.display());
        return Err(Failure::Api(error.clone().hint(hint)));
    }
    print::remark(format!("{}. Above is what yours would change in theirs.", error.message));
    let mut answer = String::new();
    loop {
        print::remark("[o] write yours over theirs  [t] keep theirs  [e] edit yours again");
        answer.clear();
        if io::stdin().lock().read_line(&mut answer)? == 0 {
            draft.is_left = true;
            let hint = format!("your text is in {}", draft.path.display());
            return Err(Failure::Api(error.clone().hint(hint)));
        }
        match answer.trim() {
            "o" => return Ok(Choice::Overwrite),
            "t" => return Ok(Choice::KeepTheirs),
            "e" => return Ok(Choice::Reopen),
            _ => {}
        }
    }
}

fn write_draft(path: &Path, text: &str) -> io::Result<Draft> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    // Beside the file, so that includes and relative paths mean the same, and the last step is a rename.
    let name = format!(".ostler-edit-{}.toml", std::process::id());
    let draft = dir.join(name);
    let mut file = File::create_new(&draft)?;
    let draft = Draft { path: draft, is_left: false };
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
        let Some((program, words)) = editor::command(editor) else { continue };
        let status = Command::new(&program).args(words).arg(draft).status();
        let program = program.display();
        match status {
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
