//! `ostler reload`.

use ostler_api::{ErrorCode, Method, PlanReply, ReloadParams, ServiceParams, SignalParams, Snapshot};

use super::signal;
use crate::{
    context::Context,
    failure::{Failure, OK, Outcome},
    link::Link,
    print,
};

/// The name under which the engine knows a service's own `reload_signal`.
const RELOAD_SIGNAL: &str = "reload";

const EXAMPLES: &str = "\
Examples:
  ostler reload --plan           what would change
  ostler reload                  do it: only what changed starts, stops or restarts
  ostler reload nginx            send nginx its reload_signal";

/// Apply the changed configuration, or have one service read its own again
///
/// A configuration with mistakes changes nothing; they are shown. A change of comment or order restarts nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A service that has a `reload_signal`
    #[arg(conflicts_with = "plan")]
    service: Option<String>,
    /// Only show what would change
    #[arg(long)]
    plan: bool,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    if let Some(service) = args.service {
        return reload_service(context, &link, service).await;
    }
    let params = ReloadParams { config_path: None, plan_only: args.plan };
    let reply: PlanReply = link.call(Method::ReloadConfig, &params).await?;
    context.out.either(&reply, || print::plan_text(&reply.plan, !args.plan))?;
    Ok(OK)
}

async fn reload_service(context: &mut Context, link: &Link, service: String) -> Outcome {
    let params = ServiceParams { service: Some(service.clone()) };
    let snapshot: Snapshot = link.status(&params).await?;
    let name = print::service_of(&service);
    if snapshot.services.get(name).is_some_and(|status| !status.has_reload_signal) {
        return Err(Failure::new(
            ErrorCode::NotAvailable,
            format!("{name} has no reload_signal, so it cannot be asked to read its configuration again"),
            format!(
                "restart it: ostler restart {service}; or set services.{name}.reload_signal = \"SIGHUP\""
            ),
        ));
    }
    let params = SignalParams { service, signal: RELOAD_SIGNAL.to_owned() };
    signal::send(context, link, &params).await
}
