//! `ostler version`.

use ostler_api::HelloReply;
use serde::Serialize;

use crate::{
    context::Context,
    failure::{OK, Outcome},
};

const VERSION: &str = env!("CARGO_PKG_VERSION");

const EXAMPLES: &str = "\
Examples:
  ostler version                 of this program, and of the engine if one runs";

/// Print the versions of this program and of the engine
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

#[derive(Serialize)]
struct Versions {
    program: &'static str,
    protocol: u32,
    engine: Option<HelloReply>,
}

/// Does it.
pub(crate) async fn run(_: Args, context: &mut Context) -> Outcome {
    let engine = match context.reach().await? {
        Some(link) => Some(link.hello().await?),
        None => None,
    };
    let versions = Versions { program: VERSION, protocol: ostler_api::PROTOCOL_VERSION, engine };
    context.out.either(&versions, || {
        let mut text = format!("ostler {VERSION} (control protocol {})\n", versions.protocol);
        text.push_str(&match &versions.engine {
            Some(engine) => format!("engine {} (pid {})\n", engine.version, engine.pid),
            None => "no engine runs\n".to_owned(),
        });
        text
    })?;
    Ok(OK)
}
