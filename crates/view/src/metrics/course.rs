//! What instances used, kept in steps.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use ostler_api::{InstanceMetrics, InstanceStatus, LastExit, Snapshot};

use crate::{Row, RowKind, SPARK_SAMPLES};

/// Steps that are kept of each range.
pub const STEPS_MAX: usize = 300;

/// Restarts that are kept of each instance.
const RESTARTS_MAX: usize = 64;

/// Tenths in one.
const TENTHS: f64 = 10.0;

/// How far a chart goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsRange {
    /// 30 minutes.
    #[default]
    HalfHour,
    /// Six hours.
    SixHours,
    /// 24 hours.
    Day,
}

impl MetricsRange {
    /// All, the shortest first.
    pub const ALL: [Self; 3] = [Self::HalfHour, Self::SixHours, Self::Day];

    /// Seconds of one step.
    pub const fn step(self) -> i64 {
        match self {
            Self::HalfHour => 6,
            Self::SixHours => 72,
            Self::Day => 288,
        }
    }

    /// Seconds of the whole.
    pub const fn seconds(self) -> i64 {
        self.step() * STEPS_MAX as i64
    }
}

/// What was used in one step, on average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UsageStep {
    /// When it began, in seconds since 1970.
    pub at: i64,
    /// Percent of one core.
    pub cpu: f32,
    /// MiB.
    pub memory: f32,
    samples: u16,
}

/// A run that began after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// When, in seconds since 1970.
    pub at: i64,
    /// The new run.
    pub run: u64,
    /// How the one before ended: `exit 1`; empty when nobody knows.
    pub how: String,
}

/// What one instance used.
#[derive(Clone, Debug, Default)]
pub struct UsageCourse {
    steps: [VecDeque<UsageStep>; 3],
    /// The latest looks at the present process, in tenths: CPU and memory.
    latest: VecDeque<[i32; 2]>,
    pid: Option<u32>,
    restarts: VecDeque<Restart>,
    run: Option<u64>,
}

impl UsageCourse {
    /// Takes what is used now, in percent of a core and in MiB.
    pub fn sample(&mut self, at: i64, cpu: f64, memory: f64) {
        for (range, steps) in MetricsRange::ALL.into_iter().zip(&mut self.steps) {
            let begin = at - at.rem_euclid(range.step());
            match steps.back_mut() {
                Some(last) if last.at >= begin => last.take(cpu as f32, memory as f32),
                _ => {
                    steps.push_back(UsageStep {
                        at: begin,
                        cpu: cpu as f32,
                        memory: memory as f32,
                        samples: 1,
                    });
                    if steps.len() > STEPS_MAX + 1 {
                        steps.pop_front();
                    }
                }
            }
        }
    }

    /// Takes what this process uses now, for the small curves; those begin anew with every process.
    fn look(&mut self, pid: u32, cpu: f64, memory: f64) {
        if self.pid.replace(pid) != Some(pid) {
            self.latest.clear();
        }
        if self.latest.len() == SPARK_SAMPLES {
            self.latest.pop_front();
        }
        self.latest.push_back([cpu, memory].map(|value| (value * TENTHS).round() as i32));
    }

    /// Takes what the engine measured before anybody asked here, if nothing is known yet.
    pub fn seed(&mut self, metrics: &InstanceMetrics) {
        if !self.steps[0].is_empty() {
            return;
        }
        for sample in &metrics.history {
            if let Some(at) = second(&sample.at) {
                self.sample(at, sample.cpu_percent, sample.memory_bytes as f64 / 1_048_576.0);
            }
        }
    }

    /// The steps of a range, the oldest first.
    pub fn steps(&self, range: MetricsRange) -> impl DoubleEndedIterator<Item = &UsageStep> {
        self.steps[range as usize].iter()
    }

    /// The restarts, the oldest first.
    pub fn restarts(&self) -> impl Iterator<Item = &Restart> {
        self.restarts.iter()
    }

    fn note(&mut self, now: i64, status: &InstanceStatus) {
        if status.pid.is_some() && status.run.is_some() {
            if self.run.is_some() && self.run < status.run {
                let at = status.started_at.as_deref().and_then(second).unwrap_or(now);
                let how = status.last_exit.as_ref().map(how).unwrap_or_default();
                self.restarts.push_back(Restart { at, run: status.run.unwrap_or_default(), how });
                if self.restarts.len() > RESTARTS_MAX {
                    self.restarts.pop_front();
                }
            }
            self.run = status.run;
        }
    }
}

