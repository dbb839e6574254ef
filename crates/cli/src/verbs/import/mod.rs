//! `ostler import`: another process manager's file becomes services of the configuration.

mod node;
mod place;
mod show;

use std::{
    collections::BTreeSet,
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
};

use ostler_api::ErrorCode;
use ostler_config::Os;
use ostler_import::{Import, ImportError, Kind, Source};

use super::config;
use crate::{
    context::Context,
    failure::{Failure, OK, Outcome},
    print::{self, home_text},
    term,
};

const EXAMPLES: &str = "\
Examples:
  ostler import Procfile                     what would be added to the configuration, and what has no equivalent
  ostler import package.json --only dev      one of its services
  ostler import ecosystem.config.js --apply  add the services to the configuration (evaluates it with node)
  ostler import compose.yaml --output x.toml a configuration of its own; `-` prints it
  ostler import app.txt --as procfile        say what it is where the name does not
  cat app.json | ostler import - --as pm2    from standard input";

/// The word on the command line for standard input and output.
const DASH: &str = "-";

/// Turn another process manager's file into services
///
/// Reads Procfiles, package.json scripts, docker-compose, process-compose, PM2 ecosystem files, supervisord,
/// pitchfork, the servers of MCP clients, and YAML with a `supervisor:` section. Shows what would be added to the configuration and names every
/// key that has no equivalent; nothing is written before you say so.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What kind of file it is, if its name and content do not tell
    #[arg(long = "as", value_name = "KIND", value_parser = kinds())]
    kind: Option<String>,
    /// Write a configuration of its own into this file, which must not exist; `-` prints it
    #[arg(long, short, value_name = "FILE", conflicts_with = "apply")]
    output: Option<PathBuf>,
    /// Add the services to the configuration without asking
    #[arg(long, visible_alias = "yes", short_alias = 'y')]
    apply: bool,
    /// Only these services, by their name in Ostler
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Give services another name when the configuration has one of the same
    #[arg(long)]
    rename: bool,
}

fn kinds() -> clap::builder::PossibleValuesParser {
    Kind::ALL.map(Kind::as_str).into()
}

/// What was read, and how it is called in messages.
struct Input {
    import: Import,
    /// As the person wrote it.
    shown: String,
    /// Its name alone, for comments in the result.
    name: String,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let target = match &args.output {
        Some(output) => place::own(output)?,
        None => place::configuration(context)?,
    };
    let mut input = read(&args, &target).await?;
    select(&mut input, &args.only)?;
    place::settle_names(&mut input.import, &target, args.rename)?;
    let text = target.with(&input.import, &input.name);
    if let Err(rejected) = ostler_config::check(&text, &target.path, &Os) {
        print::remark(config::rejected_text(&rejected));
        let message = format!("with this, {} would not be valid; nothing was written", target.shown());
        let hint = "change the file, or choose: --only NAME,NAME";
        return Err(Failure::new(ErrorCode::ConfigInvalid, message, hint));
    }
    if args.output.as_deref() == Some(Path::new(DASH)) {
        show::remarks(&input);
        context.out.text(text)?;
        return Ok(OK);
    }
    let shown = show::Shown::new(&input, &target);
    if !context.out.is_json() {
        context.out.text(shown.text())?;
        context.out.flush()?;
    }
    let is_wanted = args.output.is_some() || args.apply || (!context.out.is_json() && may_write(&target));
    let written = if is_wanted { Some(target.write(text, context).await?) } else { None };
    let end = show::end(&target, written.as_ref(), context);
    context.out.either(&shown.json(written.as_ref()), || end)?;
    Ok(OK)
}

fn may_write(target: &place::Target) -> bool {
    term::can_ask() && term::ask(&format!("Write this into {}?", target.shown()))
}

async fn read(args: &Args, target: &place::Target) -> Result<Input, Failure> {
    let kind = args.kind.as_deref().and_then(Kind::parse);
    let is_stdin = args.file == Path::new(DASH);
    let shown = if is_stdin { "standard input".to_owned() } else { home_text(&args.file.to_string_lossy()) };
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = if is_stdin {
        take(io::stdin().lock()).map_err(|error| Failure::file("read", &args.file, &error))?
    } else {
        read_file(&args.file)?
    };
    let folder = place::folder_of(&args.file, is_stdin).map_err(|e| Failure::file("read", &args.file, &e))?;
    let as_seen = target.see(&folder);
    let has_sibling = |other: &str| folder.join(other).is_file();
    let source = Source { name: &name, bytes: &bytes, folder: &as_seen, has_sibling: &has_sibling };
    let import = match ostler_import::read(&source, kind) {
        Err(ImportError::Script) if !is_stdin => {
            let json = node::evaluate(&args.file, &shown).await?;
            // What node printed has no lines of the file.
            let source = Source { name: "ecosystem.json", bytes: &json, ..source };
            ostler_import::read(&source, Some(Kind::Pm2)).map(without_lines)
        }
        read => read,
    };
    let import = import.map_err(|error| refusal(&error, &shown))?;
    let name = if is_stdin { "standard input".to_owned() } else { name };
    Ok(Input { import, shown, name })
}

/// The file, but never more than is imported and one byte, so that too much can be told.
fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |error: io::Error| Failure::file("read", path, &error);
    let metadata = fs::metadata(path).map_err(wrong)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a directory" } else { "no regular file" };
        let message = format!("{} is {what}", home_text(&path.to_string_lossy()));
        return Err(Failure::new(ErrorCode::InvalidParams, message, "name the file itself"));
    }
    take(fs::File::open(path).map_err(wrong)?).map_err(wrong)
}

fn take(from: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(ostler_import::BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn without_lines(mut import: Import) -> Import {
    import.notes.iter_mut().for_each(|note| note.line = 0);
    import.services.iter_mut().for_each(|service| service.line = 0);
    import
}

fn refusal(error: &ImportError, shown: &str) -> Failure {
    let code = match error {
        ImportError::TooLarge { .. } | ImportError::TooMany { .. } => ErrorCode::TooLarge,
        ImportError::Script => ErrorCode::NotAvailable,
        ImportError::NotText { .. }
        | ImportError::UnknownKind
        | ImportError::WrongKind { .. }
        | ImportError::Syntax { .. }
        | ImportError::Empty { .. } => ErrorCode::InvalidParams,
    };
    let place = match error.place() {
        Some((line, 0)) => format!("{shown}:{line}"),
        Some((line, column)) => format!("{shown}:{line}:{column}"),
        None => shown.to_owned(),
    };
    Failure::new(code, format!("{place}: {error}"), error.hint())
}

/// Leaves only these services.
fn select(input: &mut Input, only: &[String]) -> Result<(), Failure> {
    if only.is_empty() {
        return Ok(());
    }
    let services = &mut input.import.services;
    let known: Vec<String> = services.iter().map(|service| service.name.clone()).collect();
    if let Some(unknown) = only.iter().find(|name| !known.contains(name)) {
        let message = format!("{} has no service {unknown:?}", input.shown);
        return Err(Failure::new(ErrorCode::UnknownService, message, format!("it has {}", known.join(", "))));
    }
    services.retain(|service| only.contains(&service.name));
    let left: BTreeSet<String> = services.iter().map(|service| service.name.clone()).collect();
    for service in services {
        service.depends_on.retain(|(other, _)| left.contains(other));
    }
    Ok(())
}
