//! Keeper to engine.

use super::codec::{DecodeError, Reader, Writer};
use super::{Frame, FrameError};
use std::fmt;

/// A message from a keeper to the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The answer to `Request::Hello`: who the keeper is and what it holds.
    Hello(KeeperHello),
    /// The run lives.
    Spawned {
        /// The run.
        run: u64,
        /// Its leader's process id, also its process group and session.
        pid: u32,
        /// When the kernel started it (see [`crate::identity::start_ticks`]).
        pid_start: u64,
    },
    /// The run could not be started; no process of it is left.
    SpawnFailed {
        /// The run.
        run: u64,
        /// What failed.
        step: SpawnStep,
        /// The system's error number.
        errno: i32,
        /// The reason as a lower-case fragment.
        text: String,
    },
    /// The leader of the run has ended; all it wrote is in the log up to `log`.
    Exited {
        /// The run.
        run: u64,
        /// How it ended.
        status: ExitStatus,
        /// No descendant is left, and `TreeGone` follows at once; otherwise when the last one ends.
        tree_is_gone: bool,
        /// The end of the log after the last output of the leader.
        log: LogPosition,
    },
    /// The last process of the run has ended, or the kill gave up after its time (`escaped` is not empty).
    /// Follows each `Exited`; sent again in answer to `Request::Kill` of a run that is gone.
    TreeGone {
        /// The run.
        run: u64,
        /// What became of its processes.
        report: TreeReport,
    },
    /// The log has grown. At most one is unanswered: the engine answers with `Request::LogSeen`.
    LogAdvanced(LogPosition),
    /// Output of the pty.
    Output {
        /// As the run wrote it.
        bytes: Vec<u8>,
    },
    /// The answer to `Request::AttachStreams`; its first byte carries two descriptors, stdin (to write)
    /// and stdout (to read) of the run.
    Streams {
        /// The run.
        run: u64,
    },
    /// The answer to `Request::Ping`.
    Pong {
        /// As it was sent.
        token: u64,
    },
    /// The log cannot be written as it should be; said once per kind of trouble.
    LogTrouble {
        /// The reason as a lower-case fragment; empty once the log is whole again.
        text: String,
    },
    /// A request was not followed.
    Refused {
        /// The message type of the request; 0 when the stream itself is at fault.
        request: u8,
        /// The reason as a lower-case fragment.
        text: String,
    },
    /// The keeper leaves without having kept anything.
    CannotStart {
        /// The reason as a lower-case fragment.
        text: String,
    },
}

/// Who a keeper is and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeeperHello {
    /// The protocol version of the keeper.
    pub version: u16,
    /// The keeper's process id.
    pub keeper_pid: u32,
    /// When the kernel started the keeper.
    pub keeper_start: u64,
    /// The boot that these ids belong to.
    pub boot_id: String,
    /// The nonce of the engine's `Hello`.
    pub nonce: [u8; 16],
    /// The instance's name.
    pub instance: String,
    /// What the keeper holds.
    pub state: KeeperState,
    /// The end of the log now.
    pub log: LogPosition,
}

/// What a keeper holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeeperState {
    /// No run.
    Idle,
    /// A living run.
    Alive {
        /// The run.
        run: u64,
        /// Its `OSTLER_RUN_ID`.
        mark: String,
        /// Its leader's process id.
        pid: u32,
        /// When the kernel started the leader.
        pid_start: u64,
        /// Milliseconds since the spawn.
        age_ms: u64,
        /// What the engine last stored with `Request::Remember`.
        memo: Vec<u8>,
    },
    /// A run whose leader ended and that is not acknowledged, or has descendants left.
    Exited {
        /// The run.
        run: u64,
        /// Its `OSTLER_RUN_ID`.
        mark: String,
        /// How its leader ended.
        status: ExitStatus,
        /// No descendant is left.
        tree_is_gone: bool,
        /// What became of its processes so far.
        report: TreeReport,
        /// What the engine last stored with `Request::Remember`.
        memo: Vec<u8>,
    },
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// By exiting with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// What became of the processes of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeReport {
    /// How many ended by themselves or on the polite signal, as far as the keeper reaped them.
    pub ended: u32,
    /// How many had to be killed.
    pub killed_count: u32,
    /// The first of those that had to be killed, as `name (pid)`.
    pub killed: Vec<String>,
    /// Those that live on although they were killed (uninterruptible in the kernel), as `name (pid)`.
    pub escaped: Vec<String>,
}

/// A place in the log: the sequence of its bytes over all files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPosition {
    /// The generation of the live file; 0 without a file.
    pub generation: u64,
    /// Bytes of the live file.
    pub offset: u64,
    /// Lines of which all or a part was dropped since the keeper started.
    pub dropped_lines: u64,
}

