//! What remote actors may run. Local ones may do what their user may do.

use ostler_api::{ApiError, ErrorCode};
use ostler_config::SecuritySettings;
use ostler_core::Actor;

use super::Wanted;

/// The mode in which commands must be allowed one by one.
const PRODUCTION: &str = "production";
/// The word in `security.allowed_commands` that allows shell lines which have no name.
const SHELL: &str = "shell";
/// The word that allows other arguments.
const ARGS: &str = "args";
/// The word that allows other variables.
const ENV_VARS: &str = "env_vars";

/// What the configuration says of commands.
#[derive(Clone, Copy)]
pub(crate) struct Policy<'a> {
    /// `[security]`.
    pub security: &'a SecuritySettings,
    /// The mode in force.
    pub mode: &'a str,
}

impl Policy<'_> {
    /// Whether this actor may run this command.
    ///
    /// # Errors
    /// `not-permitted` with the key that would allow it.
    pub(crate) fn may_run(&self, actor: &Actor, wanted: &Wanted) -> Result<(), ApiError> {
        if !is_remote(actor) {
            return Ok(());
        }
        let shown = wanted.name.as_deref().unwrap_or(&wanted.shown);
        let key = match &wanted.name {
            Some(name) => format!("commands.{name}"),
            None => "the command".to_owned(),
        };
        if wanted.name.is_none() && !self.security.allow_inline_commands {
            return Err(refused(
                format!("remote clients may run only what is in [commands], not {shown}"),
                "add it to [commands], or set security.allow_inline_commands = true",
            ));
        }
        if wanted.name.is_none() && wanted.is_shell && !self.allows(SHELL) {
            return Err(refused(
                format!("remote clients may not run shell lines: {shown}"),
                "add it to [commands], or \"shell\" to security.allowed_commands",
            ));
        }
        if !wanted.is_safe {
            return Err(refused(
                format!("{shown} is marked as not safe, so remote clients may not run it"),
                &format!("set is_safe = true for {key}, or run it on this machine"),
            ));
        }
        if self.mode == PRODUCTION && !wanted.allowed_in_production {
            return Err(refused(
                format!("remote clients may not run {shown} in mode {PRODUCTION}"),
                &format!("set allowed_in_production = true for {key}"),
            ));
        }
        Ok(())
    }

    /// Whether this actor may start a service with other arguments or variables.
    ///
    /// # Errors
    /// `not-permitted` with the key that would allow it.
    pub(crate) fn may_override(&self, actor: &Actor, args: bool, env_vars: bool) -> Result<(), ApiError> {
        for (is_asked, word) in [(args, ARGS), (env_vars, ENV_VARS)] {
            if is_asked && is_remote(actor) && !self.allows(word) {
                return Err(refused(
                    format!("remote clients may not give {word} to a restart"),
                    &format!("add {word:?} to security.allowed_commands"),
                ));
            }
        }
        Ok(())
    }

    fn allows(&self, word: &str) -> bool {
        self.security.allowed_commands.iter().any(|allowed| allowed == word)
    }
}

/// Whether the actor is not of this machine and user.
pub(crate) fn is_remote(actor: &Actor) -> bool {
    match actor {
        Actor::Remote(_) => true,
        Actor::Local(_) | Actor::Desktop | Actor::Supervisor => false,
    }
}