impl UsageStep {
    fn take(&mut self, cpu: f32, memory: f32) {
        self.samples = self.samples.saturating_add(1);
        let share = 1.0 / f32::from(self.samples);
        self.cpu += (cpu - self.cpu) * share;
        self.memory += (memory - self.memory) * share;
    }
}

/// What all instances used.
#[derive(Clone, Debug, Default)]
pub struct UsageCourses(BTreeMap<String, UsageCourse>);

impl UsageCourses {
    /// Notes which runs there are; what is gone is forgotten.
    pub fn note_runs(&mut self, now: i64, snapshot: &Snapshot) {
        let statuses = || snapshot.services.values().flat_map(|service| &service.instances);
        self.0.retain(|id, _| {
            let service = id.split_once('/').map_or(id.as_str(), |(service, _)| service);
            snapshot.services.get(service).is_some_and(|it| it.instances.iter().any(|it| it.id == *id))
        });
        for status in statuses() {
            if !self.0.contains_key(&status.id) {
                self.0.insert(status.id.clone(), UsageCourse::default());
            }
            if let Some(course) = self.0.get_mut(&status.id) {
                course.note(now, status);
            }
        }
    }

    /// Notes what is used now.
    pub fn note_use(&mut self, now: i64, snapshot: &Snapshot) {
        for status in snapshot.services.values().flat_map(|service| &service.instances) {
            let Some(course) = self.0.get_mut(&status.id) else { continue };
            match (status.pid, status.cpu_percent, status.memory_mb) {
                (Some(pid), Some(cpu), Some(memory)) => {
                    course.sample(now, cpu, memory);
                    course.look(pid, cpu, memory);
                }
                _ => course.latest.clear(),
            }
        }
    }

    /// Puts the small curves into the rows of their services.
    pub fn put(&self, rows: &mut [Row]) {
        for row in rows.iter_mut().filter(|row| row.kind == RowKind::Service && !row.is_stale) {
            let first = format!("{}/", row.name);
            let ids = || self.0.range(first.clone()..).take_while(|(id, _)| id.starts_with(&first));
            let courses = || ids().map(|(_, course)| &course.latest).filter(|latest| !latest.is_empty());
            let count = courses().map(VecDeque::len).min().unwrap_or_default();
            let total = |measure: usize| {
                let back = |from_end: usize| -> i32 {
                    courses().map(|latest| latest[latest.len() - from_end][measure]).sum()
                };
                (1..=count).rev().map(back).collect()
            };
            let curves = [total(0), total(1)];
            [row.cpu_course, row.memory_course] = curves;
        }
    }

    /// Takes what the engine measured before anybody asked here.
    pub fn seed(&mut self, metrics: &[InstanceMetrics]) {
        for of_one in metrics {
            self.0.entry(of_one.instance.clone()).or_default().seed(of_one);
        }
    }

    /// What the instances of a service used, or one instance.
    pub fn of(&self, name: &str) -> impl Iterator<Item = (&String, &UsageCourse)> {
        self.0.iter().filter(move |(id, _)| {
            id.as_str() == name || id.split_once('/').is_some_and(|(service, _)| service == name)
        })
    }
}

fn how(exit: &LastExit) -> String {
    match (&exit.signal, exit.code) {
        (Some(signal), _) => signal.clone(),
        (None, Some(code)) => format!("exit {code}"),
        (None, None) => String::new(),
    }
}

