//! Windows: one thread, one completion port.
//!
//! The twin of `unix`. What a run starts cannot leave its job object, which ends with the keeper; "no member left"
//! means that the tree is gone. The keeper has a console that nobody sees, by which a run can be asked to end with
//! Ctrl-Break, and sleeps on the port until something is done or due.
//!
//! `keeper` holds the state and follows requests, `turn` is the loop, `run` the life of the run, `ladder` the order in
//! which it is asked to end; `connection`, `limits`, `output`, `record` and `spawn` do one thing each. What needs care
//! with the system is in the library's `os::windows`.
//!
//! When the session ends the engine is told before the keepers and stops the services; a keeper stays until its run is
//! over, or until the system ends both. Where no engine is linked it asks its run to end by itself, if the system tells it:
//! a process that has asked windows to close is told of no end any more.
//!
//! Differs from Unix: terminals and streams that are handed to the engine are not available, nor are users and
//! groups; of the limits those are kept that a job knows, and the log of the run names the others; niceness becomes one of
//! five classes; whatever signal a service is stopped by, the ladder takes its place, and of those that are sent only INT
//! is known, as Ctrl-Break.

mod connection;
mod keeper;
mod ladder;
mod limits;
mod output;
mod record;
mod run;
mod spawn;
mod turn;

use crate::Arguments;
use keeper::{Keeper, LISTENER_KEY, SESSION_KEY};
use ostler_keeper::os::windows::port::Port;
use ostler_keeper::os::windows::slot::{Slot, SlotError};
use ostler_keeper::protocol::{EXIT_SLOT_TAKEN, Event};
use ostler_windows::{console, process};
use std::fs::File;
use std::io::Write;
use std::os::windows::io::{AsHandle, OwnedHandle};
use std::process::ExitCode;

/// The exit code when the slot's files cannot be made, as `EX_CANTCREAT` of sysexits.
const EXIT_NO_SLOT: u8 = 73;

/// Keeps one instance until its work is done.
pub(crate) fn keep(arguments: &Arguments) -> ExitCode {
    // Absolute before the keeper lets go of the directory that it was started in.
    let dir = std::path::absolute(&arguments.dir).unwrap_or_else(|_| arguments.dir.clone());
    let engine = match take_stdin() {
        Ok(engine) => engine,
        Err(error) => {
            eprintln!("ostler-keeper: standard input is not a pipe: {error}");
            return ExitCode::from(crate::EXIT_USAGE);
        }
    };
    // The engine, which ends before us, stops the services in their order. Whoever refuses has no such order.
    let _ = process::end_last();
    let started = Port::new().map_err(SlotError::Files).and_then(|port| {
        // Without a console there is nothing to outlast.
        let _ = console::outlast_events(port.waker(SESSION_KEY)?);
        let slot = Slot::take(&dir, &arguments.key, &port, LISTENER_KEY)?;
        Ok((port, slot))
    });
    match started {
        Ok((port, slot)) => {
            let notes = dir.join(format!("{}.panic", arguments.key));
            std::panic::set_hook(Box::new(move |panic| {
                // There is nobody to tell; the file is for whoever looks for the reason.
                let _ = File::create(&notes).and_then(|mut file| writeln!(file, "{panic}"));
            }));
            match Keeper::new(port, slot, &arguments.instance, engine) {
                Ok(mut keeper) => {
                    keeper.keep();
                    ExitCode::SUCCESS
                }
                Err(_) => ExitCode::from(crate::EXIT_USAGE),
            }
        }
        Err(error) => {
            let mut frame = Vec::new();
            // The engine may be gone already; the exit code says it again.
            let _ = Event::CannotStart { text: error.to_string() }.encode(&mut frame);
            let _ = connection::send_last(engine, frame);
            match error {
                SlotError::Taken => ExitCode::from(EXIT_SLOT_TAKEN as u8),
                SlotError::Files(_) => ExitCode::from(EXIT_NO_SLOT),
            }
        }
    }
}

/// Moves the engine's pipe away from the standard streams, which then lead nowhere.
fn take_stdin() -> std::io::Result<OwnedHandle> {
    let engine = std::io::stdin().as_handle().try_clone_to_owned()?;
    console::close_standard_handles()?;
    Ok(engine)
}
