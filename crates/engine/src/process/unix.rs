//! Processes on Unix. The process table is read from `/proc`; where there is none (macOS) it is empty, and
//! nothing is ever signalled.

use std::{fs, io, os::unix::ffi::OsStrExt};

use ostler_keeper::identity::parse_stat;

use super::Process;

/// The most of an environment that is searched, in bytes; Linux bounds argv and environment to 6 MiB together.
const ENVIRONMENT_MAX: u64 = 8 << 20;

pub(super) fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let pid = std::str::from_utf8(name.as_bytes()).ok()?.parse::<u32>().ok()?;
            look(pid)
        })
        .collect()
}

/// One process, unless it ended.
pub(super) fn look(pid: u32) -> Option<Process> {
    let stat = parse_stat(&fs::read(format!("/proc/{pid}/stat")).ok()?)?;
    if matches!(stat.state, b'Z' | b'X') {
        return None;
    }
    Some(Process { pid, start: stat.start, parent: stat.parent, session: stat.session, name: stat.name })
}

pub(super) fn has_environment_entry(pid: u32, entry: &[u8]) -> bool {
    pid != std::process::id()
        && environment(pid).is_some_and(|all| all.split(|byte| *byte == 0).any(|found| found == entry))
        && is_own_user(pid)
}

pub(super) fn environment_value(pid: u32, variable: &str) -> Option<String> {
    environment(pid)?.split(|byte| *byte == 0).find_map(|entry| {
        let value = entry.strip_prefix(variable.as_bytes())?.strip_prefix(b"=")?;
        Some(String::from_utf8_lossy(value).into_owned())
    })
}

fn environment(pid: u32) -> Option<Vec<u8>> {
    let mut environment = Vec::new();
    let file = fs::File::open(format!("/proc/{pid}/environ")).ok()?;
    io::Read::read_to_end(&mut io::Read::take(file, ENVIRONMENT_MAX), &mut environment).ok()?;
    Some(environment)
}

fn is_own_user(pid: u32) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(format!("/proc/{pid}"))
        .is_ok_and(|metadata| is_root() || metadata.uid() == rustix::process::geteuid().as_raw())
}

pub(super) fn ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second().max(1)
}

pub(super) fn uid() -> Option<u32> {
    Some(rustix::process::getuid().as_raw())
}

pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What is sent to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The polite request, and the permission to go on and hear it.
    Terminate,
    /// The end.
    Kill,
}

#[cfg(target_os = "linux")]
mod handle {
    use std::{io, os::fd::OwnedFd};

    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
    use tokio::io::{Interest, unix::AsyncFd};

    use super::{Order, Process, look};

    /// A hold on one process that no reuse of its id can turn to another.
    pub(crate) struct Handle {
        descriptor: OwnedFd,
    }

    impl Handle {
        /// Takes hold of `process` if it is still the one that was seen.
        pub(crate) fn open(process: &Process) -> Option<Self> {
            if process.pid <= 1 || process.pid == std::process::id() {
                return None;
            }
            let pid = Pid::from_raw(i32::try_from(process.pid).ok()?)?;
            let descriptor = pidfd_open(pid, PidfdFlags::empty()).ok()?;
            (look(process.pid)?.start == process.start).then_some(Self { descriptor })
        }

        /// Sends an order; whoever has ended meanwhile has followed it.
        pub(crate) fn order(&self, order: Order) -> io::Result<()> {
            let sent = match order {
                Order::Terminate => pidfd_send_signal(&self.descriptor, Signal::TERM)
                    .and_then(|()| pidfd_send_signal(&self.descriptor, Signal::CONT)),
                Order::Kill => pidfd_send_signal(&self.descriptor, Signal::KILL),
            };
            match sent {
                Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
                Err(error) => Err(error.into()),
            }
        }

        /// Waits until the process has ended.
        #[expect(unsafe_code, reason = "tokio cannot know that a descriptor stays the same")]
        pub(crate) async fn ended(self) {
            // SAFETY: an owned descriptor stays open and the same until it is dropped.
            let watched = unsafe { AsyncFd::register_with_interest(self.descriptor, Interest::READABLE) };
            let Ok(descriptor) = watched else { return };
            // An error means that the descriptor cannot be watched; the next look at the table tells then.
            drop(descriptor.readable().await);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod handle {
    use std::io;

    use super::{Order, Process};

    /// There is no hold on a process here that an id's reuse could not turn to another.
    pub(crate) enum Handle {}

    impl Handle {
        /// Never: nothing here can be verified.
        pub(crate) fn open(_process: &Process) -> Option<Self> {
            None
        }

        pub(crate) fn order(&self, _order: Order) -> io::Result<()> {
            match *self {}
        }

        pub(crate) async fn ended(self) {
            match self {}
        }
    }
}

pub(super) use handle::Handle;

/// Makes `command` start in a session of its own, with the descriptor limit that this process was started with.
#[expect(unsafe_code, reason = "std has no stable way to call setsid between fork and exec")]
pub(super) fn isolate(command: &mut tokio::process::Command, descriptors: Option<u64>) {
    let restore = move || {
        rustix::process::setsid()?;
        if let Some(soft) = descriptors {
            let resource = rustix::process::Resource::Nofile;
            let limit = rustix::process::getrlimit(resource);
            rustix::process::setrlimit(resource, rustix::process::Rlimit { current: Some(soft), ..limit })?;
        }
        Ok(())
    };
    // SAFETY: the closure makes three system calls, each async-signal-safe, and allocates nothing.
    unsafe {
        command.pre_exec(restore);
    }
}

/// Whether any process is left in the group led by `leader`.
/// What a system keeps of a command and all that it starts; here nothing.
pub(super) struct Hold;

impl Hold {
    pub(super) fn of(_child: &tokio::process::Child) -> Self {
        Self
    }

    /// Ends all of them, and says how many those were; `None` where they have to be looked for.
    pub(super) fn end(&self) -> Option<usize> {
        None
    }
}

pub(super) fn group_lives(leader: u32) -> bool {
    i32::try_from(leader)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .is_some_and(|pid| rustix::process::test_kill_process_group(pid).is_ok())
}

/// Raises the soft limit of open files to the hard one; gives the soft limit as it was.
pub(super) fn raise_descriptors() -> io::Result<Option<u64>> {
    let resource = rustix::process::Resource::Nofile;
    let limit = rustix::process::getrlimit(resource);
    if limit.current != limit.maximum {
        rustix::process::setrlimit(resource, rustix::process::Rlimit { current: limit.maximum, ..limit })?;
    }
    Ok(limit.current)
}

/// The hard limit of open files; `u64::MAX` is none.
pub(super) fn hard_descriptors() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum.unwrap_or(u64::MAX)
}

/// How many files may be open, now and at most.
pub(super) fn descriptor_limit() -> Option<(u64, u64)> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    Some((limit.current.unwrap_or(u64::MAX), limit.maximum.unwrap_or(u64::MAX)))
}

/// Free bytes for this user on the disk that holds `path`.
pub(super) fn free_bytes(path: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
