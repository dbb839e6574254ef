//! `ostler attach`.

mod engine_lost;
mod keys;
mod notes;
mod session;
mod traces;

use std::{io::IsTerminal as _, time::Duration};

use ostler_api::AttachParams;

use crate::{
    context::Context,
    failure::{INTERRUPTED, OK, Outcome},
    term,
};
use keys::DetachKeys;
use session::{End, Session};

const EXAMPLES: &str = "\
Examples:
  ostler attach shell                        the terminal of a service with stdio = \"pty\"
  ostler attach shell --read-only            only look; several can
  ostler attach shell --take                 type instead of whoever does now
  echo reload | ostler attach api --idle 1   send a line to the standard input of a service
  ostler attach shell --detach-keys ctrl-]   leave with another key

Leaving does not touch the service. The exit code is 0 after leaving, that of the service when its run has
ended and no other follows (128 + the signal's number if one ended it), 130 after Ctrl-C.";

/// Use a service's terminal, or send lines to its standard input
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The service, or an instance (`api/1`) if it has several
    service: String,
    /// Only look
    #[arg(long, short, conflicts_with = "take")]
    read_only: bool,
    /// Type instead of whoever does now
    #[arg(long)]
    take: bool,
    /// The keys that leave, one after the other: `ctrl-p,ctrl-q`, `~,.` or `none`
    #[arg(long, value_name = "KEYS", default_value = "ctrl-p,ctrl-q", value_parser = DetachKeys::parse)]
    detach_keys: DetachKeys,
    /// Leave after so much silence, once standard input has ended
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    idle: Option<Duration>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| format!("{text:?} is no number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

impl Args {
    fn params(&self) -> AttachParams {
        let size = std::io::stdout().is_terminal().then(term::size);
        let cells = |cells: usize| u16::try_from(cells).ok();
        AttachParams {
            service: self.service.clone(),
            rows: size.and_then(|size| cells(size.height)),
            cols: size.and_then(|size| cells(size.width)),
            write: Some(!self.read_only),
            take: self.take,
        }
    }
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    let mut session = Session::begin(&args, link, context).await?;
    loop {
        let end = session.go_on(context).await;
        match end {
            Ok(End::EngineLost) => {}
            Ok(End::Left) => {
                session.finish("left; the service goes on", context);
                return Ok(OK);
            }
            Ok(End::Over(code)) => {
                session.finish("the service has ended", context);
                return Ok(code);
            }
            Ok(End::Gone) => {
                session.finish("the service is gone from the configuration", context);
                return Ok(OK);
            }
            Ok(End::Signalled(code)) => {
                session.finish("left; the service goes on", context);
                return Ok(code);
            }
            Err(failure) => {
                session.finish("left", context);
                return Err(failure);
            }
        }
        if let Some(code) = engine_lost::wait(&mut session, &args, context).await? {
            session.finish("left; the service goes on", context);
            return Ok(code.unwrap_or(INTERRUPTED));
        }
    }
}