/// What failed while a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpawnStep {
    /// The order itself is not usable (a NUL byte, no argument).
    Order,
    /// Making pipes or a terminal.
    Stdio,
    /// Making the process.
    Fork,
    /// Its own session.
    Session,
    /// Entering the cgroup.
    Cgroup,
    /// A resource limit.
    ResourceLimit,
    /// The niceness.
    Nice,
    /// The group.
    Gid,
    /// The user.
    Uid,
    /// The working directory.
    WorkingDirectory,
    /// Executing the program.
    Exec,
    /// Executing the program: it is not there.
    ProgramNotFound,
    /// Executing the program: the interpreter that it names is not there.
    InterpreterNotFound,
    /// Executing the program: it is no program of this system.
    NotExecutable,
}

const STEPS: [SpawnStep; 14] = [
    SpawnStep::Order,
    SpawnStep::Stdio,
    SpawnStep::Fork,
    SpawnStep::Session,
    SpawnStep::Cgroup,
    SpawnStep::ResourceLimit,
    SpawnStep::Nice,
    SpawnStep::Gid,
    SpawnStep::Uid,
    SpawnStep::WorkingDirectory,
    SpawnStep::Exec,
    SpawnStep::ProgramNotFound,
    SpawnStep::InterpreterNotFound,
    SpawnStep::NotExecutable,
];

impl SpawnStep {
    /// The number of the step on the wire.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The step with this number on the wire; a number of a later version counts as `Exec`.
    pub fn from_number(number: u8) -> Self {
        STEPS.get(usize::from(number)).copied().unwrap_or(Self::Exec)
    }
}

mod kind {
    pub(super) const HELLO: u8 = 0x81;
    pub(super) const SPAWNED: u8 = 0x82;
    pub(super) const SPAWN_FAILED: u8 = 0x83;
    pub(super) const EXITED: u8 = 0x84;
    pub(super) const TREE_GONE: u8 = 0x85;
    pub(super) const LOG_ADVANCED: u8 = 0x86;
    pub(super) const OUTPUT: u8 = 0x87;
    pub(super) const STREAMS: u8 = 0x88;
    pub(super) const PONG: u8 = 0x89;
    pub(super) const LOG_TROUBLE: u8 = 0x8a;
    pub(super) const REFUSED: u8 = 0x8b;
    pub(super) const CANNOT_START: u8 = 0x8c;
}

impl Event {
    /// Appends the event to `out` as one frame; `out` is unchanged when it is too long.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        let mut to = Writer::new(out, self.kind());
        match self {
            Self::Hello(hello) => hello.put(&mut to),
            Self::Spawned { run, pid, pid_start } => {
                to.u64(*run);
                to.u32(*pid);
                to.u64(*pid_start);
            }
            Self::SpawnFailed { run, step, errno, text } => {
                to.u64(*run);
                to.u8(step.number());
                to.i32(*errno);
                to.text(text);
            }
            Self::Exited { run, status, tree_is_gone, log } => {
                to.u64(*run);
                status.put(&mut to);
                to.bool(*tree_is_gone);
                log.put(&mut to);
            }
            Self::TreeGone { run, report } => {
                to.u64(*run);
                report.put(&mut to);
            }
            Self::LogAdvanced(position) => position.put(&mut to),
            Self::Output { bytes } => to.bytes(bytes),
            Self::Streams { run } => to.u64(*run),
            Self::Pong { token } => to.u64(*token),
            Self::LogTrouble { text } | Self::CannotStart { text } => to.text(text),
            Self::Refused { request, text } => {
                to.u8(*request);
                to.text(text);
            }
        }
        to.finish()
    }

    /// Understands one frame; `None` is a type that this version does not know.
    pub fn decode(frame: Frame<'_>) -> Result<Option<Self>, DecodeError> {
        let mut from = Reader::new(frame.body);
        let event = match frame.kind {
            kind::HELLO => Self::Hello(KeeperHello::get(&mut from)?),
            kind::SPAWNED => Self::Spawned { run: from.u64()?, pid: from.u32()?, pid_start: from.u64()? },
            kind::SPAWN_FAILED => Self::SpawnFailed {
                run: from.u64()?,
                step: SpawnStep::from_number(from.u8()?),
                errno: from.i32()?,
                text: from.text("text")?,
            },
            kind::EXITED => Self::Exited {
                run: from.u64()?,
                status: ExitStatus::get(&mut from)?,
                tree_is_gone: from.bool()?,
                log: LogPosition::get(&mut from)?,
            },
            kind::TREE_GONE => Self::TreeGone { run: from.u64()?, report: TreeReport::get(&mut from)? },
            kind::LOG_ADVANCED => Self::LogAdvanced(LogPosition::get(&mut from)?),
            kind::OUTPUT => Self::Output { bytes: from.bytes()?.to_vec() },
            kind::STREAMS => Self::Streams { run: from.u64()? },
            kind::PONG => Self::Pong { token: from.u64()? },
            kind::LOG_TROUBLE => Self::LogTrouble { text: from.text("text")? },
            kind::REFUSED => Self::Refused { request: from.u8()?, text: from.text("text")? },
            kind::CANNOT_START => Self::CannotStart { text: from.text("text")? },
            _ => return Ok(None),
        };
        Ok(Some(event))
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => kind::HELLO,
            Self::Spawned { .. } => kind::SPAWNED,
            Self::SpawnFailed { .. } => kind::SPAWN_FAILED,
            Self::Exited { .. } => kind::EXITED,
            Self::TreeGone { .. } => kind::TREE_GONE,
            Self::LogAdvanced(_) => kind::LOG_ADVANCED,
            Self::Output { .. } => kind::OUTPUT,
            Self::Streams { .. } => kind::STREAMS,
            Self::Pong { .. } => kind::PONG,
            Self::LogTrouble { .. } => kind::LOG_TROUBLE,
            Self::Refused { .. } => kind::REFUSED,
            Self::CannotStart { .. } => kind::CANNOT_START,
        }
    }
}

