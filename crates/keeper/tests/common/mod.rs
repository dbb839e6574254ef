//! An engine in miniature: starts the real keeper and speaks the protocol with it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of this")]

use ostler_keeper::log::{Meta, Stream, parse_line, rotated_path};
use ostler_keeper::protocol::{
    Configuration, Event, FrameBuffer, KeeperHello, LogSettings, OnFull, OnLoss, PROTOCOL_VERSION, Request,
    SpawnOrder, Stdio, TreeReport,
};
use ostler_testkit::{Home, census, naughty, wait_until};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Far longer than anything takes; only a failure waits for it.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const NONCE: [u8; 16] = *b"sixteen letters!";

/// A keeper process and everything around it.
pub struct Slot {
    pub home: Home,
    pub keeper: Child,
}

impl Slot {
    /// Starts a keeper; gives the first engine too, which has been greeted.
    pub fn start() -> (Self, Engine) {
        let (slot, stream) = Self::start_silent();
        let mut engine = Engine::new(stream);
        engine.hello();
        (slot, engine)
    }

    /// Starts a keeper and says nothing to it.
    pub fn start_silent() -> (Self, UnixStream) {
        let home = Home::new();
        let (keeper, stream) = start_keeper(home.path());
        (Self { home, keeper }, stream)
    }

    pub fn log(&self) -> PathBuf {
        self.home.join("logs/web/0.log")
    }

    pub fn log_settings(&self) -> LogSettings {
        LogSettings { path: self.log(), max_size: 64 << 20, max_files: 3, on_full: OnFull::Drop }
    }

    pub fn configuration(&self, on_loss: OnLoss) -> Request {
        Request::Configure(Configuration {
            on_loss,
            logs: Some(self.log_settings()),
            cgroup: None,
            memory_max: None,
        })
    }

    /// Connects as a later engine does.
    pub fn connect(&self) -> Engine {
        Engine::new(UnixStream::connect(self.home.join("k.sock")).expect("the keeper listens"))
    }

    /// What a run is marked with.
    pub fn mark(&self, run: u64) -> String {
        format!("{}-{run}", self.home.path().display())
    }

    /// An order for `naughty` with these arguments.
    pub fn order(&self, run: u64, arguments: &[&str]) -> SpawnOrder {
        let program = naughty();
        let mut argv = vec!["naughty".into()];
        argv.extend(arguments.iter().map(|argument| argument.into()));
        SpawnOrder {
            run,
            mark: self.mark(run),
            program,
            argv,
            env: vec![format!("OSTLER_RUN_ID={}", self.mark(run)).into(), "LANG=C".into()],
            cwd: self.home.path().to_owned(),
            stdio: Stdio::Log,
            umask: Some(0o027),
            nice: None,
            rlimits: Vec::new(),
            uid: None,
            gid: None,
        }
    }

    /// Whether the keeper has left, waiting for it.
    pub fn keeper_leaves(&mut self) -> bool {
        wait_until(PATIENCE, || matches!(self.keeper.try_wait(), Ok(Some(_))))
    }

    pub fn keeper_lives(&mut self) -> bool {
        matches!(self.keeper.try_wait(), Ok(None))
    }

    /// All output lines of the log from the oldest to the newest, parts joined, without meta lines.
    pub fn lines(&self) -> Vec<String> {
        records(&self.log())
            .into_iter()
            .filter(|record| record.0 != Stream::Meta)
            .map(|record| record.1)
            .collect()
    }

    /// All that the keeper itself said in the log.
    pub fn metas(&self) -> Vec<Meta> {
        let records = records(&self.log()).into_iter();
        records
            .filter(|record| record.0 == Stream::Meta)
            .map(|record| Meta::parse(record.1.as_bytes()))
            .collect()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
        for run in 0..100 {
            for process in census::of_run(&self.mark(run)) {
                let _ = Command::new("kill").args(["-9", &process.pid.to_string()]).output();
            }
            if run == 3 {
                break;
            }
        }
    }
}

