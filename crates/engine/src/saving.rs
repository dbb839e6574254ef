//! Saving the configuration in the words of the wire; the engine and a command line without one share it.
//!
//! Everything here blocks: it reads and writes files.

use jiff::Timestamp;
use ostler_api::{
    ApiError, ConfigEditParams, ConfigHistory, ConfigRestoreParams, ConfigSaveParams, ConfigSaveReply,
    ConfigText, ConfigVersion, ErrorCode, Plan,
};
use ostler_config::{
    Rejected,
    edit::{self, EditError, KeyPath},
    saving::{Change, Draft, SaveError, Store},
};

use crate::wire;

/// A wish to change the configuration.
#[derive(Clone, Debug)]
pub enum SaveWish {
    /// `config_save`.
    Save(ConfigSaveParams),
    /// `config_edit`.
    Edit(ConfigEditParams),
    /// `config_restore`.
    Restore(ConfigRestoreParams),
}

impl SaveWish {
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::Save(_) => "config_save",
            Self::Edit(_) => "config_edit",
            Self::Restore(_) => "config_restore",
        }
    }

    /// On what, without the value, which may be a secret.
    pub(crate) fn subject(&self) -> String {
        match self {
            Self::Save(_) => "the configuration".to_owned(),
            Self::Edit(params) if params.value.is_null() => format!("{} removed", params.path),
            Self::Edit(params) => params.path.clone(),
            Self::Restore(params) => format!("version {}", params.id),
        }
    }

    fn base_hash(&self) -> Option<&str> {
        match self {
            Self::Save(ConfigSaveParams { base_hash, .. })
            | Self::Restore(ConfigRestoreParams { base_hash, .. }) => Some(base_hash),
            Self::Edit(params) => params.base_hash.as_deref(),
        }
    }

    fn change(&self) -> Result<Change, ApiError> {
        match self {
            Self::Save(params) => Ok(Change::Text(params.text.clone())),
            Self::Restore(params) => Ok(Change::Version(params.id)),
            Self::Edit(params) => {
                let path = KeyPath::parse(&params.path).map_err(|error| {
                    bad("path", error.to_string()).hint("a key is written as services.api.restart.delay")
                })?;
                let value = edit::from_json(&params.value).map_err(|message| bad("value", message))?;
                Ok(Change::Key { path, value })
            }
        }
    }
}

/// What is on disk.
///
/// # Errors
/// `config-unreadable`.
pub fn present(store: &Store) -> Result<ConfigText, ApiError> {
    let present = store.present().map_err(|error| told(store, error))?;
    let path = present.files.first().map(|file| file.display().to_string()).unwrap_or_default();
    if !present.exists {
        let message = format!("there is no {path}");
        return Err(ApiError::new(ErrorCode::ConfigUnreadable, message).hint("write it: ostler config edit"));
    }
    let files = present.files.iter().map(|file| file.display().to_string()).collect();
    Ok(ConfigText { text: present.text, hash: present.hash, path, files })
}

/// What a wish would change, without writing anything.
///
/// # Errors
/// As [`save`].
pub fn draft(store: &Store, wish: &SaveWish) -> Result<Draft, ApiError> {
    store.draft(&wish.change()?, wish.base_hash()).map_err(|error| told(store, error))
}

/// Does it on disk.
///
/// # Errors
/// `config-invalid` with diagnostics, `config-conflict` with the present text, `invalid-params`, `not-permitted`,
/// `config-unreadable`, `busy`.
pub fn save(store: &Store, wish: &SaveWish, actor: &str) -> Result<Draft, ApiError> {
    let at = Timestamp::now().to_string();
    store.save(&wish.change()?, wish.base_hash(), actor, &at).map_err(|error| told(store, error))
}

/// The answer to a save.
pub fn reply(draft: &Draft, plan: Plan) -> ConfigSaveReply {
    ConfigSaveReply {
        hash: draft.loaded.hash.clone(),
        plan,
        file: draft.file.display().to_string(),
        line: draft.line,
        notice: draft.notice.clone(),
    }
}

