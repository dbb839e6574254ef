//! Forks, sessions and signals.
#![expect(unsafe_code, reason = "a child that misbehaves needs the bare system calls")]

use std::time::Duration;

/// Forks; the parent's side runs `parent`, the child goes on. This program has one thread.
fn fork(parent: impl FnOnce(i32)) -> bool {
    // SAFETY: one thread, so the child may do whatever the parent may.
    match unsafe { libc::fork() } {
        -1 => crate::fail("fork failed"),
        0 => true,
        pid => {
            parent(pid);
            false
        }
    }
}

fn signal(number: i32, action: libc::sighandler_t) {
    // SAFETY: the action is a constant or a handler that only makes safe calls.
    unsafe { libc::signal(number, action) };
}

/// Becomes a daemon the classic way: fork, setsid, fork, while the leader lives on.
pub(crate) fn double_fork() {
    if fork(|_| {}) {
        setsid();
        if !fork(|_| {}) {
            std::process::exit(0);
        }
    } else {
        crate::process::sleep();
    }
}

pub(crate) fn setsid() {
    // SAFETY: touches no memory. A leader of a group forks first, because it may not leave its session.
    if unsafe { libc::setsid() } == -1 {
        if !fork(|_| {}) {
            crate::process::sleep();
        }
        // SAFETY: as above.
        unsafe { libc::setsid() };
    }
}

pub(crate) fn ignore_term() {
    for number in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT] {
        signal(number, libc::SIG_IGN);
    }
    crate::output::print("ignoring");
}

pub(crate) fn stop_self() {
    // SAFETY: touches no memory.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// `width` processes that never stay the same: each forks a successor in a new session, after a pause in
/// microseconds, and exits.
pub(crate) fn fork_loop(width: u64, pause_us: u64) {
    signal(libc::SIGTERM, libc::SIG_IGN);
    signal(libc::SIGCHLD, libc::SIG_IGN);
    for number in 0..width {
        if fork(|_| {}) {
            loop {
                if number % 2 == 0 {
                    // SAFETY: touches no memory.
                    unsafe { libc::setsid() };
                }
                if pause_us > 0 {
                    std::thread::sleep(std::time::Duration::from_micros(pause_us));
                }
                if !fork(|_| {}) {
                    // SAFETY: ends at once, as a fork bomb does.
                    unsafe { libc::_exit(0) };
                }
            }
        }
    }
}

extern "C" fn multiply(_: i32) {
    // SAFETY: fork and pause are allowed in a handler; the children stay in it and only wait.
    unsafe {
        for _ in 0..3 {
            if libc::fork() == 0 {
                libc::setsid();
                libc::signal(libc::SIGTERM, libc::SIG_IGN);
                loop {
                    libc::pause();
                }
            }
        }
    }
}

/// Answers a polite request with three more processes.
pub(crate) fn fork_on_term() {
    signal(libc::SIGTERM, multiply as *const () as libc::sighandler_t);
}

static SLOW_MS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

extern "C" fn end_slowly(_: i32) {
    let ms = SLOW_MS.load(std::sync::atomic::Ordering::Relaxed);
    let time = libc::timespec { tv_sec: (ms / 1000) as _, tv_nsec: (ms % 1000 * 1_000_000) as _ };
    // SAFETY: both calls are allowed in a handler.
    unsafe {
        libc::nanosleep(&time, std::ptr::null_mut());
        libc::_exit(0);
    }
}

/// Ends on a polite request, but takes its time.
pub(crate) fn slow_stop(time: Duration) {
    SLOW_MS.store(time.as_millis() as u64, std::sync::atomic::Ordering::Relaxed);
    signal(libc::SIGTERM, end_slowly as *const () as libc::sighandler_t);
    crate::output::print("slow");
}

pub(crate) fn die_of(number: i32) {
    signal(number, libc::SIG_DFL);
    // SAFETY: touches no memory.
    unsafe { libc::raise(number) };
}

pub(crate) fn close_stdout() {
    // SAFETY: nothing writes to the two any more.
    unsafe {
        libc::close(1);
        libc::close(2);
    }
}

/// Says what it inherited: descriptors, names of variables, signal masks, session.
pub(crate) fn dump_inherited() {
    let mut fds: Vec<i32> = (0..1024)
        // SAFETY: asking for the flags of a descriptor changes nothing.
        .filter(|fd| unsafe { libc::fcntl(*fd, libc::F_GETFD) } != -1)
        .collect();
    fds.sort_unstable();
    let names: Vec<String> =
        std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    println!("fds {fds:?}");
    println!("env {}", names.join(" "));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("Sig") || line.starts_with("Uid")) {
        println!("{}", line.replace('\t', " "));
    }
    // SAFETY: touches no memory.
    let (pid, session, group) = unsafe { (libc::getpid(), libc::getsid(0), libc::getpgrp()) };
    println!("own-session {} own-group {}", pid == session, pid == group);
    // SAFETY: as above.
    let mask = unsafe { libc::umask(0) };
    println!("umask {mask:03o}");
    println!("cwd {}", std::env::current_dir().map(|dir| dir.display().to_string()).unwrap_or_default());
    std::process::exit(0);
}