/// How often a test repeats what chance decides; `OSTLER_TEST_ROUNDS` asks for more.
pub fn rounds(usual: u64) -> u64 {
    std::env::var("OSTLER_TEST_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The policy of a keeper that waits for the next engine.
pub fn revive_never() -> OnLoss {
    OnLoss::Revive { argv: vec!["/bin/false".into()], env: Vec::new(), after_ms: 3_600_000 }
}

/// Starts the keeper's binary in `dir` as an engine does.
pub fn start_keeper(dir: &Path) -> (Child, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a socket pair");
    let keeper = Command::new(env!("CARGO_BIN_EXE_ostler-keeper"))
        .args(["--dir".as_ref(), dir.as_os_str(), "--key".as_ref(), "k".as_ref()])
        .args(["--instance", "web/0"])
        .env_clear()
        .stdin(OwnedFd::from(theirs))
        .spawn()
        .expect("the keeper starts");
    (keeper, ours)
}

/// One connection to a keeper.
pub struct Engine {
    pub stream: UnixStream,
    buffer: FrameBuffer,
}

impl Engine {
    pub fn new(stream: UnixStream) -> Self {
        Self { stream, buffer: FrameBuffer::new() }
    }

    pub fn send(&mut self, request: &Request) {
        let mut bytes = Vec::new();
        request.encode(&mut bytes).expect("it fits a frame");
        self.stream.write_all(&bytes).expect("the keeper takes it");
    }

    /// Introduces itself and gives the answer.
    pub fn hello(&mut self) -> KeeperHello {
        let engine_pid = std::process::id();
        self.send(&Request::Hello { version: PROTOCOL_VERSION, engine_pid, nonce: NONCE });
        self.wait(|event| match event {
            Event::Hello(hello) => Some(hello),
            _ => None,
        })
    }

    /// The next event, or `None` when the keeper has hung up or nothing came in time.
    pub fn next(&mut self, limit: Duration) -> Option<Event> {
        let end = Instant::now() + limit;
        loop {
            if let Some(frame) = self.buffer.next_frame().expect("frames of a keeper are sound") {
                return Some(
                    Event::decode(frame).expect("events of a keeper are sound").expect("a known type"),
                );
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            self.stream.set_read_timeout(Some(left)).expect("a timeout above zero");
            let mut bytes = [0; 65536];
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.buffer.push(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }

    /// Waits for an event that `pick` takes; others are skipped.
    pub fn wait<T>(&mut self, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let mut skipped = Vec::new();
        while let Some(event) = self.next(end.saturating_duration_since(Instant::now())) {
            skipped.push(format!("{event:?}"));
            if let Some(picked) = pick(event) {
                return picked;
            }
        }
        panic!("the event did not come; what came: {skipped:#?}");
    }

    pub fn spawn(&mut self, order: SpawnOrder) -> u32 {
        self.send(&Request::Spawn(order));
        self.wait(|event| match event {
            Event::Spawned { pid, .. } => Some(pid),
            Event::SpawnFailed { text, .. } => panic!("{text}"),
            _ => None,
        })
    }

    /// Waits for `Exited`; gives the status as text and whether the tree is gone.
    pub fn exited(&mut self) -> (String, bool) {
        self.wait(|event| match event {
            Event::Exited { status, tree_is_gone, .. } => Some((status.to_string(), tree_is_gone)),
            _ => None,
        })
    }

    pub fn tree_gone(&mut self) -> TreeReport {
        self.wait(|event| match event {
            Event::TreeGone { report, .. } => Some(report),
            _ => None,
        })
    }

    pub fn refused(&mut self) -> String {
        self.wait(|event| match event {
            Event::Refused { text, .. } => Some(text),
            _ => None,
        })
    }

    /// As `sync`; gives the reason when something was refused meanwhile.
    pub fn sync_refused(&mut self) -> Option<String> {
        let mut reason = None;
        self.send(&Request::Ping { token: 78 });
        self.wait(|event| match event {
            Event::Refused { text, .. } => {
                reason = Some(text);
                None
            }
            Event::Pong { token: 78 } => Some(()),
            _ => None,
        });
        reason
    }

    /// Waits until the keeper has followed everything that was sent.
    pub fn sync(&mut self) {
        self.send(&Request::Ping { token: 77 });
        self.wait(|event| match event {
            Event::Pong { token: 77 } => Some(()),
            _ => None,
        });
    }
}

/// The records of all files of a log, oldest first, parts joined.
pub fn records(live: &Path) -> Vec<(Stream, String)> {
    let mut joined = Vec::new();
    let mut open: [Vec<u8>; 3] = Default::default();
    for number in (0..100).rev() {
        let path = if number == 0 { live.to_owned() } else { rotated_path(live, number) };
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for record in bytes.split(|byte| *byte == b'\n').filter(|record| !record.is_empty()) {
            let line = parse_line(record).unwrap_or_else(|| panic!("{:?}", String::from_utf8_lossy(record)));
            let place = &mut open[line.stream as usize];
            place.extend_from_slice(line.bytes);
            if !line.is_partial {
                joined.push((line.stream, String::from_utf8_lossy(&std::mem::take(place)).into_owned()));
            }
        }
    }
    joined
}
