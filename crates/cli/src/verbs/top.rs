//! `ostler top`.

use std::{io::IsTerminal as _, sync::Arc, time::Duration};

use ostler_api::{Method, MetricsParams, MetricsReply, ServiceParams, Snapshot, WatchParams};

use super::live;
use crate::{
    context::Context,
    failure::{Failure, OK, Outcome},
    link::Link,
    print::{self, Columns},
    top,
};

/// Between the two readings of the CPU when the table is printed once: one alone tells only of the whole life.
const BETWEEN_READINGS: Duration = Duration::from_millis(500);

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
    if is_terminal {
        let (snapshot, events) = link.watch(params).await?;
        return top::show(context, link, snapshot, events).await;
    }
    let snapshot = measured(&link).await?;
    let text = print::status_text(&snapshot, &context.clock(), Columns::Use);
    context.out.text(text)?;
    Ok(OK)
}

/// What is, with what is used right now.
async fn measured(link: &Link) -> Result<Snapshot, Failure> {
    let params = MetricsParams::default();
    let _first: MetricsReply = link.call(Method::Metrics, &params).await?;
    tokio::time::sleep(BETWEEN_READINGS).await;
    let used: MetricsReply = link.call(Method::Metrics, &params).await?;
    let mut snapshot: Snapshot = link.status(&ServiceParams::default()).await?;
    for service in snapshot.services.values_mut() {
        for instance in &mut Arc::make_mut(service).instances {
            let sample = used.instances.iter().find(|it| it.instance == instance.id);
            if let Some(sample) = sample.and_then(|it| it.latest.as_ref()).filter(|_| instance.pid.is_some())
            {
                instance.cpu_percent = Some(sample.cpu_percent);
                instance.memory_mb = Some(sample.memory_bytes as f64 / (1024.0 * 1024.0));
            }
        }
    }
    Ok(snapshot)
}
