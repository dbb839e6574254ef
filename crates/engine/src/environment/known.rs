//! Secrets that are known, and texts without them.

use std::{borrow::Cow, path::Path};

use ostler_core::{Command, Segment, ServiceSpec, SpawnFailure, Template};

use super::read_env_file;

/// Shown instead of a secret.
const REDACTED: &str = "•••";
/// Shorter values stand in too many texts by chance to be looked for.
const LENGTH_MIN: usize = 6;
/// Variables whose values are no secrets, even if a configuration takes them from the environment: without them no
/// path could be read any more.
const PUBLIC: [&str; 11] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "PWD",
    "LANG",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
];

/// Values that must never be shown, wherever they turn up. No Debug: they are secrets.
#[derive(Clone, Default)]
pub struct KnownSecrets {
    /// The longest first, so that one within another leaves nothing of it.
    values: Vec<String>,
}

impl KnownSecrets {
    /// All that a configuration and the environment of this process hold.
    pub fn of(loaded: &ostler_config::Loaded) -> Self {
        let mut known = Self::of_this_process();
        known.extend(&Self::of_config(loaded));
        for spec in loaded.config.fleet.services.values() {
            known.add_spec(spec);
            for path in &spec.launch.env_file {
                known.add_env_file(path);
            }
        }
        known
    }

    /// What a configuration says for all services; env files are not read.
    pub fn of_config(loaded: &ostler_config::Loaded) -> Self {
        let mut known = Self::default();
        for value in ostler_config::known_secrets(loaded, &ostler_config::Os) {
            known.add(&value);
        }
        known
    }

    /// What a configuration says for one service; env files are not read.
    pub fn of_service(loaded: &ostler_config::Loaded, service: &str) -> Self {
        let mut known = Self::default();
        for value in ostler_config::service_secrets(loaded, service, &ostler_config::Os) {
            known.add(&value);
        }
        known
    }

    /// Adds what others know.
    pub fn extend(&mut self, others: &Self) {
        others.values.iter().for_each(|value| self.add(value));
    }

    /// Why a spawn failed, without the values.
    pub fn mask_failure(&self, failure: SpawnFailure) -> SpawnFailure {
        let mask = |text: String| self.mask(&text).into_owned();
        match failure {
            SpawnFailure::NotFound { program } => SpawnFailure::NotFound { program: mask(program) },
            SpawnFailure::NotExecutable { program, reason } => {
                SpawnFailure::NotExecutable { program: mask(program), reason: mask(reason) }
            }
            SpawnFailure::WorkingDirectory { path, reason } => {
                SpawnFailure::WorkingDirectory { path: mask(path), reason: mask(reason) }
            }
            SpawnFailure::Environment { reason } => SpawnFailure::Environment { reason: mask(reason) },
            SpawnFailure::Keeper { reason } => SpawnFailure::Keeper { reason: mask(reason) },
            SpawnFailure::Os { step, reason } => SpawnFailure::Os { step, reason: mask(reason) },
            port @ SpawnFailure::PortInUse { .. } => port,
        }
    }

    /// What the environment of this process holds under names that look secret, and passwords in its URLs.
    pub fn of_this_process() -> Self {
        let mut known = Self::default();
        for (name, value) in std::env::vars_os() {
            let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
            known.add_variable(name, value);
        }
        known
    }

    /// Adds a value.
    pub fn add(&mut self, value: &str) {
        for line in value.lines().map(str::trim).filter(|line| line.len() >= LENGTH_MIN) {
            if self.values.iter().any(|known| known == line) || is_public(line) {
                continue;
            }
            let at = self.values.partition_point(|known| known.len() >= line.len());
            self.values.insert(at, line.to_owned());
        }
    }

    /// Adds the value of a variable if its name looks secret, or else the password in it.
    pub fn add_variable(&mut self, name: &str, value: &str) {
        if ostler_config::is_secret_key(name) {
            self.add(value);
        } else if let Some(password) = password_of(value) {
            self.add(password);
        }
    }

    /// Adds what came from the environment into a service.
    pub fn add_spec(&mut self, spec: &ServiceSpec) {
        let launch = &spec.launch;
        match &launch.command {
            Command::Program { program, args } => {
                self.add_template(program);
                args.iter().for_each(|template| self.add_template(template));
            }
            Command::Shell(line) => self.add_template(line),
        }
        let templates = launch.env.values().chain(launch.mode_env.values().flat_map(|env| env.values()));
        let stop = spec.stop.command.iter().flatten();
        templates.chain(stop).for_each(|template| self.add_template(template));
    }

    /// A text without the values.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(text);
        for value in &self.values {
            if masked.contains(value.as_str()) {
                masked = Cow::Owned(masked.replace(value.as_str(), REDACTED));
            }
        }
        masked
    }

    fn add_env_file(&mut self, path: &Path) {
        for (name, value) in read_env_file(path).unwrap_or_default() {
            self.add_variable(&name, &value);
        }
    }

    fn add_template(&mut self, template: &Template) {
        for segment in &template.segments {
            if let Segment::Literal { text, is_secret: true } = segment {
                self.add(text);
            }
        }
    }
}

fn is_public(value: &str) -> bool {
    PUBLIC.iter().any(|name| std::env::var_os(name).is_some_and(|public| public == value))
}

/// The password in a URL, as in `postgres://user:PASSWORD@host/`.
pub(crate) fn password_of(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#', ' ']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    (!password.is_empty()).then_some(password)
}

/// A value for people: without the password of a URL.
pub(crate) fn without_password(text: &str) -> String {
    match password_of(text) {
        Some(password) => text.replacen(&format!(":{password}@"), &format!(":{REDACTED}@"), 1),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_leave_every_text_and_short_ones_stay() {
        let mut known = KnownSecrets::default();
        for value in ["hunter2hunter2", "hunter2", "two\nlines-of-it", "no"] {
            known.add(value);
        }
        assert_eq!(known.mask("a=hunter2hunter2 b=hunter2 no"), "a=••• b=••• no");
        assert_eq!(known.mask("ends with lines-of-it"), "ends with •••");
        assert!(matches!(known.mask("nothing"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_password_of_a_url_is_masked() {
        for (text, shown) in [
            ("postgres://ann:s3cret@db:5432/x", "postgres://ann:•••@db:5432/x"),
            ("http://host:80/a@b:c", "http://host:80/a@b:c"),
            ("user:pass@host", "user:pass@host"),
            ("redis://:p@ss@host", "redis://:•••@host"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }
}
