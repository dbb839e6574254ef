//! The files of a slot: lock, socket, record.

use crate::record::{self, Record};
use rustix::fs::FlockOperation;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// How many engines may knock at once.
const BACKLOG: i32 = 8;

/// A slot that this process holds.
pub struct Slot {
    pub listener: UnixListener,
    socket: PathBuf,
    record: PathBuf,
    /// Held by its flock, which the kernel drops with the process; the file is never deleted.
    _lock: File,
}

/// Why a slot cannot be held.
#[derive(Debug)]
pub enum SlotError {
    /// Another keeper holds it.
    Taken,
    /// Its files cannot be made.
    Files(io::Error),
    /// Its directory is open to others.
    Unsafe(String),
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => write!(f, "another keeper holds this slot"),
            Self::Files(error) => write!(f, "the slot's files cannot be made: {error}"),
            Self::Unsafe(reason) => write!(f, "{reason}"),
        }
    }
}

impl From<io::Error> for SlotError {
    fn from(error: io::Error) -> Self {
        Self::Files(error)
    }
}

impl Slot {
    /// Takes the lock, then makes the socket.
    pub fn take(dir: &Path, key: &str) -> Result<Self, SlotError> {
        verify(dir)?;
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(dir.join(format!("{key}.lock")))?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(SlotError::Taken),
            Err(error) => return Err(SlotError::Files(error.into())),
        }
        let socket = dir.join(format!("{key}.sock"));
        let listener = listen(&socket)?;
        Ok(Self { listener, socket, record: dir.join(format!("{key}.rec")), _lock: lock })
    }

    /// Replaces the record.
    pub fn save(&self, record: &Record) -> io::Result<()> {
        record::write(&self.record, record)
    }

    /// Whether an engine can still find this keeper; false once its directory was removed.
    pub fn is_reachable(&self) -> bool {
        self.socket.exists()
    }

    /// Takes the socket away, and the record unless it still has something to say.
    pub fn leave(&self, keep_record: bool) {
        // Both are found stale and replaced under the lock if this fails.
        let _ = fs::remove_file(&self.socket);
        if !keep_record {
            let _ = fs::remove_file(&self.record);
        }
    }
}

fn verify(dir: &Path) -> Result<(), SlotError> {
    let metadata = fs::symlink_metadata(dir)?;
    if !metadata.is_dir() {
        return Err(SlotError::Unsafe(format!("{} is not a directory", dir.display())));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(SlotError::Unsafe(format!("{} belongs to another user", dir.display())));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(SlotError::Unsafe(format!("{} is open to other users", dir.display())));
    }
    Ok(())
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    #[cfg(target_os = "linux")]
    let socket = {
        use rustix::fs::Mode;
        use rustix::net::SocketFlags;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        // Before bind, so that the file never has another mode.
        rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
        socket
    };
    #[cfg(not(target_os = "linux"))]
    let socket = {
        let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
        rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        socket
    };
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(UnixListener::from(socket))
}
