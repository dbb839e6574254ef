//! `ostler shutdown`.

use ostler_api::{Method, OnQuit, ShutdownParams, ShutdownReply, WatchParams};

use crate::{
    context::Context,
    failure::{OK, Outcome},
};

const EXAMPLES: &str = "\
Examples:
  ostler shutdown                as `supervisor.on_quit` says
  ostler shutdown --stop         end the services too
  ostler shutdown --keep         let the services run on; the next `ostler up` takes them over";

/// End the engine
///
/// Waits until it is gone.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Let the services run on
    #[arg(long, conflicts_with = "stop")]
    keep: bool,
    /// Stop the services first
    #[arg(long)]
    stop: bool,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    let services = match (args.keep, args.stop) {
        (true, _) => Some(OnQuit::Keep),
        (_, true) => Some(OnQuit::Stop),
        (false, false) => None,
    };
    // Another connection sees the end: this one may be closed with the answer.
    let watching = context.connect().await?;
    let (_, mut events) = watching.watch(WatchParams::default()).await?;
    let reply: ShutdownReply = link.call(Method::Shutdown, &ShutdownParams { services }).await?;
    while events.next().await.is_some() {}
    context.out.either(&reply, || {
        let services = if reply.services_kept {
            "its services run on; `ostler up` takes them over"
        } else {
            "its services are stopped"
        };
        format!("The engine has ended; {services}.\n")
    })?;
    Ok(OK)
}
