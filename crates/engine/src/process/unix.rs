//! Processes on Unix. The process table is read from `/proc`; where there is none (macOS) it is empty, and
//! nothing is ever signalled.

use std::{fs, io, os::unix::ffi::OsStrExt, process::Stdio, time::Duration};

use ostler_keeper::identity::parse_stat;

use super::{
    Process,
    job::{Job, MARK},
};

/// The most of an environment that is searched, in bytes; Linux bounds argv and environment to 6 MiB together.
const ENVIRONMENT_MAX: usize = 8 << 20;
const READ_AT_ONCE: usize = 64 << 10;

/// How often a process is looked at that is becoming another program, and how long between two looks. It needs the
/// processor for that, for which it may have to wait.
const LOOKS_MAX: usize = 1000;
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// In the flags of a process: a thread of the kernel, which never has an environment.
const KERNEL_THREAD: u64 = 0x0020_0000;

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

/// Its environment. Who is just becoming another program has none for a moment, which is waited for.
fn environment(pid: u32) -> Option<Vec<u8>> {
    for _ in 0..LOOKS_MAX {
        let environment = read_environment(pid).ok()?;
        if !environment.is_empty() || !may_have_environment(&fs::read(format!("/proc/{pid}/stat")).ok()?) {
            return Some(environment);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    None
}

/// Reads much at once: of a program that is replaced between two reads the second brings nothing.
fn read_environment(pid: u32) -> io::Result<Vec<u8>> {
    let mut file = fs::File::open(format!("/proc/{pid}/environ"))?;
    let (mut all, mut part) = (Vec::new(), vec![0; READ_AT_ONCE]);
    while all.len() < ENVIRONMENT_MAX {
        match io::Read::read(&mut file, &mut part) {
            Ok(0) => break,
            Ok(count) => all.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Whether a process that showed no environment may have one all the same, by its line in the process table: the new
/// program's is not in place yet, or has come since.
fn may_have_environment(stat: &[u8]) -> bool {
    let text = String::from_utf8_lossy(stat);
    // The name ends with the last bracket; the first field after it is the third of proc(5).
    let Some((_, rest)) = text.rsplit_once(')') else { return false };
    let fields: Vec<u64> = rest.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0)).collect();
    let field = |number: usize| fields.get(number - 4).copied().unwrap_or(0);
    let (flags, start, end) = (field(9), field(50), field(51));
    flags & KERNEL_THREAD == 0 && (end == 0 || start != end)
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

/// The process of a command.
pub(super) type Child = tokio::process::Child;

/// Starts a command in a session of its own.
pub(super) fn start(job: &Job, mark: &str) -> io::Result<Child> {
    let (program, arguments) = job
        .argv
        .split_first()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"))?;
    let mut command = tokio::process::Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(job.env.iter().map(|(name, value)| (name, value)))
        .env(MARK, mark)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(working_dir) = &job.working_dir {
        command.current_dir(working_dir);
    }
    isolate(&mut command, super::original_open_files());
    command.spawn()
}

/// Makes `command` start in a session of its own, with the descriptor limit that this process was started with.
#[expect(unsafe_code, reason = "std has no stable way to call setsid between fork and exec")]
fn isolate(command: &mut tokio::process::Command, descriptors: Option<u64>) {
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

/// What a system keeps of a command and all that it starts; here nothing.
pub(super) struct Hold;

impl Hold {
    pub(super) fn of(_child: &mut Child) -> Self {
        Self
    }

    /// Ends all of them, and says how many those were; `None` where they have to be looked for.
    pub(super) fn end(&self) -> Option<usize> {
        None
    }
}

/// Whether any process is left in the group led by `leader`.
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::process::CommandExt as _;

    use super::*;

    #[test]
    fn who_becomes_another_program_again_and_again_is_never_overlooked() {
        let dir = tempfile::tempdir().expect("a directory");
        let script = dir.path().join("again");
        fs::write(&script, "exec sh \"$0\"\n").expect("it is written");
        let mut child = std::process::Command::new("sh")
            .arg(&script)
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("MARK", "here")])
            .process_group(0)
            .spawn()
            .expect("it starts");
        let missed = (0..3000).filter(|_| !has_environment_entry(child.id(), b"MARK=here")).count();
        child.kill().expect("it is killed");
        child.wait().expect("it is reaped");
        assert_eq!(missed, 0);
    }

    #[test]
    fn only_who_may_still_get_an_environment_is_looked_at_again() {
        let stat = |state: &str, flags: u64, start: u64, end: u64| {
            let between = "0 ".repeat(40);
            format!("7 (a b) c) {state} 1 1 1 0 -1 {flags} {between}{start} {end} 0\n").into_bytes()
        };
        assert!(may_have_environment(&stat("R", 0, 0, 0)), "not in place yet");
        assert!(may_have_environment(&stat("S", 0, 4096, 4200)), "come since");
        assert!(!may_have_environment(&stat("S", 0, 4096, 4096)), "without one");
        assert!(!may_have_environment(&stat("S", KERNEL_THREAD, 0, 0)));
        assert!(!may_have_environment(b"nonsense"));
    }

    #[test]
    fn who_has_no_environment_is_not_waited_for() {
        let mut child =
            std::process::Command::new("/bin/sleep").arg("60").env_clear().spawn().expect("it starts");
        assert!(!has_environment_entry(child.id(), b"MARK=here"));
        child.kill().expect("it is killed");
        child.wait().expect("it is reaped");
    }
}
