//! Signals, limits and processes on Unix.

use std::{ffi::OsString, fs::OpenOptions, io, path::Path, process::Stdio};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    process::{ChildStdout, Command},
    signal::unix::{Signal, SignalKind, signal},
};

use super::Heard;

/// The signals that ask for an end.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Begins to receive them.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next.
    pub(crate) async fn next(&mut self) -> Heard {
        let name = tokio::select! {
            Some(()) = self.terminate.recv() => "SIGTERM",
            Some(()) = self.interrupt.recv() => "SIGINT",
            Some(()) = self.hang_up.recv() => "SIGHUP",
            else => std::future::pending().await,
        };
        // There is as much time as it takes; what the login manager says comes by another way.
        Heard { name, ends: None }
    }
}

/// Raises the soft limit of open files to the hard one: each instance takes a few. Services get the old one back.
pub(crate) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files stays low");
    }
}

/// Leaves the terminal: neither its end nor its Ctrl-C concerns this process any more.
pub(crate) fn detach() {
    // It fails only for the leader of a process group, which then was started on its own already.
    let _ = rustix::process::setsid();
}

/// Starts a process that is to leave the terminal by itself; see [`detach`]. Gives what it says.
pub(crate) fn spawn_aside(program: &Path, arguments: &[OsString]) -> io::Result<ChildStdout> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // It must outlive us, and belongs to no directory that somebody may want to unmount.
    command.current_dir("/").kill_on_drop(false);
    pass_on_nothing();
    command.spawn()?.stdout.take().ok_or_else(|| io::Error::other("it has no standard output"))
}

/// Has what is started from now on inherit nothing but its standard streams: what a shell left open here would stay
/// open for as long as a daemon lives, and a pipe with it.
fn pass_on_nothing() {
    let Ok(open) = std::fs::read_dir("/dev/fd") else { return };
    let number = |entry: io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse::<i32>().ok();
    let foreign: Vec<i32> = open.filter_map(number).filter(|number| *number > 2).collect();
    for number in foreign {
        #[expect(unsafe_code, reason = "a descriptor that nobody here owns is known by its number alone")]
        // SAFETY: `F_SETFD` sets a flag of whatever has this number; nothing is read, written or closed. A number
        // that was closed meanwhile is refused, and what this program opens itself has the flag already.
        unsafe {
            libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
        }
    }
}

/// Lets go of standard input, output and error.
pub(crate) fn silence_stdio() -> io::Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

/// Has all threads share one heap: the many short-lived ones that prepare starts would each keep their own.
pub(crate) fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the allocator's settings have no other interface")]
    // SAFETY: `mallopt` takes two integers, may be called at any time, and reports failure by its result, which
    // would only mean more memory in use.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Gives what only the start needed back to the system: free heap, and code that is not run again.
pub(crate) fn trim_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the allocator has no other interface for it")]
    // SAFETY: `malloc_trim` only touches free memory of the allocator, under its own locks.
    unsafe {
        libc::malloc_trim(0);
    }
    #[cfg(target_os = "linux")]
    super::pages::give_up_clean_pages();
}
