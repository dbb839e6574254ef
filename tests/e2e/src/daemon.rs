//! A daemon that this program started.

use std::fs::OpenOptions;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::{Place, Wire, wait_for};

/// How long a daemon may take to its first answer before a scenario gives up.
const START_LIMIT: Duration = Duration::from_secs(15);

/// The program that holds an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// `ostler daemon`.
    Daemon,
    /// The desktop app, with the engine in its background thread and without a display.
    App,
}

/// A daemon that this program started; killed when it is dropped.
pub struct Daemon {
    child: Child,
    took: Duration,
}

impl Daemon {
    /// Starts `ostler daemon` in a place and waits for its first answer.
    ///
    /// # Panics
    ///
    /// When it gives none; with what it wrote.
    #[track_caller]
    pub fn start(place: &Place) -> Self {
        Self::start_in(place, Holder::Daemon)
    }

    /// Starts an engine in one of the programs that can hold it, and waits for its first answer.
    ///
    /// # Panics
    ///
    /// When it gives none; with what it wrote.
    #[track_caller]
    pub fn start_in(place: &Place, holder: Holder) -> Self {
        let started = Instant::now();
        let mut child = Self::spawn_in(place, holder);
        let pid = child.id();
        let is_answering = || match place.wire().ok().and_then(|mut wire| wire.status().ok()) {
            Some(snapshot) if snapshot.supervisor.pid == pid => Some(Ok(())),
            Some(_) | None => child.try_wait().ok().flatten().map(Err),
        };
        match wait_for(START_LIMIT, is_answering) {
            Some(Ok(())) => Self { child, took: started.elapsed() },
            Some(Err(status)) => panic!("the daemon ended ({status}):\n{}", place.daemon_output()),
            None => panic!("the daemon gave no answer:\n{}", place.daemon_output()),
        }
    }

    /// Starts `ostler daemon` and waits for nothing.
    ///
    /// # Panics
    ///
    /// When the program cannot be started.
    pub fn spawn(place: &Place) -> Child {
        Self::spawn_in(place, Holder::Daemon)
    }

    fn spawn_in(place: &Place, holder: Holder) -> Child {
        let file = OpenOptions::new().create(true).append(true).open(place.path("daemon.err"));
        let words = file.expect("the place can be written");
        let errors = words.try_clone().expect("a file can be opened twice");
        let mut command = match holder {
            Holder::Daemon => place.command("ostler"),
            Holder::App => place.command("ostler-tray"),
        };
        match holder {
            Holder::Daemon => command.arg("daemon"),
            Holder::App => command.env("QT_QPA_PLATFORM", "offscreen").env("QT_QUICK_BACKEND", "software"),
        };
        command.stdin(Stdio::null()).stdout(words).stderr(errors);
        command.spawn().expect("the program can be started: build it with `cargo build`")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// From its spawn to its first answer.
    pub fn took(&self) -> Duration {
        self.took
    }

    /// Connects to it.
    ///
    /// # Panics
    ///
    /// When it does not listen.
    #[track_caller]
    pub fn wire(&self, place: &Place) -> Wire {
        place.wire().expect("a daemon that answered listens")
    }

    /// Ends it as a crash would.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        wait_for(limit, || self.child.try_wait().ok().flatten())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
