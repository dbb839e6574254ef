//! Keys on Windows. The console tells of each key and of its size; they are put into the form in which terminals of other
//! systems send them.

use std::{io, thread};

use ostler_windows::keyboard::{Keyboard, Modes, Typed};
use tokio::{
    signal::windows::{CtrlBreak, CtrlClose, ctrl_break, ctrl_close},
    sync::mpsc,
};

use super::{Event, KEYS_MAX, parse};

/// The keys of standard input, and the events that concern its console.
pub(crate) struct Keys {
    _modes: Modes,
    events: mpsc::Receiver<Event>,
    stopped: CtrlBreak,
    closed: CtrlClose,
}

impl Keys {
    /// Takes the console over.
    ///
    /// # Errors
    /// Standard input is no console.
    pub(crate) fn open() -> io::Result<Self> {
        let (stopped, closed) = (ctrl_break()?, ctrl_close()?);
        let modes = Modes::single_keys()?;
        let (sender, events) = mpsc::channel(KEYS_MAX);
        // It waits in a read that nothing can end but a key, so it ends with the program.
        thread::Builder::new().name("keys".to_owned()).spawn(move || read(&sender))?;
        Ok(Self { _modes: modes, events, stopped, closed })
    }

    /// Waits for the next thing. May be cancelled.
    pub(crate) async fn event(&mut self) -> Event {
        tokio::select! {
            event = self.events.recv() => event.unwrap_or(Event::End),
            _ = self.stopped.recv() => Event::End,
            _ = self.closed.recv() => Event::End,
        }
    }
}

fn read(events: &mpsc::Sender<Event>) {
    let mut keyboard = Keyboard::default();
    while let Ok(typed) = keyboard.read() {
        let found = typed.into_iter().flat_map(|typed| match typed {
            Typed::Text(text) => parse(text.as_bytes()).into_iter().map(Event::Key).collect(),
            Typed::Resized => vec![Event::Resized],
        });
        for event in found {
            if events.blocking_send(event).is_err() {
                return;
            }
        }
    }
}