fn second(at: &str) -> Option<i64> {
    at.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ostler_api::{Sample, ServiceStatus};

    use super::*;

    fn snapshot(run: u64, cpu: Option<f64>) -> Snapshot {
        let status = InstanceStatus {
            id: "api/0".to_owned(),
            pid: cpu.map(|_| 7),
            run: Some(run),
            cpu_percent: cpu,
            memory_mb: cpu.map(|cpu| cpu * 10.0),
            started_at: Some("1970-01-01T00:01:40Z".to_owned()),
            last_exit: Some(LastExit { code: Some(1), ..LastExit::default() }),
            ..InstanceStatus::default()
        };
        let service = ServiceStatus { instances: vec![status], ..ServiceStatus::default() };
        Snapshot { services: [("api".to_owned(), Arc::new(service))].into(), ..Snapshot::default() }
    }

    #[test]
    fn steps_are_averages_and_gaps_stay_gaps() {
        let mut courses = UsageCourses::default();
        for (now, cpu) in [(0, Some(1.0)), (2, Some(2.0)), (4, Some(3.0)), (6, None), (60, Some(9.0))] {
            courses.note_runs(now, &snapshot(1, cpu));
            courses.note_use(now, &snapshot(1, cpu));
        }
        let (_, course) = courses.of("api").next().expect("a course");
        let steps: Vec<_> = course.steps(MetricsRange::HalfHour).map(|step| (step.at, step.cpu)).collect();
        assert_eq!(steps, [(0, 2.0), (60, 9.0)]);
        let coarse: Vec<_> =
            course.steps(MetricsRange::SixHours).map(|step| (step.at, step.memory)).collect();
        assert_eq!(coarse, [(0, 37.5)]);
        assert_eq!(course.restarts().count(), 0);
    }

    #[test]
    fn a_small_curve_grows_by_one_each_look_and_begins_anew_with_another_process() {
        let mut courses = UsageCourses::default();
        let mut snapshot = snapshot(1, Some(0.0));
        let look = |courses: &mut UsageCourses, snapshot: &mut Snapshot, pid, cpu: Option<f64>| {
            let service = Arc::make_mut(snapshot.services.get_mut("api").expect("it is there"));
            let status = &mut service.instances[0];
            (status.pid, status.cpu_percent, status.memory_mb) = (Some(pid), cpu, cpu.map(|_| 8.04));
            courses.note_runs(0, snapshot);
            courses.note_use(0, snapshot);
            let mut rows = [Row { name: "api".to_owned(), ..Row::default() }];
            courses.put(&mut rows);
            (rows[0].cpu_course.clone(), rows[0].memory_course.last().copied())
        };
        for cpu in 1..50 {
            look(&mut courses, &mut snapshot, 7, Some(f64::from(cpu)));
        }
        let (cpu, memory) = look(&mut courses, &mut snapshot, 7, Some(50.0));
        assert_eq!((cpu.len(), cpu.last(), memory), (SPARK_SAMPLES, Some(&500), Some(80)));
        assert_eq!(look(&mut courses, &mut snapshot, 9, Some(50.0)).0, [500]);
        assert!(look(&mut courses, &mut snapshot, 9, None).0.is_empty());
    }

    #[test]
    fn the_small_curve_of_a_pool_is_the_sum_of_its_instances() {
        let mut courses = UsageCourses::default();
        let mut snapshot = snapshot(1, Some(2.0));
        courses.note_runs(0, &snapshot);
        courses.note_use(0, &snapshot);
        let service = Arc::make_mut(snapshot.services.get_mut("api").expect("it is there"));
        let other = InstanceStatus { id: "api/1".to_owned(), pid: Some(8), ..service.instances[0].clone() };
        service.instances.push(other);
        courses.note_runs(2, &snapshot);
        courses.note_use(2, &snapshot);
        let mut rows = [Row { name: "api".to_owned(), ..Row::default() }];
        courses.put(&mut rows);
        assert_eq!(rows[0].cpu_course, [40], "of what all of them were seen at");
    }

    #[test]
    fn a_new_run_is_a_restart_and_the_first_is_none() {
        let mut courses = UsageCourses::default();
        for run in [3, 3, 4] {
            courses.note_runs(200, &snapshot(run, Some(1.0)));
        }
        let (_, course) = courses.of("api/0").next().expect("a course");
        let restarts: Vec<_> = course.restarts().cloned().collect();
        assert_eq!(restarts, [Restart { at: 100, run: 4, how: "exit 1".to_owned() }]);
        courses.note_runs(300, &Snapshot::default());
        assert_eq!(courses.of("api").count(), 0, "what is gone is forgotten");
    }

    #[test]
    fn a_day_takes_bounded_room() {
        let mut course = UsageCourse::default();
        for at in 0..100_000 {
            course.sample(at * 2, 1.0, 1.0);
        }
        for range in MetricsRange::ALL {
            assert_eq!(course.steps(range).count(), STEPS_MAX + 1);
        }
    }

    #[test]
    fn what_the_engine_knows_comes_first_and_only_then() {
        let at = |second: i64| Timestamp::from_second(second).expect("a time").to_string();
        let sample =
            |second| Sample { at: at(second), cpu_percent: 5.0, memory_bytes: 1 << 20, ..Sample::default() };
        let known = InstanceMetrics {
            instance: "api/0".to_owned(),
            history: vec![sample(12), sample(18)],
            ..InstanceMetrics::default()
        };
        let mut courses = UsageCourses::default();
        courses.seed(std::slice::from_ref(&known));
        courses.seed(&[known]);
        let (_, course) = courses.of("api").next().expect("a course");
        let steps: Vec<_> = course.steps(MetricsRange::HalfHour).map(|step| (step.at, step.memory)).collect();
        assert_eq!(steps, [(12, 1.0), (18, 1.0)]);
    }
}
