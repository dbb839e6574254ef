//! `ostler daemon`.

use std::io::IsTerminal as _;

use ostler_api::{ApiError, EngineHost};
use ostler_host::{Host, HostOptions, HostStart, Launched, OnSignal};
use serde_json::json;

use super::engine_flags::EngineFlags;
use crate::{
    context::Context,
    failure::{Failure, OK, Outcome},
    print::{self, BOLD, home_text, paint},
};

const EXAMPLES: &str = "\
Examples:
  ostler daemon                  in the foreground; Ctrl-C ends it as `supervisor.on_quit` says
  ostler daemon --background     return once it serves, like `ostler up`
  ostler daemon --replace        take over from the engine that runs, without stopping a service

For your own terminal `ostler up` and `ostler run` are what you want; this is for systemd, launchd and containers.";

/// Be the engine, in the foreground (for service managers and containers)
///
/// One engine runs per user and configuration. If one runs already, this names it and ends with success.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Ask the engine that runs to hand over; its services go on
    #[arg(long)]
    replace: bool,
    /// Return once the engine serves in the background
    #[arg(long, conflicts_with = "detached")]
    background: bool,
    /// Leave the terminal and report on standard output; what `up` and the keepers use
    #[arg(long, hide = true)]
    detached: bool,
    #[command(flatten)]
    flags: EngineFlags,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    if args.background {
        return super::up::launch(context, &args.flags, args.replace).await;
    }
    if args.detached {
        ostler_host::leave_terminal();
    }
    let started = start(&args, context).await;
    if args.detached {
        return detached(started).await;
    }
    match started? {
        HostStart::Owned { pid, socket } => {
            let report = json!({ "owned": { "pid": pid, "socket": socket } });
            let is_replacing_possible = format!("To take over: {}\n", context.command("daemon --replace"));
            context.out.either(&report, || format!("{}{is_replacing_possible}", owner_text(pid)))?;
            Ok(OK)
        }
        HostStart::Running(host) => {
            if context.out.is_json() {
                context
                    .out
                    .json_line(&json!({ "ready": { "pid": std::process::id(), "socket": host.socket() } }))?;
            } else {
                greet(&host, context);
            }
            host.wait().await;
            Ok(OK)
        }
    }
}

async fn start(args: &Args, context: &Context) -> Result<HostStart, Failure> {
    let options = HostOptions {
        config: context.global.config.clone(),
        overrides: args.flags.overrides()?,
        host: EngineHost::Daemon,
        replace: args.replace,
        only: Vec::new(),
        on_signal: OnSignal::Quit,
        log_to_stderr: !args.detached && std::io::stderr().is_terminal(),
    };
    Host::start(options).await.map_err(|error| host_failure(&error))
}

async fn detached(started: Result<HostStart, Failure>) -> Outcome {
    let (word, host) = match started {
        Ok(HostStart::Running(host)) => (Ok(Launched::Ready { pid: Some(std::process::id()) }), Some(host)),
        Ok(HostStart::Owned { pid, .. }) => (Ok(Launched::Owned { pid }), None),
        // Who started us asked, and shall hear of everything that it would read at a terminal.
        Err(Failure::Api(error)) => (Err(error), None),
        Err(failure @ Failure::Output(_)) => return Err(failure),
    };
    ostler_host::report_launch(&word)?;
    if let Some(host) = host {
        host.wait().await;
    }
    match word {
        Ok(_) => Ok(OK),
        // Said already; nobody listens any more.
        Err(error) => Ok(error.code.exit_code()),
    }
}

/// `The engine runs already, as process 4711.`
pub(crate) fn owner_text(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!("The engine runs already, as process {pid}.\n"),
        None => "The engine is being started already.\n".to_owned(),
    }
}

/// What a person at the terminal should know.
pub(crate) fn greet(host: &Host, context: &Context) {
    let config = home_text(&host.paths().config.to_string_lossy());
    if host.is_first_start() {
        print::remark(format!("Wrote a first configuration with a demo service: {}", paint(BOLD, &config)));
    }
    if std::io::stderr().is_terminal() {
        let status = context.command("status");
        print::remark(format!("The engine serves {config}. Look at it from another terminal: {status}"));
    }
}

/// A failure of a host, for people.
pub(crate) fn host_failure(error: &ostler_host::HostError) -> Failure {
    Failure::Api(ApiError::from(error))
}
