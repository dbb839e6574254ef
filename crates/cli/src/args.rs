//! The command line: what can be said, and its help.

use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::{help, verbs};

/// Ostler keeps your local services running.
#[derive(Debug, Parser)]
#[command(
    name = "ostler",
    bin_name = "ostler",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    subcommand_value_name = "VERB",
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What every verb understands.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Which engine, and how to print")]
pub(crate) struct Global {
    /// The configuration file; it also chooses which engine is spoken to
    #[arg(long, short = 'c', global = true, env = "OSTLER_CONFIG", value_name = "FILE", hide_env = true)]
    pub(crate) config: Option<PathBuf>,
    /// Speak to the engine at this control socket
    #[arg(long, global = true, env = "OSTLER_SOCKET", value_name = "PATH", hide_env = true)]
    pub(crate) socket: Option<PathBuf>,
    /// Speak to the engine over TCP at this address
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) host: Option<String>,
    /// Speak to the engine over TCP at this port
    #[arg(long, global = true, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// File with the token for TCP; else OSTLER_TOKEN, else the engine's own file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Print JSON for programs instead of text for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Start the engine in the background, if it does not run yet
    Up(verbs::up::Args),
    /// Run services in this terminal, with their output, until Ctrl-C
    Run(verbs::run::Args),
    /// Be the engine, in the foreground (for service managers and containers)
    Daemon(verbs::daemon::Args),
    /// End the engine
    Shutdown(verbs::shutdown::Args),

    /// Show all services and what they do
    Status(verbs::status::Args),
    /// Start services, with what they depend on
    Start(verbs::start::Args),
    /// Stop services and every process they left
    Stop(verbs::stop::Args),
    /// Give services a new run
    Restart(verbs::restart::Args),
    /// Give a service a new run, with commands before and after it
    CustomRestart(verbs::custom_restart::Args),
    /// Apply the changed configuration, or have one service read its own again
    Reload(verbs::reload::Args),
    /// Run more or fewer instances of a service
    Scale(verbs::scale::Args),
    /// Send a signal to a service's process
    Signal(verbs::signal::Args),
    /// Run a command beside the services
    Exec(verbs::exec::Args),
    /// Use a service's terminal, or send lines to its standard input
    Attach(verbs::attach::Args),
    /// Show or switch the mode
    Mode(verbs::mode::Args),

    /// Show the output of services
    Logs(verbs::logs::Args),
    /// Tell why a service is as it is
    Why(verbs::why::Args),
    /// Ask the health probes now
    Health(verbs::health::Args),
    /// Show what was known when a service crashed
    Incident(verbs::incident::Args),
    /// Show who did what
    Audit(verbs::audit::Args),
    /// Watch CPU and memory of all services
    Top(verbs::top::Args),
    /// Show what the event stream tells, and who listens
    Events(verbs::events::Args),
    /// Show who is connected to the engine, or end a connection
    Connections(verbs::connections::Args),
    /// Show the environment that a service gets
    Env(verbs::env::Args),

    /// Check, show or edit the configuration
    Config(verbs::config::Args),
    /// Add a service to the configuration
    Add(verbs::set::Add),
    /// Remove services from the configuration
    Remove(verbs::set::Remove),
    /// Have services start with the supervisor, and now
    Enable(verbs::set::Names),
    /// Stop services and leave them down
    Disable(verbs::set::Names),
    /// Turn another process manager's file into services
    Import(verbs::import::Args),

    /// Look for what is wrong with this installation
    Doctor(verbs::doctor::Args),
    /// Open the web dashboard, signed in
    Dashboard(verbs::dashboard::Args),
    /// Print the token for control over TCP and HTTP
    Token(verbs::token::Args),
    /// Show the certificate of HTTP, and how to trust it
    Tls(verbs::tls::Args),
    /// Pack what helps others to help you into a zip, without secrets
    Diagnostics(verbs::diagnostics::Args),
    /// Print the path of the control socket
    Socket(verbs::socket::Args),
    /// Print completions for a shell
    Completions(verbs::completions::Args),
    /// Print the manual page
    Man(verbs::man::Args),
    /// Be a small web service to try Ostler with
    DemoService(verbs::demo_service::Args),
    /// Print the versions of this program and of the engine
    Version(verbs::version::Args),
    /// Print this help, that of a verb, or `exit-codes`
    Help(verbs::help::Args),
}

/// Reads the command line; prints help and mistakes and ends the program where that is all there is to do.
pub(crate) fn parse() -> Cli {
    let matches = command().get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The whole command with its help.
pub(crate) fn command() -> clap::Command {
    let command = Cli::command();
    let template = help::template(&command);
    command.help_template(template).after_help(help::AFTER).after_long_help(help::after_long())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn the_help_of_every_verb_has_an_example() {
        for verb in command().get_subcommands() {
            let example = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(example.contains("ostler "), "{} has no example", verb.get_name());
        }
    }
}
