//! `ostler health`.

use ostler_api::{ErrorCode, HealthReply, ServiceParams};

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
/// A service without a probe is well when its process lives.
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
    let reply: HealthReply = link.health(&params).await?;
    context.out.either(&reply, || text(&reply))?;
    let is_well = reply.results.iter().all(|result| result.ok);
    Ok(if is_well { OK } else { ErrorCode::SpawnFailed.exit_code() })
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
