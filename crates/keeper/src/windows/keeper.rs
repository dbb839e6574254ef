//! What the keeper holds, and how it follows requests.

use super::connection::Connection;
use super::ladder::Ladder;
use super::output::LogTarget;
use super::record::Unsaved;
use super::run::{Run, Tree, hears_break};
use super::spawn::{self, Keys, Spawned, plain};
use ostler_keeper::identity;
use ostler_keeper::log::{LogWriter, Meta};
use ostler_keeper::os::windows::port::{Packet, Pipe, Port};
use ostler_keeper::os::windows::slot::Slot;
use ostler_keeper::protocol::{
    Configuration, Event, KeeperHello, KeeperState, LogPosition, MEMO_MAX, OnLoss, PROTOCOL_VERSION, Request,
    SpawnOrder,
};
use ostler_windows::job::Limits;
use ostler_windows::{console, process, quote};
use std::collections::VecDeque;
use std::io;
use std::os::windows::io::OwnedHandle;
use std::time::{Duration, Instant};

/// What the packets of the first instance of the slot's pipe bear.
pub(super) const LISTENER_KEY: usize = 1;

/// What the packet bears that tells of the end of the session.
pub(super) const SESSION_KEY: usize = 2;

/// Part of the keys of jobs, and of no others.
const JOB_KEY: usize = 1 << 31;

/// How long the output of a leader that has ended is read while others keep writing.
const DRAIN: Duration = Duration::from_millis(100);

/// Ctrl-C, as engines number signals.
const SIGINT: i32 = 2;

/// The keeper of one instance.
pub(super) struct Keeper {
    pub(super) port: Port,
    pub(super) slot: Slot,
    /// The engine, once greeted, and those that have not introduced themselves yet.
    pub(super) connections: Vec<Connection>,
    /// No instance of the pipe waits before, because none could be made.
    pub(super) accept_at: Option<Instant>,
    pub(super) link: Link,
    pub(super) configuration: Configuration,
    pub(super) log: LogTarget,
    pub(super) log_watch: LogWatch,
    pub(super) run: Option<Run>,
    pub(super) had_run: bool,
    /// The system has said so.
    pub(super) is_session_ending: bool,
    /// Leave once nothing is alive.
    pub(super) is_leaving: bool,
    /// The log waits for room until then, and nothing more is read from the run.
    pub(super) log_waits_until: Option<Instant>,
    /// Taken from the port while only output was wanted.
    pub(super) deferred: VecDeque<Packet>,
    /// The record on disk is not the present one.
    pub(super) unsaved: Option<Unsaved>,
    next_key: usize,
    pub(super) identity: Identity,
    /// Of the engine that was greeted last.
    nonce: [u8; 16],
}

/// Who this keeper is.
pub(super) struct Identity {
    pub(super) instance: String,
    pub(super) pid: u32,
    pub(super) start: u64,
    pub(super) boot_id: String,
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

/// Whether packets with this key are messages of a job.
pub(super) fn is_job_key(key: usize) -> bool {
    key & JOB_KEY != 0
}

impl Keeper {
    pub(super) fn new(port: Port, slot: Slot, instance: &str, engine: OwnedHandle) -> io::Result<Self> {
        let pid = std::process::id();
        let engine = Pipe::new(&port, engine, SESSION_KEY + 1)?;
        Ok(Self {
            port,
            slot,
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
            is_session_ending: false,
            is_leaving: false,
            log_waits_until: None,
            deferred: VecDeque::new(),
            unsaved: None,
            next_key: SESSION_KEY + 2,
            identity: Identity {
                instance: instance.to_owned(),
                pid,
                start: identity::start_ticks(pid).unwrap_or(0),
                boot_id: identity::boot_id(),
            },
            nonce: [0; 16],
        })
    }

    /// A key that no packet bears yet.
    pub(super) fn new_key(&mut self) -> usize {
        self.next_key += 1;
        self.next_key - 1
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
            Request::Terminate { run, signal: _, grace_ms, patience_ms } => {
                self.terminate(run, grace_ms, patience_ms, now)
            }
            Request::Kill { run } => self.kill(run, now),
            Request::Signal { run, signal, whole_group: _ } => self.signal(run, signal),
            Request::Ack { run } => self.acknowledge(run, now),
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
            Request::Resize { .. } => Err("the run has no terminal".to_owned()),
            Request::CloseInput | Request::AttachStreams => Err("the run has no streams".to_owned()),
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
        self.limit_memory();
    }

