//! What a service is: the configuration as plain values, after defaults and inheritance.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use crate::{ServiceName, Template};

/// Everything that is known of a service before it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSpec {
    /// Its name.
    pub name: ServiceName,
    /// What is run, where, with which environment.
    pub launch: Launch,
    /// Started with the supervisor.
    pub enabled: bool,
    /// The modes in which it is started; `None` = all.
    pub modes: Option<BTreeSet<String>>,
    /// Slots wanted, ≥ 1.
    pub instances: u16,
    /// Bound for scaling up by command, ≥ `instances`.
    pub max_instances: u16,
    /// A task that ends.
    pub oneshot: bool,
    /// Exit codes that count as success.
    pub success_exit_codes: Vec<i32>,
    /// What happens after an exit.
    pub restart: RestartPolicy,
    /// How it is stopped.
    pub stop: StopPolicy,
    /// When it counts as ready; `None` = for those that wait for it once it ran for `restart.startup_crash`.
    pub ready: Option<ReadySpec>,
    /// Whether it is still well, asked only after ready.
    pub live: Option<LiveSpec>,
    /// What must be up first.
    pub depends_on: BTreeMap<ServiceName, Condition>,
    /// What happens to it when one of those is lost.
    pub on_dependency_loss: OnDependencyLoss,
    /// Ports, in the order of the file; the first is `${port}` and `PORT`.
    pub ports: Vec<PortSpec>,
    /// What to do when a fixed port is taken.
    pub on_port_conflict: OnPortConflict,
    /// How its output is kept.
    pub logs: LogPolicy,
    /// Heading in the UI.
    pub group: Option<String>,
    /// What "Open" opens.
    pub url: Option<Template>,
    /// Sent by `ostler reload SERVICE` instead of restarting.
    pub reload_signal: Option<Signal>,
    /// Bounds on the tree's memory and CPU.
    pub limits: Limits,
    /// Files whose change restarts it.
    pub watch: Option<WatchSpec>,
    /// Commands run on events of its life.
    pub hooks: Hooks,
    /// When a one-shot is started by the clock.
    pub schedule: Option<Schedule>,
    /// Keys that OpAMP may change.
    pub remote_settable: Vec<String>,
}

/// What is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// The program or shell line.
    pub command: Command,
    /// Absolute working directory.
    pub working_dir: PathBuf,
    /// Where the base of its environment comes from.
    pub inherit_env: InheritEnv,
    /// Variables set for it.
    pub env: BTreeMap<String, Template>,
    /// Variables of the modes, by mode, set over `env`.
    pub mode_env: BTreeMap<String, BTreeMap<String, Template>>,
    /// Files of `NAME=value` lines, absolute, read at each start; later files win, `env` wins over files.
    pub env_file: Vec<PathBuf>,
    /// What its standard streams are.
    pub stdio: Stdio,
    /// File creation mask.
    pub umask: Option<u32>,
    /// Niceness, -20 to 19.
    pub nice: Option<i32>,
    /// Resource limits by lower-case name (`nofile`); `None` = unlimited.
    pub rlimits: BTreeMap<String, Option<u64>>,
    /// User to run as, when started as root.
    pub user: Option<String>,
    /// Group to run as, when started as root.
    pub group: Option<String>,
}

/// A program with arguments, or a line for the user's shell.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// A program, resolved through `PATH` of the service when it has no slash.
    Program {
        /// The program.
        program: Template,
        /// Its arguments.
        args: Vec<Template>,
    },
    /// Run through the user's shell with `-c`.
    Shell(Template),
}

/// The base of a service's environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InheritEnv {
    /// Captured once from the user's login shell.
    LoginShell,
    /// The supervisor's own.
    Supervisor,
    /// `HOME USER LOGNAME SHELL PATH LANG TZ TMPDIR XDG_RUNTIME_DIR` only.
    Minimal,
}

/// What a service's standard streams are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdio {
    /// Output goes to the log, input is empty.
    Log,
    /// A terminal.
    Pty,
    /// Input and output belong to whoever attaches; errors go to the log.
    Stream,
}

/// When an ended run is followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartWhen {
    /// Never by itself.
    Never,
    /// After a failure.
    OnFailure,
    /// After every end.
    Always,
}

/// `[restart]`.
#[derive(Clone, Debug, PartialEq)]
pub struct RestartPolicy {
    /// When to restart.
    pub policy: RestartWhen,
    /// First backoff step.
    pub delay: Duration,
    /// The longest backoff step.
    pub max_delay: Duration,
    /// Factor from step to step, ≥ 1.
    pub backoff: f64,
    /// Random part of a step, as a fraction 0–1 of it.
    pub jitter: f64,
    /// Automatic restarts allowed within `window`; 0 = no limit.
    pub max_restarts: u32,
    /// The window of `max_restarts`.
    pub window: Duration,
    /// Healthy this long: the backoff starts over.
    pub reset_after: Duration,
    /// Ending sooner than this after an explicit start is an immediate exit; 0 = off.
    pub startup_crash: Duration,
    /// Immediate exits tolerated before `Failed`.
    pub startup_retries: u32,
    /// Restart at once on the first crash after a healthy time.
    pub immediate: bool,
}

/// `[stop]`.
#[derive(Clone, Debug, PartialEq)]
pub struct StopPolicy {
    /// Sent first.
    pub signal: Signal,
    /// From the request to the kill.
    pub grace: Duration,
    /// Run before the signal, inside the grace: an argv.
    pub command: Option<Vec<Template>>,
}

