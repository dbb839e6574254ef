//! Running one-shots by the clock.
//!
//! The wall clock is looked at when the next instant should be due, and every so often besides: a machine that slept
//! or a clock that was set does not wake the timer. What was found due is on disk before it runs, so that the next
//! engine neither forgets nor doubles it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use ostler_core::{
    Actor as Who, Cause, Goal, Instance, Overlap, Phase, PhaseKind, Request, Rest, Schedule, ServiceName,
    ServiceSpec, Target,
};

use super::{Actor, time};
use crate::{
    schedule::{Book, Due, Timetable},
    state::{Kept, ScheduleFile},
};

/// Between two looks at the wall clock while anything is scheduled.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// What a remark is about.
const TOPIC: &str = "schedule";

/// All schedules of the configuration in force.
#[derive(Debug)]
pub(crate) struct Schedules {
    entries: BTreeMap<ServiceName, Entry>,
    file: ScheduleFile,
    next_look: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    schedule: Schedule,
    table: Timetable,
    book: Book,
    pending: Option<Pending>,
}

/// Found due, and not begun yet.
#[derive(Clone, Debug)]
struct Pending {
    at: Timestamp,
    because: Cause,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The last run must end first.
    Queued,
    /// It was asked for.
    Asked,
}

impl Schedules {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { entries: BTreeMap::new(), file: ScheduleFile::new(path), next_look: None }
    }

    pub(super) fn forget(&mut self) {
        self.file.forget();
    }

    pub(super) fn keep(&mut self) -> std::io::Result<()> {
        let kept = self.entries.iter().map(|(service, entry)| {
            let kept = Kept {
                cron: entry.schedule.cron.clone(),
                timezone: entry.schedule.timezone.clone(),
                from: entry.book.ran().unwrap_or_else(|| entry.book.from()),
                ran: entry.book.ran(),
                pending: entry.pending.as_ref().map(|pending| pending.at),
            };
            (service.to_string(), kept)
        });
        self.file.write(kept.collect())
    }
}

impl Actor {
    /// Takes over the schedules of the configuration. An engine that follows one that vanished makes up for what was
    /// missed between them.
    pub(super) fn arm_schedules(&mut self, is_successor: bool) {
        let kept = if is_successor { self.schedules.file.read() } else { BTreeMap::new() };
        let mut before = std::mem::take(&mut self.schedules.entries);
        let fleet = self.supervisor.fleet().clone();
        for spec in fleet.services.values() {
            let Some(schedule) = &spec.schedule else {
                self.remark(&spec.name, TOPIC, None);
                continue;
            };
            let same = before.remove(&spec.name).filter(|entry| {
                entry.schedule.cron == schedule.cron && entry.schedule.timezone == schedule.timezone
            });
            let entry = match same {
                Some(entry) => Ok(Entry { schedule: schedule.clone(), ..entry }),
                None => self.new_entry(spec, schedule, kept.get(spec.name.as_str())),
            };
            match entry {
                Ok(entry) => {
                    self.schedules.entries.insert(spec.name.clone(), entry);
                    self.remark(&spec.name, TOPIC, None);
                }
                Err(error) => {
                    tracing::warn!(service = %spec.name, %error, "schedule cannot be followed");
                    self.remark(&spec.name, TOPIC, Some(format!("its schedule is not followed: {error}")));
                }
            }
            self.new_services.insert(spec.name.clone());
        }
        self.forget_remarks();
        self.wall_clock_moved();
    }

    fn new_entry(
        &self,
        spec: &ServiceSpec,
        schedule: &Schedule,
        kept: Option<&Kept>,
    ) -> Result<Entry, String> {
        let table = Timetable::new(schedule)?;
        let kept = kept.filter(|kept| kept.cron == schedule.cron && kept.timezone == schedule.timezone);
        let book = kept.map_or(Book::new(self.time.wall), |kept| Book::resume(kept.from, kept.ran));
        let has_run =
            self.supervisor.instances().any(|it| it.id().service == spec.name && it.pid().is_some());
        let pending = kept.and_then(|kept| kept.pending).filter(|_| !has_run).map(|at| Pending {
            at,
            because: Cause::Scheduled {
                due: table.text(at),
                late: Some("late because no supervisor was there".to_owned()),
            },
            stage: Stage::Queued,
        });
        Ok(Entry { schedule: schedule.clone(), table, book, pending })
    }

