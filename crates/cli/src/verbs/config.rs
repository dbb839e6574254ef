//! `ostler config`.

use std::path::PathBuf;

use clap::Subcommand;
use ostler_config::{Diagnostic, Loaded, Os, Overrides, Rejected, Severity};
use serde::Serialize;
use serde_json::json;

use super::{edit, set, versions};
use crate::{
    context::Context,
    failure::{Failure, OK, Outcome},
    print::{self, Align, Cell, DIM, GOOD, Table, home_text, paint, safe},
};

const EXAMPLES: &str = "\
Examples:
  ostler config check            all mistakes of your configuration, each with its place and a hint
  ostler config check other.toml of another file
  ostler config show --resolved  every key in force, and where it comes from
  ostler config edit             in $VISUAL or $EDITOR; only a valid text is kept
  ostler config set services.api.restart.delay 5s
  ostler config history          what was saved; ostler config restore ID goes back";

/// Check, show or edit the configuration
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tell all mistakes of a configuration, without changing anything
    Check {
        /// The file; that of the engine if not given
        file: Option<PathBuf>,
    },
    /// Print the configuration file, or every key in force
    Show {
        /// Every key in force with its origin: file, line, variable or default; secrets masked
        #[arg(long)]
        resolved: bool,
        /// Only keys that begin so, as services.api
        #[arg(requires = "resolved")]
        prefix: Option<String>,
    },
    /// Print the JSON Schema of the configuration, for editors
    Schema,
    /// Edit the configuration file; only a valid text is kept
    Edit,
    /// Set one key; every other byte of the file stays
    Set {
        /// The key, as services.api.restart.delay
        key: String,
        /// Its value, as TOML or as plain words
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Remove one key; every other byte of the file stays
    Unset {
        /// The key, as services.api.env.LEVEL
        key: String,
    },
    /// List the versions that were saved before
    History,
    /// Go back to a version of the history
    Restore {
        /// Its number
        id: u64,
        /// Do not ask
        #[arg(long, short = 'y')]
        yes: bool,
    },
}

#[derive(Serialize)]
struct Key {
    path: String,
    value: String,
    origin: String,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    match args.verb {
        Verb::Check { file } => check(file, context),
        Verb::Show { resolved: true, prefix } => resolved(prefix.as_deref(), context),
        Verb::Show { resolved: false, .. } => show(context),
        Verb::Schema => {
            context.out.json(&ostler_config::schema())?;
            Ok(OK)
        }
        Verb::Edit => edit::run(context).await,
        Verb::Set { key, value } => set::set(&key, &value, context).await,
        Verb::Unset { key } => set::unset(&key, context).await,
        Verb::History => versions::history(context).await,
        Verb::Restore { id, yes } => versions::restore(id, yes, context).await,
    }
}

fn check(file: Option<PathBuf>, context: &mut Context) -> Outcome {
    let path = file.map_or_else(|| context.paths().map(|paths| paths.config), Ok)?;
    if let Err(error) = std::fs::metadata(&path)
        && error.kind() == std::io::ErrorKind::NotFound
    {
        return Err(unreadable(&path, &error, context));
    }
    let result = ostler_config::load(&path, &Os);
    let is_valid = result.is_ok();
    let diagnostics = match &result {
        Ok(loaded) => &loaded.notices,
        Err(rejected) => &rejected.diagnostics,
    };
    if context.out.is_json() {
        context.out.json(&json!({ "valid": is_valid, "diagnostics": wire(diagnostics) }))?;
    } else {
        match &result {
            Ok(loaded) => context.out.text(valid_text(&path, loaded))?,
            Err(rejected) => context.out.line(rejected_text(rejected))?,
        }
    }
    Ok(match result {
        Ok(_) => OK,
        Err(rejected) => refusal_code(&rejected),
    })
}

/// The exit code for a refused configuration.
pub(crate) fn refusal_code(rejected: &Rejected) -> u8 {
    if rejected.is_unreadable() {
        ostler_api::ErrorCode::ConfigUnreadable.exit_code()
    } else {
        ostler_api::ErrorCode::ConfigInvalid.exit_code()
    }
}

/// All mistakes with the lines they stand in.
pub(crate) fn rejected_text(rejected: &Rejected) -> String {
    rejected.to_string()
}

fn valid_text(path: &std::path::Path, loaded: &Loaded) -> String {
    let count = loaded.config.fleet.services.len();
    let services = if count == 1 { "1 service".to_owned() } else { format!("{count} services") };
    let path = home_text(&path.to_string_lossy());
    let mut text = format!("{} {path} is valid: {services}\n", paint(GOOD, "✓"));
    for notice in &loaded.notices {
        text.push_str(&format!("  {}\n", safe(&notice.to_string())));
    }
    text
}

fn wire(diagnostics: &[Diagnostic]) -> Vec<serde_json::Value> {
    diagnostics
        .iter()
        .map(|d| {
            json!({
                "severity": match d.severity { Severity::Error => "error", Severity::Notice => "notice" },
                "file": d.file, "line": d.line, "column": d.column, "end_column": d.end_column,
                "path": d.path, "message": d.message, "hint": d.hint,
            })
        })
        .collect()
}

fn show(context: &mut Context) -> Outcome {
    let path = context.paths()?.config;
    let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error, context))?;
    // Whoever wants the secrets too reads the file.
    let text = ostler_config::masked_text(&text);
    context.out.either(&json!({ "path": path, "text": text }), || text.clone())?;
    Ok(OK)
}

fn unreadable(path: &std::path::Path, error: &std::io::Error, context: &Context) -> Failure {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            let is_default = context.paths().is_ok_and(|paths| paths.is_default() && paths.config == path);
            let hint = if is_default {
                "write it: ostler config edit; the first `ostler up` writes one too"
            } else {
                "check the path"
            };
            let message = format!("there is no {}", home_text(&path.to_string_lossy()));
            Failure::new(ostler_api::ErrorCode::ConfigUnreadable, message, hint)
        }
        _ => Failure::file("read", path, error),
    }
}

fn resolved(prefix: Option<&str>, context: &mut Context) -> Outcome {
    let path = context.paths()?.config;
    let overrides = Overrides::from_env(&Os).unwrap_or_default();
    let loaded = match ostler_config::load(&path, &Os) {
        Ok(loaded) => loaded,
        Err(rejected) => {
            print::remark(rejected_text(&rejected));
            return Ok(refusal_code(&rejected));
        }
    };
    let is_wanted = |path: &str| {
        prefix.is_none_or(|prefix| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    };
    let keys: Vec<Key> = ostler_config::resolved(&loaded, &overrides)
        .into_iter()
        .filter(|key| is_wanted(&key.path))
        .map(|key| Key { origin: home_text(&key.origin.to_string()), path: key.path, value: key.value })
        .collect();
    context.out.either(&keys, || {
        let mut table = Table::new([("KEY", Align::Left), ("VALUE", Align::Left), ("FROM", Align::Left)]);
        for key in &keys {
            let (name, value) = (key.path.as_str(), safe(&key.value).into_owned());
            table.row([name.into(), value.into(), Cell::styled(DIM, key.origin.as_str())]);
        }
        table.render()
    })?;
    Ok(OK)
}