/// `[ready]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadySpec {
    /// What is asked.
    pub probe: Probe,
    /// Between the end of one question and the next.
    pub interval: Duration,
    /// For one question.
    pub timeout: Duration,
    /// From the spawn; not ready by then counts like a crash.
    pub deadline: Duration,
}

/// `[live]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveSpec {
    /// What is asked.
    pub probe: Probe,
    /// Between the end of one question and the next.
    pub interval: Duration,
    /// For one question.
    pub timeout: Duration,
    /// Failures in a row that restart the service, ≥ 1.
    pub retries: u32,
}

/// A question to a service.
#[derive(Clone, Debug, PartialEq)]
pub enum Probe {
    /// `GET url`.
    Http {
        /// The URL.
        url: Template,
        /// Accepted answers: 200–299 as (200, 299).
        status: Vec<(u16, u16)>,
        /// Sent with it.
        headers: Vec<(String, Template)>,
    },
    /// A connection to `host:port`.
    Tcp(Template),
    /// A command that exits with 0.
    Exec(Vec<Template>),
    /// A regular expression that a line of output matches.
    Log(String),
    /// `READY=1` on `NOTIFY_SOCKET`.
    Notify,
    /// An MCP `initialize`.
    Mcp,
}

/// What a dependant waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Spawned.
    Started,
    /// Ready.
    Ready,
    /// Ended with success.
    Completed,
}

/// What happens to a running dependant when a dependency is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDependencyLoss {
    /// Nothing.
    Ignore,
    /// It restarts once the dependency is back.
    Restart,
    /// It stops.
    Stop,
}

/// A port of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSpec {
    /// Its name; ports given as a list are called `port`, `port1`, …
    pub name: String,
    /// `None` = any free one.
    pub number: Option<u16>,
}

/// What to do when a fixed port is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnPortConflict {
    /// Fail and name the owner.
    Fail,
    /// Take the next free one.
    NextFree,
    /// Ask the owner to go, if it is ours.
    Takeover,
}

/// `[logs]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPolicy {
    /// Bytes after which a file is rotated.
    pub max_size: u64,
    /// Files kept, the current one included, ≥ 1.
    pub max_files: u32,
    /// When the disk is full.
    pub on_full: OnFull,
}

/// When a log line cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// Drop it, count it, mark it.
    Drop,
    /// Let the service wait.
    Block,
}

/// `[limits]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of resident memory of the tree.
    pub memory: Option<u64>,
    /// Percent of one CPU.
    pub cpu_percent: Option<u32>,
}

/// `[watch]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchSpec {
    /// Globs, absolute.
    pub paths: Vec<String>,
    /// Quiet time before the restart.
    pub debounce: Duration,
}

/// `[hooks]`: an argv each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hooks {
    /// Run when the service fails.
    pub on_failed: Vec<Template>,
    /// Run when it is well again.
    pub on_recovered: Vec<Template>,
    /// Run after every exit.
    pub on_exit: Vec<Template>,
}

/// `schedule = { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The cron expression.
    pub cron: String,
    /// `local` or an IANA name.
    pub timezone: String,
    /// When the last run still runs.
    pub overlap: Overlap,
}

/// When a scheduled run is due while the last one still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// Leave it out.
    Skip,
    /// Run it afterwards.
    Queue,
    /// Stop the running one first.
    Replace,
}

/// A POSIX signal by number, as Linux counts on x86-64 and Arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(pub i32);

const SIGNALS: [(&str, i32); 22] = [
    ("SIGHUP", 1),
    ("SIGINT", 2),
    ("SIGQUIT", 3),
    ("SIGILL", 4),
    ("SIGTRAP", 5),
    ("SIGABRT", 6),
    ("SIGBUS", 7),
    ("SIGFPE", 8),
    ("SIGKILL", 9),
    ("SIGUSR1", 10),
    ("SIGSEGV", 11),
    ("SIGUSR2", 12),
    ("SIGPIPE", 13),
    ("SIGALRM", 14),
    ("SIGTERM", 15),
    ("SIGCHLD", 17),
    ("SIGCONT", 18),
    ("SIGSTOP", 19),
    ("SIGTSTP", 20),
    ("SIGWINCH", 28),
    ("SIGIO", 29),
    ("SIGSYS", 31),
];

impl Signal {
    /// `SIGTERM`.
    pub const TERM: Self = Self(15);
    /// `SIGKILL`.
    pub const KILL: Self = Self(9);

    /// Finds a signal by name, with or without `SIG`, in any case, or by number 1–31.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse::<i32>() {
            return (1..=31).contains(&number).then_some(Self(number));
        }
        let upper = text.to_ascii_uppercase();
        let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
        SIGNALS.iter().find(|(name, _)| &name[3..] == bare).map(|&(_, number)| Self(number))
    }

    /// `SIGTERM`, or `signal 42` where there is no name.
    pub fn name(self) -> String {
        SIGNALS
            .iter()
            .find(|(_, number)| *number == self.0)
            .map_or_else(|| format!("signal {}", self.0), |(name, _)| (*name).to_owned())
    }
}

/// The whole of what the supervisor supervises.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fleet {
    /// All services by name.
    pub services: BTreeMap<ServiceName, std::sync::Arc<ServiceSpec>>,
    /// The modes that exist, `default` included.
    pub modes: BTreeSet<String>,
}
