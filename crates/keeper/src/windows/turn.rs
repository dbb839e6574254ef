//! The loop: what is due, what is done, sleep.

use super::connection::{self, Connection};
use super::keeper::{Keeper, Link, LogWatch, SESSION_KEY, is_job_key};
use super::run::Tree;
use super::spawn::plain;
use ostler_keeper::log::{Flush, Meta};
use ostler_keeper::os::windows::port::{Done, Packet, Pipe, Port};
use ostler_keeper::protocol::{Event, OnLoss, Request};
use ostler_windows::{launch, pipe};
use std::time::{Duration, Instant};

/// How many engines may be connected without having introduced themselves.
const STRANGERS_MAX: usize = 4;

/// How long an engine may take to introduce itself.
const HELLO_TIME: Duration = Duration::from_secs(10);

/// When the system had no room for an instance of the pipe, the next one is made after this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The pauses between attempts to revive the engine; the last one repeats.
const REVIVE_PAUSES: [Duration; 4] =
    [Duration::from_secs(10), Duration::from_secs(30), Duration::from_secs(60), Duration::from_secs(300)];

/// When nothing came for this long, the memory for reading is given back.
const QUIET: Duration = Duration::from_secs(1);

/// How long the processes of a run have when its files are gone, in milliseconds.
const SHUTDOWN_GRACE_MS: u64 = 5000;

/// The same when the session ends: the system waits for about 5 s, in which their end must be written down, too.
const SESSION_GRACE_MS: u64 = 3000;

/// A run that lives is looked at this seldom without a word of its job, whose messages the system may lose.
const LOOK_UNTOLD: Duration = Duration::from_secs(30);

/// A leader whose end the job has told may not show it yet; it is looked at again after this long.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// So many times; one that still does not show it is stuck in the system, and looked at seldom until it does.
const LOOKS_SOON: u32 = 500;
const LOOK_SELDOM: Duration = Duration::from_secs(1);

impl Keeper {
    /// Keeps until there is nothing left to keep.
    pub(super) fn keep(&mut self) {
        self.save_record(Instant::now());
        self.await_engine(Instant::now());
        let mut last_input = Instant::now();
        // Looks since a job told of an end that does not show yet.
        let mut looks: Option<u32> = None;
        while !self.is_done() {
            let untold = self.run.as_ref().filter(|run| !run.is_over()).map(|_| LOOK_UNTOLD);
            let packets = self.sleep(last_input, looks.map(look_pause).or(untold));
            let now = Instant::now();
            if packets.is_empty() && looks.is_none() && untold.is_some() {
                self.look(now);
            }
            looks = looks.map(|looks| looks.saturating_add(1));
            for packet in packets {
                match self.take(&packet, now) {
                    Taken::Output => last_input = now,
                    Taken::End => looks = Some(0),
                    Taken::Other => {}
                }
            }
            if looks.is_some() {
                self.look(now);
                looks = looks.filter(|_| self.is_anybody_expected_to_end());
            }
            self.serve(now);
            self.do_what_is_due(Instant::now());
            self.flush_log(now);
            if let Some(run) = self.run.as_mut().filter(|_| self.log_waits_until.is_none()) {
                run.output.listen();
            }
            if now.duration_since(last_input) >= QUIET
                && let Some(writer) = &mut self.log.writer
            {
                writer.release();
            }
        }
        self.leave();
    }

    /// Waits until something is done or due; gives what is done.
    fn sleep(&mut self, last_input: Instant, look_pause: Option<Duration>) -> Vec<Packet> {
        if !self.deferred.is_empty() {
            return self.deferred.drain(..).collect();
        }
        let now = Instant::now();
        let look = look_pause.map(|pause| now + pause);
        let due = self.next_due(last_input).into_iter().chain(look).min();
        self.port.wait(due.map(|due| due.saturating_duration_since(now)))
    }

