//! Other supervisors at the same work, driven by their own clients in a folder and a home of their own.
//!
//! What they start is found by a variable that everything below them inherits, so that it needs no knowledge of how
//! they run things; at the end all of it is killed.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::{Process, ProcessTable, tool, wait_for, wait_until};

use super::machine::said;
use super::ours::median;
use super::usage;

/// How long any single step may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Marks everything that a peer starts.
const MARK: &str = "OSTLER_BENCH_PEER";
/// The program that does nothing.
const SLEEPER: &str = "sleep";
/// How long a flood is watched, after it has run for a moment.
const FLOOD: Duration = Duration::from_secs(4);
const FLOOD_SECONDS: u64 = 8;
/// What starting cost is not what idling costs.
const SETTLE: Duration = Duration::from_secs(5);

/// Another supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// supervisord, with supervisorctl.
    Supervisord,
    /// PM2.
    Pm2,
    /// pitchfork.
    Pitchfork,
}

impl Peer {
    /// All for which there is a driver here.
    pub const ALL: [Self; 3] = [Self::Supervisord, Self::Pm2, Self::Pitchfork];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Supervisord => "supervisord",
            Self::Pm2 => "PM2",
            Self::Pitchfork => "pitchfork",
        }
    }

    /// Its version, if it is on the search path.
    pub fn version(self) -> Option<String> {
        let version = match self {
            Self::Supervisord => said("supervisord", &["--version"]),
            // `pm2 --version` would start its daemon.
            Self::Pm2 => pm2_version().unwrap_or_default(),
            Self::Pitchfork => said("pitchfork", &["--version"]),
        };
        (!version.is_empty()).then_some(version)
    }

    /// Its configuration: a file name and a text.
    fn configuration(self, dir: &Path, count: usize, command: &[&str]) -> (&'static str, String) {
        let line = command.join(" ");
        match self {
            Self::Supervisord => ("s.conf", supervisord(dir, count, &line)),
            Self::Pm2 => {
                let apps: Vec<_> = (0..count)
                    .map(|number| {
                        serde_json::json!({
                            "name": format!("p{number}"), "script": command[0], "args": &command[1..],
                            "interpreter": "none", "max_restarts": 1000, "min_uptime": 0,
                        })
                    })
                    .collect();
                ("p.json", serde_json::json!({ "apps": apps }).to_string())
            }
            Self::Pitchfork => {
                let mut text = String::new();
                for number in 0..count {
                    let _ = writeln!(
                        text,
                        "[daemons.p{number}]\nrun = \"exec {line}\"\nretry = 1000\nready_delay = 0\n"
                    );
                }
                ("pitchfork.toml", text)
            }
        }
    }

    /// The program and the words that start the supervisor; it may stay in the foreground.
    fn daemon(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Supervisord => ("supervisord", &["-n", "-c", "s.conf"]),
            Self::Pm2 => ("pm2", &["ping"]),
            Self::Pitchfork => ("pitchfork", &["supervisor", "run"]),
        }
    }

    fn start_all(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Supervisord => ("supervisorctl", &["-c", "s.conf", "start", "all"]),
            Self::Pm2 => ("pm2", &["start", "p.json"]),
            Self::Pitchfork => ("pitchfork", &["start", "--all"]),
        }
    }

    fn status(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Supervisord => ("supervisorctl", &["-c", "s.conf", "status"]),
            Self::Pm2 => ("pm2", &["jlist"]),
            Self::Pitchfork => ("pitchfork", &["list"]),
        }
    }
}

/// A peer with `count` programs, none of which runs yet.
pub struct Running {
    peer: Peer,
    dir: tempfile::TempDir,
    count: usize,
    cold_start: Duration,
}

impl Running {
    /// Starts a peer that will run `sleep`, and waits for its first answer.
    ///
    /// # Errors
    ///
    /// When it cannot be started or gives no answer.
    pub fn start(peer: Peer, count: usize) -> io::Result<Self> {
        Self::start_with(peer, count, &[SLEEPER, "1000000"])
    }

