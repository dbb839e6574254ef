//! Keys on Unix.

use std::io::{self, Read as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

use super::{Event, KEYS_MAX, Key, parse};

/// The keys of standard input, and the signals that concern its terminal.
pub(crate) struct Keys {
    before: Termios,
    keys: mpsc::Receiver<Key>,
    resized: Signal,
    terminated: Signal,
    hung_up: Signal,
}

impl Keys {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// Standard input is no terminal.
    pub(crate) fn open() -> io::Result<Self> {
        let stdin = rustix::stdio::stdin();
        let before = tcgetattr(stdin)?;
        let (resized, terminated, hung_up) = (
            signal(SignalKind::window_change())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        );
        let mut single = before.clone();
        single.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        let (sender, keys) = mpsc::channel(KEYS_MAX);
        // It waits in a read that nothing can end but a key, so it ends with the program.
        std::thread::Builder::new().name("keys".to_owned()).spawn(move || read(&sender))?;
        tcsetattr(stdin, OptionalActions::Now, &single)?;
        Ok(Self { before, keys, resized, terminated, hung_up })
    }

    /// Waits for the next thing. May be cancelled.
    pub(crate) async fn event(&mut self) -> Event {
        tokio::select! {
            key = self.keys.recv() => key.map_or(Event::End, Event::Key),
            _ = self.resized.recv() => Event::Resized,
            _ = self.terminated.recv() => Event::End,
            _ = self.hung_up.recv() => Event::End,
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.before);
    }
}

fn read(keys: &mpsc::Sender<Key>) {
    let mut bytes = [0; 256];
    loop {
        match io::stdin().read(&mut bytes) {
            Ok(0) => return,
            Ok(length) => {
                for key in parse(&bytes[..length]) {
                    if keys.blocking_send(key).is_err() {
                        return;
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
