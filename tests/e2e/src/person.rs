//! Somebody at a terminal: a program behind a pty of its own, typed at and looked at.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::pty::OpenptFlags;
use rustix::termios::{LocalModes, Termios, Winsize};

use crate::{Place, wait_for, wait_until};

/// How long anything may take to be shown.
const SHOWN_LIMIT: Duration = Duration::from_secs(20);

/// Somebody at a terminal; killed when dropped.
pub struct Person {
    child: Child,
    terminal: File,
    /// The program's end, so that what the terminal is like can be asked when the program is gone.
    theirs: File,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
    before: Termios,
}

impl Person {
    /// Runs the CLI at a terminal of this size.
    ///
    /// # Panics
    ///
    /// When there are no terminals, or `setsid` of util-linux is missing.
    pub fn runs(place: &Place, args: &[&str], size: (u16, u16)) -> Self {
        Self::runs_with(place, args, size, &[])
    }

    /// Runs the CLI at a terminal of this size, with these variables.
    ///
    /// # Panics
    ///
    /// As [`Self::runs`].
    pub fn runs_with(place: &Place, args: &[&str], size: (u16, u16), env: &[(&str, &str)]) -> Self {
        let terminal = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        rustix::io::fcntl_setfd(&terminal, rustix::io::FdFlags::CLOEXEC).expect("it is ours");
        rustix::pty::grantpt(&terminal).and_then(|()| rustix::pty::unlockpt(&terminal)).expect("it is ours");
        let name = rustix::pty::ptsname(&terminal, Vec::new()).expect("it has a name");
        let theirs = File::options().read(true).write(true).open(name.to_string_lossy().as_ref());
        let theirs = theirs.expect("it can be opened");
        let before = rustix::termios::tcgetattr(&theirs).expect("it is a terminal");
        let mut command = Command::new("setsid");
        command.args(["--ctty"]).arg(crate::bin_dir().join("ostler")).args(args);
        place.settle(&mut command);
        command.env("TERM", "xterm-256color").envs(env.iter().copied());
        let end = || Stdio::from(theirs.try_clone().expect("a file can be opened twice"));
        command.stdin(end()).stdout(end()).stderr(end());
        let terminal = File::from(terminal);
        set_size(&terminal, size);
        let child = command.spawn().expect("`setsid` is there");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (seen, mut from) =
            (Arc::clone(&shown), terminal.try_clone().expect("a file can be opened twice"));
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                seen.lock().expect("nobody panics with it").extend_from_slice(&buffer[..count]);
            }
        });
        Self { child, terminal, theirs, shown, reader: Some(reader), before }
    }

    /// Types.
    ///
    /// # Panics
    ///
    /// When the terminal is gone.
    pub fn types(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).expect("the terminal takes what is typed");
    }

    /// Waits until this is shown.
    ///
    /// # Panics
    ///
    /// When it is not, with what is.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        assert!(wait_until(SHOWN_LIMIT, || self.shown().contains(text)), "no {text:?} in:\n{}", self.shown());
    }

    /// What was shown since [`Self::looks_away`].
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("nobody panics with it")).into_owned()
    }

    /// Forgets what was shown.
    pub fn looks_away(&self) {
        self.shown.lock().expect("nobody panics with it").clear();
    }

    /// Gives the terminal another size.
    pub fn resizes(&self, size: (u16, u16)) {
        set_size(&self.terminal, size);
    }

    /// Whether the terminal is as it was before the program.
    pub fn has_the_terminal_back(&self) -> bool {
        let now = rustix::termios::tcgetattr(&self.theirs).expect("it is a terminal");
        let modes = |it: &Termios| (it.input_modes, it.output_modes, it.control_modes, it.local_modes);
        modes(&now) == modes(&self.before)
    }

    /// Whether single keys are passed on now.
    pub fn is_raw(&self) -> bool {
        let now = rustix::termios::tcgetattr(&self.theirs).expect("it is a terminal");
        !now.local_modes.contains(LocalModes::ICANON)
    }

    /// The program's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the program.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for the program's end.
    pub fn ends(&mut self) -> Option<ExitStatus> {
        wait_for(SHOWN_LIMIT, || self.child.try_wait().ok().flatten())
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.kill();
        // The reader ends with the last end of the terminal, which may be held by a child of the program.
        drop(self.reader.take());
    }
}

fn set_size(terminal: &File, (rows, cols): (u16, u16)) {
    let size = Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(terminal, size).expect("it is a terminal");
}
