//! Bare loops: only the system calls that a task needs.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// From the spawn of the smallest program to its end.
pub(super) fn spawn_and_wait() -> io::Result<Duration> {
    let started = Instant::now();
    quiet("true", &[]).spawn()?.wait()?;
    Ok(started.elapsed())
}

/// Spawns `count` processes.
pub(super) fn spawn_many(count: usize) -> io::Result<Duration> {
    let started = Instant::now();
    let children = (0..count).map(|_| quiet("sleep", &["1000"]).spawn()).collect::<io::Result<Vec<_>>>();
    let took = started.elapsed();
    for child in children? {
        end(child)?;
    }
    Ok(took)
}

/// Kills a process, waits for it and spawns the next.
pub(super) fn crash_to_new_pid() -> io::Result<Duration> {
    let mut child = quiet("sleep", &["1000"]).spawn()?;
    let started = Instant::now();
    child.kill()?;
    child.wait()?;
    let next = quiet("sleep", &["1000"]).spawn()?;
    let took = started.elapsed();
    end(next)?;
    Ok(took)
}

/// Copies a program's output to a file; returns megabytes per second.
pub(super) fn copy_output(mut command: Command, file: &std::path::Path) -> io::Result<f64> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut from = child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;
    let mut to = std::fs::File::create(file)?;
    let mut bytes = vec![0; 64 * 1024];
    let mut copied = 0_u64;
    let started = Instant::now();
    loop {
        let read = from.read(&mut bytes)?;
        if read == 0 {
            break;
        }
        to.write_all(&bytes[..read])?;
        copied += read as u64;
    }
    let took = started.elapsed();
    child.wait()?;
    std::fs::remove_file(file)?;
    Ok(copied as f64 / 1e6 / took.as_secs_f64())
}

fn quiet(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn end(mut child: Child) -> io::Result<()> {
    child.kill()?;
    child.wait().map(drop)
}
