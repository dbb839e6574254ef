//! Sleep, clocks that are set, and the end of the machine.
//!
//! Deadlines stand still with the steady clock while the machine sleeps. When it wakes, questions that were under way
//! are asked afresh after a pause: network and disks come back one after the other, and a service that was well
//! before is not judged by its first answer. Nothing is restarted because time passed.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use ostler_api::{EventKind, MachineNews};
use ostler_core::{Actor as Who, Input, Request};

use super::{Actor, Time};
use crate::{
    Ending, PowerNews, Readings,
    clock::{ClockWatch, Detector},
};

/// From waking to the first question.
const ASK_AFTER: Duration = Duration::from_secs(3);
/// From waking to the first failed answer that counts, if it was asked before.
const FORGIVE_FOR: Duration = Duration::from_secs(3);
/// A timer that is late by so much tells that the engine got no time.
const STOOD_STILL: Duration = Duration::from_secs(5);
/// Before the system's patience is over, what is left is killed: for the kill and the last words.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the actor knows about the machine.
pub(crate) struct Power {
    readings: Readings,
    detector: Detector,
    pub(super) watch: ClockWatch,
    forgive_until: Option<Instant>,
    /// When services that still end are killed, because of what ends.
    cut_at: Option<(Instant, Ending)>,
}

impl Power {
    /// Must be called within a runtime.
    pub(super) fn new(readings: Readings) -> Self {
        let detector = Detector::new(readings());
        Self { readings, detector, watch: ClockWatch::new(), forgive_until: None, cut_at: None }
    }

    /// One look at the clocks.
    pub(super) fn time(&self) -> Time {
        let reading = (self.readings)();
        Time { now: reading.steady, wall: reading.wall }
    }

    /// When [`Actor::cut_short`] is due.
    pub(super) fn due(&self) -> Option<tokio::time::Instant> {
        self.cut_at.map(|(at, _)| tokio::time::Instant::from_std(at))
    }
}

impl Actor {
    /// Begins a turn: what time it is, and what happened to the clocks since the last.
    pub(super) fn look_at_clocks(&mut self) {
        let reading = (self.power.readings)();
        let before = std::mem::replace(&mut self.time, Time { now: reading.steady, wall: reading.wall });
        let shift = self.power.detector.look(reading);
        if let Some(by) = shift.set_by {
            self.clock_was_set(by);
        }
        if let Some(slept) = shift.slept {
            self.resumed(MachineNews::Woke, Some(slept));
        } else if let Some((due, _)) = self.supervisor.poll_timeout() {
            // Adopted runs bring deadlines with them that were over before this engine began.
            let late = self.time.now.saturating_duration_since(due.max(before.now));
            if late >= STOOD_STILL {
                self.resumed(MachineNews::StoodStill, Some(late));
            }
        }
        if shift.set_by.is_some() {
            self.wall_clock_moved();
        }
    }

    /// Whether failed answers do not count, because the machine just woke.
    pub(super) fn is_forgiving(&self) -> bool {
        self.power.forgive_until.is_some_and(|until| self.time.now < until)
    }

    /// What the system says.
    pub(super) fn power_news(&mut self, news: PowerNews) {
        match news {
            PowerNews::Sleeps => {
                let text = "the machine is about to sleep; services are left as they are".to_owned();
                self.tell_of_machine(MachineNews::Sleeps, text, None);
            }
            // The clocks have told already, if it slept.
            PowerNews::Woke if self.is_forgiving() => {}
            PowerNews::Woke => self.resumed(MachineNews::Woke, None),
            PowerNews::Ends { what, within } => self.all_ends(what, within),
        }
    }

    fn resumed(&mut self, what: MachineNews, span: Option<Duration>) {
        let text = match (what, span) {
            (MachineNews::StoodStill, Some(span)) => {
                format!("the supervisor got no time for {}; probes are asked afresh", words(span))
            }
            (_, Some(span)) => format!("the machine woke after {}; probes are asked afresh", words(span)),
            (_, None) => "the machine woke; probes are asked afresh".to_owned(),
        };
        self.tell_of_machine(what, text, span.map(|span| span.as_secs_f64()));
        self.power.forgive_until = Some(self.time.now + FORGIVE_FOR);
        self.feed(Input::Resumed { pause: ASK_AFTER });
        self.probe_after_sleep(ASK_AFTER);
        self.wall_clock_moved();
    }

    /// What is shown beside present times keeps its distance to them.
    fn clock_was_set(&mut self, by: SignedDuration) {
        let direction = if by.is_negative() { "back" } else { "forward" };
        let text = format!("the clock was set {direction} by {}", words(by.unsigned_abs()));
        self.tell_of_machine(MachineNews::ClockSet, text, Some(by.as_secs_f64()));
        let moved = |at: Timestamp| at.checked_add(by).unwrap_or(at);
        let started = self.started.wall;
        self.started.wall = moved(started);
        for slot in self.slots.values_mut() {
            slot.started_at = slot.started_at.map(moved);
            slot.is_dirty = true;
        }
    }

    fn all_ends(&mut self, what: Ending, within: Duration) {
        if self.power.cut_at.is_some() {
            return;
        }
        match what {
            Ending::Machine | Ending::Session => {
                let text = format!("the {} ends; all services are stopped in order", name(what));
                self.tell_of_machine(MachineNews::Ends, text, None);
            }
            Ending::Engine if self.supervisor.is_shutting_down() => {}
            // Services go on.
            Ending::Engine => return,
        }
        self.power.cut_at = Some((self.time.now + within.saturating_sub(LAST_WORDS), what));
        if !self.supervisor.is_shutting_down() {
            self.command(Request::Shutdown, &Who::Supervisor);
        }
    }

    /// The system waits no longer: what has not ended is killed, and it is recorded.
    pub(super) fn cut_short(&mut self) {
        let Some((_, what)) = self.power.cut_at.filter(|(at, _)| *at <= self.time.now) else { return };
        // It is done once; a later word of the system finds everything gone.
        self.power.cut_at = None;
        let alive = self.supervisor.instances().filter(|it| it.pid().is_some());
        let cut: Vec<_> = alive.map(|it| it.id().clone()).collect();
        let why = format!("the {} ends before its grace is over", name(what));
        for instance in &cut {
            tracing::warn!(%instance, ?what, "killed: no time is left for its grace");
            self.audit(&Who::Supervisor, "cut", instance.to_string(), &why);
        }
        // The first kills what ends and asks what waited for it, the second kills that too.
        self.command(Request::Shutdown, &Who::Supervisor);
        self.command(Request::Shutdown, &Who::Supervisor);
    }

    fn tell_of_machine(&mut self, what: MachineNews, text: String, seconds: Option<f64>) {
        tracing::info!(?what, seconds, text, "news of the machine");
        self.audit(&Who::Supervisor, "machine", format!("{what:?}").to_lowercase(), &text);
        self.note(None, EventKind::Machine { what, text, seconds });
    }
}

fn name(what: Ending) -> &'static str {
    match what {
        Ending::Machine => "machine",
        Ending::Session => "session",
        Ending::Engine => "engine",
    }
}

/// `8 h 3 min`, `12 s`.
fn words(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (_, _, _) => format!("{days} d {hours} h"),
    }
}
