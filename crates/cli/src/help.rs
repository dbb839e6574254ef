//! Help that is more than a list of flags: verbs in groups, examples, exit codes.

use std::fmt::Write as _;

use anstyle::Style;
use ostler_api::ErrorCode;

const HEADING: Style = Style::new().bold().underline();
const NAME: Style = Style::new().bold();

/// The verbs in the order of use.
pub(crate) const GROUPS: &[(&str, &[&str])] = &[
    ("Run", &["up", "run", "daemon", "shutdown"]),
    (
        "Services",
        &[
            "status",
            "start",
            "stop",
            "restart",
            "custom-restart",
            "reload",
            "scale",
            "signal",
            "attach",
            "exec",
            "mode",
        ],
    ),
    ("Look", &["logs", "why", "health", "incident", "audit", "top", "events", "connections", "env"]),
    ("Configure", &["config", "add", "remove", "enable", "disable", "import"]),
    (
        "Plumbing",
        &[
            "doctor",
            "diagnostics",
            "socket",
            "token",
            "dashboard",
            "tls",
            "completions",
            "man",
            "demo-service",
            "version",
            "help",
        ],
    ),
];

/// What follows the short help.
pub(crate) const AFTER: &str = "\
First steps:
  ostler up                    start the engine; the first time it writes a configuration to try
  ostler status                see what runs
  ostler config edit           add your own services

`ostler help VERB` tells more; `ostler help exit-codes` lists the exit codes.";

/// What follows the long help.
pub(crate) fn after_long() -> String {
    format!("{AFTER}\n\n{}", exit_codes())
}

/// The template of the main help, with the verbs in groups.
pub(crate) fn template(command: &clap::Command) -> String {
    let mut text = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for (heading, verbs) in GROUPS {
        let _ = writeln!(text, "\n{HEADING}{heading}:{HEADING:#}");
        for name in *verbs {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {NAME}{name:<14}{NAME:#} {about}");
        }
    }
    let _ = writeln!(text, "\n{HEADING}Options:{HEADING:#}");
    text.push_str("{options}{after-help}");
    text
}

/// The table of exit codes, from the one table of errors.
pub(crate) fn exit_codes() -> String {
    let mut text = "Exit codes:\n    0  done as asked\n".to_owned();
    let mut codes: Vec<u8> = ErrorCode::ALL.iter().map(|code| code.exit_code()).collect();
    codes.sort_unstable();
    codes.dedup();
    for code in codes {
        let names: Vec<&str> = ErrorCode::ALL
            .iter()
            .filter(|error| error.exit_code() == code)
            .map(|error| error.as_str())
            .collect();
        let _ = writeln!(text, "  {code:>3}  {} ({})", meaning(code), names.join(", "));
    }
    text.push_str("  130  ended by Ctrl-C\n\n");
    text.push_str("`run --exit-on-failure` ends with the first failing service's own code; `exec` ends with the command's.");
    text
}

fn meaning(code: u8) -> &'static str {
    match code {
        1 => "a defect of Ostler, or an unknown error",
        2 => "the command line or a parameter is wrong",
        3 => "the configuration cannot be used",
        4 => "there is no such service, group or mode",
        5 => "not permitted",
        6 => "it does not fit the present state",
        7 => "the engine is busy; try again",
        8 => "it took too long",
        9 => "a service could not be started, failed, or is not well",
        10 => "processes are left after a stop",
        11 => "not available in this build or on this system",
        12 => "no engine runs",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_in_exactly_one_group() {
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().copied()).collect();
        let command = crate::args::command();
        let mut verbs: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        grouped.sort_unstable();
        verbs.sort_unstable();
        assert_eq!(grouped, verbs);
    }

    #[test]
    fn every_exit_code_has_a_meaning() {
        for code in ErrorCode::ALL {
            assert_ne!(meaning(code.exit_code()), "other", "{}", code.as_str());
        }
    }

    #[test]
    fn the_short_help_fits_a_screen_and_shows_the_first_steps() {
        let help = crate::args::command().term_width(100).render_help().to_string();
        insta::assert_snapshot!(help, @r#"
        Ostler keeps your local services running

        Usage: ostler [OPTIONS] <VERB>

        Run:
          up             Start the engine in the background, if it does not run yet
          run            Run services in this terminal, with their output, until Ctrl-C
          daemon         Be the engine, in the foreground (for service managers and containers)
          shutdown       End the engine

        Services:
          status         Show all services and what they do
          start          Start services, with what they depend on
          stop           Stop services and every process they left
          restart        Give services a new run
          custom-restart Give a service a new run, with commands before and after it
          reload         Apply the changed configuration, or have one service read its own again
          scale          Run more or fewer instances of a service
          signal         Send a signal to a service's process
          attach         Use a service's terminal, or send lines to its standard input
          exec           Run a command beside the services
          mode           Show or switch the mode

        Look:
          logs           Show the output of services
          why            Tell why a service is as it is
          health         Ask the health probes now
          incident       Show what was known when a service crashed
          audit          Show who did what
          top            Watch CPU and memory of all services
          events         Show what the event stream tells, and who listens
          connections    Show who is connected to the engine, or end a connection
          env            Show the environment that a service gets

        Configure:
          config         Check, show or edit the configuration
          add            Add a service to the configuration
          remove         Remove services from the configuration
          enable         Have services start with the supervisor, and now
          disable        Stop services and leave them down
          import         Turn another process manager's file into services

        Plumbing:
          doctor         Look for what is wrong with this installation
          diagnostics    Pack what helps others to help you into a zip, without secrets
          socket         Print the path of the control socket
          token          Print the token for control over TCP and HTTP
          dashboard      Open the web dashboard, signed in
          tls            Show the certificate of HTTP, and how to trust it
          completions    Print completions for a shell
          man            Print the manual page
          demo-service   Be a small web service to try Ostler with
          version        Print the versions of this program and of the engine
          help           Print this help, that of a verb, or `exit-codes`

        Options:
          -c, --config <FILE>      The configuration file; it also chooses which engine is spoken to
              --socket <PATH>      Speak to the engine at this control socket
              --host <ADDRESS>     Speak to the engine over TCP at this address
              --port <PORT>        Speak to the engine over TCP at this port
              --token-file <FILE>  File with the token for TCP; else OSTLER_TOKEN, else the engine's own
                                   file
              --json               Print JSON for programs instead of text for people
              --color <WHEN>       When to use colours [default: auto] [possible values: auto, always,
                                   never]
          -h, --help               Print help (see more with '--help')
          -V, --version            Print version

        First steps:
          ostler up                    start the engine; the first time it writes a configuration to try
          ostler status                see what runs
          ostler config edit           add your own services

        `ostler help VERB` tells more; `ostler help exit-codes` lists the exit codes.
        "#);
    }
}
