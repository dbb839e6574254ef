//! Why something happened.

use std::time::Duration;

use crate::{ServiceName, Signal};

/// Who asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// A person at a terminal: the CLI, `nc`, any local socket client.
    Local(LocalClient),
    /// A person at the desktop app.
    Desktop,
    /// A client over TCP or HTTP.
    Remote(String),
    /// The supervisor itself: boot, policy, schedule.
    Supervisor,
}

/// A client at the local socket.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalClient {
    /// The name that it gives itself; may be empty.
    pub name: String,
    /// Its process, where the system says.
    pub pid: Option<u32>,
    /// Its user, where the system says.
    pub uid: Option<u32>,
}

impl Actor {
    /// A local client of which nothing is known but its name.
    pub fn local(name: &str) -> Self {
        Self::Local(LocalClient { name: name.to_owned(), ..LocalClient::default() })
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It returned this code.
    Code(i32),
    /// This signal ended it.
    Signal(Signal),
    /// It ended while nobody could look.
    Unknown,
}

/// Why a run could not be spawned, or why it was not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpawnFailure {
    /// No such program.
    NotFound {
        /// What was looked for.
        program: String,
    },
    /// The program cannot be executed: permission, format, interpreter.
    NotExecutable {
        /// Which.
        program: String,
        /// What is wrong, in words.
        reason: String,
    },
    /// The working directory is missing or cannot be entered.
    WorkingDirectory {
        /// Which.
        path: String,
        /// What is wrong, in words.
        reason: String,
    },
    /// A fixed port is taken.
    PortInUse {
        /// Which.
        port: u16,
        /// Who has it: `node, pid 4711`; empty if the OS does not say.
        owner: String,
        /// A free one near it.
        next_free: Option<u16>,
    },
    /// A template or env file could not be resolved.
    Environment {
        /// What is wrong, in words.
        reason: String,
    },
    /// The keeper could not be started or does not answer.
    Keeper {
        /// What is wrong, in words.
        reason: String,
    },
    /// Anything else the OS says.
    Os {
        /// What was tried, in words.
        step: String,
        /// What the OS says.
        reason: String,
    },
}

/// One link of a cause chain. The chain goes from the nearest cause to the root.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Somebody asked for it.
    Asked {
        /// Who.
        by: Actor,
        /// `start`, `stop`, `restart`, `scale`, …
        verb: &'static str,
    },
    /// The supervisor started, and the service is enabled.
    Boot,
    /// The supervisor found it running after a restart of its own.
    Adopted,
    /// The run ended.
    Exited {
        /// How.
        status: ExitStatus,
        /// How long after its spawn.
        after: Duration,
    },
    /// The run ended with success and is not meant to be restarted.
    Completed,
    /// It left processes behind, which are being ended.
    LeftBehind,
    /// It could not be spawned.
    SpawnFailed(SpawnFailure),
    /// It was not ready in time.
    ReadyDeadline {
        /// The deadline.
        after: Duration,
        /// What the last probe said.
        last: String,
    },
    /// Its readiness probe answered.
    BecameReady,
    /// Its readiness or liveness probe failed.
    ProbeFailed {
        /// How often in a row.
        times: u32,
        /// What the last probe said.
        last: String,
    },
    /// It ended too soon after an explicit start to be worth another try.
    ImmediateExit {
        /// The bound, `restart.startup_crash`.
        within: Duration,
    },
    /// The restart policy says so.
    RestartPolicy {
        /// Which automatic restart in a row this is, from 1.
        attempt: u32,
        /// After which wait.
        delay: Duration,
    },
    /// Too many restarts.
    CrashLoop {
        /// How many.
        restarts: u32,
        /// Within.
        window: Duration,
    },
    /// The restart policy says it stays down.
    NotRestarted,
    /// It waits for another service.
    WaitsFor {
        /// Which.
        service: ServiceName,
        /// For what.
        condition: crate::Condition,
    },
    /// A service it depends on was lost.
    DependencyLost(ServiceName),
    /// A service it depends on cannot come up.
    DependencyFailed(ServiceName),
    /// A dependant is started, so this one is.
    NeededBy(ServiceName),
    /// The configuration changed.
    ConfigChanged {
        /// The keys, as `env.PORT`.
        keys: Vec<String>,
    },
    /// It was added to the configuration.
    ConfigAdded,
    /// It was removed from the configuration.
    ConfigRemoved,
    /// The mode changed.
    ModeChanged {
        /// The new one.
        mode: String,
    },
    /// It did not end within the grace and is being killed.
    GraceOver {
        /// The grace.
        grace: Duration,
    },
    /// Its keeper died.
    KeeperLost,
    /// The supervisor is shutting down.
    Shutdown,
    /// Its pool restarts one after another.
    RollingRestart,
    /// Its schedule says that it runs by itself at a later time.
    AwaitsSchedule,
    /// It was due by its schedule.
    Scheduled {
        /// When it was due, in words: `2026-11-21 03:00`.
        due: String,
        /// Why it runs later than that, in words; `None` = it does not.
        late: Option<String>,
    },
    /// Files that it watches changed.
    FilesChanged {
        /// The first of them, and how many more: `src/main.rs and 2 more`.
        what: String,
    },
    /// A resource limit was exceeded.
    LimitExceeded {
        /// In words, with figures.
        what: String,
    },
}
