//! `ostler mode`.

use ostler_api::{Method, PlanReply, ServiceParams, SetModeParams, Snapshot};
use serde::Serialize;

use crate::{
    context::Context,
    failure::{OK, Outcome},
    print::{self, GOOD, paint},
};

const EXAMPLES: &str = "\
Examples:
  ostler mode                    the present mode and all others
  ostler mode advanced           switch";

/// Show or switch the mode
///
/// A mode is a named set of services with its own environment. Switching stops the services that are not in it,
/// starts those that are, and restarts those whose environment changes. At the next boot `supervisor.mode` holds
/// again.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The mode to switch to
    mode: Option<String>,
}

#[derive(Serialize)]
struct Modes<'a> {
    mode: &'a str,
    modes: &'a [String],
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    if let Some(mode) = args.mode {
        let reply: PlanReply = link.call(Method::SetMode, &SetModeParams { mode }).await?;
        context.out.either(&reply, || print::plan_text(&reply.plan, true))?;
        return Ok(OK);
    }
    let snapshot: Snapshot = link.status(&ServiceParams::default()).await?;
    let (mode, modes) = (&snapshot.supervisor.mode, &snapshot.supervisor.modes);
    context.out.either(&Modes { mode, modes }, || {
        let line = |name: &String| match name == mode {
            true => format!("{}\n", paint(GOOD, format!("● {name}"))),
            false => format!("  {name}\n"),
        };
        modes.iter().map(line).collect()
    })?;
    Ok(OK)
}
