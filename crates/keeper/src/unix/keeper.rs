//! What the keeper holds, and how it follows requests.

use super::connection::Connection;
use super::output::{LogTarget, ReadBuffer, Writers};
use super::run::{self, Run, Tree};
use super::spawn;
use ostler_keeper::identity;
use ostler_keeper::log::{LogWriter, Meta};
use ostler_keeper::os::unix::explain::plain;
use ostler_keeper::os::unix::launch as sys;
use ostler_keeper::os::unix::pty;
use ostler_keeper::os::unix::slot::Slot;
use ostler_keeper::os::unix::tree::Kill;
use ostler_keeper::protocol::{
    Configuration, Event, KeeperHello, KeeperState, LogPosition, MEMO_MAX, OnLoss, PROTOCOL_VERSION, Request,
    SpawnOrder,
};
use ostler_keeper::record::Record;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// How many pieces of what a terminal showed last are passed on before the exit.
const LAST_PIECES_MAX: u32 = 64;

/// The keeper of one instance.
pub(super) struct Keeper {
    pub(super) slot: Slot,
    pub(super) signals: UnixStream,
    /// The engine, once greeted, and those that have not introduced themselves yet.
    pub(super) connections: Vec<Connection>,
    /// No connection is accepted before, because there were no descriptors left.
    pub(super) accept_at: Option<Instant>,
    pub(super) link: Link,
    pub(super) configuration: Configuration,
    pub(super) log: LogTarget,
    pub(super) log_watch: LogWatch,
    pub(super) run: Option<Run>,
    pub(super) had_run: bool,
    /// Leave once nothing is alive.
    pub(super) is_leaving: bool,
    pub(super) buffer: ReadBuffer,
    /// The log waits for room until then, and nothing more is read from the run.
    pub(super) log_waits_until: Option<Instant>,
    identity: Identity,
    /// Of the engine that was greeted last.
    nonce: [u8; 16],
}

struct Identity {
    instance: String,
    pid: u32,
    start: u64,
    boot_id: String,
}

/// How the keeper stands with its engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// None has introduced itself yet.
    New,
    /// One is connected.
    Connected,
    /// The last one vanished.
    Lost { since: Instant, next: Option<Instant>, attempts: u32 },
    /// The last one took leave.
    Dismissed,
}

/// Whether the engine wants to hear of log growth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogWatch {
    Off,
    /// It is told when the end is not here any more.
    Ready(LogPosition),
    /// It has been told and has not answered.
    Told(LogPosition),
}

impl Keeper {
    pub(super) fn new(slot: Slot, instance: &str, signals: UnixStream, engine: UnixStream) -> Self {
        let pid = std::process::id();
        Self {
            slot,
            signals,
            connections: vec![Connection::new(engine, Instant::now())],
            accept_at: None,
            link: Link::New,
            configuration: Configuration {
                on_loss: OnLoss::Keep,
                logs: None,
                cgroup: None,
                memory_max: None,
            },
            log: LogTarget::default(),
            log_watch: LogWatch::Off,
            run: None,
            had_run: false,
            is_leaving: false,
            buffer: ReadBuffer::default(),
            log_waits_until: None,
            identity: Identity {
                instance: instance.to_owned(),
                pid,
                start: identity::start_ticks(pid).unwrap_or(0),
                boot_id: identity::boot_id(),
            },
            nonce: [0; 16],
        }
    }

    /// Sends an event to the engine, if there is one.
    pub(super) fn tell(&mut self, event: &Event) {
        if let Some(engine) = self.connections.iter_mut().find(|it| it.is_greeted && !it.is_closed) {
            engine.send(event);
        }
    }

