//! Engine to keeper.

use super::codec::{DecodeError, Reader, Writer};
use super::{Frame, FrameError};
use std::ffi::OsString;
use std::path::PathBuf;

/// A message from the engine to a keeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The first message of a connection; answered by `Event::Hello`. A connection that completes it
    /// replaces the one before.
    Hello {
        /// The protocol version of the engine.
        version: u16,
        /// The engine's process id.
        engine_pid: u32,
        /// Echoed in the answer.
        nonce: [u8; 16],
    },
    /// Says how to keep; may be sent again at any time.
    Configure(Configuration),
    /// Starts a run; answered by `Spawned` or `SpawnFailed`.
    Spawn(SpawnOrder),
    /// Sends `signal`, then `SIGCONT`, to the run's process group, or to all its descendants when the
    /// leader is gone; after `grace_ms` the tree is killed.
    Terminate {
        /// The run that is meant.
        run: u64,
        /// The signal's number.
        signal: i32,
        /// Milliseconds until the kill; `None` leaves the kill to the engine.
        grace_ms: Option<u64>,
        /// Milliseconds until the engine kills, where `grace_ms` is `None` and it knows. On Windows the ways to ask
        /// follow each other in this time.
        patience_ms: Option<u64>,
    },
    /// Kills every process of the run; answered by `TreeGone`, within two seconds.
    Kill {
        /// The run that is meant.
        run: u64,
    },
    /// Sends one signal.
    Signal {
        /// The run that is meant.
        run: u64,
        /// The signal's number.
        signal: i32,
        /// To the process group instead of the leader alone.
        whole_group: bool,
    },
    /// The exit status of the run is safe with the engine and may be forgotten.
    Ack {
        /// The run that is meant.
        run: u64,
    },
    /// Turns `LogAdvanced` on or off.
    WatchLog {
        /// Whether the engine wants to hear of log growth.
        on: bool,
    },
    /// Answers `LogAdvanced`; the next one may be sent.
    LogSeen,
    /// Empties the log and its rotated files; a new generation begins.
    ClearLog,
    /// Bytes for the pty of a run, or for the stdin of a logged one.
    Input {
        /// What was typed.
        bytes: Vec<u8>,
    },
    /// The new size of the pty.
    Resize {
        /// Lines.
        rows: u16,
        /// Columns.
        cols: u16,
    },
    /// Closes the keeper's own end of the stdin of a `Stdio::Stream` run, which then ends once the engine
    /// has closed its end too.
    CloseInput,
    /// Asks for stdin and stdout of a `Stdio::Stream` run; answered by `Streams` with descriptors.
    AttachStreams,
    /// Replaces the bytes that the keeper holds for the engine (at most `MEMO_MAX`); forgotten with the run.
    Remember {
        /// What a later engine gets in `Event::Hello`.
        bytes: Vec<u8>,
    },
    /// The engine leaves in order: its absence is not a loss.
    Goodbye {
        /// The keeper leaves too, once no process of its run is alive.
        exit_when_idle: bool,
    },
    /// The keeper leaves once no process of its run is alive.
    Exit,
    /// Answered by `Pong`.
    Ping {
        /// Echoed.
        token: u64,
    },
}

/// How a keeper keeps its instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// What to do when the engine vanishes without goodbye.
    pub on_loss: OnLoss,
    /// Where output goes; `None` discards it.
    pub logs: Option<LogSettings>,
    /// The cgroup directory of this instance, when one is delegated to us.
    pub cgroup: Option<PathBuf>,
    /// Memory that the processes of a run may have together, in bytes, where the keeper can see to that itself: on
    /// Windows.
    pub memory_max: Option<u64>,
}

/// What a keeper does when the engine vanishes without goodbye.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnLoss {
    /// Starts an engine when none came back in time; tries again with a growing pause.
    Revive {
        /// The program (a path) and its arguments.
        argv: Vec<OsString>,
        /// The whole environment of the engine, as `NAME=VALUE`.
        env: Vec<OsString>,
        /// Milliseconds without an engine before the first attempt.
        after_ms: u64,
    },
    /// Keeps the run.
    Keep,
    /// Ends the run, politely first.
    StopAfter {
        /// Milliseconds without an engine.
        after_ms: u64,
        /// The polite signal's number.
        signal: i32,
        /// Milliseconds from the signal to the kill.
        grace_ms: u64,
    },
}

