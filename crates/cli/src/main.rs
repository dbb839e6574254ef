//! `ostler`: the command line, and the headless daemon.
//!
//! # Theory of operation
//!
//! Every verb is one file under `verbs`: what can be said (clap), and what is done. All but `daemon` and `run` are
//! clients: they find the control socket from the configuration's path alone, ask one question of the engine
//! over it and print the answer, for people or as JSON (`print`). `daemon` and `run` are the engine, through
//! `ostler_host`.
//!
//! Deliberately absent: any knowledge of services that the control protocol does not give.

mod args;
mod audit_file;
mod browser;
mod context;
mod diagnostics;
mod editor;
mod failure;
mod help;
mod keys;
mod link;
mod man;
mod print;
mod reach;
mod saving;
mod term;
mod top;
mod verbs;

use std::{process::ExitCode, time::Duration};

use crate::{
    args::{Cli, ColorChoice, Verb},
    context::Context,
    failure::{Failure, OK, Outcome},
};

/// What still waits for a disk when the engine has ended has so long.
const LAST_WRITES: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let cli = args::parse();
    match cli.global.color {
        ColorChoice::Auto => {}
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
    let is_json = cli.global.json;
    let mut context = Context::new(cli.global.clone());
    let outcome = run(cli, &mut context).and_then(|code| {
        context.out.flush()?;
        Ok(code)
    });
    ExitCode::from(match outcome {
        Ok(code) => code,
        Err(failure) if failure.is_reader_gone() => OK,
        Err(Failure::Output(error)) => {
            print::remark(format!("error: cannot write the output: {error}"));
            1
        }
        Err(Failure::Api(error)) => {
            if is_json {
                let _ = context.out.json(&serde_json::json!({ "error": error }));
                let _ = context.out.flush();
            } else {
                let _ = context.out.flush();
                print::remark(print::failure_text(&error).trim_end());
            }
            error.code.exit_code()
        }
    })
}

fn run(cli: Cli, context: &mut Context) -> Outcome {
    match cli.verb {
        #[cfg(unix)]
        Verb::Daemon(_) if ostler_host::is_init() => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(runtime.block_on(ostler_host::run_as_init())?)
        }
        Verb::Daemon(args) => host(verbs::daemon::run(args, context)),
        Verb::Run(args) => host(verbs::run::run(args, context)),
        Verb::Completions(args) => verbs::completions::run(&args, context),
        Verb::Man(args) => verbs::man::run(&args, context),
        Verb::DemoService(args) => verbs::demo_service::run(&args, context),
        Verb::Help(args) => verbs::help::run(&args, context),
        Verb::Token(args) => verbs::token::run(&args, context),
        verb => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(ask(verb, context))
        }
    }
}

/// The verbs that have an engine in them. What still waits for a disk at the end is left behind.
fn host(verb: impl Future<Output = Outcome>) -> Outcome {
    let runtime = ostler_host::runtime()?;
    let outcome = runtime.block_on(verb);
    runtime.shutdown_timeout(LAST_WRITES);
    outcome
}

/// The verbs that are clients.
async fn ask(verb: Verb, context: &mut Context) -> Outcome {
    match verb {
        Verb::Up(args) => verbs::up::run(args, context).await,
        Verb::Shutdown(args) => verbs::shutdown::run(args, context).await,
        Verb::Status(args) => verbs::status::run(args, context).await,
        Verb::Start(args) => verbs::start::run(args, context).await,
        Verb::Stop(args) => verbs::stop::run(args, context).await,
        Verb::Restart(args) => verbs::restart::run(args, context).await,
        Verb::CustomRestart(args) => verbs::custom_restart::run(args, context).await,
        Verb::Exec(args) => verbs::exec::run(args, context).await,
        Verb::Reload(args) => verbs::reload::run(args, context).await,
        Verb::Scale(args) => verbs::scale::run(args, context).await,
        Verb::Signal(args) => verbs::signal::run(args, context).await,
        Verb::Attach(args) => verbs::attach::run(args, context).await,
        Verb::Mode(args) => verbs::mode::run(args, context).await,
        Verb::Logs(args) => verbs::logs::run(args, context).await,
        Verb::Why(args) => verbs::why::run(args, context).await,
        Verb::Health(args) => verbs::health::run(args, context).await,
        Verb::Incident(args) => verbs::incident::run(args, context).await,
        Verb::Audit(args) => verbs::audit::run(args, context).await,
        Verb::Top(args) => verbs::top::run(args, context).await,
        Verb::Env(args) => verbs::env::run(args, context).await,
        Verb::Add(args) => verbs::set::add(args, context).await,
        Verb::Remove(args) => verbs::set::remove(args, context).await,
        Verb::Enable(args) => verbs::set::enable(args, true, context).await,
        Verb::Disable(args) => verbs::set::enable(args, false, context).await,
        Verb::Config(args) => verbs::config::run(args, context).await,
        Verb::Import(args) => verbs::import::run(args, context).await,
        Verb::Doctor(args) => verbs::doctor::run(args, context).await,
        Verb::Diagnostics(args) => verbs::diagnostics::run(args, context).await,
        Verb::Socket(args) => verbs::socket::run(args, context).await,
        Verb::Version(args) => verbs::version::run(args, context).await,
        Verb::Events(args) => verbs::events::run(args, context).await,
        Verb::Connections(args) => verbs::connections::run(args, context).await,
        Verb::Dashboard(args) => verbs::dashboard::run(args, context).await,
        Verb::Tls(args) => verbs::tls::run(args, context).await,
        Verb::Daemon(_)
        | Verb::Run(_)
        | Verb::Completions(_)
        | Verb::Man(_)
        | Verb::DemoService(_)
        | Verb::Token(_)
        | Verb::Help(_) => unreachable!("these verbs are no clients"),
    }
}