    /// Follows a request of the greeted engine.
    pub(super) fn follow(&mut self, request: Request, now: Instant) {
        let kind = request.kind();
        let result = match request {
            Request::Hello { .. } => Err("the engine has introduced itself already".to_owned()),
            Request::Configure(configuration) => {
                self.configure(configuration);
                Ok(())
            }
            Request::Spawn(order) => self.spawn(&order, now),
            Request::Terminate { run, signal, grace_ms, patience_ms: _ } => {
                self.terminate(run, signal, grace_ms, now)
            }
            Request::Kill { run } => self.kill(run, now),
            Request::Signal { run, signal, whole_group } => self.signal(run, signal, whole_group),
            Request::Ack { run } => self.acknowledge(run),
            Request::WatchLog { on } => {
                self.log_watch = if on { LogWatch::Ready(LogPosition::default()) } else { LogWatch::Off };
                Ok(())
            }
            Request::LogSeen => {
                if let LogWatch::Told(position) = self.log_watch {
                    self.log_watch = LogWatch::Ready(position);
                }
                Ok(())
            }
            Request::ClearLog => self.log.writer.as_mut().map_or(Ok(()), |writer| {
                writer.stamp();
                writer.clear().map_err(|error| format!("the log cannot be cleared: {}", plain(&error)))
            }),
            Request::Input { bytes } => self.r#type(&bytes),
            Request::Resize { rows, cols } => self.resize(rows, cols),
            Request::CloseInput => self.close_input(),
            Request::AttachStreams => self.attach_streams(),
            Request::Remember { bytes } => self.remember(bytes),
            Request::Goodbye { exit_when_idle } => {
                self.link = Link::Dismissed;
                self.is_leaving |= exit_when_idle;
                Ok(())
            }
            Request::Exit => {
                self.is_leaving = true;
                Ok(())
            }
            Request::Ping { token } => {
                self.tell(&Event::Pong { token });
                Ok(())
            }
        };
        if let Err(text) = result {
            self.tell(&Event::Refused { request: kind, text });
        }
    }

    /// Introduces the keeper to the engine behind `connections[index]`, which becomes the only one.
    pub(super) fn greet(&mut self, index: usize, nonce: [u8; 16], now: Instant) {
        let mut engine = self.connections.swap_remove(index);
        self.connections.retain(|other| !other.is_greeted);
        engine.is_greeted = true;
        self.nonce = nonce;
        self.link = Link::Connected;
        self.is_leaving = false;
        self.log_watch = LogWatch::Off;
        engine.send(&Event::Hello(self.introduce(now)));
        if let Some(terminal) = self.run.as_ref().and_then(|run| run.output.terminal.as_ref()) {
            let bytes: Vec<u8> = terminal.scrollback.iter().copied().collect();
            if !bytes.is_empty() {
                engine.send(&Event::Output { bytes });
            }
        }
        self.connections.insert(0, engine);
    }

    fn introduce(&self, now: Instant) -> KeeperHello {
        KeeperHello {
            version: PROTOCOL_VERSION,
            keeper_pid: self.identity.pid,
            keeper_start: self.identity.start,
            boot_id: self.identity.boot_id.clone(),
            nonce: self.nonce,
            instance: self.identity.instance.clone(),
            state: self.run.as_ref().map_or(KeeperState::Idle, |run| run.state(now)),
            log: self.log_position(),
        }
    }

    pub(super) fn log_position(&self) -> LogPosition {
        self.log.writer.as_ref().map(LogWriter::position).unwrap_or_default()
    }

    /// Writes down who we are and what we hold; a failure only costs the next engine a search.
    pub(super) fn save_record(&mut self) {
        let record = Record {
            version: PROTOCOL_VERSION,
            instance: self.identity.instance.clone(),
            keeper_pid: self.identity.pid,
            keeper_start: self.identity.start,
            boot_id: self.identity.boot_id.clone(),
            run: self.run.as_ref().map(Run::record),
        };
        if let Err(error) = self.slot.save(&record) {
            let text = format!("the keeper's record cannot be written: {}", plain(&error));
            self.tell(&Event::Refused { request: 0, text });
        }
    }

    fn configure(&mut self, configuration: Configuration) {
        let writer = self.log.writer.take();
        self.log.writer = match (&configuration.logs, writer) {
            (None, _) => None,
            (Some(settings), None) => Some(LogWriter::new(settings.clone(), &self.identity.instance)),
            (Some(settings), Some(mut writer)) => {
                // The log may only lose its old place with an empty batch.
                let _ = writer.flush(Instant::now());
                writer.configure(settings.clone());
                Some(writer)
            }
        };
        self.configuration = configuration;
    }

