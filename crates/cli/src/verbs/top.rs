//! `ostler top`.

use ostler_api::{Snapshot, WatchParams};

use super::live;
use crate::{
    context::Context,
    failure::Outcome,
    print::{self, Columns},
};

const EXAMPLES: &str = "\
Examples:
  ostler top                     a live table (Ctrl-C ends)
  ostler top --json              the snapshot, then every change, a line each";

/// Watch CPU and memory of all services
///
/// Each service with all the processes below it. The engine takes samples only while somebody looks.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// Does it.
pub(crate) async fn run(_: Args, context: &mut Context) -> Outcome {
    let draw =
        |snapshot: &Snapshot, context: &Context| print::status_text(snapshot, &context.clock(), Columns::Use);
    live::show(context, WatchParams { metrics: true, ..WatchParams::default() }, draw).await
}
