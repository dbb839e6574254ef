//! What was typed.

use ostler_api::{ActionParams, OnQuit, Wait};
use ostler_config::nearest;

use crate::{
    limits::{TEXT_LOG_LINES, TEXT_WAIT_SECONDS},
    quoted::quoted,
};

/// A command with words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Status(Option<String>),
    Act(Verb, ActionParams),
    Health(Option<String>),
    Logs { services: Vec<String>, lines: u32, follow: bool },
    Reload { plan_only: bool },
    Why(String),
    Events,
    Mode(Option<String>),
    Scale { service: String, instances: u16 },
    Signal { service: String, signal: String },
    Environment(String),
    Metrics(Option<String>),
    Doctor,
    Version,
    Shutdown(Option<OnQuit>),
    Quit,
}

/// What services are wished to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Start,
    Stop,
    Restart,
}

/// Why a line is no command, and what would be one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// Words, what may follow, and what they do.
pub(crate) const COMMANDS: &[(&str, &str, &str)] = &[
    ("status", "[SERVICE]", "what runs"),
    ("start", "SERVICE… | all", "bring services up"),
    ("stop", "SERVICE… | all", "bring services down"),
    ("restart", "SERVICE… | all", "give services a new run"),
    ("health", "[SERVICE]", "ask the probes now"),
    ("logs", "[SERVICE…] [LINES] [-f]", "the latest output"),
    ("why", "SERVICE", "why a service is as it is"),
    ("events", "", "what happens, as it happens"),
    ("reload", "[plan]", "read the configuration again, or only say what would change"),
    ("mode", "[NAME]", "the present mode, or switch it"),
    ("scale", "SERVICE NUMBER", "another number of instances"),
    ("signal", "SERVICE SIGNAL", "send a signal"),
    ("env", "SERVICE", "the environment a run would get"),
    ("metrics", "[SERVICE]", "use of CPU and memory"),
    ("doctor", "", "self-check"),
    ("version", "", "who answers here"),
    ("shutdown", "[stop | keep]", "end the supervisor, with or without the services"),
    ("help", "", "this list"),
    ("quit", "", "close this connection"),
];

impl Command {
    /// Reads a line.
    pub(crate) fn parse(line: &str) -> Result<Self, Mistake> {
        let mut words = line.split_whitespace();
        let word = words.next().unwrap_or_default().to_ascii_lowercase();
        let rest: Vec<&str> = words.collect();
        match word.as_str() {
            "help" | "?" => none(&word, &rest, Self::Help),
            "status" | "list" | "ls" => optional(&word, &rest).map(Self::Status),
            "start" => act(Verb::Start, &word, &rest),
            "stop" => act(Verb::Stop, &word, &rest),
            "restart" => act(Verb::Restart, &word, &rest),
            "health" => optional(&word, &rest).map(Self::Health),
            "logs" | "log" => logs(&rest),
            "reload" => match rest.as_slice() {
                [] => Ok(Self::Reload { plan_only: false }),
                ["plan"] => Ok(Self::Reload { plan_only: true }),
                _ => Err(usage(&word)),
            },
            "why" => one(&word, &rest).map(Self::Why),
            "events" => none(&word, &rest, Self::Events),
            "mode" => optional(&word, &rest).map(Self::Mode),
            "scale" => match rest.as_slice() {
                [service, number] => {
                    let instances = number.parse().map_err(|_| usage(&word))?;
                    Ok(Self::Scale { service: (*service).to_owned(), instances })
                }
                _ => Err(usage(&word)),
            },
            "signal" => match rest.as_slice() {
                [service, signal] => {
                    Ok(Self::Signal { service: (*service).to_owned(), signal: (*signal).to_owned() })
                }
                _ => Err(usage(&word)),
            },
            "env" => one(&word, &rest).map(Self::Environment),
            "metrics" => optional(&word, &rest).map(Self::Metrics),
            "doctor" => none(&word, &rest, Self::Doctor),
            "version" | "hello" => none(&word, &rest, Self::Version),
            "shutdown" => match rest.as_slice() {
                [] => Ok(Self::Shutdown(None)),
                ["stop"] => Ok(Self::Shutdown(Some(OnQuit::Stop))),
                ["keep"] => Ok(Self::Shutdown(Some(OnQuit::Keep))),
                _ => Err(usage(&word)),
            },
            "quit" | "exit" | "bye" => none(&word, &rest, Self::Quit),
            _ => Err(unknown(&word)),
        }
    }
}

