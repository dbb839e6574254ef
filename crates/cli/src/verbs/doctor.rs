//! `ostler doctor`.

use ostler_api::{Check, CheckState, DoctorReply, ErrorCode, Method, NoParams};
use ostler_config::{Os, Paths};

use crate::{
    context::Context,
    failure::{OK, Outcome},
    print::{Align, BAD, BOLD, BUSY, Cell, GOOD, Table, WARN, paint, safe},
};

const EXAMPLES: &str = "\
Examples:
  ostler doctor                  every check, and how to mend what is wrong";

/// Look for what is wrong with this installation
///
/// The engine checks itself if it runs; else what it needs to start is checked from here. The exit code is 1 when
/// something must be mended.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// Does it.
pub(crate) async fn run(_: Args, context: &mut Context) -> Outcome {
    let mut checks = Vec::new();
    match context.reach().await? {
        Some(link) => {
            checks.push(check(CheckState::Ok, "engine", "it runs and answers", None));
            let reply: DoctorReply = link.call(Method::Doctor, &NoParams::default()).await?;
            checks.extend(reply.checks);
        }
        None => {
            let mend = format!("start it: {}", context.command("up"));
            checks.push(check(CheckState::Warn, "engine", "it does not run", Some(mend)));
            checks.extend(local_checks(&context.paths()?));
        }
    }
    let reply = DoctorReply { checks };
    context.out.either(&reply, || text(&reply))?;
    let is_broken = reply.checks.iter().any(|check| check.state == CheckState::Fail);
    Ok(if is_broken { ErrorCode::Internal.exit_code() } else { OK })
}

/// What an engine needs to start.
fn local_checks(paths: &Paths) -> Vec<Check> {
    let home = match paths.ensure() {
        Ok(()) => check(CheckState::Ok, "state directory", paths.state.display().to_string(), None),
        Err(error) => check(CheckState::Fail, "state directory", error.to_string(), Some(error.hint())),
    };
    let keeper = match ostler_host::find_keeper() {
        Ok(path) => check(CheckState::Ok, "keeper program", path.display().to_string(), None),
        Err(error) => check(CheckState::Fail, "keeper program", error.to_string(), error.hint()),
    };
    vec![home, configuration(paths), keeper]
}

fn configuration(paths: &Paths) -> Check {
    let name = "configuration";
    let path = paths.config.display().to_string();
    if !paths.config.exists() && paths.is_default() {
        return check(CheckState::Ok, name, format!("{path} will be written by the first start"), None);
    }
    match ostler_config::load(&paths.config, &Os) {
        Ok(_) => check(CheckState::Ok, name, format!("{path} is valid"), None),
        Err(rejected) => {
            let first = rejected.diagnostics.first().map(ToString::to_string).unwrap_or_default();
            check(CheckState::Fail, name, first, Some("see all mistakes: ostler config check".to_owned()))
        }
    }
}

fn check(state: CheckState, name: &str, text: impl Into<String>, mend: Option<String>) -> Check {
    Check { name: name.to_owned(), state, text: text.into(), mend }
}

fn text(reply: &DoctorReply) -> String {
    let mut table = Table::new([("", Align::Left), ("", Align::Left), ("", Align::Left)]);
    for check in &reply.checks {
        let (glyph, style) = match check.state {
            CheckState::Ok => ("✓", GOOD),
            CheckState::Warn => ("▲", WARN),
            CheckState::Fail => ("✖", BAD),
            CheckState::Unknown => ("?", BUSY),
        };
        table.row([
            Cell::styled(style, glyph),
            Cell::styled(BOLD, check.name.as_str()),
            safe(&check.text).into_owned().into(),
        ]);
        if let Some(mend) = check.mend.as_ref().filter(|_| check.state != CheckState::Ok) {
            table.below(format!("{} {}", paint(BOLD, "→"), safe(mend)));
        }
    }
    table.render()
}