fn refused(message: String, hint: &str) -> ApiError {
    ApiError::new(ErrorCode::NotPermitted, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ostler_api::{CommandRef, CommandType, InlineCommand};

    use super::*;
    use crate::commands::Resolver;

    const CONFIG: &str = r#"
        [commands.clean]
        type = "make"
        command = "clean"
        [commands.say]
        type = "shell"
        command = "echo hi"
        allowed_in_production = true
        env = { LEVEL = "debug" }
        [commands.drop]
        command = "dropdb"
        is_safe = false
    "#;

    fn inline(command_type: CommandType, line: &str) -> CommandRef {
        let mut words = line.split(' ').map(str::to_owned);
        let (command, args) = match command_type {
            CommandType::Shell => (line.to_owned(), Vec::new()),
            CommandType::Make | CommandType::Cargo | CommandType::Npm | CommandType::Binary => {
                (words.next().unwrap(), words.collect())
            }
        };
        CommandRef::Inline(InlineCommand { command_type, command, args, ..InlineCommand::default() })
    }

    /// `name`, or `type: words`; `!` marks a command that says it is not safe, `+env` one with a variable of its own.
    fn asked(text: &str) -> (CommandRef, Vec<String>) {
        let Some((kind, line)) = text.split_once(": ") else {
            let mut words = text.split(' ').map(str::to_owned);
            return (CommandRef::Named(words.next().unwrap()), words.collect());
        };
        let (is_unsafe, has_env) = (kind.contains('!'), kind.contains("+env"));
        let kind = kind.trim_end_matches("+env").trim_end_matches('!');
        let mut command = inline(CommandType::try_from(kind.to_owned()).unwrap(), line);
        if let CommandRef::Inline(command) = &mut command {
            command.is_safe = is_unsafe.then_some(false);
            if has_env {
                command.env.insert("LD_PRELOAD".to_owned(), "evil.so".to_owned());
            }
        }
        (command, Vec::new())
    }

    #[test]
    fn remote_actors_run_what_is_allowed_and_local_ones_what_they_like() {
        // command, then: nothing allowed | inline allowed | inline and shell allowed, in mode default; then the same
        // in mode production.
        let table = [
            ("clean", "ok ok ok", "production production production"),
            ("Make: clean", "ok ok ok", "production production production"),
            ("binary: make clean", "ok ok ok", "production production production"),
            ("binary!: make clean", "safe safe safe", "safe safe safe"),
            ("binary+env: make clean", "inline ok ok", "inline production production"),
            ("clean -B", "inline ok ok", "inline production production"),
            ("make: all", "inline ok ok", "inline production production"),
            ("say", "ok ok ok", "ok ok ok"),
            ("shell: echo hi", "ok ok ok", "ok ok ok"),
            ("shell: echo ho", "inline shell ok", "inline shell production"),
            ("binary: /bin/bash -c id", "inline shell ok", "inline shell production"),
            ("drop", "safe safe safe", "safe safe safe"),
            ("binary: dropdb", "safe safe safe", "safe safe safe"),
        ];
        let loaded = ostler_config::check(CONFIG, Path::new("/etc/ostler.toml"), &ostler_config::Os).unwrap();
        let commands = &loaded.config.security.commands;
        for (text, default, production) in table {
            let (command, args) = asked(text);
            let resolver =
                Resolver { commands, folder: Path::new("/etc"), finds_names: true, port_of: &|_| None };
            let wanted = resolver.resolve("command", &command, &args).unwrap();
            for (mode, expected) in [("default", default), (PRODUCTION, production)] {
                let found: Vec<_> = [(false, false), (true, false), (true, true)]
                    .into_iter()
                    .map(|(inline, shell)| {
                        let mut security = loaded.config.security.clone();
                        security.allow_inline_commands = inline;
                        security.allowed_commands.extend(shell.then(|| SHELL.to_owned()));
                        let policy = Policy { security: &security, mode };
                        let local = policy.may_run(&Actor::local(""), &wanted);
                        assert_eq!(local, Ok(()), "{text}");
                        said(policy.may_run(&Actor::Remote("tcp".to_owned()), &wanted))
                    })
                    .collect();
                assert_eq!(found.join(" "), expected, "{text} in mode {mode}");
            }
        }
    }

    /// The word of the key that a refusal names.
    fn said(result: Result<(), ApiError>) -> &'static str {
        let Err(error) = result else { return "ok" };
        assert_eq!(error.code, ErrorCode::NotPermitted);
        let hint = error.hint.unwrap();
        let words = [
            ("allow_inline_commands", "inline"),
            ("\"shell\"", "shell"),
            ("is_safe", "safe"),
            ("allowed_in_production", "production"),
        ];
        words.into_iter().find(|(key, _)| hint.contains(key)).unwrap().1
    }

    #[test]
    fn other_arguments_and_variables_must_be_named() {
        let loaded = ostler_config::check("", Path::new("/etc/ostler.toml"), &ostler_config::Os).unwrap();
        let mut security = loaded.config.security.clone();
        let remote = Actor::Remote("tcp".to_owned());
        let may = |security: &SecuritySettings, args, env_vars| {
            Policy { security, mode: "default" }.may_override(&remote, args, env_vars).is_ok()
        };
        assert!(may(&security, false, false) && !may(&security, true, false) && !may(&security, false, true));
        security.allowed_commands.push(ARGS.to_owned());
        assert!(may(&security, true, false) && !may(&security, true, true));
        security.allowed_commands.push(ENV_VARS.to_owned());
        assert!(may(&security, true, true));
    }
}