impl KeeperHello {
    fn put(&self, to: &mut Writer<'_>) {
        to.u16(self.version);
        to.u32(self.keeper_pid);
        to.u64(self.keeper_start);
        to.text(&self.boot_id);
        self.nonce.iter().for_each(|byte| to.u8(*byte));
        to.text(&self.instance);
        self.state.put(to);
        self.log.put(to);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            version: from.u16()?,
            keeper_pid: from.u32()?,
            keeper_start: from.u64()?,
            boot_id: from.text("boot_id")?,
            nonce: from.array()?,
            instance: from.text("instance")?,
            state: KeeperState::get(from)?,
            log: LogPosition::get(from)?,
        })
    }
}

impl KeeperState {
    fn put(&self, to: &mut Writer<'_>) {
        match self {
            Self::Idle => to.u8(0),
            Self::Alive { run, mark, pid, pid_start, age_ms, memo } => {
                to.u8(1);
                to.u64(*run);
                to.text(mark);
                to.u32(*pid);
                to.u64(*pid_start);
                to.u64(*age_ms);
                to.bytes(memo);
            }
            Self::Exited { run, mark, status, tree_is_gone, report, memo } => {
                to.u8(2);
                to.u64(*run);
                to.text(mark);
                status.put(to);
                to.bool(*tree_is_gone);
                report.put(to);
                to.bytes(memo);
            }
        }
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match from.u8()? {
            0 => Ok(Self::Idle),
            1 => Ok(Self::Alive {
                run: from.u64()?,
                mark: from.text("mark")?,
                pid: from.u32()?,
                pid_start: from.u64()?,
                age_ms: from.u64()?,
                memo: from.bytes()?.to_vec(),
            }),
            2 => Ok(Self::Exited {
                run: from.u64()?,
                mark: from.text("mark")?,
                status: ExitStatus::get(from)?,
                tree_is_gone: from.bool()?,
                report: TreeReport::get(from)?,
                memo: from.bytes()?.to_vec(),
            }),
            tag => Err(DecodeError::UnknownTag { field: "state", tag }),
        }
    }
}

impl ExitStatus {
    fn put(self, to: &mut Writer<'_>) {
        let (tag, number) = match self {
            Self::Code(code) => (0, code),
            Self::Signal(signal) => (1, signal),
        };
        to.u8(tag);
        to.i32(number);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match from.u8()? {
            0 => Ok(Self::Code(from.i32()?)),
            1 => Ok(Self::Signal(from.i32()?)),
            tag => Err(DecodeError::UnknownTag { field: "status", tag }),
        }
    }
}

impl TreeReport {
    fn put(&self, to: &mut Writer<'_>) {
        to.u32(self.ended);
        to.u32(self.killed_count);
        to.list(&self.killed, |to, name| to.text(name));
        to.list(&self.escaped, |to, name| to.text(name));
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            ended: from.u32()?,
            killed_count: from.u32()?,
            killed: from.list("killed", |from| from.text("killed"))?,
            escaped: from.list("escaped", |from| from.text("escaped"))?,
        })
    }
}

impl LogPosition {
    fn put(self, to: &mut Writer<'_>) {
        to.u64(self.generation);
        to.u64(self.offset);
        to.u64(self.dropped_lines);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { generation: from.u64()?, offset: from.u64()?, dropped_lines: from.u64()? })
    }
}
