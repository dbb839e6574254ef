//! Unix: one thread, one poll loop.
//!
//! The keeper leads its own session and is the subreaper of everything the run forks (Linux), so "no child
//! left to wait for" means that the tree is gone, and a child that has not been reaped cannot lose its
//! process id to a stranger. It sleeps in `poll` without a timeout unless something is due.
//!
//! `keeper` holds the state and follows requests, `turn` is the loop, `run` the life of the run;
//! `connection`, `output` and `spawn` do one thing each. What needs care with the system (fork, signals,
//! trees, the slot's files) is in the library's `os::unix`. On systems without subreaper, `/proc` and
//! pidfds (macOS) the tree is the process group.

mod connection;
mod keeper;
mod output;
mod run;
mod spawn;
mod turn;

use crate::Arguments;
use keeper::Keeper;
use ostler_keeper::os::unix::launch as sys;
use ostler_keeper::os::unix::slot::{Slot, SlotError};
use ostler_keeper::protocol::{EXIT_SLOT_TAKEN, Event};
use std::fs::File;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

/// The exit code when the slot's files cannot be made, as `EX_CANTCREAT` of sysexits.
const EXIT_NO_SLOT: u8 = 73;

/// Keeps one instance until its work is done.
pub(crate) fn keep(arguments: &Arguments) -> ExitCode {
    sys::close_inherited();
    sys::keep_memory_small();
    // Absolute before the keeper lets go of the directory that it was started in.
    let dir = std::path::absolute(&arguments.dir).unwrap_or_else(|_| arguments.dir.clone());
    // The root is always there; elsewhere the keeper would only keep a file system busy.
    let _ = std::env::set_current_dir("/");
    let mut engine = match take_stdin() {
        Ok(engine) => engine,
        Err(error) => {
            eprintln!("ostler-keeper: standard input is not a socket: {error}");
            return ExitCode::from(crate::EXIT_USAGE);
        }
    };
    let started = sys::become_keeper()
        .map_err(SlotError::Files)
        .and_then(|signals| Slot::take(&dir, &arguments.key).map(|slot| (signals, slot)));
    match started {
        Ok((signals, slot)) => {
            let notes = dir.join(format!("{}.panic", arguments.key));
            std::panic::set_hook(Box::new(move |panic| {
                // There is nobody to tell; the file is for whoever looks for the reason.
                let _ = File::create(&notes).and_then(|mut file| writeln!(file, "{panic}"));
            }));
            Keeper::new(slot, &arguments.instance, signals, engine).keep();
            ExitCode::SUCCESS
        }
        Err(error) => {
            let mut frame = Vec::new();
            // The engine may be gone already; the exit code says it again.
            let _ = Event::CannotStart { text: error.to_string() }.encode(&mut frame);
            let _ = engine.set_nonblocking(false).and_then(|()| engine.write_all(&frame));
            match error {
                SlotError::Taken => ExitCode::from(EXIT_SLOT_TAKEN as u8),
                SlotError::Files(_) | SlotError::Unsafe(_) => ExitCode::from(EXIT_NO_SLOT),
            }
        }
    }
}

/// Moves the engine's socket away from the standard streams, which then lead nowhere.
fn take_stdin() -> std::io::Result<UnixStream> {
    let engine = UnixStream::from(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?);
    engine.local_addr()?;
    engine.set_nonblocking(true)?;
    let nowhere = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nowhere)?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    rustix::stdio::dup2_stderr(&nowhere)?;
    Ok(engine)
}
