//! The loop: what is due, what is ready, sleep.

use super::connection::{Connection, is_trusted};
use super::keeper::{Keeper, Link, LogWatch};
use super::output::Typed;
use super::run::Tree;
use super::spawn;
use ostler_keeper::log::{Flush, Meta};
use ostler_keeper::os::unix::explain::plain;
use ostler_keeper::protocol::{Event, OnLoss, Request};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How many engines may be connected without having introduced themselves.
const STRANGERS_MAX: usize = 4;

/// How long an engine may take to introduce itself.
const HELLO_TIME: Duration = Duration::from_secs(10);

/// When the system had no descriptor for a connection, the next one is accepted after this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The pauses between attempts to revive the engine; the last one repeats.
const REVIVE_PAUSES: [Duration; 4] =
    [Duration::from_secs(10), Duration::from_secs(30), Duration::from_secs(60), Duration::from_secs(300)];

/// While the engine leaves more than this unread, a terminal is not read.
const TERMINAL_BACKLOG: usize = 256 * 1024;

/// When nothing came for this long, the memory for reading is given back.
const QUIET: Duration = Duration::from_secs(1);

/// How long the processes of a run have when the system ends the keeper, in milliseconds.
const SHUTDOWN_GRACE_MS: u64 = 5000;

/// What a place in the poll list stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Signals,
    Listener,
    Connection(usize),
    Pipe,
    /// What is typed into, and what a terminal shows.
    Terminal,
}

impl Keeper {
    /// Keeps until there is nothing left to keep.
    pub(super) fn keep(&mut self) {
        self.save_record();
        let mut last_input = Instant::now();
        while !self.is_done() {
            let ready = self.sleep(last_input);
            let now = Instant::now();
            for source in ready {
                match source {
                    Source::Signals => self.take_signals(now),
                    Source::Listener => self.accept(now),
                    Source::Connection(index) => {
                        let connection = &mut self.connections[index];
                        connection.receive();
                        connection.flush();
                    }
                    Source::Pipe => {
                        last_input = now;
                        self.read_pipes(now);
                    }
                    Source::Terminal => {
                        last_input = now;
                        // The rest is seen at the next turn.
                        let _ = self.read_terminal();
                    }
                }
            }
            self.serve(now);
            self.do_what_is_due(Instant::now());
            self.flush_log(now);
            if now.duration_since(last_input) >= QUIET {
                self.release_memory();
            }
        }
        self.leave();
    }

