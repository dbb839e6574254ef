//! The system calls that need care: signals, fork and exec.
//!
//! Between fork and exec the child only makes system calls on what the parent has prepared.
#![expect(unsafe_code, reason = "fork, exec and signal handlers have no safe form")]

use crate::protocol::{ResourceLimit, SpawnStep};
use std::ffi::{CStr, CString};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, Ordering};

/// Where the signal handler leaves the signal's number; -1 before it is installed.
static SIGNAL_PIPE: AtomicI32 = AtomicI32::new(-1);

/// Closes every descriptor above the standard streams that the engine may have left open.
pub fn close_inherited() {
    #[cfg(target_os = "linux")]
    // SAFETY: nothing in this process has opened a descriptor yet, so none is taken from its owner.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32);
    }
}

/// Has large buffers given back to the system when they are freed, also after the first time.
pub fn keep_memory_small() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: one thread, and the parameter is one that mallopt knows.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 64 * 1024);
    }
}

/// Makes this process what a keeper is; gives the end of a pipe that yields a byte per signal.
pub fn become_keeper() -> io::Result<UnixStream> {
    // Fails only for a process group leader, which already is what we want to be.
    let _ = rustix::process::setsid();
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    writer.set_nonblocking(true)?;
    SIGNAL_PIPE.store(writer.into_raw_fd(), Ordering::Relaxed);
    for signal in [libc::SIGPIPE, libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTSTP] {
        set_handler(signal, libc::SIG_IGN)?;
    }
    for signal in [libc::SIGCHLD, libc::SIGTERM] {
        set_handler(signal, note_signal as *const () as libc::sighandler_t)?;
    }
    // SAFETY: an empty set is built in place and read by the call only.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
    }
    Ok(reader)
}

