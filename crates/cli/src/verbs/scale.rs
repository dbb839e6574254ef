//! `ostler scale`.

use ostler_api::{Method, PlanReply, ScaleParams};

use crate::{
    context::Context,
    failure::{OK, Outcome},
    print,
};

const EXAMPLES: &str = "\
Examples:
  ostler scale api 3             api/0, api/1 and api/2
  ostler scale api 1             back to one";

/// Run more or fewer instances of a service
///
/// Holds until the next reload of a changed `instances`; the bound is the service's `max_instances`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The service
    service: String,
    /// How many instances
    #[arg(value_name = "NUMBER")]
    instances: u16,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    let params = ScaleParams { service: args.service, instances: args.instances };
    let reply: PlanReply = link.call(Method::Scale, &params).await?;
    context.out.either(&reply, || print::plan_text(&reply.plan, true))?;
    Ok(OK)
}
