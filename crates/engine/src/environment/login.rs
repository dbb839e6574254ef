//! The environment of the user's login shell.
//!
//! What starts at login has a poor `PATH`: nvm, brew, pyenv and cargo are set up by the shell's own files. The
//! shell is therefore asked once, as a login and interactive one, between two marks, because such files print.

use std::{collections::BTreeMap, ffi::OsString, time::Duration};

use super::os;
use crate::process::Job;

/// The most a login shell may print, in bytes.
const OUTPUT_MAX: usize = 4 << 20;

/// How long a login shell may take by default.
pub const LOGIN_SHELL_TIMEOUT: Duration = Duration::from_secs(10);

/// Variables of the shell's own life, or of this question.
const FORGOTTEN: [&str; 8] = [
    "_",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "TERM",
    "OSTLER_RESOLVING_ENVIRONMENT",
    "OSTLER_JOB",
    "DISABLE_AUTO_UPDATE",
];

/// What the login shell said.
#[derive(Clone)]
pub struct LoginShell {
    /// Its environment, or the supervisor's own if it did not say.
    pub variables: BTreeMap<String, String>,
    /// Why it is the supervisor's own, for people; `None` when the shell answered.
    pub notice: Option<String>,
}

/// Why a login shell did not say its environment.
#[derive(Debug, thiserror::Error)]
pub enum LoginShellError {
    /// It could not be started.
    #[error("it cannot be started: {0}")]
    Start(#[source] std::io::Error),
    /// It took too long.
    #[error("it took longer than {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// It printed no environment.
    #[error("it did not print its environment{}", .0.as_ref().map(|line| format!(": {line}")).unwrap_or_default())]
    Silent(Option<String>),
}

impl LoginShell {
    /// Asks the shell that `SHELL` names, with this process' environment. Never fails: without an answer the
    /// variables are this process' own, and the notice says why.
    pub async fn capture(timeout: Duration) -> Self {
        let own: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self::capture_from(own, timeout).await
    }

    /// As [`LoginShell::capture`], with `own` as this process' environment.
    pub async fn capture_from(own: BTreeMap<String, String>, timeout: Duration) -> Self {
        let shell = os::shell(own.get("SHELL").map(String::as_str));
        match ask(&shell, &own, timeout).await {
            Ok(variables) => Self { variables, notice: None },
            Err(error) => {
                let notice = format!(
                    "the environment of the login shell {shell} is not known, services get the supervisor's: {error}"
                );
                Self { variables: own, notice: Some(notice) }
            }
        }
    }
}

async fn ask(
    shell: &str,
    own: &BTreeMap<String, String>,
    timeout: Duration,
) -> Result<BTreeMap<String, String>, LoginShellError> {
    let mark = mark();
    let secrets = ["OSTLER_TOKEN", "SUPERVISOR_TOKEN"];
    let mut env: Vec<(OsString, OsString)> = own
        .iter()
        .filter(|(name, _)| !secrets.contains(&name.as_str()))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    for (name, value) in
        [("TERM", "dumb"), ("OSTLER_RESOLVING_ENVIRONMENT", "1"), ("DISABLE_AUTO_UPDATE", "true")]
    {
        env.push((name.into(), value.into()));
    }
    let mut argv = vec![OsString::from(shell)];
    argv.extend(os::login_arguments(&mark).into_iter().map(OsString::from));
    let working_dir = own.get("HOME").map(std::path::PathBuf::from).filter(|home| home.is_dir());
    let job = Job { argv, env, working_dir, timeout, output_max: OUTPUT_MAX };
    let outcome = job.run().await.map_err(LoginShellError::Start)?;
    if outcome.status.is_none() {
        return Err(LoginShellError::Timeout(timeout));
    }
    let mut variables = between(&outcome.stdout, mark.as_bytes())
        .ok_or_else(|| LoginShellError::Silent(outcome.last_line()))?;
    for name in FORGOTTEN {
        variables.remove(name);
    }
    // What the question itself set is as it was.
    if let Some(terminal) = own.get("TERM") {
        variables.insert("TERM".to_owned(), terminal.clone());
    }
    Ok(variables)
}

/// The variables between two marks; `None` unless both are there with at least one variable between.
fn between(output: &[u8], mark: &[u8]) -> Option<BTreeMap<String, String>> {
    let find = |haystack: &[u8]| haystack.windows(mark.len()).position(|window| window == mark);
    let begin = find(output)? + mark.len();
    let end = begin + find(&output[begin..])?;
    let variables: BTreeMap<String, String> = output[begin..end]
        .split(|byte| *byte == 0)
        .filter_map(|entry| {
            let (name, value) = std::str::from_utf8(entry).ok()?.split_once('=')?;
            (!name.is_empty()).then(|| (name.to_owned(), value.to_owned()))
        })
        .collect();
    (!variables.is_empty()).then_some(variables)
}

/// A word that no start-up file prints by chance.
fn mark() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    format!("ostler{:016x}", RandomState::new().hash_one(std::process::id()))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn own(home: &std::path::Path, shell: &str) -> BTreeMap<String, String> {
        let mut own = BTreeMap::new();
        for (name, value) in [
            ("HOME", home.to_str().expect("UTF-8")),
            ("SHELL", shell),
            ("PATH", "/usr/bin:/bin"),
            ("OSTLER_TOKEN", "hush"),
            ("TERM", "xterm"),
        ] {
            own.insert(name.to_owned(), value.to_owned());
        }
        own
    }