    /// When to look at the wall clock again.
    pub(super) fn schedules_due(&self) -> Option<tokio::time::Instant> {
        self.schedules.next_look.map(tokio::time::Instant::from_std)
    }

    /// The wall clock moved on or was set, or the machine slept: whatever is due by now runs. To be called whenever that
    /// may be; without a call it is noticed within [`LOOK_AGAIN`].
    pub(super) fn wall_clock_moved(&mut self) {
        let wall = self.time.wall;
        let mut found = Vec::new();
        for (service, entry) in &mut self.schedules.entries {
            if let Some(due) = entry.book.look(&entry.table, wall) {
                found.push((service.clone(), due));
            }
        }
        for (service, due) in found {
            self.fire(&service, due);
        }
        self.keep_schedules();
        let until = |entry: &Entry| {
            let next = entry.book.next(&entry.table, wall)?;
            Duration::try_from(next.duration_since(wall)).ok()
        };
        let next = self.schedules.entries.values().filter_map(until).min();
        let wait = next.map_or(LOOK_AGAIN, |next| next.min(LOOK_AGAIN));
        self.schedules.next_look =
            (!self.schedules.entries.is_empty()).then(|| self.time.now + wait + Duration::from_millis(1));
    }

    fn fire(&mut self, service: &ServiceName, due: Due) {
        self.new_services.insert(service.clone());
        let Some(entry) = self.schedules.entries.get(service) else { return };
        let (at, overlap) = (entry.table.text(due.at), entry.schedule.overlap);
        if !self.instances_of(service).any(|it| it.goal() == Goal::Up) || self.supervisor.is_shutting_down() {
            tracing::debug!(%service, due = %at, "left out: it is not wanted");
            return;
        }
        let late = due.is_late.then(|| match due.missed {
            0 => "late because the supervisor or the machine was not there, or the clock was set".to_owned(),
            1 => "late, and one run before it was missed".to_owned(),
            missed => format!("late, and {missed} runs before it were missed"),
        });
        let because = Cause::Scheduled { due: at.clone(), late };
        let is_busy = self.instances_of(service).any(is_busy);
        let pending = |stage| Some(Pending { at: due.at, because: because.clone(), stage });
        match overlap {
            Overlap::Skip if is_busy => self.leave_out(service, &at, "the last run is not over yet"),
            Overlap::Queue if is_busy => {
                let entry = self.schedules.entries.get_mut(service);
                let Some(entry) = entry else { return };
                if entry.pending.is_some() {
                    return self.leave_out(service, &at, "one run waits already for the last one to end");
                }
                entry.pending = pending(Stage::Queued);
                let text = format!("the run due at {at} waits for the last one to end");
                self.remark(service, TOPIC, Some(text.clone()));
                self.tell_first(service, "schedule-queued", &at, text);
            }
            Overlap::Replace if is_busy => {
                self.ask_for(service, pending(Stage::Asked), |targets, because| Request::Renew {
                    targets,
                    because,
                });
            }
            Overlap::Skip | Overlap::Queue | Overlap::Replace => self.run_now(service, pending(Stage::Asked)),
        }
    }

    fn run_now(&mut self, service: &ServiceName, pending: Option<Pending>) {
        self.ask_for(service, pending, |targets, because| Request::Run { targets, because });
    }

