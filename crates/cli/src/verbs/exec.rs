//! `ostler exec`.

use std::io::IsTerminal as _;

use ostler_api::{CommandRef, CommandReply, CommandType, ErrorCode, ExecuteCommandParams, InlineCommand};

use super::{act::span, waiting::Waiting};
use crate::{
    context::Context,
    failure::{Failure, INTERRUPTED, OK, Outcome},
    print,
};

/// The code of a command whose time was over, as `timeout` has it.
const TIMED_OUT: u8 = 124;
/// The code of a command that could not be started, as shells have it.
const NOT_STARTED: u8 = 126;
/// Above it stands the signal that ended a command, as shells have it.
const SIGNAL_BASE: u8 = 128;

const EXAMPLES: &str = "\
Examples:
  ostler exec clean                        the command [commands.clean] of the configuration
  ostler exec clean -- --verbose           with arguments after its own
  ostler exec -- make -j4 test             a program as it is, here in this folder
  ostler exec --shell -- 'ls *.log | wc -l'
  ostler exec --timeout 10min -- cargo build

Exit codes:
  the command's own; 124 when its time was over, 126 when it could not be started, 128 and the signal when one
  ended it; see `ostler help exit-codes` for what the engine itself may say.";

/// Run a command beside the services
///
/// The engine runs it, in your login environment, without input and without a terminal, and shows its output when
/// it has ended: of each output the beginning and the end. Whatever it leaves behind is ended with it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The name of a command in `[commands]`
    #[arg(value_name = "NAME", required_unless_present = "words")]
    name: Option<String>,
    /// A program and its arguments; after a NAME, arguments for that
    #[arg(last = true, value_name = "PROGRAM ARGS")]
    words: Vec<String>,
    /// Run the words through a shell
    #[arg(long, conflicts_with = "name")]
    shell: bool,
    /// When it is killed, at most 1h; else after the time that [commands] gives it, or 1min
    #[arg(long, value_name = "TIME", value_parser = span)]
    timeout: Option<f64>,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let params = params(args)?;
    let link = context.connect().await?;
    let waiting = Waiting::new(context, "the command runs".to_owned());
    let reply = tokio::select! {
        reply = link.execute_command(&params) => reply?,
        never = waiting.show() => match never {},
        _ = tokio::signal::ctrl_c() => {
            drop(waiting);
            print::remark("\rNo longer waiting; the engine ends the command when its time is over.");
            return Ok(INTERRUPTED);
        }
    };
    drop(waiting);
    if context.out.is_json() {
        context.out.json(&reply)?;
        return Ok(code(&reply));
    }
    let is_screen = std::io::stdout().is_terminal();
    context.out.text(print::command_output(&reply.stdout.text, is_screen))?;
    context.out.flush()?;
    print::remark_text(&print::command_output(&reply.stderr.text, std::io::stderr().is_terminal()));
    if let Some(error) = reply.error.as_ref().filter(|_| reply.exit_code.is_none()) {
        print::remark(format!("error: {}", print::safe(error)));
    }
    if reply.left_behind > 0 {
        print::remark(format!("{} processes that it left behind were ended", reply.left_behind));
    }
    Ok(code(&reply))
}

fn params(args: Args) -> Result<ExecuteCommandParams, Failure> {
    let timeout_seconds = args.timeout;
    if let Some(name) = args.name {
        let command = CommandRef::Named(name);
        return Ok(ExecuteCommandParams { command, args: args.words, timeout_seconds });
    }
    let working_dir = std::env::current_dir().map_err(|error| {
        Failure::new(
            ErrorCode::NotAvailable,
            format!("this folder cannot be told: {error}"),
            "go to another one",
        )
    })?;
    let working_dir = working_dir.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::new(ErrorCode::InvalidParams, "the path of this folder is not UTF-8", "go to another one")
    })?;
    let mut words = args.words.into_iter();
    let (command_type, command) = match args.shell {
        true => (CommandType::Shell, words.by_ref().collect::<Vec<_>>().join(" ")),
        false => (CommandType::Binary, words.next().unwrap_or_default()),
    };
    let inline = InlineCommand {
        command_type,
        command,
        args: words.collect(),
        working_dir: Some(working_dir),
        ..InlineCommand::default()
    };
    Ok(ExecuteCommandParams { command: CommandRef::Inline(inline), args: Vec::new(), timeout_seconds })
}

/// The command's own code, or what a shell would say instead.
fn code(reply: &CommandReply) -> u8 {
    if reply.ok {
        return OK;
    }
    if reply.timed_out {
        return TIMED_OUT;
    }
    match (reply.exit_code, &reply.signal) {
        (Some(code), _) => u8::try_from(code).unwrap_or(1),
        (None, Some(signal)) => SIGNAL_BASE.saturating_add(super::run::signal_number(signal)),
        (None, None) => NOT_STARTED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_what_a_shell_would_say() {
        let with = |exit_code, signal: Option<&str>, timed_out| {
            code(&CommandReply {
                exit_code,
                signal: signal.map(str::to_owned),
                timed_out,
                ..CommandReply::default()
            })
        };
        assert_eq!(with(Some(3), None, false), 3);
        assert_eq!(with(None, Some("SIGKILL"), false), 137);
        assert_eq!(with(None, None, true), 124);
        assert_eq!(with(None, None, false), 126);
    }
}
