//! `ostler help`.

use ostler_api::ErrorCode;

use crate::{
    args,
    context::Context,
    failure::{Failure, OK, Outcome},
    help,
};

const EXAMPLES: &str = "\
Examples:
  ostler help                    all verbs
  ostler help logs               one verb
  ostler help exit-codes         what exit codes mean";

/// Print this help, that of a verb, or `exit-codes`
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A verb (`logs`, `config check`), or `exit-codes`
    topic: Vec<String>,
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Outcome {
    if args.topic.iter().any(|topic| topic == "exit-codes") {
        context.out.line(help::exit_codes())?;
        return Ok(OK);
    }
    let mut command = args::command();
    command.build();
    let mut found = &mut command;
    for topic in &args.topic {
        found = found.find_subcommand_mut(topic).ok_or_else(|| {
            let message = format!("there is no verb {topic:?}");
            Failure::new(ErrorCode::InvalidParams, message, "see all: ostler help")
        })?;
    }
    context.out.line(found.render_long_help().ansi().to_string().trim_end())?;
    Ok(OK)
}