    fn start_with(peer: Peer, count: usize, command: &[&str]) -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix("ob-").tempdir()?;
        let (file, text) = peer.configuration(dir.path(), count, command);
        std::fs::write(dir.path().join(file), text)?;
        let mut running = Self { peer, dir, count, cold_start: Duration::ZERO };
        let started = Instant::now();
        let mut child = running.command(peer.daemon()).spawn()?;
        let is_there = match peer {
            // Without its client, whose own start would count as well.
            Peer::Supervisord => {
                let socket = running.dir.path().join("s.sock");
                wait_until(LIMIT, || std::os::unix::net::UnixStream::connect(&socket).is_ok())
            }
            Peer::Pm2 => {
                wait_for(LIMIT, || child.try_wait().ok().flatten()).is_some_and(|status| status.success())
            }
            Peer::Pitchfork => wait_until(LIMIT, || {
                running.command(peer.status()).status().is_ok_and(|status| status.success())
            }),
        };
        running.cold_start = started.elapsed();
        if is_there { Ok(running) } else { Err(failed(peer, "gives no answer")) }
    }

    /// From its spawn to its first answer, in milliseconds.
    pub fn cold_start(&self) -> f64 {
        self.cold_start.as_secs_f64() * 1000.0
    }

    /// Starts all programs; milliseconds until the last of them lives.
    ///
    /// # Errors
    ///
    /// When they do not all run.
    pub fn start_all(&self) -> io::Result<f64> {
        let started = Instant::now();
        let mut client = self.command(self.peer.start_all()).spawn()?;
        let all = wait_for(LIMIT, || (self.programs(SLEEPER).len() == self.count).then(|| started.elapsed()));
        client.wait()?;
        all.map(|took| took.as_secs_f64() * 1000.0)
            .ok_or_else(|| failed(self.peer, "does not run all programs"))
    }

    /// From a kill to the next pid, median over some programs; milliseconds.
    ///
    /// # Errors
    ///
    /// When one does not come back.
    pub fn crash_to_new_pid(&self) -> io::Result<f64> {
        let mut times = Vec::new();
        let known = self.programs(SLEEPER);
        for process in known {
            let started = Instant::now();
            process.signal(Signal::KILL);
            let is_back = || {
                let programs = self.programs(SLEEPER);
                programs.len() == self.count && programs.iter().all(|program| program.pid != process.pid)
            };
            if !wait_until(LIMIT, is_back) {
                return Err(failed(self.peer, "does not bring a program back"));
            }
            times.push(started.elapsed());
        }
        Ok(median(times))
    }

    /// Its whole status command, in milliseconds.
    ///
    /// # Errors
    ///
    /// When its client cannot be started.
    pub fn status(&self, rounds: usize) -> io::Result<f64> {
        let mut times = Vec::new();
        for _ in 0..rounds {
            let started = Instant::now();
            self.command(self.peer.status()).status()?;
            times.push(started.elapsed());
        }
        Ok(median(times))
    }

    /// Percent of one core, wake-ups per second and resident MiB of the supervisor while nothing happens.
    pub fn idle(&self, time: Duration) -> (f64, f64, f64) {
        std::thread::sleep(SETTLE);
        let own = self.processes().into_iter().filter(|process| process.name != SLEEPER);
        let pids: Vec<u32> = own.map(|process| process.pid).collect();
        let used = usage::over(&pids, time);
        (used.cpu_percent, used.wakeups_per_second, used.rss_kib / 1024.0)
    }

    fn command(&self, (program, args): (&str, &[&str])) -> Command {
        let mut command = Command::new(program);
        let dir = self.dir.path();
        command.args(args).current_dir(dir).env("HOME", dir).env(MARK, dir);
        command.env("PM2_HOME", dir.join("pm2")).env("PITCHFORK_STATE_DIR", dir.join("pitchfork"));
        for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn processes(&self) -> Vec<Process> {
        let mark = self.dir.path().to_string_lossy().into_owned();
        ProcessTable::read().with_env(MARK, &mark).cloned().collect()
    }

    fn programs(&self, name: &str) -> Vec<Process> {
        self.processes().into_iter().filter(|process| process.name == name && process.is_alive()).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The supervisors first, so that they bring nothing back.
        for is_sleeper in [false, true] {
            let all = self.processes().into_iter().filter(|process| (process.name == SLEEPER) == is_sleeper);
            all.for_each(|process| process.signal(Signal::KILL));
            wait_until(Duration::from_secs(5), || {
                !self
                    .processes()
                    .iter()
                    .any(|process| (process.name == SLEEPER) == is_sleeper && process.is_alive())
            });
        }
    }
}

/// How much of one service's output a peer takes, in MB/s: what the service could write, which blocks when it is
/// not read.
///
/// # Errors
///
/// As [`Running::start`], and when the service does not run.
pub fn peer_log_throughput(peer: Peer) -> io::Result<f64> {
    let flood = tool("flood").to_string_lossy().into_owned();
    let running = Running::start_with(peer, 1, &[&flood, "0", &FLOOD_SECONDS.to_string()])?;
    let mut client = running.command(peer.start_all()).spawn()?;
    let process = wait_for(LIMIT, || running.programs("flood").pop());
    let process = process.ok_or_else(|| failed(peer, "does not run the program"))?;
    std::thread::sleep(Duration::from_millis(500));
    let (before, started) = (written(process.pid)?, Instant::now());
    std::thread::sleep(FLOOD);
    let (after, seconds) = (written(process.pid)?, started.elapsed().as_secs_f64());
    client.wait()?;
    Ok(after.saturating_sub(before) as f64 / 1e6 / seconds)
}

/// How many bytes a process has written.
fn written(pid: u32) -> io::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/io"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.and_then(|number| number.parse().ok()).ok_or_else(|| io::Error::other("the kernel does not count"))
}

fn failed(peer: Peer, what: &str) -> io::Error {
    io::Error::other(format!("{} {what}", peer.name()))
}

/// From the package beside the program, because asking PM2 would start its daemon.
fn pm2_version() -> Option<String> {
    let path = std::env::var_os("PATH")?;
    let program = std::env::split_paths(&path).map(|dir| dir.join("pm2")).find(|file| file.is_file())?;
    let package = program.canonicalize().ok()?.ancestors().nth(2)?.join("package.json");
    let package: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(package).ok()?).ok()?;
    package["version"].as_str().map(str::to_owned)
}

fn supervisord(dir: &Path, count: usize, line: &str) -> String {
    let at = |name: &str| dir.join(name).display().to_string();
    let mut text = format!(
        "[unix_http_server]\nfile={}\n[supervisord]\npidfile={}\nlogfile={}\nchildlogdir={}\n\
         [rpcinterface:supervisor]\n\
         supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
         [supervisorctl]\nserverurl=unix://{}\n",
        at("s.sock"),
        at("s.pid"),
        at("s.log"),
        dir.display(),
        at("s.sock")
    );
    for number in 0..count {
        let _ = write!(
            text,
            "[program:p{number}]\ncommand={line}\nautostart=false\nautorestart=true\nstartsecs=0\n\
             stdout_logfile_maxbytes=0\n"
        );
    }
    text
}