    fn next_due(&self, last_input: Instant) -> Option<Instant> {
        let mut due: Vec<Instant> = Vec::new();
        due.extend(self.connections.iter().filter(|it| it.is_closed).map(|it| it.opened));
        due.extend(self.accept_at);
        due.extend(self.unsaved.as_ref().map(|it| it.next));
        due.extend(self.log_waits_until);
        due.extend(self.log.writer.as_ref().and_then(|writer| writer.retry_at()));
        if last_input.elapsed() < QUIET {
            due.push(last_input + QUIET);
        }
        due.extend(self.connections.iter().filter(|it| !it.is_greeted).map(|it| it.opened + HELLO_TIME));
        if let Some(run) = &self.run {
            due.extend(run.kill_at);
            due.extend(run.ask_due());
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

    /// Passes a packet on to whom it concerns.
    fn take(&mut self, packet: &Packet, now: Instant) -> Taken {
        if self.slot.listener.as_ref().is_some_and(|it| it.key() == packet.key) {
            self.accept(packet, now);
            return Taken::Other;
        }
        if packet.key == SESSION_KEY {
            self.end_with_session(now);
            return Taken::Other;
        }
        if let Some(connection) = self.connections.iter_mut().find(|it| it.pipe.key() == packet.key) {
            connection.take(packet);
            return Taken::Other;
        }
        if let Some(run) = &mut self.run {
            if run.job_key == packet.key {
                run.hear(packet.count, packet.value as u32);
                return Taken::End;
            }
            if run.output.is_source(packet) {
                run.output.take(packet, now, &mut self.log);
                return Taken::Output;
            }
            if run.output.is_stdin(packet) {
                run.output.typed(packet);
                return Taken::Other;
            }
        }
        // A job that was let go of may still have messages in the port; these name processes, not operations.
        if !is_job_key(packet.key) {
            Port::bury(packet);
        }
        Taken::Other
    }

    /// Waits for the next engine, which may have come already.
    fn await_engine(&mut self, now: Instant) {
        self.accept_at = None;
        // Who looks for the name finds it at any time: an instance is let go of only when the next one is there.
        let mut refused = None;
        loop {
            if self.slot.listener.is_none() {
                let key = self.new_key();
                if self.slot.listen_again(&self.port, key).is_err() {
                    self.accept_at = Some(now + ACCEPT_PAUSE);
                    return;
                }
            }
            drop(refused.take());
            match self.slot.listener.as_mut().map(|listener| listener.start_connect()) {
                Some(Ok(false)) | None => return,
                Some(Ok(true)) => refused = self.admit(now),
                Some(Err(_)) => {
                    let failed = self.slot.listener.take();
                    let key = self.new_key();
                    // Without one it is tried again with the next wait.
                    let _ = self.slot.listen_again(&self.port, key);
                    drop(failed);
                    self.accept_at = Some(now + ACCEPT_PAUSE);
                    return;
                }
            }
        }
    }

    fn accept(&mut self, packet: &Packet, now: Instant) {
        let done = self.slot.listener.as_mut().and_then(|listener| listener.finish(packet));
        let refused = match done {
            Some(Done::Read(_) | Done::Written(_)) => self.admit(now),
            Some(Done::Gone) | None => self.slot.listener.take(),
        };
        self.await_engine(now);
        drop(refused);
    }

    /// Takes the engine that has opened the waiting instance, if it may speak; gives the instance back if not, which is
    /// to be let go of when there is another.
    fn admit(&mut self, now: Instant) -> Option<Pipe> {
        let pipe = self.slot.listener.take()?;
        let strangers = self.connections.iter().filter(|it| !it.is_greeted).count();
        if strangers >= STRANGERS_MAX || !pipe::is_opened_by_us(&pipe) {
            return Some(pipe);
        }
        self.connections.push(Connection::new(pipe, now));
        None
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
            let wait = wait.filter(|_| !self.is_session_ending);
            let next = wait.map(|ms| now + Duration::from_millis(ms.min(u64::from(u32::MAX))));
            self.link = Link::Lost { since: now, next, attempts: 0 };
            self.save_record(now);
            if self.is_session_ending {
                self.end_with_session(now);
            }
        }
    }

    fn do_what_is_due(&mut self, now: Instant) {
        if self.accept_at.is_some_and(|at| at <= now) {
            self.await_engine(now);
        }
        if self.unsaved.as_ref().is_some_and(|it| it.next <= now) {
            self.save_record(now);
        }
        self.ask(now);
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
            self.is_leaving = true;
            self.end_run(SHUTDOWN_GRACE_MS, now);
            return;
        }
        match &self.configuration.on_loss {
            OnLoss::Revive { argv, env, .. } => {
                let away = now.duration_since(since).as_secs();
                let text = match launch::launch_apart(argv, env) {
                    Ok(()) => format!("no engine for {away} s, started one"),
                    Err(error) => {
                        format!("no engine for {away} s, none could be started: {}", plain(&error))
                    }
                };
                let pause = REVIVE_PAUSES[(attempts as usize).min(REVIVE_PAUSES.len() - 1)];
                self.link = Link::Lost { since, next: Some(now + pause), attempts: attempts + 1 };
                self.note(&Meta::Note(text));
            }
            OnLoss::StopAfter { grace_ms, .. } => {
                let grace = *grace_ms;
                self.link = Link::Lost { since, next: None, attempts };
                self.note(&Meta::Note("no engine came back, stopping the run".to_owned()));
                self.end_run(grace, now);
            }
            OnLoss::Keep => self.link = Link::Lost { since, next: None, attempts },
        }
    }

    /// The session ends. An engine that is linked has been told before and asks when it is our turn; where there is none,
    /// or it does not ask in time, the system ends us, and with us the run.
    fn end_with_session(&mut self, now: Instant) {
        if !self.is_session_ending {
            self.is_session_ending = true;
            self.note(&Meta::Note("the session ends".to_owned()));
        }
        if self.link != Link::Connected {
            self.is_leaving = true;
            self.end_run(SESSION_GRACE_MS, now);
        }
    }

    fn end_run(&mut self, grace_ms: u64, now: Instant) {
        if let Some(id) = self.run.as_ref().map(|run| run.id) {
            // There is a run, and this is its number.
            let _ = self.terminate(id, Some(grace_ms), None, now);
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

    /// Whether somebody who was told to end may not have shown it yet.
    fn is_anybody_expected_to_end(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.tree == Tree::Alive && run.is_ending())
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
        self.save_last_record();
        self.flush_log(Instant::now());
        connection::say_farewell(&mut self.connections, &self.port);
        self.slot.leave(is_waiting);
    }
}

/// Whom a packet concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// What the run writes.
    Output,
    /// Somebody came or went in the run's job.
    End,
    Other,
}

/// How long to wait for the next look, after so many.
fn look_pause(looks: u32) -> Duration {
    if looks < LOOKS_SOON { LOOK_AGAIN } else { LOOK_SELDOM }
}

/// A time in milliseconds up to `most` that differs from keeper to keeper.
fn spread(most: u64) -> u64 {
    u64::from(std::process::id()) * 7919 % (most + 1)
}
