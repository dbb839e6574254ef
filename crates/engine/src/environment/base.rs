//! What environments start from.

use std::collections::BTreeMap;

use ostler_core::InheritEnv;

use super::{LoginShell, os};

/// Variables that `inherit_env = "minimal"` keeps.
const MINIMAL: [&str; 9] =
    ["HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"];

/// Where a command is looked for when neither the login shell nor the supervisor has a search path.
const PATH_DEFAULT: &str = "/usr/local/bin:/usr/bin:/bin";

/// Variables that are the supervisor's own business: its tokens, and what its own service manager told it.
const OWN: [&str; 13] = [
    "OSTLER_TOKEN",
    "SUPERVISOR_TOKEN",
    "OSTLER_RUN_ID",
    "OSTLER_SERVICE",
    "OSTLER_INSTANCE",
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "LISTEN_PID",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
];

/// The environments that services may start from.
#[derive(Clone, Default)]
pub struct Bases {
    login_shell: Option<BTreeMap<String, String>>,
    login_shell_trouble: Option<String>,
    supervisor: BTreeMap<String, String>,
}

impl Bases {
    /// Takes this process' environment as the supervisor's. Variables that are no UTF-8 are left out.
    pub fn of_this_process() -> Self {
        let supervisor = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self::new(supervisor)
    }

    /// Takes this environment as the supervisor's.
    pub fn new(supervisor: BTreeMap<String, String>) -> Self {
        Self { supervisor: inheritable(supervisor), ..Self::default() }
    }

    /// Takes what the login shell said; until then, and if it said nothing, its place is taken by the supervisor's
    /// environment.
    #[must_use]
    pub fn with_login_shell(mut self, shell: LoginShell) -> Self {
        self.login_shell = shell.notice.is_none().then(|| inheritable(shell.variables));
        self.login_shell_trouble = shell.notice;
        self
    }

    /// Why services get the supervisor's environment instead of the login shell's, for people; none where the shell
    /// answered or was not asked.
    pub fn login_shell_trouble(&self) -> Option<&str> {
        self.login_shell_trouble.as_deref()
    }

    /// The variables that a command beside the services starts from: all of the user's, or of them the allowed few.
    pub fn for_command(&self, is_trusted: bool) -> BTreeMap<String, String> {
        let (mut variables, _) = self.get(InheritEnv::LoginShell);
        variables.retain(|name, _| is_trusted || is_minimal(name));
        if cfg!(unix) {
            variables.entry("PATH".to_owned()).or_insert_with(|| PATH_DEFAULT.to_owned());
        }
        variables
    }

    /// The variables a service starts from, and what to call their origin.
    pub fn get(&self, kind: InheritEnv) -> (BTreeMap<String, String>, &'static str) {
        match kind {
            InheritEnv::LoginShell => match &self.login_shell {
                Some(variables) => (variables.clone(), "login shell"),
                None => (self.supervisor.clone(), "supervisor"),
            },
            InheritEnv::Supervisor => (self.supervisor.clone(), "supervisor"),
            InheritEnv::Minimal => {
                let mut variables = self.supervisor.clone();
                variables.retain(|name, _| is_minimal(name));
                (variables, "supervisor")
            }
        }
    }
}

fn is_minimal(name: &str) -> bool {
    MINIMAL.contains(&name) || os::MINIMAL.contains(&name)
}

fn inheritable(variables: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut variables: BTreeMap<String, String> =
        variables.into_iter().map(|(name, value)| (os::variable_name(name), value)).collect();
    variables.retain(|name, _| !OWN.contains(&name.as_str()));
    variables
}
