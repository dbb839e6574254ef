//! A peer: supervisord, driven by its own client.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::{ProcessTable, wait_for};

use super::machine::said;
use super::ours::median;
use super::usage;

/// How long any single step may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A supervisord with `count` programs in a folder of its own.
pub struct Supervisord {
    dir: tempfile::TempDir,
    child: Child,
    count: usize,
    cold_start: Duration,
}

impl Supervisord {
    /// Its version, if it is installed.
    pub fn version() -> Option<String> {
        let version = said("supervisord", &["--version"]);
        (!version.is_empty()).then_some(version)
    }

    /// Starts it and waits for its first answer.
    ///
    /// # Errors
    ///
    /// When it cannot be started or gives no answer.
    pub fn start(count: usize) -> io::Result<Self> {
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("s.conf"), configuration(dir.path(), count))?;
        let started = Instant::now();
        let mut command = Command::new("supervisord");
        command.args(["-n", "-c", "s.conf"]).current_dir(dir.path());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut peer = Self { dir, child, count, cold_start: Duration::ZERO };
        let socket = peer.dir.path().join("s.sock");
        // Without its client, whose own start would count as well.
        let answered = wait_for(LIMIT, || std::os::unix::net::UnixStream::connect(&socket).ok());
        answered.ok_or_else(|| io::Error::other("supervisord gives no answer"))?;
        peer.cold_start = started.elapsed();
        Ok(peer)
    }

    /// From its spawn to its first open connection, in milliseconds.
    pub fn cold_start(&self) -> f64 {
        self.cold_start.as_secs_f64() * 1000.0
    }

    /// Starts all programs; milliseconds.
    ///
    /// # Errors
    ///
    /// When they do not all run.
    pub fn start_all(&self) -> io::Result<f64> {
        let started = Instant::now();
        let mut client = self.client(&["start", "all"])?;
        let all = wait_for(LIMIT, || (self.programs().len() == self.count).then(|| started.elapsed()));
        client.wait()?;
        all.map(|took| took.as_secs_f64() * 1000.0).ok_or_else(|| io::Error::other("not all programs run"))
    }

    /// From a kill to the next pid, median over all programs; milliseconds.
    ///
    /// # Errors
    ///
    /// When one does not come back.
    pub fn crash_to_new_pid(&self) -> io::Result<f64> {
        let mut times = Vec::new();
        for process in self.programs() {
            let started = Instant::now();
            process.signal(Signal::KILL);
            let is_back = || {
                let programs = self.programs();
                programs.len() == self.count && programs.iter().all(|program| program.pid != process.pid)
            };
            wait_for(LIMIT, || is_back().then_some(()))
                .ok_or_else(|| io::Error::other("it does not come back"))?;
            times.push(started.elapsed());
        }
        Ok(median(times))
    }

    /// The whole `supervisorctl status`, in milliseconds.
    ///
    /// # Errors
    ///
    /// When its client cannot be started.
    pub fn status(&self, rounds: usize) -> io::Result<f64> {
        let mut times = Vec::new();
        for _ in 0..rounds {
            let started = Instant::now();
            self.client(&["status"])?.wait()?;
            times.push(started.elapsed());
        }
        Ok(median(times))
    }

    /// Percent of one core, wake-ups per second and resident MiB while nothing happens.
    pub fn idle(&self, time: Duration) -> (f64, f64, f64) {
        let used = usage::over(&[self.child.id()], time);
        (used.cpu_percent, used.wakeups_per_second, used.rss_kib / 1024.0)
    }

    fn programs(&self) -> Vec<crate::Process> {
        ProcessTable::read().children(self.child.id()).cloned().collect()
    }

    fn client(&self, args: &[&str]) -> io::Result<Child> {
        let mut command = Command::new("supervisorctl");
        command.args(["-c", "s.conf"]).args(args).current_dir(self.dir.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    }
}

impl Drop for Supervisord {
    fn drop(&mut self) {
        // A polite end, in which it ends its programs.
        if let Some(process) = crate::Process::read(self.child.id()) {
            process.signal(Signal::TERM);
        }
        if wait_for(Duration::from_secs(20), || self.child.try_wait().ok().flatten()).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn configuration(dir: &std::path::Path, count: usize) -> String {
    let at = |name: &str| -> PathBuf { dir.join(name) };
    let (socket, pid, log) = (at("s.sock"), at("s.pid"), at("s.log"));
    let mut text = format!(
        "[unix_http_server]\nfile={}\n[supervisord]\npidfile={}\nlogfile={}\nchildlogdir={}\n\
         [rpcinterface:supervisor]\n\
         supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
         [supervisorctl]\nserverurl=unix://{}\n",
        socket.display(),
        pid.display(),
        log.display(),
        dir.display(),
        socket.display()
    );
    for number in 0..count {
        let _ = write!(
            text,
            "[program:sleeper-{number}]\ncommand=sleep 1000000\nautostart=false\nautorestart=true\nstartsecs=0\n"
        );
    }
    text
}