    fn spawn(&mut self, order: &SpawnOrder, now: Instant) -> Result<(), String> {
        if let Some(run) = self.run.as_ref().filter(|run| !run.is_over()) {
            return Err(format!("run {} is not over yet", run.id));
        }
        self.end_output();
        self.run = None;
        match spawn::spawn(order, self.configuration.cgroup.as_deref()) {
            Ok((pid, output)) => {
                let pid_start = identity::start_ticks(pid).unwrap_or(0);
                self.run = Some(Run {
                    id: order.run,
                    mark: order.mark.clone(),
                    pid,
                    pid_start,
                    spawned: now,
                    memo: Vec::new(),
                    status: None,
                    tree: Tree::Alive,
                    is_acknowledged: false,
                    ended: 0,
                    kill: None,
                    polite: None,
                    kill_at: None,
                    output,
                });
                self.had_run = true;
                self.tell(&Event::Spawned { run: order.run, pid, pid_start });
                self.note(&Meta::RunStarted { run: order.run, pid });
            }
            Err(error) => {
                let text = format!("run {} could not be started: {}", order.run, error.text);
                let (step, errno) = (error.step, error.errno);
                self.note(&Meta::Note(text));
                self.flush_log(now);
                self.tell(&Event::SpawnFailed { run: order.run, step, errno, text: error.text });
            }
        }
        self.save_record();
        Ok(())
    }

    /// Adds a record of our own to the log.
    pub(super) fn note(&mut self, meta: &Meta) {
        if let Some(writer) = &mut self.log.writer {
            writer.stamp();
            writer.push_meta(meta);
        }
    }

    fn run_of(&mut self, id: u64) -> Result<&mut Run, String> {
        let run = self.run.as_mut().ok_or("there is no run")?;
        if run.id == id { Ok(run) } else { Err(format!("the run is {}, not {id}", run.id)) }
    }

    pub(super) fn terminate(
        &mut self,
        id: u64,
        signal: i32,
        grace_ms: Option<u64>,
        now: Instant,
    ) -> Result<(), String> {
        if !(1..=64).contains(&signal) {
            return Err(format!("{signal} is not a signal"));
        }
        let run = self.run_of(id)?;
        if run.is_over() {
            return Ok(());
        }
        run.ask(signal);
        if let Some(grace) = grace_ms {
            let at = now + Duration::from_millis(grace.min(u64::from(u32::MAX)));
            run.kill_at = Some(run.kill_at.map_or(at, |earlier| earlier.min(at)));
        }
        Ok(())
    }

    fn kill(&mut self, id: u64, now: Instant) -> Result<(), String> {
        let run = self.run_of(id)?;
        if run.tree == Tree::Gone {
            let report = run.report();
            self.tell(&Event::TreeGone { run: id, report });
            return Ok(());
        }
        // An escaped process gets another chance to die.
        run.tree = Tree::Alive;
        if run.kill.as_ref().is_none_or(|kill| kill.deadline <= now) {
            run.kill = None;
            self.kill_step(now);
        }
        Ok(())
    }

    /// One step of the kill, and the reaping of what it hit.
    pub(super) fn kill_step(&mut self, now: Instant) {
        if let Some(run) = &mut self.run {
            run.kill_step(now, self.configuration.cgroup.as_deref());
            self.reap();
        }
    }

    fn signal(&mut self, id: u64, signal: i32, whole_group: bool) -> Result<(), String> {
        if !(1..=64).contains(&signal) {
            return Err(format!("{signal} is not a signal"));
        }
        let run = self.run_of(id)?;
        let pid = run.leader().ok_or_else(|| format!("run {id} has ended"))?;
        let target = if whole_group { -(pid as i32) } else { pid as i32 };
        sys::kill(target, signal).map_err(|error| plain(&error))
    }

    fn acknowledge(&mut self, id: u64) -> Result<(), String> {
        let run = self.run_of(id)?;
        if run.status.is_none() {
            return Err(format!("run {id} has not ended"));
        }
        run.is_acknowledged = true;
        self.forget_if_done();
        Ok(())
    }

    /// Forgets a run that is gone and acknowledged.
    fn forget_if_done(&mut self) {
        if self.run.as_ref().is_some_and(|run| run.tree == Tree::Gone && run.is_acknowledged) {
            self.end_output();
            self.run = None;
            self.save_record();
        }
    }