fn none(word: &str, rest: &[&str], command: Command) -> Result<Command, Mistake> {
    if rest.is_empty() { Ok(command) } else { Err(usage(word)) }
}

fn optional(word: &str, rest: &[&str]) -> Result<Option<String>, Mistake> {
    match rest {
        [] | ["all"] => Ok(None),
        [name] => Ok(Some((*name).to_owned())),
        _ => Err(usage(word)),
    }
}

fn one(word: &str, rest: &[&str]) -> Result<String, Mistake> {
    match rest {
        [name] => Ok((*name).to_owned()),
        _ => Err(usage(word)),
    }
}

fn act(verb: Verb, word: &str, rest: &[&str]) -> Result<Command, Mistake> {
    let is_all = rest == ["all"];
    if rest.is_empty() {
        return Err(usage(word));
    }
    let services = if is_all { Vec::new() } else { rest.iter().map(|name| (*name).to_owned()).collect() };
    let params = ActionParams {
        services,
        all: is_all,
        wait: Wait::Settled,
        timeout: Some(TEXT_WAIT_SECONDS),
        ..ActionParams::default()
    };
    Ok(Command::Act(verb, params))
}

fn logs(rest: &[&str]) -> Result<Command, Mistake> {
    let (mut services, mut lines, mut follow) = (Vec::new(), TEXT_LOG_LINES, false);
    for word in rest {
        match *word {
            "-f" | "follow" => follow = true,
            // Names of services begin with a letter.
            number if number.starts_with(|first: char| first.is_ascii_digit()) => {
                lines = number.parse().map_err(|_| usage("logs"))?;
            }
            option if option.starts_with('-') => return Err(usage("logs")),
            name => services.push(name.to_owned()),
        }
    }
    Ok(Command::Logs { services, lines, follow })
}

fn usage(word: &str) -> Mistake {
    let arguments =
        COMMANDS.iter().find(|(name, ..)| *name == word).map_or("", |(_, arguments, _)| arguments);
    Mistake {
        message: format!("\"{word}\" is not used like this"),
        hint: format!("{word} {arguments}").trim_end().to_owned(),
    }
}

fn unknown(word: &str) -> Mistake {
    let hint = match nearest(word, COMMANDS.iter().map(|(name, ..)| *name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`help` lists the commands".to_owned(),
    };
    Mistake { message: format!("no command is called \"{}\"", quoted(word)), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &Command) {
        assert_eq!(Command::parse(line).as_ref(), Ok(expected), "{line}");
    }

    fn check_mistake(line: &str, message: &str, hint: &str) {
        let mistake = Command::parse(line).unwrap_err();
        assert_eq!((mistake.message.as_str(), mistake.hint.as_str()), (message, hint), "{line}");
    }

    #[test]
    fn commands_are_read_word_by_word() {
        check("status", &Command::Status(None));
        check("  STATUS   api ", &Command::Status(Some("api".to_owned())));
        check(
            "logs api web 20 -f",
            &Command::Logs { services: vec!["api".to_owned(), "web".to_owned()], lines: 20, follow: true },
        );
        check("shutdown keep", &Command::Shutdown(Some(OnQuit::Keep)));
        check("scale web 3", &Command::Scale { service: "web".to_owned(), instances: 3 });
        match Command::parse("stop all").unwrap() {
            Command::Act(Verb::Stop, params) => assert!(params.all && params.services.is_empty()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_mistake_is_answered_with_what_would_be_right() {
        check_mistake("statsu", "no command is called \"statsu\"", "did you mean `status`?");
        check_mistake("start", "\"start\" is not used like this", "start SERVICE… | all");
        check_mistake("GET / HTTP/1.1", "no command is called \"get\"", "`help` lists the commands");
        check_mistake("\u{1b}[2J", "no command is called \"\\u{1b}[2j\"", "`help` lists the commands");
        check_mistake("scale web many", "\"scale\" is not used like this", "scale SERVICE NUMBER");
    }

    #[test]
    fn every_command_in_the_help_is_one() {
        for (word, ..) in COMMANDS {
            let hint = Command::parse(&format!("{word} a b c d")).err().map(|mistake| mistake.message);
            assert_ne!(hint, Some(format!("no command is called \"{word}\"")));
        }
    }
}
