//! `ostler custom-restart`.

use std::collections::BTreeMap;

use ostler_api::{
    CommandRef, CommandType, CustomRestartParams, ErrorCode, EventKind, InlineCommand, Wait, WatchParams,
};

use crate::{
    context::Context,
    failure::{Failure, INTERRUPTED, OK, Outcome},
    link::News,
    print::{self, DIM, paint, safe},
};

const EXAMPLES: &str = "\
Examples:
  ostler custom-restart api --pre-command 'cargo build --release'
  ostler custom-restart api --pre-command @migrate --post-command './warm-up.sh /index'
  ostler custom-restart api --args '--config production.toml' --env LEVEL=debug
  ostler custom-restart api --shell --pre-command 'git pull && make'
  ostler custom-restart api --pre-command 'make' --no-wait";

/// Give a service a new run, with commands before and after it
///
/// Pre commands run in order while the old run still works; if one fails, the service is left as it is. Then the
/// service restarts, and when it is ready the post commands run. They run in the service's folder with its
/// environment. Once begun, it goes on without this terminal. The exit code is 9 if a step failed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The service
    service: String,
    /// Run before: a command line, or `@NAME` of a command in `[commands]`; may be given several times
    #[arg(long = "pre-command", value_name = "COMMAND", allow_hyphen_values = true)]
    pre: Vec<String>,
    /// Run after it is ready: as `--pre-command`
    #[arg(long = "post-command", value_name = "COMMAND", allow_hyphen_values = true)]
    post: Vec<String>,
    /// Arguments in place of the configured ones, until the next reload; an empty text is none
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    args: Vec<String>,
    /// A variable over the configured ones, until the next reload
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// Run the commands through a shell
    #[arg(long)]
    shell: bool,
    /// Return as soon as the engine has accepted it
    #[arg(long)]
    no_wait: bool,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let params = params(args)?;
    let link = context.connect().await?;
    let reply = tokio::select! {
        reply = link.custom_restart(&params) => reply?,
        never = progress(context, &params.service) => match never {},
        _ = tokio::signal::ctrl_c() => {
            print::remark("\rNo longer waiting; the engine goes on with it. See: ostler status");
            return Ok(INTERRUPTED);
        }
    };
    let clock = context.clock();
    if reply.under_way {
        let how = context.command("status");
        context.out.either(&reply, || format!("Accepted. See how it goes: {how}\n"))?;
        return Ok(OK);
    }
    context.out.either(&reply, || print::custom_restart_text(&reply, &clock))?;
    Ok(if reply.ok { OK } else { ErrorCode::SpawnFailed.exit_code() })
}

fn params(args: Args) -> Result<CustomRestartParams, Failure> {
    let commands = |flag: &str, lines: &[String]| {
        lines.iter().map(|line| command(flag, line, args.shell)).collect::<Result<Vec<_>, _>>()
    };
    let start_args = match args.args.is_empty() {
        true => None,
        false => {
            let parts = args.args.iter().map(|line| words("--args", line));
            Some(parts.collect::<Result<Vec<_>, _>>()?.concat())
        }
    };
    Ok(CustomRestartParams {
        service: args.service.clone(),
        pre_commands: commands("--pre-command", &args.pre)?,
        start_args,
        post_commands: commands("--post-command", &args.post)?,
        env_vars: args.env.into_iter().collect::<BTreeMap<_, _>>(),
        wait: args.no_wait.then_some(Wait::Accepted),
    })
}

/// `@NAME`, a shell line, or a program and its arguments.
fn command(flag: &str, line: &str, is_shell: bool) -> Result<CommandRef, Failure> {
    if let Some(name) = line.strip_prefix('@') {
        return Ok(CommandRef::Named(name.to_owned()));
    }
    if is_shell {
        let command = line.to_owned();
        let command_type = CommandType::Shell;
        return Ok(CommandRef::Inline(InlineCommand { command_type, command, ..InlineCommand::default() }));
    }
    let mut words = words(flag, line)?.into_iter();
    let Some(command) = words.next() else {
        return Err(Failure::new(ErrorCode::InvalidParams, format!("{flag} is empty"), "give a command"));
    };
    Ok(CommandRef::Inline(InlineCommand { command, args: words.collect(), ..InlineCommand::default() }))
}

fn words(flag: &str, line: &str) -> Result<Vec<String>, Failure> {
    shlex::split(line).ok_or_else(|| {
        let message = format!("{flag} {line:?} ends within quotes");
        Failure::new(ErrorCode::InvalidParams, message, "close the quotes, or put a \\ before the character")
    })
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("write NAME=VALUE".to_owned()),
    }
}

/// Tells the steps as they happen. It has its own connection and may fail: the outcome does not depend on it.
async fn progress(context: &Context, service: &str) -> std::convert::Infallible {
    if !context.out.is_json()
        && let Ok(link) = context.connect().await
        && let Ok((_, mut events)) =
            link.watch(WatchParams { filter: vec![service.to_owned()], ..WatchParams::default() }).await
    {
        while let Some(news) = events.next().await {
            let News::Event(event) = news else { continue };
            if let EventKind::Command { service: Some(named), text, result: None, .. } = &event.kind
                && named == service
            {
                print::remark(paint(DIM, format!("\r{}", safe(text))));
            }
        }
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_by_quotes_and_not_by_a_shell() {
        let of = |line: &str, is_shell| command("--pre-command", line, is_shell).map_err(|_| ());
        let program = |command: &str, args: &[&str]| {
            let args = args.iter().map(|&arg| arg.to_owned()).collect();
            Ok(CommandRef::Inline(InlineCommand { command: command.to_owned(), args, ..<_>::default() }))
        };
        assert_eq!(of("make -j4 'a b'", false), program("make", &["-j4", "a b"]));
        assert_eq!(of("echo $HOME && ls", false), program("echo", &["$HOME", "&&", "ls"]));
        assert_eq!(of("@clean", false), Ok(CommandRef::Named("clean".to_owned())));
        assert_eq!((of("echo 'a", false), of("", false)), (Err(()), Err(())));
        let Ok(CommandRef::Inline(line)) = of("a && b", true) else { panic!("a line") };
        assert_eq!((line.command_type, line.command.as_str()), (CommandType::Shell, "a && b"));
    }
}
