//! CPU and memory of a service over time.
//!
//! One task notes what the snapshots say while somebody looks at the window; nothing is measured for it otherwise.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ostler_api::MetricsParams;
use ostler_view::{Cell, Chart, Measure, MetricsRange, Record, UsageCourse, UsageCourses, chart, table};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::reach::Reach;
use crate::records::{Feed, Source};

/// Between two looks; the engine measures as often.
const TICK: Duration = Duration::from_secs(2);

/// The charts of a service: CPU and memory of each instance. The subject is the name of a service or instance,
/// a space, and the number of a range.
pub(crate) const CHARTS: Source = Source {
    name: "charts",
    roles: &[
        "instance",
        "isCpu",
        "lines",
        "grid",
        "present",
        "least",
        "most",
        "hasFigures",
        "restarts",
        "restartTexts",
        "times",
    ],
    needs_subject: true,
    feed: |_, subject, feed| Box::pin(draw(subject, feed)),
};

/// The same as a table, the latest first.
pub(crate) const FIGURES: Source = Source {
    name: "figures",
    roles: &["instance", "time", "cpu", "memory"],
    needs_subject: true,
    feed: |_, subject, feed| Box::pin(list(subject, feed)),
};

static COURSES: LazyLock<Mutex<UsageCourses>> = LazyLock::new(Mutex::default);
static TICKS: LazyLock<watch::Sender<()>> = LazyLock::new(|| watch::Sender::new(()));

/// What was noted.
pub(crate) fn courses() -> MutexGuard<'static, UsageCourses> {
    COURSES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes what instances use, until the app ends.
pub(crate) async fn run(mut reach: Reach) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_seeded = false;
    loop {
        let is_watched = *reach.is_watched.borrow_and_update();
        tokio::select! {
            _ = ticks.tick(), if is_watched => {
                let report = reach.reports.borrow().clone();
                let Some(client) = report.client else { continue };
                if !is_seeded {
                    let params = MetricsParams { history: true, ..MetricsParams::default() };
                    if let Ok(reply) = client.metrics(&params).await {
                        courses().seed(&reply.instances);
                        is_seeded = true;
                    }
                }
                courses().note_use(Timestamp::now().as_second(), &report.snapshot);
                TICKS.send_replace(());
            }
            changed = reach.reports.changed() => {
                if changed.is_err() {
                    return;
                }
                let report = reach.reports.borrow_and_update().clone();
                if report.client.is_some() {
                    courses().note_runs(Timestamp::now().as_second(), &report.snapshot);
                }
            }
            changed = reach.is_watched.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

async fn draw(subject: String, feed: Feed) {
    let (name, range) = asked(&subject);
    let mut ticks = TICKS.subscribe();
    loop {
        let (now, zone) = (Timestamp::now().as_second(), TimeZone::system());
        let charts = courses().of(name).flat_map(|of_one| records(of_one, range, now, &zone)).collect();
        feed.put(charts).await;
        if ticks.changed().await.is_err() {
            return;
        }
    }
}

async fn list(subject: String, feed: Feed) {
    let (name, range) = asked(&subject);
    let mut ticks = TICKS.subscribe();
    loop {
        let (now, zone) = (Timestamp::now().as_second(), TimeZone::system());
        let figures = courses().of(name).flat_map(|of_one| figures(of_one, range, now, &zone)).collect();
        feed.put(figures).await;
        if ticks.changed().await.is_err() {
            return;
        }
    }
}

/// The name and the range of a subject.
fn asked(subject: &str) -> (&str, MetricsRange) {
    let (name, range) = subject.split_once(' ').unwrap_or((subject, ""));
    let range = range.parse::<usize>().ok().and_then(|range| MetricsRange::ALL.get(range).copied());
    (name, range.unwrap_or_default())
}

fn records(
    (id, course): (&String, &UsageCourse),
    range: MetricsRange,
    now: i64,
    zone: &TimeZone,
) -> [Record; 2] {
    [Measure::Cpu, Measure::Memory].map(|measure| {
        let is_cpu = measure == Measure::Cpu;
        let Chart { lines, grid, present, least, most, has_figures, restarts, restart_texts, times } =
            chart(course, measure, range, now, zone);
        Record::new(format!("{id} {is_cpu}"))
            .with(id)
            .with(is_cpu)
            .with(Cell::Numbers(lines))
            .with(grid)
            .with(present)
            .with(least)
            .with(most)
            .with(has_figures)
            .with(Cell::Numbers(restarts))
            .with(restart_texts)
            .with(times)
    })
}

fn figures(
    (id, course): (&String, &UsageCourse),
    range: MetricsRange,
    now: i64,
    zone: &TimeZone,
) -> Vec<Record> {
    let record = |(at, [time, cpu, memory]): (i64, [String; 3])| {
        Record::new(format!("{id} {at}")).with(id).with(time).with(cpu).with(memory)
    };
    table(course, range, now, zone).into_iter().map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_a_name_and_a_range() {
        assert_eq!(asked("api/0 1"), ("api/0", MetricsRange::SixHours));
        assert_eq!(asked("api 9"), ("api", MetricsRange::HalfHour));
        assert_eq!(asked("api"), ("api", MetricsRange::HalfHour));
    }

    #[test]
    fn every_role_has_its_cell() {
        let mut course = UsageCourse::default();
        course.sample(60, 1.0, 2.0);
        let (id, range, zone) = ("api/0".to_owned(), MetricsRange::HalfHour, TimeZone::UTC);
        for record in records((&id, &course), range, 66, &zone) {
            assert_eq!(record.cells.len(), CHARTS.roles.len());
        }
        let figures = figures((&id, &course), range, 66, &zone);
        assert_eq!(figures.len(), 1);
        assert_eq!(figures[0].cells.len(), FIGURES.roles.len());
    }
}
