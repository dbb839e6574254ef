//! Small curves: what they are made of, and where their line runs.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use ostler_api::{ServiceStatus, Snapshot};

use crate::{Row, RowKind, rows};

/// Samples of one curve.
pub const SPARK_SAMPLES: usize = 40;
/// Values arrive one by one within a round of measuring; the next round is at least that much later.
const ROUND: Duration = Duration::from_millis(1_500);
/// Tenths in one.
const TENTHS: f64 = 10.0;

/// The latest figures of all services.
#[derive(Clone, Debug, Default)]
pub struct Courses {
    taken: Option<Timestamp>,
    of: BTreeMap<String, Course>,
}

/// Figures of one service, in tenths.
#[derive(Clone, Debug, Default)]
struct Course {
    pids: Vec<u32>,
    cpu: VecDeque<i32>,
    memory: VecDeque<i32>,
}

impl Courses {
    /// Takes the figures of a snapshot, unless they are of the round that was taken last.
    pub fn take(&mut self, snapshot: &Snapshot, now: Timestamp) {
        let is_same_round = self.taken.is_some_and(|taken| {
            Duration::try_from(now.duration_since(taken)).is_ok_and(|passed| passed < ROUND)
        });
        if is_same_round {
            return;
        }
        self.taken = Some(now);
        self.of.retain(|name, _| snapshot.services.contains_key(name));
        for (name, service) in &snapshot.services {
            self.take_one(name, service);
        }
    }

    fn take_one(&mut self, name: &str, service: &ServiceStatus) {
        let cpu = rows::total(service, |it| it.cpu_percent);
        let memory = rows::total(service, |it| it.memory_mb);
        let (Some(cpu), Some(memory)) = (cpu, memory) else {
            self.of.remove(name);
            return;
        };
        let course = self.of.entry(name.to_owned()).or_default();
        let pids: Vec<u32> = service.instances.iter().filter_map(|it| it.pid).collect();
        if course.pids != pids {
            *course = Course { pids, ..Course::default() };
        }
        push(&mut course.cpu, cpu);
        push(&mut course.memory, memory);
    }

    /// Puts the curves into the rows of their services.
    pub fn put(&self, rows: &mut [Row]) {
        for row in rows.iter_mut().filter(|row| row.kind == RowKind::Service && !row.is_stale) {
            if let Some(course) = self.of.get(&row.name) {
                row.cpu_course = course.cpu.iter().copied().collect();
                row.memory_course = course.memory.iter().copied().collect();
            }
        }
    }
}

fn push(course: &mut VecDeque<i32>, value: f64) {
    if course.len() == SPARK_SAMPLES {
        course.pop_front();
    }
    course.push_back((value * TENTHS).round() as i32);
}

/// One column of pixels of a curve, counted from the top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SparkColumn {
    /// Where its line begins.
    pub top: f64,
    /// Where its line ends.
    pub bottom: f64,
}

/// Where the line runs: `None` for columns before the first sample. The newest sample is at the end.
///
/// The axis ends at `floor`, or at the highest value times `headroom` if that is more.
pub fn spark(values: &[f64], size: (usize, f64), floor: f64, headroom: f64) -> Vec<Option<SparkColumn>> {
    let (width, height) = size;
    let highest = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let top = (highest * headroom).max(floor).max(f64::MIN_POSITIVE);
    let slots = values.len().max(SPARK_SAMPLES).saturating_sub(1).max(1) as f64;
    let missing = slots + 1.0 - values.len() as f64;
    let y = |column: f64| {
        let at = column / width.max(1) as f64 * slots - missing;
        if values.is_empty() || at < 0.0 {
            return None;
        }
        let before = (at.floor() as usize).min(values.len() - 1);
        let after = (before + 1).min(values.len() - 1);
        let value = values[before] + (values[after] - values[before]) * (at - before as f64);
        Some(height - (value / top).clamp(0.0, 1.0) * height)
    };
    let column = |x: usize| {
        let (left, right) = (y(x as f64)?, y(x as f64 + 1.0)?);
        Some(SparkColumn { top: left.min(right), bottom: left.max(right) })
    };
    (0..width).map(column).collect()
}

#[cfg(test)]
mod tests {
    use ostler_api::Word;

    use super::*;
    use crate::samples::{clock, service, snapshot_of};
    use crate::{LinkState, Wishes};

    #[test]
    fn a_course_grows_by_one_each_round_and_begins_anew_with_another_process() {
        let mut snapshot = snapshot_of(&[("api", Word::Running), ("db", Word::Stopped)]);
        let mut courses = Courses::default();
        let mut now = clock().now;
        for cpu in 1..=50 {
            let api = &mut service(&mut snapshot, "api").instances[0];
            (api.cpu_percent, api.memory_mb) = (Some(f64::from(cpu)), Some(8.04));
            courses.take(&snapshot, now);
            courses.take(&snapshot, now);
            now += Duration::from_secs(2);
        }
        let filled = |courses: &Courses, snapshot: &Snapshot| {
            let mut rows = rows::rows(snapshot, &LinkState::Live, &Wishes::default(), &clock()).rows;
            courses.put(&mut rows);
            rows
        };
        let rows = filled(&courses, &snapshot);
        assert_eq!((rows[0].cpu_course.len(), rows[0].cpu_course.last()), (SPARK_SAMPLES, Some(&500)));
        assert_eq!(rows[0].memory_course.last(), Some(&80));
        assert!(rows[1].cpu_course.is_empty());
        service(&mut snapshot, "api").instances[0].pid = Some(9);
        courses.take(&snapshot, now);
        assert_eq!(filled(&courses, &snapshot)[0].cpu_course, [500]);
    }

    #[test]
    fn an_idle_service_looks_idle_and_the_newest_sample_is_at_the_end() {
        let columns = spark(&[0.1; SPARK_SAMPLES], (72, 20.0), 10.0, 1.0);
        assert!(columns.iter().all(|it| it.is_some_and(|it| it.top > 19.0)));
        let columns = spark(&[1.0, 50.0], (72, 20.0), 10.0, 1.0);
        assert!(columns[0].is_none() && columns[71].is_some_and(|it| it.top < 1.0), "{columns:?}");
    }

    #[test]
    fn nothing_and_nonsense_draw_nothing() {
        assert!(spark(&[], (10, 20.0), 10.0, 1.0).iter().all(Option::is_none));
        assert!(spark(&[f64::NAN, 0.0, 0.0], (0, 0.0), 0.0, 1.0).is_empty());
    }
}
