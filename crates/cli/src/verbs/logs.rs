//! `ostler logs`.

use std::io::IsTerminal as _;

use ostler_api::{LogLine, LogReply, LogsParams};

use crate::{
    context::Context,
    failure::{Failure, INTERRUPTED, OK, Outcome},
    link::Lines,
    print::{self, LogPrinter},
};

const SUPERVISOR: &str = "supervisor";

const EXAMPLES: &str = "\
Examples:
  ostler logs                            the latest lines of all services, in order of time
  ostler logs api -f                     follow one
  ostler logs --since 10min --grep panic search all of them
  ostler logs 'w*' --level warn          warnings and worse
  tail -F $(ostler logs api --path)      the files are yours too
  ostler logs --supervisor               what the engine itself says";

/// Show the output of services
///
/// Without an engine it reads the files that were written while one ran.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Services, instances (`api/1`) or globs; all if not given
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// Go on with what is written from now on
    #[arg(long, short)]
    follow: bool,
    /// Only after this: a span back from now (`10min`) or a time (`2026-03-01T14:30:00Z`)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only lines that match this regular expression
    #[arg(long, short, value_name = "REGEX")]
    grep: Option<String>,
    /// Only lines of this level or worse, as far as a level can be read from the line
    #[arg(long, value_name = "LEVEL")]
    level: Option<String>,
    /// The latest lines of each, at most 10000 [default: 100]
    #[arg(long, short = 'n', value_name = "NUMBER", alias = "tail")]
    lines: Option<u32>,
    /// Print where the files are instead
    #[arg(long, conflicts_with_all = ["follow", "clear"])]
    path: bool,
    /// Forget what was written so far
    #[arg(long, conflicts_with = "follow")]
    clear: bool,
    /// The engine's own log
    #[arg(long, conflicts_with = "services")]
    supervisor: bool,
}

impl Args {
    fn params(&self) -> LogsParams {
        let services = if self.supervisor { vec![SUPERVISOR.to_owned()] } else { self.services.clone() };
        LogsParams {
            services,
            follow: self.follow,
            lines: if self.path || self.clear { Some(0) } else { self.lines },
            since: self.since.clone(),
            grep: self.grep.clone(),
            level: self.level.clone(),
            clear: self.clear,
            ..LogsParams::default()
        }
    }
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let Some(link) = context.reach().await? else { return left_behind(&args, context).await };
    let (reply, mut more) = link.logs(args.params()).await?;
    if args.path {
        return paths(context, &reply);
    }
    if args.clear {
        context.out.either(&reply, || "Cleared.\n".to_owned())?;
        return Ok(OK);
    }
    let mut printer = show(&args, context, &reply)?;
    if args.follow { follow(context, &mut printer, &mut more).await } else { Ok(OK) }
}

/// Without an engine the files are still there.
async fn left_behind(args: &Args, context: &mut Context) -> Outcome {
    if args.follow || args.clear || context.global.socket.is_some() {
        return Err(context.no_engine());
    }
    let reply = ostler_host::kept_logs(&context.paths()?.state, &args.params()).await?;
    if reply.paths.is_empty() {
        return Err(context.no_engine());
    }
    if args.path {
        return paths(context, &reply);
    }
    if !context.out.is_json() {
        print::remark("No engine runs; this is what was written.");
    }
    show(args, context, &reply)?;
    Ok(OK)
}

fn paths(context: &mut Context, reply: &LogReply) -> Outcome {
    context.out.either(&reply.paths, || reply.paths.iter().map(|path| format!("{path}\n")).collect())?;
    Ok(OK)
}

/// Prints what was read, and returns what prints the rest.
fn show(args: &Args, context: &mut Context, reply: &LogReply) -> Result<LogPrinter, Failure> {
    let names = reply.lines.iter().map(|line| line.instance.as_str());
    let with_time = std::io::stdout().is_terminal() || args.since.is_some() || args.grep.is_some();
    let mut printer = LogPrinter::new(context.clock(), names, with_time);
    if reply.truncated {
        let how = context.command("logs --path");
        print::remark(format!(
            "Older lines are left out, as there are too many. Ask for less (--since, --grep, --level, one service), \
             or read the files: {how}"
        ));
    }
    write(context, &mut printer, &reply.lines)?;
    context.out.flush()?;
    if reply.lines.is_empty() && !args.follow && !context.out.is_json() {
        print::remark("No line matches; nothing was written yet, or the filters leave nothing.");
    }
    Ok(printer)
}

async fn follow(context: &mut Context, printer: &mut LogPrinter, more: &mut Lines) -> Outcome {
    loop {
        tokio::select! {
            notification = more.next() => {
                let Some(notification) = notification else {
                    print::remark("The engine has ended.");
                    return Ok(OK);
                };
                if notification.missed > 0 && !context.out.is_json() {
                    context.out.line(print::missed_text(notification.missed))?;
                }
                write(context, printer, &notification.lines)?;
                context.out.flush()?;
            }
            _ = tokio::signal::ctrl_c() => return Ok(INTERRUPTED),
        }
    }
}

fn write(context: &mut Context, printer: &mut LogPrinter, lines: &[LogLine]) -> std::io::Result<()> {
    for line in lines {
        if context.out.is_json() {
            context.out.json_line(line)?;
        } else {
            context.out.line(printer.line(line))?;
        }
    }
    Ok(())
}
