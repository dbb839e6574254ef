//! Putting a launch together.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use ostler_api::EnvVariable;
use ostler_core::{Command, Template};

use super::{
    Bases, EnvironmentError, Holes, KnownSecrets, os, password_of,
    program::{find_program, why_not_enterable},
    read_env_file, without_password,
};

/// Shown instead of a secret.
const REDACTED: &str = "•••";

/// What was given by hand for one instance, until the next reload.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Arguments instead of the configured ones; no meaning for shell lines.
    pub args: Option<Vec<String>>,
    /// Variables set over the configured ones.
    pub env: BTreeMap<String, String>,
}

impl std::fmt::Debug for Overrides {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.env.keys().collect();
        f.debug_struct("Overrides").field("args", &self.args).field("env", &names).finish()
    }
}

/// All that a run is launched with.
#[derive(Clone, PartialEq)]
pub struct Composed {
    /// The program, with an absolute path, and its arguments.
    pub argv: Vec<String>,
    /// Its environment, in order of name.
    pub env: Vec<(String, String)>,
    /// Where it runs.
    pub working_dir: PathBuf,
    /// Its environment for people: with origins, secrets redacted.
    pub variables: Vec<EnvVariable>,
}

/// Composes the launch of a run. Reads env files and looks at the file system; does not start anything.
///
/// # Errors
/// What would keep the run from starting, as far as it can be seen beforehand.
pub fn compose(
    holes: &Holes<'_>,
    mode: &str,
    bases: &Bases,
    overrides: &Overrides,
) -> Result<Composed, EnvironmentError> {
    let launch = &holes.spec.launch;
    let working_dir = launch.working_dir.clone();
    if let Some(reason) = why_not_enterable(&working_dir) {
        return Err(EnvironmentError::WorkingDirectory { path: working_dir, reason });
    }
    let variables = variables(holes, mode, bases, overrides)?;
    let value = |name: &str| variables.get(name).map(|variable| variable.value.as_str());
    let mut argv = match &launch.command {
        Command::Program { program, args } => {
            let mut argv = vec![holes.render(program)?];
            match &overrides.args {
                Some(args) => argv.extend(args.iter().cloned()),
                None => argv.extend(holes.render_all(args)?),
            }
            argv
        }
        Command::Shell(line) => {
            let mut argv = vec![os::shell(value("SHELL"))];
            argv.extend(os::SHELL_LINE.iter().map(|word| (*word).to_owned()));
            argv.push(holes.render(line)?);
            argv
        }
    };
    check_zero_bytes(&argv, &variables)?;
    let program = find_program(&argv[0], value("PATH"), &working_dir)?;
    argv[0] = program.to_str().map(str::to_owned).ok_or_else(|| EnvironmentError::NotExecutable {
        program: argv[0].clone(),
        reason: "its path is not UTF-8".to_owned(),
    })?;
    let shown = variables.iter().map(|(name, variable)| variable.shown(name)).collect();
    let env = variables.into_iter().map(|(name, variable)| (name, variable.value)).collect();
    Ok(Composed { argv, env, working_dir, variables: shown })
}

/// Composes the environment alone, for people and for commands beside the run.
///
/// # Errors
/// An env file or a hole that cannot be filled.
pub fn compose_variables(
    holes: &Holes<'_>,
    mode: &str,
    bases: &Bases,
    overrides: &Overrides,
) -> Result<Vec<EnvVariable>, EnvironmentError> {
    let variables = variables(holes, mode, bases, overrides)?;
    Ok(variables.iter().map(|(name, variable)| variable.shown(name)).collect())
}

/// Composes the environment alone, as it is, for a command beside the run whose program may not be there yet.
///
/// # Errors
/// As [`compose_variables`].
pub fn compose_env(
    holes: &Holes<'_>,
    mode: &str,
    bases: &Bases,
    overrides: &Overrides,
) -> Result<BTreeMap<String, String>, EnvironmentError> {
    let variables = variables(holes, mode, bases, overrides)?;
    Ok(variables.into_iter().map(|(name, variable)| (name, variable.value)).collect())
}

