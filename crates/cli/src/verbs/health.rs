//! `ostler health`.

use std::collections::BTreeSet;

use ostler_api::{ErrorCode, HealthReply, ServiceParams, Snapshot, Word};

use crate::{
    context::Context,
    failure::{OK, Outcome},
    print::{Align, BAD, BOLD, Cell, DIM, GOOD, Table, safe},
};

const EXAMPLES: &str = "\
Examples:
  ostler health                  ask all probes of all services
  ostler health api && echo well use it in a script: the exit code is 9 when one is not well";

/// Ask the health probes now
///
/// A service without a probe is well when its process lives. Services that are down on purpose are asked only by
/// name.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The service or instance; all if not given
    service: Option<String>,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    let params = ServiceParams { service: args.service };
    let is_named = params.service.is_some();
    let mut reply: HealthReply = link.health(&params).await?;
    if !is_named {
        // What is down on purpose is not unwell.
        let snapshot: Snapshot = link.status(&params).await?;
        let instances = snapshot.services.values().flat_map(|service| &service.instances);
        let down: BTreeSet<&str> =
            instances.filter(|slot| is_down(slot.word)).map(|slot| slot.id.as_str()).collect();
        reply.results.retain(|result| !down.contains(result.instance.as_str()));
    }
    context.out.either(&reply, || text(&reply))?;
    let is_well = reply.results.iter().all(|result| result.ok);
    Ok(if is_well { OK } else { ErrorCode::SpawnFailed.exit_code() })
}

fn is_down(word: Word) -> bool {
    matches!(word, Word::Stopped | Word::Disabled | Word::Completed)
}

fn text(reply: &HealthReply) -> String {
    if reply.results.is_empty() {
        return "There is nothing to ask: no service runs.\n".to_owned();
    }
    let mut table = Table::new([
        ("", Align::Left),
        ("INSTANCE", Align::Left),
        ("PROBE", Align::Left),
        ("TOOK", Align::Right),
        ("ANSWER", Align::Left),
    ]);
    for result in &reply.results {
        let (glyph, style) = if result.ok { ("●", GOOD) } else { ("✖", BAD) };
        let took =
            if result.latency_ms > 0.0 { format!("{:.1} ms", result.latency_ms) } else { String::new() };
        table.row([
            Cell::styled(style, glyph),
            Cell::styled(BOLD, result.instance.as_str()),
            Cell::styled(DIM, result.probe.as_str()),
            took.into(),
            safe(&result.message).into_owned().into(),
        ]);
    }
    table.render()
}
