//! `ostler diagnostics`.

use std::path::{Path, PathBuf};

use ostler_api::{ApiError, ErrorCode};
use serde::Serialize;

use crate::{
    context::Context,
    diagnostics::{self, Part},
    failure::{Failure, OK, Outcome},
    print::{self, Align, Cell, DIM, Table},
    term,
};

/// Lines of each service's log if `--logs` says no number.
const LOG_LINES: &str = "500";

const EXAMPLES: &str = "\
Examples:
  ostler diagnostics --list              what would be in it, with sizes; writes nothing
  ostler diagnostics                     shows the list, asks, and writes a zip here
  ostler diagnostics --logs --service api
                                         with the last 500 lines of the output of one service
  ostler diagnostics --output /tmp/ostler.zip --yes";

/// Pack what helps others to help you into a zip, without secrets
///
/// Versions, facts of the system, the configuration, the state of all services, the self-check, the ends of the audit
/// and of the engine's own log, and the incidents. Values of keys that look secret, what came from ${env:…} and other
/// known secrets are masked everywhere. What services themselves write is only in it with --logs, and as the last
/// lines of incidents. Works without an engine too.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The zip [default: ostler-diagnostics-DATE-TIME.zip in this folder]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only show what would be in it
    #[arg(long, short)]
    list: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Only incidents and logs of these services
    #[arg(long, value_name = "SERVICE")]
    service: Vec<String>,
    /// With the last lines of the output of services
    #[arg(long, value_name = "LINES", num_args = 0..=1, default_missing_value = LOG_LINES)]
    logs: Option<usize>,
}

#[derive(Serialize)]
struct Packed<'a> {
    /// The zip; none when it was only listed.
    path: Option<&'a Path>,
    parts: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    bytes: usize,
    what: &'a str,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let path = args.output.clone().unwrap_or_else(|| default_name(context));
    if !args.list && path.exists() {
        let message = format!("{} is there already", path.display());
        return Err(Failure::new(ErrorCode::Conflict, message, "choose another name with --output"));
    }
    let link = context.reach().await.unwrap_or_default();
    let wanted = diagnostics::Wanted { services: args.service, log_lines: args.logs };
    let parts = diagnostics::gather(&context.paths()?, link.as_ref(), &wanted).await;
    let is_asking = !args.list && !args.yes && !context.out.is_json() && term::can_ask();
    if is_asking {
        // The question goes to the terminal, and so does what it is about.
        print::remark(list(&parts).trim_end());
        if !term::ask(&format!("Write this to {}?", path.display())) {
            print::remark("Nothing was written.");
            return Ok(OK);
        }
    }
    if !args.list {
        diagnostics::write(&path, &parts).map_err(|error| cannot_write(&path, &error))?;
    }
    let listed =
        parts.iter().map(|part| Listed { name: &part.name, bytes: part.text.len(), what: part.what });
    let packed = Packed { path: (!args.list).then_some(&*path), parts: listed.collect() };
    context.out.either(&packed, || {
        let mut text = if is_asking { String::new() } else { list(&parts) };
        if !args.list {
            text.push_str(&format!(
                "Written to {}. Look through it before you give it away.\n",
                path.display()
            ));
        }
        text
    })?;
    Ok(OK)
}

fn list(parts: &[Part]) -> String {
    let mut table = Table::new([("NAME", Align::Left), ("SIZE", Align::Right), ("WHAT", Align::Left)]);
    for part in parts {
        table.row([part.name.as_str().into(), size(part.text.len()).into(), Cell::styled(DIM, part.what)]);
    }
    table.render()
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        _ => format!("{:.1} KiB", bytes as f64 / 1024.0),
    }
}

fn default_name(context: &Context) -> PathBuf {
    let clock = context.clock();
    let now = clock.now.to_zoned(clock.zone);
    PathBuf::from(format!("ostler-diagnostics-{}.zip", now.strftime("%Y%m%d-%H%M%S")))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    let error = ApiError::new(ErrorCode::NotPermitted, format!("cannot write {}: {error}", path.display()))
        .hint("choose another place with --output; nothing is left behind");
    Failure::Api(error)
}
