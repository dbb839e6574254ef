//! `ostler signal`.

use ostler_api::{Method, SignalParams, SignalReply};

use crate::{
    context::Context,
    failure::{OK, Outcome},
};

const EXAMPLES: &str = "\
Examples:
  ostler signal nginx HUP        by name, with or without SIG
  ostler signal api/1 10         by number, to one instance";

/// Send a signal to a service's process
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The service or instance
    service: String,
    /// HUP, SIGHUP or 1
    signal: String,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    let params = SignalParams { service: args.service, signal: args.signal };
    send(context, &link, &params).await
}

/// Sends it and says to whom.
pub(crate) async fn send(context: &mut Context, link: &crate::link::Link, params: &SignalParams) -> Outcome {
    let reply: SignalReply = link.call(Method::Signal, params).await?;
    context.out.either(&reply, || format!("Sent to {}.\n", reply.delivered.join(", ")))?;
    Ok(OK)
}
