//! `ostler restart`.

use ostler_api::Wait;

use super::act::{self, Which};
use crate::{context::Context, failure::Outcome, link::Action};

const EXAMPLES: &str = "\
Examples:
  ostler restart api             stop api, then start it anew
  ostler restart api/1           only the second instance of a pool
  ostler restart --all --no-wait everything, without waiting
  ostler restart api -- --debug  with other arguments, until the next reload";

/// Give services a new run
///
/// The old run is gone before the new one starts; the instances of a pool follow one after the other. Waits until
/// they are ready or have failed; the exit code is 9 if one failed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Do not start what they depend on
    #[arg(long)]
    no_deps: bool,
    /// Arguments in place of the configured ones, until the next reload
    #[arg(last = true, value_name = "ARGS")]
    args: Vec<String>,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    let mut params = args.which.params(Wait::Ready);
    params.no_deps = args.no_deps;
    params.args = (!args.args.is_empty()).then_some(args.args);
    act::act(context, &link, Action::Restart, params).await
}
