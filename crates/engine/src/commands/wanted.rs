//! From what was asked for to what would run.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use ostler_api::{ApiError, CommandRef, CommandType, ErrorCode, InlineCommand};
use ostler_config::{CommandEntry, CommandKind};
use ostler_core::{Segment, ServiceName, Template};

/// The longest time that a command may be given.
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_secs(3600);
/// Until a command without a name is killed, if nothing is said.
pub(crate) const TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);

/// What would run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// Its name in `[commands]`.
    pub name: Option<String>,
    /// Program and arguments; not empty.
    pub argv: Vec<String>,
    /// The command line for people, without secrets.
    pub shown: String,
    /// Where it runs; none = where its service or the configuration is.
    pub working_dir: Option<PathBuf>,
    /// Variables set for it.
    pub env: BTreeMap<String, String>,
    /// When it is killed.
    pub timeout: Duration,
    /// Whether a shell runs it.
    pub is_shell: bool,
    /// Whether remote actors may run it.
    pub is_safe: bool,
    /// Whether they may in mode `production`.
    pub allowed_in_production: bool,
}

/// What commands are resolved with.
pub(crate) struct Resolver<'a> {
    /// `[commands]`.
    pub commands: &'a BTreeMap<String, CommandEntry>,
    /// The folder of the configuration.
    pub folder: &'a Path,
    /// Whether an inline command with the argv of an entry is that entry: for actors who may run only those.
    pub finds_names: bool,
    /// The first port of a service.
    pub port_of: &'a dyn Fn(&ServiceName) -> Option<u16>,
}

impl Resolver<'_> {
    /// What a reference means, with arguments after its own.
    ///
    /// # Errors
    /// `invalid-params` at this path: there is no such name, or nothing to run.
    pub(crate) fn resolve(
        &self,
        path: &str,
        asked: &CommandRef,
        args: &[String],
    ) -> Result<Wanted, ApiError> {
        let wanted = match asked {
            CommandRef::Named(name) => self.named(path, name, args)?,
            CommandRef::Inline(command) => self.inline(path, command, args)?,
        };
        let has_zero = |text: &String| text.contains('\0');
        if wanted.argv.iter().any(has_zero) || wanted.env.values().any(has_zero) {
            return Err(bad(path, "a command cannot contain a NUL"));
        }
        if let Some(name) = wanted.env.keys().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
            return Err(bad(&format!("{path}.env"), format!("{name:?} is no name of a variable")));
        }
        Ok(wanted)
    }

    fn named(&self, path: &str, name: &str, args: &[String]) -> Result<Wanted, ApiError> {
        let Some(entry) = self.commands.get(name) else { return Err(self.unknown(path, name)) };
        let mut wanted = self.entry(name, entry, args).map_err(|message| bad(path, message))?;
        if !args.is_empty() {
            // With other arguments it is another command, unless that one has a name too.
            wanted.name = self.name_of(&wanted);
        }
        Ok(wanted)
    }

    fn entry(&self, name: &str, entry: &CommandEntry, args: &[String]) -> Result<Wanted, String> {
        let render = |template: &Template| {
            template
                .render(|segment| self.fill(segment))
                .map_err(|error| format!("command {name:?}: {error}"))
        };
        let own = entry.args.iter().map(render).collect::<Result<Vec<_>, _>>()?;
        let all: Vec<_> = own.into_iter().chain(args.iter().cloned()).collect();
        let shown_args = entry.args.iter().map(Template::display).chain(args.iter().cloned());
        let env = entry.env.iter().map(|(name, value)| Ok((name.clone(), render(value)?)));
        Ok(Wanted {
            name: Some(name.to_owned()),
            argv: argv_of(entry.kind, render(&entry.command)?, all),
            shown: line(&argv_of(entry.kind, entry.command.display(), shown_args.collect())),
            working_dir: Some(entry.working_dir.clone()),
            env: env.collect::<Result<_, String>>()?,
            timeout: entry.timeout,
            is_shell: entry.kind == CommandKind::Shell,
            is_safe: entry.is_safe,
            allowed_in_production: entry.allowed_in_production,
        })
    }

    fn inline(&self, path: &str, command: &InlineCommand, args: &[String]) -> Result<Wanted, ApiError> {
        if command.command.trim().is_empty() {
            return Err(bad(&format!("{path}.command"), "there is nothing to run"));
        }
        let kind = match command.command_type {
            CommandType::Make => CommandKind::Make,
            CommandType::Cargo => CommandKind::Cargo,
            CommandType::Npm => CommandKind::Npm,
            CommandType::Shell => CommandKind::Shell,
            CommandType::Binary => CommandKind::Binary,
        };
        let args = command.args.iter().chain(args).cloned().collect();
        let argv = argv_of(kind, command.command.clone(), args);
        let is_shell = kind == CommandKind::Shell || is_shell_program(&argv[0]);
        let mut wanted = Wanted {
            name: None,
            shown: line(&argv),
            argv,
            working_dir: command.working_dir.as_ref().map(|folder| self.folder.join(folder)),
            env: command.env.clone(),
            timeout: TIMEOUT_DEFAULT,
            is_shell,
            is_safe: command.is_safe.unwrap_or(true),
            allowed_in_production: command.allowed_in_production.unwrap_or(false),
        };
        // What a client says of its own command can only narrow what the entry says.
        if self.finds_names
            && let Some(name) = self.name_of(&wanted)
            && let Some(Ok(entry)) = self.commands.get(&name).map(|entry| self.entry(&name, entry, &[]))
        {
            wanted = Wanted { is_safe: entry.is_safe && wanted.is_safe, ..entry };
        }
        Ok(wanted)
    }

    /// The entry with this argv, in the same place and with the same variables as far as any are given.
    fn name_of(&self, wanted: &Wanted) -> Option<String> {
        let is_same = |entry: &Wanted| {
            entry.argv == wanted.argv
                && wanted.working_dir.as_ref().is_none_or(|it| Some(it) == entry.working_dir.as_ref())
                && (wanted.env.is_empty() || wanted.env == entry.env)
        };
        let mut entries = self.commands.iter().filter_map(|(name, it)| self.entry(name, it, &[]).ok());
        entries.find(is_same)?.name
    }

    fn fill(&self, segment: &Segment) -> Result<String, String> {
        match segment {
            Segment::Literal { text, is_secret: _ } => Ok(text.clone()),
            Segment::ServicePort(service) => (self.port_of)(service)
                .map(|port| port.to_string())
                .ok_or_else(|| format!("{service} has no port yet")),
            Segment::Port(_) => Err("${port} belongs to services; write ${service:NAME:port}".to_owned()),
            Segment::Instance => Err("${instance} belongs to services".to_owned()),
            Segment::EventsUrl => Err("${events_url} belongs to services".to_owned()),
        }
    }

    /// The names, with what is said of them.
    fn listed(&self) -> String {
        let of = |(name, entry): (&String, &CommandEntry)| match &entry.description {
            Some(description) => format!("{name} ({description})"),
            None => name.clone(),
        };
        self.commands.iter().map(of).collect::<Vec<_>>().join(", ")
    }

    fn unknown(&self, path: &str, name: &str) -> ApiError {
        let error = bad(path, format!("there is no command {name:?}"));
        let names = self.commands.keys().map(String::as_str);
        error.hint(match ostler_config::nearest(name, names) {
            _ if name.contains(' ') => {
                "a text is a name from [commands]; give {command, args} for a command as it is".to_owned()
            }
            Some(near) => format!("did you mean {near}?"),
            None if !self.commands.is_empty() => format!("the commands are: {}", self.listed()),
            None => "define it in [commands], or give {command, args} for a command as it is".to_owned(),
        })
    }
}

