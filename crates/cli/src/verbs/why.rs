//! `ostler why`.

use ostler_api::{Method, ServiceParams, WhyReply};

use crate::{
    context::Context,
    failure::{OK, Outcome},
    print,
};

const EXAMPLES: &str = "\
Examples:
  ostler why api                 the causes of its state, and what happened to it
  ostler why api/1 --json        one instance, for programs";

/// Tell why a service is as it is
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The service or instance
    service: String,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    let params = ServiceParams { service: Some(args.service) };
    let reply: WhyReply = link.call(Method::Why, &params).await?;
    let clock = context.clock();
    let is_pool = reply.instances.len() > 1;
    context.out.either(&reply, || {
        let texts: Vec<String> =
            reply.instances.iter().map(|why| print::why_text(why, &clock, is_pool)).collect();
        texts.join("\n")
    })?;
    Ok(OK)
}