/// Where and how the log of an instance is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// The live file, `…/SERVICE/K.log`; rotated files are `K.log.1` (the newest) and up.
    pub path: PathBuf,
    /// The most bytes of one file.
    pub max_size: u64,
    /// How many rotated files are kept besides the live one.
    pub max_files: u32,
    /// What happens to output that cannot be written.
    pub on_full: OnFull,
}

/// What happens to output that cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFull {
    /// It is dropped and counted; the run never waits.
    Drop,
    /// The run waits until it can be written.
    Block,
}

/// Everything needed to start a run; nothing is inherited from the keeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpawnOrder {
    /// The run's id.
    pub run: u64,
    /// The value of `OSTLER_RUN_ID`, which the engine also puts into `env`.
    pub mark: String,
    /// The program file.
    pub program: PathBuf,
    /// The arguments, the program's name first.
    pub argv: Vec<OsString>,
    /// The whole environment, as `NAME=VALUE`.
    pub env: Vec<OsString>,
    /// The working directory.
    pub cwd: PathBuf,
    /// What the standard streams are.
    pub stdio: Stdio,
    /// The file creation mask; `None` keeps the keeper's.
    pub umask: Option<u32>,
    /// The niceness; `None` keeps the keeper's.
    pub nice: Option<i32>,
    /// Resource limits to set.
    pub rlimits: Vec<ResourceLimit>,
    /// The user to become (needs privilege), with its supplementary groups cleared.
    pub uid: Option<u32>,
    /// The group to become (needs privilege).
    pub gid: Option<u32>,
}

/// What the standard streams of a run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdio {
    /// Stdin is a pipe that `Request::Input` writes to; stdout and stderr go to the log.
    Log,
    /// All three are a terminal.
    Pty {
        /// Lines.
        rows: u16,
        /// Columns.
        cols: u16,
    },
    /// Stdin and stdout are for the engine; stderr goes to the log.
    Stream,
}

/// One resource limit (`setrlimit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceLimit {
    /// The resource's number on this system.
    pub resource: u32,
    /// The soft limit; `u64::MAX` is none.
    pub soft: u64,
    /// The hard limit; `u64::MAX` is none.
    pub hard: u64,
}

mod kind {
    pub(super) const HELLO: u8 = 0x01;
    pub(super) const CONFIGURE: u8 = 0x02;
    pub(super) const SPAWN: u8 = 0x03;
    pub(super) const TERMINATE: u8 = 0x04;
    pub(super) const KILL: u8 = 0x05;
    pub(super) const SIGNAL: u8 = 0x06;
    pub(super) const ACK: u8 = 0x07;
    pub(super) const WATCH_LOG: u8 = 0x08;
    pub(super) const LOG_SEEN: u8 = 0x09;
    pub(super) const CLEAR_LOG: u8 = 0x0a;
    pub(super) const INPUT: u8 = 0x0b;
    pub(super) const RESIZE: u8 = 0x0c;
    pub(super) const ATTACH_STREAMS: u8 = 0x0d;
    pub(super) const REMEMBER: u8 = 0x0e;
    pub(super) const GOODBYE: u8 = 0x0f;
    pub(super) const EXIT: u8 = 0x10;
    pub(super) const PING: u8 = 0x11;
    pub(super) const CLOSE_INPUT: u8 = 0x12;
}

impl Request {
    /// Whether the kind of a request, as [`super::Event::Refused`] names it, is that of [`Self::Spawn`].
    pub fn is_spawn(kind: u8) -> bool {
        kind == kind::SPAWN
    }

