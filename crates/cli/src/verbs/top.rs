//! `ostler top`.

use std::{io::IsTerminal as _, time::Duration};

use ostler_api::{Snapshot, WatchParams};
use ostler_view::fold;

use super::live;
use crate::{
    context::Context,
    failure::{OK, Outcome},
    link::{Events, News},
    print::{self, Columns},
    top,
};

/// How long the first measurement is waited for when the table is printed once.
const FIRST_SAMPLE: Duration = Duration::from_secs(3);

const EXAMPLES: &str = "\
Examples:
  ostler top                     a live table; ? shows its keys, q leaves
  ostler top | cat               the table once, with figures
  ostler top --json              the snapshot, then every change, a line each";

/// Watch CPU and memory of all services
///
/// Each service with all the processes below it. The engine takes samples only while somebody looks. Keys: arrows
/// choose a row, r restarts it, s stops or starts it, l shows its last lines, w why it is as it is, / filters, c m n
/// order by CPU, memory or name.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// Does it.
pub(crate) async fn run(_: Args, context: &mut Context) -> Outcome {
    let params = WatchParams { metrics: true, ..WatchParams::default() };
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if context.out.is_json() || (std::io::stdout().is_terminal() && !is_terminal) {
        let draw = |snapshot: &Snapshot, context: &Context| {
            print::status_text(snapshot, &context.clock(), Columns::Use)
        };
        return live::show(context, params, draw).await;
    }
    let link = context.connect().await?;
    let (snapshot, events) = link.watch(params).await?;
    if is_terminal {
        return top::show(context, link, snapshot, events).await;
    }
    let snapshot = measured(snapshot, events).await;
    let text = print::status_text(&snapshot, &context.clock(), Columns::Use);
    context.out.text(text)?;
    Ok(OK)
}

/// The snapshot with the first figures, if there are any soon.
async fn measured(mut snapshot: Snapshot, mut events: Events) -> Snapshot {
    let is_idle = |snapshot: &Snapshot| {
        let mut instances = snapshot.services.values().flat_map(|service| &service.instances);
        !instances.any(|it| it.pid.is_some() && it.memory_mb.is_none())
    };
    let wait = async {
        while !is_idle(&snapshot) {
            match events.next().await {
                Some(News::Event(event)) => {
                    let _is_changed = fold(&mut snapshot, &event);
                }
                Some(News::Snapshot(new)) => snapshot = *new,
                None => break,
            }
        }
    };
    // What is not measured by then is shown without figures.
    let _ = tokio::time::timeout(FIRST_SAMPLE, wait).await;
    snapshot
}