fn set_handler(signal: i32, handler: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: the handler is SIG_IGN or `note_signal`, which is safe to run at any point.
    let result = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(signal, &action, std::ptr::null_mut())
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

extern "C" fn note_signal(signal: i32) {
    let byte = signal as u8;
    // SAFETY: write is async-signal-safe; the descriptor is open as long as the process lives. `errno` may
    // change, but system calls of this single thread are made by code that reads it at once or not at all:
    // a full pipe is the only failure, and then a byte is waiting already.
    unsafe {
        let saved = *errno();
        libc::write(SIGNAL_PIPE.load(Ordering::Relaxed), (&raw const byte).cast(), 1);
        *errno() = saved;
    }
}

unsafe fn errno() -> *mut i32 {
    #[cfg(target_os = "linux")]
    // SAFETY: the address of this thread's errno is always valid.
    unsafe {
        libc::__errno_location()
    }
    #[cfg(not(target_os = "linux"))]
    // SAFETY: as above.
    unsafe {
        libc::__error()
    }
}

/// Sends a signal to a process, or to a group when `target` is negative.
pub fn kill(target: i32, signal: i32) -> io::Result<()> {
    if target == 0 || target == -1 || target == 1 {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    // SAFETY: kill touches no memory of ours.
    if unsafe { libc::kill(target, signal) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Sends a signal through a pidfd, which cannot mean another process than the one it was opened for.
#[cfg(target_os = "linux")]
pub fn kill_pidfd(pidfd: &OwnedFd, signal: i32) -> io::Result<()> {
    let none = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is open, the info pointer may be null.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, none, 0u32) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What the child does before it becomes the program; everything is prepared, so that it need not allocate.
pub struct Launch {
    pub program: CString,
    pub argv: Vec<CString>,
    pub env: Vec<CString>,
    pub cwd: CString,
    /// The standard streams; `None` where all three are the terminal `stdin`.
    pub stdin: OwnedFd,
    pub stdout: Option<OwnedFd>,
    pub stderr: Option<OwnedFd>,
    /// `stdin` becomes the controlling terminal.
    pub is_terminal: bool,
    pub cgroup: Option<OwnedFd>,
    pub umask: Option<u32>,
    pub nice: Option<i32>,
    pub rlimits: Vec<ResourceLimit>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub parentage: Parentage,
}

/// Whose child a new process is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Parentage {
    /// Ours; it dies with us.
    Own,
    /// Our parent's: not part of the tree that we kill, not even for an instant.
    Sibling,
}

/// Why a process could not be started.
pub struct LaunchError {
    pub step: SpawnStep,
    pub errno: i32,
}

/// Starts the process; returns once it is the program.
pub fn launch(launch: &Launch) -> Result<u32, LaunchError> {
    let failed =
        |step| move |error: io::Error| LaunchError { step, errno: error.raw_os_error().unwrap_or(0) };
    let (mut reader, writer) = io::pipe().map_err(failed(SpawnStep::Stdio))?;
    let argv = pointers(&launch.argv);
    let env = pointers(&launch.env);
    let parent = rustix::process::getpid().as_raw_pid();
    // SAFETY: this process has one thread, so the child may do anything that the parent may; it only makes
    // system calls on prepared values and never returns.
    let pid = unsafe { fork(launch.parentage) };
    if pid == 0 {
        let (step, errno) = become_program(launch, &argv, &env, parent);
        let mut report = [0; 5];
        report[0] = step.number();
        report[1..].copy_from_slice(&errno.to_le_bytes());
        // SAFETY: the descriptor and the array are alive; _exit does not return.
        unsafe {
            libc::write(writer.as_raw_fd(), report.as_ptr().cast(), report.len());
            libc::_exit(127);
        }
    }
    drop(writer);
    if pid < 0 {
        return Err(failed(SpawnStep::Fork)(io::Error::last_os_error()));
    }
    let mut report = [0; 5];
    // Ends without a byte when exec has closed the other end.
    if reader.read_exact(&mut report).is_err() {
        return Ok(pid as u32);
    }
    if launch.parentage == Parentage::Own {
        // SAFETY: a null status pointer is allowed; the child is ours and about to exit.
        unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    }
    let errno = i32::from_le_bytes([report[1], report[2], report[3], report[4]]);
    Err(LaunchError { step: SpawnStep::from_number(report[0]), errno })
}

/// # Safety
/// The caller has one thread, and the child must not return.
unsafe fn fork(parentage: Parentage) -> i32 {
    match parentage {
        // SAFETY: as promised by the caller.
        Parentage::Own => unsafe { libc::fork() },
        #[cfg(target_os = "linux")]
        // SAFETY: without a stack and memory flags this is fork with another parent.
        Parentage::Sibling => unsafe {
            let flags = libc::CLONE_PARENT | libc::SIGCHLD;
            libc::syscall(libc::SYS_clone, flags as libc::c_ulong, 0usize, 0usize, 0usize, 0usize) as i32
        },
        #[cfg(not(target_os = "linux"))]
        // SAFETY: as promised by the caller. Nobody here adopts orphans, so our own child may stay one.
        Parentage::Sibling => unsafe { libc::fork() },
    }
}

fn pointers(texts: &[CString]) -> Vec<*const libc::c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
}

/// Runs in the child; comes back only when something failed.
fn become_program(
    launch: &Launch,
    argv: &[*const libc::c_char],
    env: &[*const libc::c_char],
    parent: i32,
) -> (SpawnStep, i32) {
    match prepare(launch, parent) {
        Err(step) => (step, last_errno()),
        Ok(()) => {
            // SAFETY: both lists end in null and point to strings that live in `launch`.
            unsafe { libc::execve(launch.program.as_ptr(), argv.as_ptr(), env.as_ptr()) };
            (SpawnStep::Exec, last_errno())
        }
    }
}

fn last_errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

fn check(result: i32, step: SpawnStep) -> Result<(), SpawnStep> {
    if result == -1 { Err(step) } else { Ok(()) }
}

fn prepare(launch: &Launch, parent: i32) -> Result<(), SpawnStep> {
    // SAFETY: all calls are system calls or thin wrappers on values that outlive them.
    unsafe {
        reset_signals();
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
        check(libc::setsid(), SpawnStep::Session)?;
        if let Some(cgroup) = &launch.cgroup {
            let result = libc::write(cgroup.as_raw_fd(), c"0\n".as_ptr().cast(), 2);
            check(result as i32, SpawnStep::Cgroup)?;
        }
        for limit in &launch.rlimits {
            let value = libc::rlimit { rlim_cur: limit.soft, rlim_max: limit.hard };
            check(libc::setrlimit(limit.resource as _, &value), SpawnStep::ResourceLimit)?;
        }
        if let Some(nice) = launch.nice {
            check(libc::setpriority(libc::PRIO_PROCESS, 0, nice), SpawnStep::Nice)?;
        }
        set_user(launch)?;
        #[cfg(not(target_os = "linux"))]
        let _ = parent;
        #[cfg(target_os = "linux")]
        if launch.parentage == Parentage::Own {
            // After the user, because a change of the user clears it.
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            if libc::getppid() != parent {
                libc::_exit(127);
            }
        }
        check(libc::chdir(launch.cwd.as_ptr()), SpawnStep::WorkingDirectory)?;
        if let Some(umask) = launch.umask {
            libc::umask(umask as libc::mode_t);
        }
        set_streams(launch)
    }
}

/// Gives every signal its default action, also the two that the C library keeps for itself.
unsafe fn reset_signals() {
    for signal in 1..=64 {
        #[cfg(target_os = "linux")]
        // SAFETY: to the kernel an action of zeros, in a buffer larger than its structure, is the default.
        unsafe {
            let default = [0u64; 16];
            let none = std::ptr::null_mut::<u64>();
            libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), none, 8usize);
        }
        #[cfg(not(target_os = "linux"))]
        // SAFETY: the default action needs no handler.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}

unsafe fn set_user(launch: &Launch) -> Result<(), SpawnStep> {
    // SAFETY: system calls without pointers, but for the empty group list.
    unsafe {
        if launch.uid.is_some() && libc::geteuid() == 0 {
            check(libc::setgroups(0, std::ptr::null()), SpawnStep::Gid)?;
        }
        if let Some(gid) = launch.gid {
            check(libc::setgid(gid), SpawnStep::Gid)?;
        }
        if let Some(uid) = launch.uid {
            check(libc::setuid(uid), SpawnStep::Uid)?;
        }
    }
    Ok(())
}

unsafe fn set_streams(launch: &Launch) -> Result<(), SpawnStep> {
    let stdin = launch.stdin.as_raw_fd();
    let other = |stream: &Option<OwnedFd>| -> RawFd { stream.as_ref().map_or(stdin, |fd| fd.as_raw_fd()) };
    // SAFETY: the descriptors are open and above 2, so no dup2 overwrites one that is needed later.
    unsafe {
        if launch.is_terminal {
            check(libc::ioctl(stdin, libc::TIOCSCTTY as _, 0), SpawnStep::Stdio)?;
        }
        check(libc::dup2(stdin, 0), SpawnStep::Stdio)?;
        check(libc::dup2(other(&launch.stdout), 1), SpawnStep::Stdio)?;
        check(libc::dup2(other(&launch.stderr), 2), SpawnStep::Stdio)?;
        // Everything of ours closes on exec anyway; this is for what a library may have opened.
        #[cfg(target_os = "linux")]
        libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
    }
    Ok(())
}

/// Whether `text` could be a C string.
pub fn c_string(text: &[u8]) -> Option<CString> {
    CString::new(text).ok()
}

/// An open `/dev/null`.
pub fn open_null() -> io::Result<OwnedFd> {
    const NULL: &CStr = c"/dev/null";
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    Ok(rustix::fs::open(NULL, flags, rustix::fs::Mode::empty())?)
}