    /// Appends the request to `out` as one frame; `out` is unchanged when it is too long.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        let mut to = Writer::new(out, self.kind());
        match self {
            Self::Hello { version, engine_pid, nonce } => {
                to.u16(*version);
                to.u32(*engine_pid);
                nonce.iter().for_each(|byte| to.u8(*byte));
            }
            Self::Configure(configuration) => configuration.put(&mut to),
            Self::Spawn(order) => order.put(&mut to),
            Self::Terminate { run, signal, grace_ms, patience_ms } => {
                to.u64(*run);
                to.i32(*signal);
                to.option(grace_ms.as_ref(), |to, grace| to.u64(*grace));
                to.option(patience_ms.as_ref(), |to, patience| to.u64(*patience));
            }
            Self::Kill { run } | Self::Ack { run } => to.u64(*run),
            Self::Signal { run, signal, whole_group } => {
                to.u64(*run);
                to.i32(*signal);
                to.bool(*whole_group);
            }
            Self::WatchLog { on } => to.bool(*on),
            Self::LogSeen | Self::ClearLog | Self::CloseInput | Self::AttachStreams | Self::Exit => {}
            Self::Input { bytes } | Self::Remember { bytes } => to.bytes(bytes),
            Self::Resize { rows, cols } => {
                to.u16(*rows);
                to.u16(*cols);
            }
            Self::Goodbye { exit_when_idle } => to.bool(*exit_when_idle),
            Self::Ping { token } => to.u64(*token),
        }
        to.finish()
    }

    /// Understands one frame; `None` is a type that this version does not know.
    pub fn decode(frame: Frame<'_>) -> Result<Option<Self>, DecodeError> {
        let mut from = Reader::new(frame.body);
        let request = match frame.kind {
            kind::HELLO => {
                Self::Hello { version: from.u16()?, engine_pid: from.u32()?, nonce: from.array()? }
            }
            kind::CONFIGURE => Self::Configure(Configuration::get(&mut from)?),
            kind::SPAWN => Self::Spawn(SpawnOrder::get(&mut from)?),
            kind::TERMINATE => Self::Terminate {
                run: from.u64()?,
                signal: from.i32()?,
                grace_ms: from.option(|from| from.u64())?,
                // An engine of an earlier version does not say.
                patience_ms: if from.is_at_end() { None } else { from.option(|from| from.u64())? },
            },
            kind::KILL => Self::Kill { run: from.u64()? },
            kind::SIGNAL => Self::Signal { run: from.u64()?, signal: from.i32()?, whole_group: from.bool()? },
            kind::ACK => Self::Ack { run: from.u64()? },
            kind::WATCH_LOG => Self::WatchLog { on: from.bool()? },
            kind::LOG_SEEN => Self::LogSeen,
            kind::CLEAR_LOG => Self::ClearLog,
            kind::INPUT => Self::Input { bytes: from.bytes()?.to_vec() },
            kind::RESIZE => Self::Resize { rows: from.u16()?, cols: from.u16()? },
            kind::CLOSE_INPUT => Self::CloseInput,
            kind::ATTACH_STREAMS => Self::AttachStreams,
            kind::REMEMBER => Self::Remember { bytes: from.bytes()?.to_vec() },
            kind::GOODBYE => Self::Goodbye { exit_when_idle: from.bool()? },
            kind::EXIT => Self::Exit,
            kind::PING => Self::Ping { token: from.u64()? },
            _ => return Ok(None),
        };
        Ok(Some(request))
    }

    /// The message type of the request.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Hello { .. } => kind::HELLO,
            Self::Configure(_) => kind::CONFIGURE,
            Self::Spawn(_) => kind::SPAWN,
            Self::Terminate { .. } => kind::TERMINATE,
            Self::Kill { .. } => kind::KILL,
            Self::Signal { .. } => kind::SIGNAL,
            Self::Ack { .. } => kind::ACK,
            Self::WatchLog { .. } => kind::WATCH_LOG,
            Self::LogSeen => kind::LOG_SEEN,
            Self::ClearLog => kind::CLEAR_LOG,
            Self::Input { .. } => kind::INPUT,
            Self::Resize { .. } => kind::RESIZE,
            Self::CloseInput => kind::CLOSE_INPUT,
            Self::AttachStreams => kind::ATTACH_STREAMS,
            Self::Remember { .. } => kind::REMEMBER,
            Self::Goodbye { .. } => kind::GOODBYE,
            Self::Exit => kind::EXIT,
            Self::Ping { .. } => kind::PING,
        }
    }
}

