//! `ostler doctor`.

use ostler_api::{Check, CheckState, DoctorReply, ErrorCode, Method, NoParams};
use ostler_config::{Os, Paths};

use crate::{
    context::Context,
    failure::{Failure, OK, Outcome},
    link::Link,
    print::{Align, BAD, BOLD, BUSY, Cell, GOOD, Table, WARN, paint, safe},
};

const EXAMPLES: &str = "\
Examples:
  ostler doctor                  every check, and how to mend what is wrong
  ostler doctor --json           the same for programs";

/// Look for what is wrong with this installation
///
/// The engine checks itself if it runs; else what it needs to start is checked from here. The exit code is 1 when
/// something must be mended.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// Does it.
pub(crate) async fn run(_: Args, context: &mut Context) -> Outcome {
    let paths = context.paths()?;
    let reply = match context.reach().await {
        Ok(link) => {
            let mut reply = checks(&paths, link.as_ref()).await;
            if link.is_none() {
                let mend = format!("start it: {}", context.command("up"));
                reply.checks.insert(0, check(CheckState::Warn, "engine", "it does not run", Some(mend)));
            }
            reply
        }
        Err(Failure::Api(error)) => {
            let mut reply = checks(&paths, None).await;
            reply.checks.insert(0, check(CheckState::Fail, "engine", error.message, error.hint));
            reply
        }
        Err(error) => return Err(error),
    };
    context.out.either(&reply, || text(&reply))?;
    let is_broken = reply.checks.iter().any(|check| check.state == CheckState::Fail);
    Ok(if is_broken { ErrorCode::Internal.exit_code() } else { OK })
}

/// What the engine says of itself and the machine; without one, what can be seen from here.
pub(crate) async fn checks(paths: &Paths, link: Option<&Link>) -> DoctorReply {
    let Some(link) = link else { return DoctorReply { checks: local_checks(paths) } };
    match link.call::<_, DoctorReply>(Method::Doctor, &NoParams::default()).await {
        Ok(mut reply) => {
            reply.checks.insert(0, check(CheckState::Ok, "engine", "it runs and answers", None));
            reply
        }
        Err(failure) => {
            let (text, mend) = match failure {
                Failure::Api(error) => (error.message, error.hint),
                Failure::Output(error) => (error.to_string(), None),
            };
            let mut checks = local_checks(paths);
            checks.insert(0, check(CheckState::Fail, "engine", text, mend));
            DoctorReply { checks }
        }
    }
}

/// What an engine needs to start.
fn local_checks(paths: &Paths) -> Vec<Check> {
    let keeper = ostler_host::find_keeper();
    let mut checks = vec![configuration(paths)];
    if let Err(error) = &keeper {
        checks.push(check(CheckState::Fail, "keeper program", error.to_string(), error.hint()));
    }
    checks.extend(ostler_host::machine_checks(paths, keeper.as_deref().ok()));
    checks
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
