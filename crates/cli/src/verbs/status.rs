//! `ostler status`.

use ostler_api::{ServiceParams, Snapshot, WatchParams};
use serde::Serialize;

use super::live;
use crate::{
    context::Context,
    failure::{OK, Outcome},
    link::Link,
    print::{self, Align, BOLD, Cell, Columns, DIM, Table},
};

const EXAMPLES: &str = "\
Examples:
  ostler status                  everything at a glance
  ostler status --watch          stay and follow (Ctrl-C ends)
  ostler status api --json       one service, for programs
  ostler status --all-engines    every engine of yours on this machine";

/// Show all services and what they do
///
/// Each row: a glyph and a word for its state, process, uptime, ports, restarts by itself, and under it why it is
/// not well.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Only this service
    service: Option<String>,
    /// Stay and follow what happens
    #[arg(long, short, conflicts_with_all = ["service", "all_engines"])]
    watch: bool,
    /// All engines of this user on this machine
    #[arg(long, conflicts_with = "service")]
    all_engines: bool,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    if args.all_engines {
        return all_engines(context).await;
    }
    if args.watch {
        let draw = |snapshot: &Snapshot, context: &Context| {
            print::status_text(snapshot, &context.clock(), Columns::State)
        };
        return live::show(context, WatchParams::default(), draw).await;
    }
    let link = context.connect().await?;
    let is_one = args.service.is_some();
    let snapshot: Snapshot = link.status(&ServiceParams { service: args.service }).await?;
    let clock = context.clock();
    context.out.either(&snapshot, || match is_one {
        true => print::services_text(&snapshot, &clock, Columns::State),
        false => print::status_text(&snapshot, &clock, Columns::State),
    })?;
    Ok(OK)
}

#[derive(Serialize)]
struct Engine {
    id: String,
    snapshot: Option<Snapshot>,
}

async fn all_engines(context: &mut Context) -> Outcome {
    let mut engines = Vec::new();
    for known in context.paths()?.known_engines() {
        let snapshot = match Link::first(&known.sockets).await? {
            Some(link) => Some(link.status(&ServiceParams::default()).await?),
            None => None,
        };
        engines.push(Engine { id: known.id, snapshot });
    }
    context.out.either(&engines, || engines_text(&engines))?;
    Ok(OK)
}

fn engines_text(engines: &[Engine]) -> String {
    if engines.is_empty() {
        return "No engine has run here yet. Start one: ostler up\n".to_owned();
    }
    let mut table = Table::new([
        ("ENGINE", Align::Left),
        ("PID", Align::Right),
        ("SERVICES", Align::Right),
        ("NOT WELL", Align::Right),
        ("CONFIGURATION", Align::Left),
    ]);
    for engine in engines {
        let name = Cell::styled(BOLD, engine.id.as_str());
        match &engine.snapshot {
            Some(snapshot) => {
                let trouble = snapshot.services.values().filter(|service| print::is_trouble(service.status));
                table.row([
                    name,
                    snapshot.supervisor.pid.to_string().into(),
                    snapshot.services.len().to_string().into(),
                    trouble.count().to_string().into(),
                    print::home_text(&snapshot.supervisor.config_path).into(),
                ]);
            }
            None => table.row([name, "".into(), "".into(), "".into(), Cell::styled(DIM, "does not run")]),
        }
    }
    table.render()
}
