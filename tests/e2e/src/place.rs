//! A home of its own for one engine.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::{Daemon, ProcessTable, Service, Wire, wait_until};

/// Names the folder with the programs under test.
const BIN_DIR: &str = "OSTLER_BIN_DIR";

/// How long leftovers may take to be gone after SIGKILL.
const SWEEP_LIMIT: Duration = Duration::from_secs(5);

/// A home of its own for one engine. What is left of it at the end is killed.
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    /// Makes a place with this configuration.
    ///
    /// # Panics
    ///
    /// When the temporary folder cannot be written, which is not what is tested.
    pub fn new(config: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("oe-").tempdir().expect("a temporary folder can be made");
        let place = Self { dir };
        for name in ["home", "config/ostler", "state", "run", "work"] {
            std::fs::create_dir_all(place.path(name)).expect("a temporary folder can be filled");
        }
        private(&place.path("run"));
        place.write_config(config);
        place
    }

    /// Makes a place for these services.
    ///
    /// # Panics
    ///
    /// As [`Place::new`].
    pub fn with_services(services: &[Service]) -> Self {
        Self::new(&Service::config(services))
    }

    /// A path in the place.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.path("config/ostler/ostler.toml")
    }

    /// The control socket.
    pub fn socket(&self) -> PathBuf {
        self.path("run/ostler/default.sock")
    }

    /// Replaces the configuration in one step.
    ///
    /// # Panics
    ///
    /// As [`Place::new`].
    pub fn write_config(&self, text: &str) {
        let fresh = self.path("config/ostler/.fresh");
        std::fs::write(&fresh, text).expect("the configuration can be written");
        std::fs::rename(fresh, self.config()).expect("the configuration can be replaced");
    }

    /// A program under test, with the environment of this place.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(bin_dir().join(program));
        self.settle(&mut command);
        command
    }

    /// Gives a command the environment of this place.
    pub fn settle(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["OSTLER_", "SUPERVISOR_", "XDG_", "RUST_LOG"].iter().any(|start| text.starts_with(start)) {
                command.env_remove(&name);
            }
        }
        command.env("HOME", self.path("home")).env("SHELL", "/bin/sh");
        command.env("XDG_CONFIG_HOME", self.path("config")).env("XDG_STATE_HOME", self.path("state"));
        command.env("XDG_RUNTIME_DIR", self.path("run")).env("NO_COLOR", "1");
        // Engines side by side do not fight over one port; a place whose configuration speaks of it has its own.
        let speaks_of_http = std::fs::read_to_string(self.config()).is_ok_and(|text| text.contains("[http]"));
        if !speaks_of_http {
            command.env("OSTLER_HTTP_PORT", "0");
        }
        // The machine's login manager is none of a test's business.
        let nowhere = format!("unix:path={}", self.path("no-bus").display());
        command.env("DBUS_SYSTEM_BUS_ADDRESS", nowhere);
        command.current_dir(self.path("work"));
    }

    /// Runs the CLI to its end.
    ///
    /// # Panics
    ///
    /// When the program cannot be started.
    pub fn cli(&self, args: &[&str]) -> Output {
        let mut command = self.command("ostler");
        command.args(args).stdin(Stdio::null());
        command.output().expect("`ostler` can be started: build it with `cargo build -p ostler-cli`")
    }

    /// Starts the daemon and waits for its first answer.
    ///
    /// # Panics
    ///
    /// When it gives none.
    #[track_caller]
    pub fn start(&self) -> Daemon {
        Daemon::start(self)
    }

    /// Connects to whichever engine serves this place.
    ///
    /// # Errors
    ///
    /// When nobody listens.
    pub fn wire(&self) -> std::io::Result<Wire> {
        Wire::connect(&self.socket())
    }

    /// What the daemons of this place said.
    pub fn daemon_output(&self) -> String {
        std::fs::read_to_string(self.path("daemon.err")).unwrap_or_default()
    }

    /// The live processes of this place: daemons, keepers and all runs.
    pub fn processes(&self) -> Vec<crate::Process> {
        ProcessTable::read().of_place(self.dir()).into_iter().cloned().collect()
    }

    /// Kills all that lives in this place.
    pub fn sweep(&self) {
        wait_until(SWEEP_LIMIT, || {
            let left = self.processes();
            for process in &left {
                process.signal(Signal::KILL);
            }
            left.is_empty()
        });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.sweep();
    }
}

/// The folder with the programs under test: as told, else where this program was built.
///
/// # Panics
///
/// When it cannot be found.
pub fn bin_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os(BIN_DIR) {
        return dir.into();
    }
    let own = std::env::current_exe().expect("this program has a path");
    let dir = own.ancestors().skip(1).find(|dir| dir.join("ostler").is_file());
    dir.expect("`ostler` is built: `cargo build -p ostler-cli -p ostler-keeper -p ostler-testkit`").to_owned()
}

fn private(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(dir, mode).expect("a folder of one's own can be closed");
}