/// Reads seconds.
///
/// # Errors
/// `invalid-params`: it is no time, or longer than [`TIMEOUT_MAX`].
pub(crate) fn timeout(seconds: Option<f64>) -> Result<Option<Duration>, ApiError> {
    let Some(seconds) = seconds else { return Ok(None) };
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if time <= TIMEOUT_MAX && !time.is_zero() => Ok(Some(time)),
        Ok(_) | Err(_) => {
            Err(bad("timeout_seconds", format!("it is not between 0 and {} seconds", TIMEOUT_MAX.as_secs())))
        }
    }
}

/// A parameter that cannot be used.
pub(crate) fn bad(path: &str, message: impl Into<String>) -> ApiError {
    let mut error = ApiError::new(ErrorCode::InvalidParams, message.into());
    error.path = Some(path.to_owned());
    error
}

fn argv_of(kind: CommandKind, command: String, args: Vec<String>) -> Vec<String> {
    let word = |text: &str| text.to_owned();
    let mut argv = match kind {
        CommandKind::Make => vec![word("make"), command],
        CommandKind::Cargo => vec![word("cargo"), command],
        CommandKind::Npm if args.is_empty() => vec![word("npm"), word("run"), command],
        CommandKind::Npm => vec![word("npm"), word("run"), command, word("--")],
        // With /s the line arrives as it is.
        CommandKind::Shell if cfg!(windows) => {
            vec![word("cmd"), word("/d"), word("/s"), word("/c"), command]
        }
        // The word after the line is `$0`.
        CommandKind::Shell if !args.is_empty() => vec![word("sh"), word("-c"), command, word("sh")],
        CommandKind::Shell => vec![word("sh"), word("-c"), command],
        CommandKind::Binary => vec![command],
    };
    argv.extend(args);
    argv
}

/// Whether a program is a shell by its name: `sh`, `/bin/bash`, `cmd.exe`.
fn is_shell_program(program: &str) -> bool {
    const SHELLS: [&str; 11] =
        ["sh", "bash", "dash", "zsh", "ksh", "fish", "ash", "busybox", "cmd", "powershell", "pwsh"];
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program).to_ascii_lowercase();
    SHELLS.contains(&name.strip_suffix(".exe").unwrap_or(&name))
}

/// An argv as a person would type it.
fn line(argv: &[String]) -> String {
    let quoted = |word: &String| {
        let is_plain =
            !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "/._-+,:@%=•{}".contains(c));
        if is_plain { word.clone() } else { format!("'{}'", word.replace('\'', r"'\''")) }
    };
    argv.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_there_is_not_comes_with_those_that_there_are_and_what_is_said_of_them() {
        let text = "[commands.clean]\ncommand = \"make\"\ndescription = \"Removes build output\"\n\
                    [commands.say]\ncommand = \"echo\"\n";
        let loaded = ostler_config::check(text, Path::new("/etc/ostler.toml"), &ostler_config::Os).unwrap();
        let commands = &loaded.config.security.commands;
        let resolver =
            Resolver { commands, folder: Path::new("/etc"), finds_names: false, port_of: &|_| None };
        let hint = |name: &str| {
            let asked = CommandRef::Named(name.to_owned());
            resolver.resolve("command", &asked, &[]).err().and_then(|error| error.hint).unwrap_or_default()
        };
        assert_eq!(hint("deploy"), "the commands are: clean (Removes build output), say");
        assert_eq!(hint("claen"), "did you mean clean?");
    }
}