    /// Holds a run that lives to the memory that it may have now.
    fn limit_memory(&mut self) {
        let wanted = self.configuration.memory_max;
        let Some(run) = self.run.as_mut().filter(|run| run.limits.memory != wanted) else { return };
        let limits = Limits { memory: wanted, ..run.limits };
        let note = match run.job.limit(&limits) {
            Ok(()) => {
                run.limits = limits;
                wanted.is_none().then(|| "its memory is not limited any more".to_owned())
            }
            Err(error) => Some(format!("the limit of memory cannot be set: {}", plain(&error))),
        };
        if let Some(note) = note {
            self.note(&Meta::Note(note));
        }
    }

    fn spawn(&mut self, order: &SpawnOrder, now: Instant) -> Result<(), String> {
        if let Some(run) = self.run.as_ref().filter(|run| !run.is_over()) {
            return Err(format!("run {} is not over yet", run.id));
        }
        self.end_output();
        self.run = None;
        let keys = Keys {
            job: self.new_key() | JOB_KEY,
            stdin: self.new_key(),
            stdout: self.new_key(),
            stderr: self.new_key(),
        };
        match spawn::spawn(order, self.configuration.memory_max, &self.port, keys) {
            Ok(spawned) => self.keep_run(order, spawned, keys, now),
            Err(error) => {
                let text = format!("run {} could not be started: {}", order.run, error.text);
                let (step, errno) = (error.step, error.errno);
                self.note(&Meta::Note(text));
                self.flush_log(now);
                self.tell(&Event::SpawnFailed { run: order.run, step, errno, text: error.text });
            }
        }
        self.save_record(now);
        Ok(())
    }

    fn keep_run(&mut self, order: &SpawnOrder, spawned: Spawned, keys: Keys, now: Instant) {
        let Spawned { started, job, limits, passed_over, output } = spawned;
        let (run, pid) = (order.run, started.pid);
        let pid_start = process::created_of(&started.process).unwrap_or(0);
        self.run = Some(Run {
            id: run,
            mark: order.mark.clone(),
            pid,
            pid_start,
            leader: started.process,
            job,
            limits,
            job_key: keys.job,
            spawned: now,
            memo: Vec::new(),
            status: None,
            tree: Tree::Alive,
            is_acknowledged: false,
            is_batch: quote::is_batch(&order.program),
            asked: None,
            is_leader_ending: false,
            is_tree_ending: false,
            kill: None,
            kill_at: None,
            output,
        });
        self.had_run = true;
        self.tell(&Event::Spawned { run, pid, pid_start });
        self.note(&Meta::RunStarted { run, pid });
        if !passed_over.is_empty() {
            let text = format!("not available on Windows and passed over: {}", passed_over.join(", "));
            self.note(&Meta::Note(text));
        }
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
        grace_ms: Option<u64>,
        patience_ms: Option<u64>,
        now: Instant,
    ) -> Result<(), String> {
        let run = self.run_of(id)?;
        if run.is_over() {
            return Ok(());
        }
        let time = |ms: u64| Duration::from_millis(ms.min(u64::from(u32::MAX)));
        run.asked = Some(Ladder::new(grace_ms.or(patience_ms).map(time), now));
        if let Some(grace) = grace_ms {
            let at = now + time(grace);
            run.kill_at = Some(run.kill_at.map_or(at, |earlier| earlier.min(at)));
        }
        self.ask(now);
        Ok(())
    }