/// The values of a launch that must never be shown: those of secret variables, what came from `${env:…}`, and
/// passwords in URLs. What cannot be read now adds nothing.
pub fn secrets_of(holes: &Holes<'_>, mode: &str, bases: &Bases, overrides: &Overrides) -> KnownSecrets {
    let mut known = KnownSecrets::default();
    for (name, variable) in variables(holes, mode, bases, overrides).unwrap_or_default() {
        if variable.is_secret || looks_secret(&name) {
            known.add(&variable.value);
        } else if let Some(password) = password_of(&variable.value) {
            known.add(password);
        }
    }
    known.add_spec(holes.spec);
    known
}

/// Whether the value of this variable must not be shown.
pub fn looks_secret(name: &str) -> bool {
    ostler_config::is_secret_key(name)
}

struct Variable {
    value: String,
    origin: String,
    is_secret: bool,
}

impl Variable {
    fn shown(&self, name: &str) -> EnvVariable {
        let is_secret = self.is_secret || looks_secret(name);
        let value = if is_secret { REDACTED.to_owned() } else { without_password(&self.value) };
        EnvVariable { name: name.to_owned(), value, origin: self.origin.clone() }
    }
}

fn variables(
    holes: &Holes<'_>,
    mode: &str,
    bases: &Bases,
    overrides: &Overrides,
) -> Result<BTreeMap<String, Variable>, EnvironmentError> {
    let launch = &holes.spec.launch;
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: String, origin: &str, is_secret: bool| {
        all.insert(name.to_owned(), Variable { value, origin: origin.to_owned(), is_secret });
    };
    let (base, origin) = bases.get(launch.inherit_env);
    for (name, value) in base {
        set(&name, value, origin, false);
    }
    for path in &launch.env_file {
        let origin = name_of(path, &launch.working_dir);
        for (name, value) in read_env_file(path)? {
            set(&name, value, &origin, false);
        }
    }
    let mut set_templates = |templates: &BTreeMap<String, Template>, origin: &str| {
        for (name, template) in templates {
            set(name, holes.render(template)?, origin, template.is_secret());
        }
        Ok::<(), EnvironmentError>(())
    };
    set_templates(&launch.env, "configuration")?;
    if let Some(env) = launch.mode_env.get(mode) {
        set_templates(env, &format!("mode {mode}"))?;
    }
    for (name, value) in &overrides.env {
        set(name, value.clone(), "set by hand", false);
    }
    if let Some(port) = holes.first_port() {
        set("PORT", port.to_string(), "ostler", false);
    }
    for (name, port) in holes.ports {
        let name = name.to_ascii_uppercase().replace('-', "_");
        set(&format!("PORT_{name}"), port.to_string(), "ostler", false);
    }
    set("OSTLER_SERVICE", holes.spec.name.to_string(), "ostler", false);
    set("OSTLER_INSTANCE", holes.instance.index.to_string(), "ostler", false);
    Ok(all)
}

fn name_of(path: &Path, working_dir: &Path) -> String {
    path.strip_prefix(working_dir).unwrap_or(path).display().to_string()
}

fn check_zero_bytes(argv: &[String], variables: &BTreeMap<String, Variable>) -> Result<(), EnvironmentError> {
    let argument = argv.iter().position(|argument| argument.contains('\0'));
    let variable =
        variables.iter().find(|(name, variable)| name.contains('\0') || variable.value.contains('\0'));
    let place = match (argument, variable) {
        (Some(0), _) => "the program".to_owned(),
        (Some(at), _) => format!("argument {at}"),
        (None, Some((name, _))) => format!("variable {}", name.escape_default()),
        (None, None) => return Ok(()),
    };
    Err(EnvironmentError::ZeroByte { place })
}
