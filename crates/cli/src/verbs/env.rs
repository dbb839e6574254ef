//! `ostler env`.

use ostler_api::{EnvReply, Method, ServiceParams};

use crate::{
    context::Context,
    failure::{OK, Outcome},
    print::{Align, BOLD, Cell, DIM, Table, safe},
};

const EXAMPLES: &str = "\
Examples:
  ostler env api                 every variable, its value and where it comes from";

/// Show the environment that a service gets
///
/// What a new run would get, with the origin of each variable. Secrets are shown as •••.
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
    let reply: EnvReply = link.call(Method::Env, &params).await?;
    context.out.either(&reply, || {
        let mut table = Table::new([("NAME", Align::Left), ("FROM", Align::Left), ("VALUE", Align::Left)]);
        for variable in &reply.variables {
            table.row([
                Cell::styled(BOLD, safe(&variable.name)),
                Cell::styled(DIM, safe(&variable.origin)),
                safe(&variable.value).into_owned().into(),
            ]);
        }
        table.render()
    })?;
    Ok(OK)
}