    /// Asks the run to end in the ways that are due, and writes into its log which those were.
    pub(super) fn ask(&mut self, now: Instant) {
        let said = self.run.as_mut().map(|run| run.ask(now)).unwrap_or_default();
        for text in said {
            self.note(&Meta::Note(text));
        }
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

    /// One step of the kill, and a look at whom it has hit.
    pub(super) fn kill_step(&mut self, now: Instant) {
        if let Some(run) = &mut self.run {
            run.kill_step(now);
            self.look(now);
        }
    }

    fn signal(&mut self, id: u64, signal: i32) -> Result<(), String> {
        let run = self.run_of(id)?;
        if run.status.is_some() {
            return Err(format!("run {id} has ended"));
        }
        match signal {
            // Otherwise the system takes it for sent, and nobody has heard it.
            SIGINT if !hears_break(&run.job.members()) => {
                Err("none of its processes shares the console of its keeper, so none can hear Ctrl-Break"
                    .to_owned())
            }
            SIGINT => console::send_break(run.pid).map_err(|error| plain(&error)),
            _ => Err("of all signals only INT exists on Windows, as Ctrl-Break".to_owned()),
        }
    }

    fn acknowledge(&mut self, id: u64, now: Instant) -> Result<(), String> {
        let run = self.run_of(id)?;
        if run.status.is_none() {
            return Err(format!("run {id} has not ended"));
        }
        run.is_acknowledged = true;
        self.forget_if_done(now);
        Ok(())
    }

    /// Forgets a run that is gone and acknowledged.
    fn forget_if_done(&mut self, now: Instant) {
        if self.run.as_ref().is_some_and(|run| run.tree == Tree::Gone && run.is_acknowledged) {
            self.end_output();
            self.run = None;
            self.save_record(now);
        }
    }

    /// Looks who has ended, and says so.
    pub(super) fn look(&mut self, now: Instant) {
        let Some(run) = &mut self.run else { return };
        let had_status = run.status.is_some();
        let looked = run.look();
        let is_gone = looked.nobody_left && run.status.is_some() && run.tree != Tree::Gone;
        if is_gone {
            run.tree = Tree::Gone;
            run.kill_at = None;
        }
        let is_leader_new = looked.leader_ended && !had_status;
        if is_leader_new || is_gone {
            self.drain(is_gone);
        }
        if is_gone {
            self.end_output();
        }
        if is_leader_new && let Some(run) = &self.run {
            let (id, tree_is_gone) = (run.id, run.tree == Tree::Gone);
            let status = run.status.expect("the leader has ended just now");
            self.note(&Meta::RunEnded { run: id, how: status.to_string() });
            self.flush_log(now);
            let log = self.log_position();
            self.tell(&Event::Exited { run: id, status, tree_is_gone, log });
        }
        if let Some(run) = self.run.as_ref().filter(|_| is_gone) {
            let event = Event::TreeGone { run: run.id, report: run.report() };
            self.tell(&event);
        }
        if is_gone || (is_leader_new && self.link != Link::Connected) {
            self.forget_if_done(now);
            if self.run.is_some() && self.link != Link::Connected {
                self.save_record(now);
            }
        }
    }

    /// Says that what is left cannot be killed.
    pub(super) fn give_up_kill(&mut self) {
        let Some(run) = &mut self.run else { return };
        run.tree = Tree::Escaped(run.survivors());
        let event = Event::TreeGone { run: run.id, report: run.report() };
        self.tell(&event);
    }

    /// Takes all that the pipes hold, for a bounded time; what else the port has is put aside. Where nobody is left who
    /// could write, each pipe tells its end, which is waited for.
    fn drain(&mut self, is_nobody_left: bool) {
        let end = Instant::now() + DRAIN;
        loop {
            let Some(run) = &mut self.run else { return };
            // What the leader wrote before its end lies in the pipes, or in the port already; a pipe whose last packet was
            // taken in this turn is not being read yet.
            run.output.listen();
            let mut has_output = false;
            let is_end_awaited = is_nobody_left && !run.output.has_ended();
            let wait =
                if is_end_awaited { end.saturating_duration_since(Instant::now()) } else { Duration::ZERO };
            for packet in self.port.wait(Some(wait)) {
                if run.output.is_source(&packet) {
                    run.output.take(&packet, Instant::now(), &mut self.log);
                    has_output = true;
                } else {
                    self.deferred.push_back(packet);
                }
            }
            let is_done = if is_nobody_left { run.output.has_ended() } else { !has_output };
            if is_done || Instant::now() >= end {
                return;
            }
            // A log that waits keeps what was read in its memory, which is bounded by the time.
            let _ = self.log.flush(Instant::now());
        }
    }

    fn end_output(&mut self) {
        if let Some(run) = &mut self.run {
            run.output.finish(&mut self.log);
        }
    }

    fn r#type(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.run.as_mut().ok_or("the run has no input to type into")?.output.r#type(bytes)
    }

    fn remember(&mut self, bytes: Vec<u8>) -> Result<(), String> {
        if bytes.len() > MEMO_MAX {
            return Err(format!("{} bytes are more than the {MEMO_MAX} that are remembered", bytes.len()));
        }
        self.run.as_mut().ok_or("there is no run")?.memo = bytes;
        Ok(())
    }
}