    fn ask_for(
        &mut self,
        service: &ServiceName,
        pending: Option<Pending>,
        request: impl FnOnce(Vec<Target>, Cause) -> Request,
    ) {
        let Some(because) = pending.as_ref().map(|pending| pending.because.clone()) else { return };
        if let Some(entry) = self.schedules.entries.get_mut(service) {
            entry.pending = pending;
        }
        self.keep_schedules();
        self.remark(service, TOPIC, None);
        let text = crate::wire::cause(&because, None).text;
        self.audit(&Who::Supervisor, "schedule", service.to_string(), &text);
        self.command(request(vec![Target::Service(service.clone())], because), &Who::Supervisor);
        self.keep_intent();
    }

    fn leave_out(&mut self, service: &ServiceName, at: &str, why: &str) {
        let text = format!("the run due at {at} was left out: {why}");
        tracing::warn!(%service, due = at, why, "scheduled run left out");
        self.audit(&Who::Supervisor, "schedule", service.to_string(), &text);
        self.remark(service, TOPIC, Some(text.clone()));
        self.tell_first(service, "schedule-left-out", at, text);
    }

    fn tell_first(&mut self, service: &ServiceName, code: &str, at: &str, text: String) {
        let first = self.instances_of(service).next().map(|it| it.id().clone());
        if let Some(first) = first {
            self.tell(first, code, &[("due", at)], text);
        }
    }

    /// Queued runs begin when the last one is over; those that began are not owed any more.
    pub(super) fn settle_schedules(&mut self) {
        let with_pending = self.schedules.entries.iter().filter(|(_, entry)| entry.pending.is_some());
        let services: Vec<_> = with_pending.map(|(service, _)| service.clone()).collect();
        for service in services {
            let is_wanted = self.instances_of(&service).any(|it| it.goal() == Goal::Up);
            let is_busy = self.instances_of(&service).any(is_busy);
            let has_begun = self.instances_of(&service).any(has_begun);
            let Some(entry) = self.schedules.entries.get_mut(&service) else { continue };
            let Some(pending) = &mut entry.pending else { continue };
            match pending.stage {
                _ if !is_wanted => {
                    entry.pending = None;
                    self.keep_schedules();
                    self.remark(&service, TOPIC, None);
                }
                Stage::Asked if has_begun => {
                    entry.pending = None;
                    self.keep_schedules();
                }
                Stage::Queued if !is_busy => {
                    pending.stage = Stage::Asked;
                    let pending = entry.pending.clone();
                    self.run_now(&service, pending);
                }
                Stage::Asked | Stage::Queued => {}
            }
        }
    }

    /// When a service runs next by its schedule; nothing while it is not wanted.
    pub(super) fn next_run(&self, spec: &ServiceSpec) -> Option<String> {
        let entry = self.schedules.entries.get(&spec.name)?;
        let is_wanted = self.instances_of(&spec.name).any(|it| it.goal() == Goal::Up);
        let next = entry.book.next(&entry.table, self.time.wall).filter(|_| is_wanted)?;
        Some(time::text(next))
    }

    pub(super) fn instances_of<'a>(
        &'a self,
        service: &'a ServiceName,
    ) -> impl Iterator<Item = &'a Instance> + 'a {
        self.supervisor.instances().filter(move |it| it.id().service == *service)
    }
}

/// Whether a run is under way or will follow by itself.
fn is_busy(instance: &Instance) -> bool {
    match instance.phase() {
        Phase::Starting { .. }
        | Phase::Running { .. }
        | Phase::Stopping { .. }
        | Phase::Backoff { .. }
        | Phase::Stopped(Rest::Waiting { .. }) => true,
        Phase::Stopped(Rest::Down | Rest::Scheduled | Rest::Completed | Rest::NotRestarted)
        | Phase::Failed { .. } => false,
    }
}

/// Whether the run that was asked for has a process, or had one.
fn has_begun(instance: &Instance) -> bool {
    match instance.phase_kind() {
        PhaseKind::Starting => instance.pid().is_some(),
        PhaseKind::Running | PhaseKind::Failed | PhaseKind::Backoff => true,
        PhaseKind::Stopping => false,
        PhaseKind::Stopped => !is_busy(instance),
    }
}
