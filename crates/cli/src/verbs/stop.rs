//! `ostler stop`.

use ostler_api::{ServiceParams, Wait};

use super::act::{self, Which};
use crate::{context::Context, failure::Outcome, link::Action};

const EXAMPLES: &str = "\
Examples:
  ostler stop api                politely; by force when its grace is over
  ostler stop db --yes           although others need it
  ostler stop --all              everything; the engine goes on";

/// Stop services and every process they left
///
/// Asks first when running services need them. Waits until the last process is gone and tells which ended, which
/// had to be killed, and which ports are free again. A second stop while one is under way kills at once.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Do not ask when running services need them
    #[arg(long, short)]
    yes: bool,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    if !args.yes && !args.which.all {
        let snapshot = link.status(&ServiceParams::default()).await?;
        act::confirm(&snapshot, &args.which, args.yes)?;
    }
    act::act(context, &link, Action::Stop, args.which.params(Wait::Settled)).await
}