    /// Reaps, and says what has ended.
    pub(super) fn reap(&mut self) {
        let reaped = run::reap(self.run.as_mut());
        let Some(run) = &mut self.run else { return };
        if reaped.leader_ended {
            run.output.drain(Writers::Alive, &mut self.buffer, &mut self.log);
            if !reaped.nobody_left {
                run.ask_the_rest();
            }
        }
        let is_gone = reaped.nobody_left && run.status.is_some() && run.tree != Tree::Gone;
        if is_gone {
            run.tree = Tree::Gone;
            run.kill_at = None;
            run.output.drain(Writers::Gone, &mut self.buffer, &mut self.log);
            run.output.finish(&mut self.log);
        }
        let status = run.status.filter(|_| reaped.leader_ended);
        if status.is_some() {
            // Bounded, because a descendant may go on for ever.
            let mut pieces = 0;
            while pieces < LAST_PIECES_MAX && self.read_terminal() {
                pieces += 1;
            }
        }
        let Some(run) = &mut self.run else { return };
        if let Some(status) = status {
            let (id, tree_is_gone) = (run.id, run.tree == Tree::Gone);
            self.note(&Meta::RunEnded { run: id, how: status.to_string() });
            self.flush_log(Instant::now());
            let log = self.log_position();
            self.tell(&Event::Exited { run: id, status, tree_is_gone, log });
        }
        if let Some(run) = self.run.as_ref().filter(|_| is_gone) {
            let event = Event::TreeGone { run: run.id, report: run.report() };
            self.tell(&event);
        }
        if is_gone || (reaped.leader_ended && self.link != Link::Connected) {
            self.forget_if_done();
            if self.run.is_some() && self.link != Link::Connected {
                self.save_record();
            }
        }
    }

    /// Says that what is left cannot be killed.
    pub(super) fn give_up_kill(&mut self) {
        let Some(run) = &mut self.run else { return };
        run.tree = Tree::Escaped(Kill::escaped());
        let event = Event::TreeGone { run: run.id, report: run.report() };
        self.tell(&event);
    }

    fn end_output(&mut self) {
        if let Some(run) = &mut self.run {
            run.output.drain(Writers::Gone, &mut self.buffer, &mut self.log);
            run.output.finish(&mut self.log);
        }
    }

    fn r#type(&mut self, bytes: &[u8]) -> Result<(), String> {
        let typed = self.run.as_mut().and_then(|run| run.output.typed());
        typed.ok_or("the run has no terminal and no input to type into")?.r#type(bytes)
    }

    fn resize(&mut self, rows: u16, cols: u16) -> Result<(), String> {
        let terminal = self.run.as_ref().and_then(|run| run.output.terminal.as_ref());
        let terminal = terminal.ok_or("the run has no terminal")?;
        pty::resize(&terminal.input.fd, rows, cols).map_err(|error| plain(&error))
    }

    fn close_input(&mut self) -> Result<(), String> {
        let streams = self.run.as_mut().and_then(|run| run.output.streams.as_mut());
        streams.ok_or("the run has no streams")?.stdin = None;
        Ok(())
    }

    fn attach_streams(&mut self) -> Result<(), String> {
        let run = self.run.as_ref().ok_or("there is no run")?;
        let streams = run.output.streams.as_ref().ok_or("the run has no streams")?;
        // An input that was closed leads nowhere; what the run still says can be read all the same.
        let stdin = streams.stdin.as_ref().map_or_else(sys::open_null, OwnedFd::try_clone);
        let copies = stdin.and_then(|stdin| Ok([stdin, streams.stdout.try_clone()?]));
        let copies = copies.map_err(|error| plain(&error))?;
        let event = Event::Streams { run: run.id };
        if let Some(engine) = self.connections.iter_mut().find(|it| it.is_greeted) {
            engine.send_with(&event, copies);
        }
        Ok(())
    }

    fn remember(&mut self, bytes: Vec<u8>) -> Result<(), String> {
        if bytes.len() > MEMO_MAX {
            return Err(format!("{} bytes are more than the {MEMO_MAX} that are remembered", bytes.len()));
        }
        self.run.as_mut().ok_or("there is no run")?.memo = bytes;
        Ok(())
    }
}