    /// Waits until something is ready or due; gives what is ready.
    fn sleep(&self, last_input: Instant) -> Vec<Source> {
        let readable = PollFlags::IN;
        let mut sources = vec![Source::Signals];
        let mut fds = vec![PollFd::new(&self.signals, readable)];
        if self.accept_at.is_none() {
            sources.push(Source::Listener);
            fds.push(PollFd::from_borrowed_fd(self.slot.listener.as_fd(), readable));
        }
        let mut backlog = 0;
        for (index, connection) in self.connections.iter().enumerate() {
            let waits = connection.backlog() > 0;
            backlog = backlog.max(connection.backlog());
            sources.push(Source::Connection(index));
            let events = if waits { readable | PollFlags::OUT } else { readable };
            fds.push(PollFd::from_borrowed_fd(connection.stream.as_fd(), events));
        }
        if let Some(run) = &self.run {
            if self.log_waits_until.is_none() {
                for pipe in run.output.pipes() {
                    sources.push(Source::Pipe);
                    fds.push(PollFd::from_borrowed_fd(pipe, readable));
                }
            }
            if let Some(terminal) = run.output.terminal.as_ref().filter(|it| it.is_open) {
                let mut events = PollFlags::empty();
                if backlog < TERMINAL_BACKLOG {
                    events |= readable;
                }
                if !terminal.input.waiting.is_empty() {
                    events |= PollFlags::OUT;
                }
                if !events.is_empty() {
                    sources.push(Source::Terminal);
                    fds.push(PollFd::from_borrowed_fd(terminal.input.fd.as_fd(), events));
                }
            }
            if let Some(stdin) = run.output.stdin.as_ref().filter(|it| !it.waiting.is_empty()) {
                sources.push(Source::Terminal);
                fds.push(PollFd::from_borrowed_fd(stdin.fd.as_fd(), PollFlags::OUT));
            }
        }
        let timeout = self.next_due(last_input).map(|due| {
            let wait = due.saturating_duration_since(Instant::now());
            // A millisecond more, so that what was waited for is due when we wake.
            let wait = wait + Duration::from_millis(u64::from(!wait.is_zero()));
            Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: i64::from(wait.subsec_nanos()) as _ }
        });
        match rustix::event::poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return vec![Source::Signals],
            // Out of memory in the kernel: the next turn tries again.
            Err(_) => return Vec::new(),
        }
        let mut ready = Vec::new();
        for (source, fd) in sources.into_iter().zip(&fds) {
            // Both pipes are read in one go.
            if !fd.revents().is_empty() && (source != Source::Pipe || !ready.contains(&Source::Pipe)) {
                ready.push(source);
            }
        }
        ready
    }

    fn next_due(&self, last_input: Instant) -> Option<Instant> {
        let mut due: Vec<Instant> = Vec::new();
        due.extend(self.connections.iter().filter(|it| it.is_closed).map(|it| it.opened));
        due.extend(self.accept_at);
        due.extend(self.log_waits_until);
        due.extend(self.log.writer.as_ref().and_then(|writer| writer.retry_at()));
        if self.buffer.is_held() {
            due.push(last_input + QUIET);
        }
        due.extend(self.connections.iter().filter(|it| !it.is_greeted).map(|it| it.opened + HELLO_TIME));
        if let Some(run) = &self.run {
            due.extend(run.kill_at);
            if run.tree == Tree::Alive {
                due.extend(run.kill.as_ref().map(|kill| kill.next));
            }
            if self.log_waits_until.is_none() {
                due.extend(run.output.deadline());
            }
        }
        if let Link::Lost { next, .. } = self.link {
            due.extend(next);
        }
        due.into_iter().min()
    }

    fn take_signals(&mut self, now: Instant) {
        let mut bytes = [0; 64];
        let mut wants_end = false;
        while let Ok(count @ 1..) = self.signals.read(&mut bytes) {
            wants_end |= bytes[..count].contains(&(libc::SIGTERM as u8));
        }
        self.reap();
        if wants_end {
            self.end_in_order(now);
        }
    }

    /// Stops the run politely, and leaves then.
    fn end_in_order(&mut self, now: Instant) {
        self.is_leaving = true;
        if let Some(id) = self.run.as_ref().map(|run| run.id) {
            // There is a run, and the signal is one.
            let _ = self.terminate(id, libc::SIGTERM, Some(SHUTDOWN_GRACE_MS), now);
        }
    }

    fn accept(&mut self, now: Instant) {
        loop {
            match self.slot.listener.accept() {
                Ok((stream, _)) => {
                    let strangers = self.connections.iter().filter(|it| !it.is_greeted).count();
                    if strangers < STRANGERS_MAX
                        && is_trusted(&stream)
                        && stream.set_nonblocking(true).is_ok()
                    {
                        self.connections.push(Connection::new(stream, now));
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.accept_at = Some(now + ACCEPT_PAUSE);
                    return;
                }
            }
        }
    }

    /// Follows the requests that have arrived, and lets go of those who have gone.
    fn serve(&mut self, now: Instant) {
        let mut index = 0;
        while index < self.connections.len() {
            let connection = &mut self.connections[index];
            let is_late = !connection.is_greeted && connection.opened + HELLO_TIME <= now;
            let request = match connection.input.next_frame() {
                Ok(None) if connection.is_closed || is_late => {
                    self.drop_connection(index, now);
                    continue;
                }
                Ok(None) => {
                    index += 1;
                    continue;
                }
                Ok(Some(frame)) => (frame.kind, Request::decode(frame).map_err(|error| error.to_string())),
                Err(error) => {
                    connection.send(&Event::Refused { request: 0, text: error.to_string() });
                    self.drop_connection(index, now);
                    continue;
                }
            };
            match request {
                (_, Ok(Some(Request::Hello { nonce, .. }))) if !connection.is_greeted => {
                    self.greet(index, nonce, now);
                    index = 0;
                }
                (_, Ok(_) | Err(_)) if !connection.is_greeted => self.drop_connection(index, now),
                (_, Ok(Some(request))) => self.follow(request, now),
                (kind, Ok(None)) => {
                    let text =
                        "this keeper is of an earlier version and does not know the request".to_owned();
                    connection.send(&Event::Refused { request: kind, text });
                }
                (kind, Err(text)) => connection.send(&Event::Refused { request: kind, text }),
            }
        }
    }

    fn drop_connection(&mut self, index: usize, now: Instant) {
        let connection = self.connections.remove(index);
        if !connection.is_greeted {
            return;
        }
        self.log_watch = LogWatch::Off;
        if self.link == Link::Connected {
            let wait = match &self.configuration.on_loss {
                // Not all keepers at once: the engine that the first one starts finds the others in time.
                OnLoss::Revive { after_ms, .. } => Some(after_ms.saturating_add(spread(after_ms / 3))),
                OnLoss::StopAfter { after_ms, .. } => Some(*after_ms),
                OnLoss::Keep => None,
            };
            let next = wait.map(|ms| now + Duration::from_millis(ms.min(u64::from(u32::MAX))));
            self.link = Link::Lost { since: now, next, attempts: 0 };
            self.save_record();
        }
    }

    fn read_pipes(&mut self, now: Instant) {
        if let Some(run) = &mut self.run {
            // What is left is seen at the next turn.
            let _ = run.output.read(now, &mut self.buffer, &mut self.log);
        }
    }

    /// Passes on what was typed, and takes one piece of what the terminal shows; false when there was none.
    pub(super) fn read_terminal(&mut self) -> bool {
        let Some(run) = &mut self.run else { return false };
        run.output.typed().into_iter().for_each(Typed::flush);
        let Some(terminal) = run.output.terminal.as_mut().filter(|it| it.is_open) else { return false };
        let Some(bytes) = terminal.read(&mut self.buffer) else { return false };
        self.tell(&Event::Output { bytes });
        true
    }

    fn do_what_is_due(&mut self, now: Instant) {
        self.accept_at = self.accept_at.filter(|at| *at > now);
        if let Some(run) = &mut self.run {
            if self.log_waits_until.is_none() {
                run.output.flush_due(now, &mut self.log);
            }
            let kill_is_due = run.kill_at.is_some_and(|at| at <= now);
            let kill = run.kill.as_ref().filter(|_| run.tree == Tree::Alive);
            let is_hopeless = kill.is_some_and(|kill| kill.deadline <= now);
            let step_is_due = kill.is_some_and(|kill| kill.next <= now);
            if is_hopeless {
                self.give_up_kill();
            } else if kill_is_due || step_is_due {
                self.kill_step(now);
            }
        }
        if let Link::Lost { since, next: Some(next), attempts } = self.link
            && next <= now
        {
            self.act_on_loss(since, attempts, now);
        }
    }

    fn act_on_loss(&mut self, since: Instant, attempts: u32, now: Instant) {
        if !self.slot.is_reachable() {
            // No engine can ever find us again, and the next one would start the service a second time.
            self.note(&Meta::Note("the keeper's files are gone, stopping the run".to_owned()));
            self.link = Link::Lost { since, next: None, attempts };
            self.end_in_order(now);
            return;
        }
        match &self.configuration.on_loss {
            OnLoss::Revive { argv, env, .. } => {
                let away = now.duration_since(since).as_secs();
                let text = match spawn::revive(argv, env) {
                    Ok(()) => format!("no engine for {away} s, started one"),
                    Err(error) => {
                        format!("no engine for {away} s, none could be started: {}", plain(&error))
                    }
                };
                let pause = REVIVE_PAUSES[(attempts as usize).min(REVIVE_PAUSES.len() - 1)];
                self.link = Link::Lost { since, next: Some(now + pause), attempts: attempts + 1 };
                self.note(&Meta::Note(text));
            }
            OnLoss::StopAfter { signal, grace_ms, .. } => {
                let (signal, grace) = (*signal, *grace_ms);
                self.link = Link::Lost { since, next: None, attempts };
                self.note(&Meta::Note("no engine came back, stopping the run".to_owned()));
                if let Some(id) = self.run.as_ref().map(|run| run.id) {
                    // A signal that is none leaves the kill after the grace.
                    let signal = if (1..=64).contains(&signal) { signal } else { libc::SIGTERM };
                    let _ = self.terminate(id, signal, Some(grace), now);
                }
            }
            OnLoss::Keep => self.link = Link::Lost { since, next: None, attempts },
        }
    }

    /// Writes what is batched, and tells the engine how far the log has come.
    pub(super) fn flush_log(&mut self, now: Instant) {
        self.log_waits_until = match self.log.flush(now) {
            Flush::Done => None,
            Flush::Waiting(until) => Some(until),
        };
        if let Some(text) = self.log.writer.as_mut().and_then(|writer| writer.take_trouble()) {
            self.tell(&Event::LogTrouble { text });
        }
        let position = self.log_position();
        if let LogWatch::Ready(seen) = self.log_watch
            && seen != position
        {
            self.log_watch = LogWatch::Told(position);
            self.tell(&Event::LogAdvanced(position));
        }
    }

    fn release_memory(&mut self) {
        self.buffer.release();
        if let Some(writer) = &mut self.log.writer {
            writer.release();
        }
    }

    /// Whether there is nothing left to keep, and nobody to keep it for.
    fn is_done(&self) -> bool {
        if self.run.as_ref().is_some_and(|run| !run.is_over()) {
            return false;
        }
        match self.link {
            Link::Connected => self.is_leaving,
            Link::New => self.connections.is_empty(),
            Link::Dismissed => self.is_leaving || !self.connections.iter().any(|it| it.is_greeted),
            Link::Lost { .. } => match self.configuration.on_loss {
                OnLoss::Revive { .. } => self.is_leaving || !self.had_run,
                OnLoss::Keep | OnLoss::StopAfter { .. } => true,
            },
        }
    }

    /// An exit status that nobody has acknowledged stays in the record.
    fn leave(&mut self) {
        let is_waiting = self.run.as_ref().is_some_and(|run| !run.is_acknowledged);
        self.save_record();
        self.flush_log(Instant::now());
        for connection in &mut self.connections {
            connection.say_farewell();
        }
        self.slot.leave(is_waiting);
    }
}

/// A time in milliseconds up to `most` that differs from keeper to keeper.
fn spread(most: u64) -> u64 {
    u64::from(std::process::id()) * 7919 % (most + 1)
}
