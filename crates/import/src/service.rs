//! A service as it will be written.

use std::time::Duration;

/// A service as it will be written; what is absent stays Ostler's default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Its name in Ostler.
    pub name: String,
    /// What the file calls it.
    pub origin: String,
    /// Where the file has it, from 1; 0 when there is no line to tell.
    pub line: usize,
    /// Written above it as comments.
    pub remarks: Vec<String>,
    /// What is run.
    pub run: Run,
    /// Where it runs, if not beside the configuration.
    pub working_dir: Option<String>,
    /// Its variables, dollars escaped.
    pub env: Vec<(String, String)>,
    /// Files of variables.
    pub env_file: Vec<String>,
    /// Whether it starts with the supervisor.
    pub enabled: Option<bool>,
    /// How many of it.
    pub instances: Option<u16>,
    /// Names and numbers of its ports; empty names make it a list.
    pub ports: Vec<(String, u16)>,
    /// What must be up first.
    pub depends_on: Vec<(String, Condition)>,
    /// What happens when one of those is lost.
    pub on_dependency_loss: Option<DependencyLoss>,
    /// The modes it starts in.
    pub modes: Vec<String>,
    /// Whether it is a task that ends.
    pub oneshot: bool,
    /// Exit codes that count as success.
    pub success_exit_codes: Vec<i64>,
    /// When it is started by the clock.
    pub schedule: Option<Schedule>,
    /// Its standard streams.
    pub stdio: Option<Stdio>,
    /// The heading it stands under.
    pub group: Option<String>,
    /// What the window opens for it.
    pub url: Option<String>,
    /// The file creation mask, octal.
    pub umask: Option<String>,
    /// Its niceness.
    pub nice: Option<i64>,
    /// The user to run as.
    pub user: Option<String>,
    /// The group to run as.
    pub run_as_group: Option<String>,
    /// When it counts as ready.
    pub ready: Option<Probe>,
    /// Whether it is still well.
    pub live: Option<Probe>,
    /// What happens after an exit.
    pub restart: Restart,
    /// How it is stopped.
    pub stop: Stop,
    /// Bytes of memory at which it is restarted.
    pub memory: Option<u64>,
    /// Percent of one CPU at which it is restarted.
    pub cpu_percent: Option<i64>,
    /// Files whose change restarts it.
    pub watch: Vec<String>,
    /// Bytes at which a log file is rotated.
    pub log_size: Option<u64>,
    /// How many log files are kept.
    pub log_files: Option<i64>,
    /// Run when it fails.
    pub on_failed: Vec<String>,
    /// Run after every exit.
    pub on_exit: Vec<String>,
}

/// What is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// A program with its arguments, dollars escaped.
    Program(String, Vec<String>),
    /// A line for the shell, dollars escaped.
    Shell(String),
}

impl Default for Run {
    fn default() -> Self {
        Self::Shell(String::new())
    }
}

/// How far a dependency must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Started.
    Started,
    /// Ready.
    Ready,
    /// Ended well.
    Completed,
}

impl Condition {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Ready => "ready",
            Self::Completed => "completed",
        }
    }
}

/// What happens when a dependency is lost; `ignore` is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DependencyLoss {
    /// It is restarted.
    Restart,
}

/// Standard streams; the log is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdio {
    /// A terminal.
    Pty,
    /// Whoever attaches.
    Stream,
}

/// When a one-shot is started by the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Five or six fields.
    pub cron: String,
    /// An IANA name.
    pub timezone: Option<String>,
    /// `skip`, `queue` or `replace`.
    pub overlap: Option<&'static str>,
}

/// A question about health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What is asked.
    pub ask: Ask,
    /// Time between two questions.
    pub interval: Option<Duration>,
    /// How long one may take.
    pub timeout: Option<Duration>,
    /// Ready by then; only of `ready`.
    pub deadline: Option<Duration>,
    /// Failures in a row; only of `live`.
    pub retries: Option<i64>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A GET: URL, accepted statuses, headers.
    Http(String, Vec<String>, Vec<(String, String)>),
    /// A connection to this address.
    Tcp(String),
    /// A program with its arguments.
    Exec(Vec<String>),
    /// A line of the output that matches.
    Log(String),
}

/// When an ended run is followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartWhen {
    /// Never.
    Never,
    /// After a failure.
    OnFailure,
    /// Always.
    Always,
}

impl RestartWhen {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::OnFailure => "on-failure",
            Self::Always => "always",
        }
    }
}

/// What happens after an exit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restart {
    /// When another run follows.
    pub policy: Option<RestartWhen>,
    /// The first step.
    pub delay: Option<Duration>,
    /// The longest step.
    pub max_delay: Option<Duration>,
    /// From one step to the next.
    pub backoff: Option<f64>,
    /// How many within the window.
    pub max_restarts: Option<i64>,
    /// The window.
    pub window: Option<Duration>,
    /// Healthy this long: it starts over.
    pub reset_after: Option<Duration>,
    /// Ending sooner is an immediate exit.
    pub startup_crash: Option<Duration>,
    /// Immediate exits tolerated.
    pub startup_retries: Option<i64>,
}

/// How it is stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// The signal's name.
    pub signal: Option<String>,
    /// From the request to the kill.
    pub grace: Option<Duration>,
    /// Run before the signal.
    pub command: Vec<String>,
}

impl Probe {
    /// A question with the default times.
    pub(crate) fn new(ask: Ask) -> Self {
        Self { ask, interval: None, timeout: None, deadline: None, retries: None }
    }
}
