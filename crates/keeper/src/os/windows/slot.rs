//! The files of a slot: lock, the announcement of the pipe, record.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use ostler_windows::pipe::{self, Direction, Instance};

use super::port::{Pipe, Port};
use crate::record::{self, Record};

/// A slot that this process holds.
pub struct Slot {
    /// The instance of the pipe that waits for the next engine.
    pub listener: Option<Pipe>,
    name: String,
    socket: PathBuf,
    record: PathBuf,
    /// Held by its lock, which the system drops with the process; the file is never deleted.
    _lock: File,
}

/// Why a slot cannot be held.
#[derive(Debug)]
pub enum SlotError {
    /// Another keeper holds it.
    Taken,
    /// Its files cannot be made.
    Files(io::Error),
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => write!(f, "another keeper holds this slot"),
            Self::Files(error) => write!(f, "the slot's files cannot be made: {error}"),
        }
    }
}

impl From<io::Error> for SlotError {
    fn from(error: io::Error) -> Self {
        Self::Files(error)
    }
}

impl Slot {
    /// Takes the lock, then makes the pipe and announces it.
    pub fn take(dir: &Path, key: &str, port: &Port, pipe_key: usize) -> Result<Self, SlotError> {
        let lock =
            File::options().write(true).create(true).truncate(false).open(dir.join(format!("{key}.lock")))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SlotError::Taken),
            Err(TryLockError::Error(error)) => return Err(SlotError::Files(error)),
        }
        let random = pipe::random();
        let name = pipe::name(&random)?;
        let first = Pipe::new(port, pipe::serve(&name, Direction::Both, Instance::First)?, pipe_key)?;
        let socket = dir.join(format!("{key}.sock"));
        pipe::announce(&socket, &random)?;
        let record = dir.join(format!("{key}.rec"));
        Ok(Self { listener: Some(first), name, socket, record, _lock: lock })
    }

    /// Makes the next instance of the pipe, for the next engine.
    pub fn listen_again(&mut self, port: &Port, pipe_key: usize) -> io::Result<()> {
        let next = pipe::serve(&self.name, Direction::Both, Instance::Further)?;
        self.listener = Some(Pipe::new(port, next, pipe_key)?);
        Ok(())
    }

    /// Replaces the record.
    pub fn save(&self, record: &Record) -> io::Result<()> {
        record::write(&self.record, record)
    }

    /// Whether an engine can still find this keeper; false once its directory was removed.
    pub fn is_reachable(&self) -> bool {
        self.socket.exists()
    }

    /// Takes the announcement away, and the record unless it still has something to say.
    pub fn leave(&self, keep_record: bool) {
        // Both are found stale and replaced under the lock if this fails.
        let _ = fs::remove_file(&self.socket);
        if !keep_record {
            let _ = fs::remove_file(&self.record);
        }
    }
}