impl Configuration {
    fn put(&self, to: &mut Writer<'_>) {
        self.on_loss.put(to);
        to.option(self.logs.as_ref(), |to, logs| logs.put(to));
        to.option(self.cgroup.as_deref(), |to, path| to.os(path.as_os_str()));
        to.option(self.memory_max.as_ref(), |to, bytes| to.u64(*bytes));
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            on_loss: OnLoss::get(from)?,
            logs: from.option(LogSettings::get)?,
            cgroup: from.option(|from| from.path("cgroup"))?,
            // An engine of an earlier version does not say.
            memory_max: if from.is_at_end() { None } else { from.option(|from| from.u64())? },
        })
    }
}

impl OnLoss {
    fn put(&self, to: &mut Writer<'_>) {
        match self {
            Self::Revive { argv, env, after_ms } => {
                to.u8(0);
                to.list(argv, |to, item| to.os(item));
                to.list(env, |to, item| to.os(item));
                to.u64(*after_ms);
            }
            Self::Keep => to.u8(1),
            Self::StopAfter { after_ms, signal, grace_ms } => {
                to.u8(2);
                to.u64(*after_ms);
                to.i32(*signal);
                to.u64(*grace_ms);
            }
        }
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match from.u8()? {
            0 => Ok(Self::Revive {
                argv: from.list("argv", |from| from.os("argv"))?,
                env: from.list("env", |from| from.os("env"))?,
                after_ms: from.u64()?,
            }),
            1 => Ok(Self::Keep),
            2 => Ok(Self::StopAfter { after_ms: from.u64()?, signal: from.i32()?, grace_ms: from.u64()? }),
            tag => Err(DecodeError::UnknownTag { field: "on_loss", tag }),
        }
    }
}

impl LogSettings {
    fn put(&self, to: &mut Writer<'_>) {
        to.os(self.path.as_os_str());
        to.u64(self.max_size);
        to.u32(self.max_files);
        to.u8(match self.on_full {
            OnFull::Drop => 0,
            OnFull::Block => 1,
        });
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            path: from.path("path")?,
            max_size: from.u64()?,
            max_files: from.u32()?,
            on_full: match from.u8()? {
                0 => OnFull::Drop,
                1 => OnFull::Block,
                tag => return Err(DecodeError::UnknownTag { field: "on_full", tag }),
            },
        })
    }
}

impl SpawnOrder {
    fn put(&self, to: &mut Writer<'_>) {
        to.u64(self.run);
        to.text(&self.mark);
        to.os(self.program.as_os_str());
        to.list(&self.argv, |to, item| to.os(item));
        to.list(&self.env, |to, item| to.os(item));
        to.os(self.cwd.as_os_str());
        self.stdio.put(to);
        to.option(self.umask.as_ref(), |to, value| to.u32(*value));
        to.option(self.nice.as_ref(), |to, value| to.i32(*value));
        to.list(&self.rlimits, |to, limit| {
            to.u32(limit.resource);
            to.u64(limit.soft);
            to.u64(limit.hard);
        });
        to.option(self.uid.as_ref(), |to, value| to.u32(*value));
        to.option(self.gid.as_ref(), |to, value| to.u32(*value));
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            run: from.u64()?,
            mark: from.text("mark")?,
            program: from.path("program")?,
            argv: from.list("argv", |from| from.os("argv"))?,
            env: from.list("env", |from| from.os("env"))?,
            cwd: from.path("cwd")?,
            stdio: Stdio::get(from)?,
            umask: from.option(|from| from.u32())?,
            nice: from.option(|from| from.i32())?,
            rlimits: from.list("rlimits", |from| {
                Ok(ResourceLimit { resource: from.u32()?, soft: from.u64()?, hard: from.u64()? })
            })?,
            uid: from.option(|from| from.u32())?,
            gid: from.option(|from| from.u32())?,
        })
    }
}

impl Stdio {
    fn put(&self, to: &mut Writer<'_>) {
        match self {
            Self::Log => to.u8(0),
            Self::Pty { rows, cols } => {
                to.u8(1);
                to.u16(*rows);
                to.u16(*cols);
            }
            Self::Stream => to.u8(2),
        }
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match from.u8()? {
            0 => Ok(Self::Log),
            1 => Ok(Self::Pty { rows: from.u16()?, cols: from.u16()? }),
            2 => Ok(Self::Stream),
            tag => Err(DecodeError::UnknownTag { field: "stdio", tag }),
        }
    }
}