/// The kept versions.
///
/// # Errors
/// `config-unreadable`.
pub fn history(store: &Store) -> Result<ConfigHistory, ApiError> {
    let versions = store.history().map_err(|error| told(store, error))?;
    let version = |version: ostler_config::saving::Version| ConfigVersion {
        id: version.id,
        at: version.at,
        actor: version.actor,
        hash: version.hash,
        file: version.file.display().to_string(),
    };
    Ok(ConfigHistory(versions.into_iter().map(version).collect()))
}

/// Why it was not saved, and how to mend it.
pub fn told(store: &Store, error: SaveError) -> ApiError {
    let message = error.to_string();
    match error {
        SaveError::Invalid(rejected) => refused(ErrorCode::ConfigInvalid, &rejected),
        SaveError::Unreadable(rejected) => refused(ErrorCode::ConfigUnreadable, &rejected),
        SaveError::Edit(error) => not_edited(&error),
        SaveError::Scattered { .. } => ApiError::new(ErrorCode::Conflict, message)
            .hint("change its keys one by one, or edit the files: ostler config edit"),
        SaveError::Conflict { .. } => {
            let mut error =
                ApiError::new(ErrorCode::ConfigConflict, format!("{message}; nothing was written"))
                    .hint("look at the present text and make the change again");
            error.current = present(store).ok().map(Box::new);
            error
        }
        SaveError::NoVersion(_) | SaveError::VersionElsewhere { .. } => {
            bad("id", message).hint("list the versions: ostler config history")
        }
        SaveError::Busy => ApiError::new(ErrorCode::Busy, message).hint("try again in a moment"),
        SaveError::ReadOnly(path) => ApiError::new(ErrorCode::NotPermitted, message)
            .hint(format!("if it may be changed: chmod u+w {}", path.display())),
        SaveError::Io { path, source, .. } => not_written(message, &path, &source),
    }
}

fn not_written(message: String, path: &std::path::Path, source: &std::io::Error) -> ApiError {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let (code, hint) = match source.kind() {
        PermissionDenied | ReadOnlyFilesystem => (
            ErrorCode::NotPermitted,
            format!("check who may write in {}", path.parent().unwrap_or(path).display()),
        ),
        StorageFull | QuotaExceeded => {
            (ErrorCode::ConfigUnreadable, "free some space on the disk and save again".to_owned())
        }
        _ => (ErrorCode::ConfigUnreadable, "check the disk and save again".to_owned()),
    };
    ApiError::new(code, format!("{message}; the configuration is as it was")).hint(hint).caused_by(source)
}

fn not_edited(error: &EditError) -> ApiError {
    match error {
        EditError::Syntax(_) => ApiError::new(ErrorCode::ConfigInvalid, error.to_string())
            .hint("mend it first: ostler config edit"),
        EditError::Missing(_) | EditError::NotTable(_) | EditError::NoSuchItem(_) => {
            bad("path", error.to_string()).hint("see what is written: ostler config show")
        }
        EditError::Entangled(_) => ApiError::new(ErrorCode::Conflict, error.to_string())
            .hint("change it by hand: ostler config edit"),
    }
}

fn refused(code: ErrorCode, rejected: &Rejected) -> ApiError {
    let count = rejected.diagnostics.len();
    let message = match (rejected.diagnostics.first(), count) {
        (Some(first), 1) => first.message.clone(),
        (Some(_), _) | (None, _) => format!("the configuration would have {count} mistakes"),
    };
    let mut error = ApiError::new(code, message).hint("nothing was written");
    error.diagnostics = rejected.diagnostics.iter().map(wire::diagnostic).collect();
    error
}

fn bad(parameter: &str, message: String) -> ApiError {
    let mut error = ApiError::new(ErrorCode::InvalidParams, message);
    error.path = Some(parameter.to_owned());
    error
}
