//! `ostler start`.

use ostler_api::Wait;

use super::act::{self, Which};
use crate::{context::Context, failure::Outcome, link::Action};

const EXAMPLES: &str = "\
Examples:
  ostler start api               start api, and what it depends on before it
  ostler start 'api*' worker     several, by name or glob
  ostler start group:backend     all services of a group
  ostler start --all             everything";

/// Start services, with what they depend on
///
/// Waits until they are ready or have failed; the exit code is 9 if one failed.
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
    act::act(context, &link, Action::Start, params).await
}