    #[tokio::test]
    async fn what_the_profile_sets_is_captured_whatever_it_prints() {
        let home = tempfile::tempdir().expect("a directory");
        let profile = "echo Welcome; export FROM_PROFILE='two\nlines'; PATH=$HOME/tools:$PATH; echo hm >&2\n";
        std::fs::write(home.path().join(".bash_profile"), profile).expect("written");
        let shell = LoginShell::capture_from(own(home.path(), "/bin/bash"), Duration::from_secs(30)).await;
        assert_eq!(shell.notice, None);
        let value = |name: &str| shell.variables.get(name).map(String::as_str);
        assert_eq!(value("FROM_PROFILE"), Some("two\nlines"));
        assert!(value("PATH").expect("PATH").contains(home.path().join("tools").to_str().expect("UTF-8")));
        assert_eq!(value("TERM"), Some("xterm"));
        for name in ["OSTLER_TOKEN", "OSTLER_JOB", "OSTLER_RESOLVING_ENVIRONMENT", "SHLVL", "_"] {
            assert_eq!(value(name), None, "{name}");
        }
    }

    #[tokio::test]
    async fn a_shell_that_hangs_is_ended_and_the_supervisors_environment_is_used() {
        let home = tempfile::tempdir().expect("a directory");
        std::fs::write(home.path().join(".bash_profile"), "sleep 4720.5\n").expect("written");
        let own = own(home.path(), "/bin/bash");
        let shell = LoginShell::capture_from(own.clone(), Duration::from_millis(500)).await;
        assert_eq!(shell.variables, own);
        assert!(shell.notice.expect("a notice").ends_with("it took longer than 0.5 s"));
    }

    #[tokio::test]
    async fn a_profile_that_exits_is_said() {
        let home = tempfile::tempdir().expect("a directory");
        std::fs::write(home.path().join(".bash_profile"), "echo no luck >&2; exit 1\n").expect("written");
        let shell = LoginShell::capture_from(own(home.path(), "/bin/bash"), Duration::from_secs(30)).await;
        let notice = shell.notice.expect("a notice");
        assert!(notice.ends_with("it did not print its environment: no luck"), "{notice}");
    }

    #[test]
    fn half_an_answer_is_none() {
        assert_eq!(between(b"xMARKA=1\0", b"MARK"), None);
        assert_eq!(between(b"MARKMARK", b"MARK"), None);
        assert_eq!(
            between(b"aMARKA=1\0=x\0\xff=1\0MARKb", b"MARK"),
            Some(BTreeMap::from([("A".into(), "1".into())]))
        );
    }
}
