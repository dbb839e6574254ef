//! What is drawn of a course.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{MetricsRange, UsageCourse, UsageStep};
use crate::{memory_text, percent_text};

/// The least that the axis of a CPU chart shows, in percent: an idle service looks idle.
const CPU_TOP_MIN: f64 = 10.0;
/// How much room memory has above its highest.
const MEMORY_ROOM: f64 = 1.25;
/// Steps without a figure that are still no gap: one may fall between two looks.
const SKIPPED_MAX: i64 = 1;

/// What a chart is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// CPU, in percent of one core.
    Cpu,
    /// Resident memory.
    Memory,
}

/// A chart, as values. Places are in a unit square with its origin at the top left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// The lines: for each the number of its points, then their x and y.
    pub lines: Vec<f64>,
    /// The labels of three grid lines: at the top, in the middle, at the bottom.
    pub grid: Vec<String>,
    /// The latest figure; a dash when there is none of now.
    pub present: String,
    /// The least.
    pub least: String,
    /// The most.
    pub most: String,
    /// Whether there is any figure.
    pub has_figures: bool,
    /// Where runs began after others.
    pub restarts: Vec<f64>,
    /// What is said about each of them: the time, and how the run before ended.
    pub restart_texts: Vec<String>,
    /// The times at the beginning, in the middle and at the end.
    pub times: Vec<String>,
}

impl Measure {
    fn of(self, step: &UsageStep) -> f64 {
        f64::from(match self {
            Self::Cpu => step.cpu,
            Self::Memory => step.memory,
        })
    }

    fn text(self, figure: f64) -> String {
        match self {
            Self::Cpu => percent_text(figure),
            Self::Memory => memory_text(figure),
        }
    }

    fn top(self, most: f64) -> f64 {
        match self {
            Self::Cpu => nice(most.max(CPU_TOP_MIN)),
            // In GiB from there on, so that the labels are round.
            Self::Memory if most * MEMORY_ROOM > 1000.0 => nice(most * MEMORY_ROOM / 1024.0) * 1024.0,
            Self::Memory => nice((most * MEMORY_ROOM).max(1.0)),
        }
    }
}

/// The chart of a course, as it is `now`, in seconds since 1970.
pub fn chart(
    course: &UsageCourse,
    measure: Measure,
    range: MetricsRange,
    now: i64,
    zone: &TimeZone,
) -> Chart {
    let begin = now - range.seconds();
    let x = |at: i64| (at - begin) as f64 / range.seconds() as f64;
    let steps: Vec<_> = course.steps(range).filter(|step| step.at >= begin && step.at <= now).collect();
    let figures = || steps.iter().map(|step| measure.of(step));
    let (least, most) =
        figures().fold((f64::INFINITY, 0.0), |(least, most), it| (it.min(least), it.max(most)));
    let top = measure.top(most);
    let latest = course.steps(MetricsRange::HalfHour).next_back();
    let is_fresh = |step: &&UsageStep| step.at > now - 3 * MetricsRange::HalfHour.step();
    let time = |at: i64, format: &str| {
        let at = Timestamp::from_second(at).unwrap_or_default();
        at.to_zoned(zone.clone()).strftime(format).to_string()
    };
    let restarts: Vec<_> =
        course.restarts().filter(|restart| restart.at >= begin && restart.at <= now).collect();
    let restart_text = |at: i64, how: &str| {
        let at = time(at, "%H:%M:%S");
        if how.is_empty() { at } else { format!("{at}, {how}") }
    };
    Chart {
        lines: lines(&steps, range, |step| (x(step.at), 1.0 - measure.of(step) / top)),
        grid: vec![measure.text(top), measure.text(top / 2.0), "0".to_owned()],
        present: latest
            .filter(is_fresh)
            .map_or_else(|| "–".to_owned(), |step| measure.text(measure.of(step))),
        least: measure.text(least),
        most: measure.text(most),
        has_figures: !steps.is_empty(),
        restarts: restarts.iter().map(|restart| x(restart.at)).collect(),
        restart_texts: restarts.iter().map(|restart| restart_text(restart.at, &restart.how)).collect(),
        times: [begin, begin + range.seconds() / 2, now].map(|at| time(at, "%H:%M")).to_vec(),
    }
}

/// One line of a table of the same: time, CPU and memory.
pub fn table(
    course: &UsageCourse,
    range: MetricsRange,
    now: i64,
    zone: &TimeZone,
) -> Vec<(i64, [String; 3])> {
    let begin = now - range.seconds();
    let row = |step: &UsageStep| {
        let at = Timestamp::from_second(step.at).unwrap_or_default().to_zoned(zone.clone());
        let cells = [
            at.strftime("%H:%M:%S").to_string(),
            percent_text(f64::from(step.cpu)),
            memory_text(f64::from(step.memory)),
        ];
        (step.at, cells)
    };
    course.steps(range).rev().filter(|step| step.at >= begin).map(row).collect()
}

fn lines(steps: &[&UsageStep], range: MetricsRange, place: impl Fn(&UsageStep) -> (f64, f64)) -> Vec<f64> {
    let mut lines = Vec::new();
    let is_joined =
        |one: &&UsageStep, next: &&UsageStep| next.at - one.at <= (SKIPPED_MAX + 1) * range.step();
    for line in steps.chunk_by(is_joined) {
        lines.push(line.len() as f64);
        for step in line {
            let (x, y) = place(step);
            lines.extend([x, y]);
        }
    }
    lines
}

/// The next round number that is at least this.
fn nice(least: f64) -> f64 {
    let unit = 10.0_f64.powf(least.log10().floor());
    let factors = [1.0, 2.0, 4.0, 5.0, 10.0];
    factors.into_iter().map(|factor| factor * unit).find(|top| *top >= least * 0.999_999).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800;

    fn made(samples: &[(i64, f64, f64)]) -> UsageCourse {
        let mut course = UsageCourse::default();
        samples.iter().for_each(|(at, cpu, memory)| course.sample(*at, *cpu, *memory));
        course
    }

    fn drawn(samples: &[(i64, f64, f64)], measure: Measure) -> Chart {
        chart(&made(samples), measure, MetricsRange::HalfHour, NOW, &TimeZone::UTC)
    }

    #[test]
    fn a_line_breaks_where_nothing_ran() {
        let samples = [(900, 5.0, 1.0), (906, 5.0, 1.0), (918, 5.0, 1.0), (1350, 10.0, 1.0)];
        let chart = drawn(&samples, Measure::Cpu);
        assert_eq!(chart.lines, [3.0, 0.5, 0.5, 906.0 / 1800.0, 0.5, 0.51, 0.5, 1.0, 0.75, 0.0]);
        assert_eq!(chart.times, ["00:00", "00:15", "00:30"]);
        assert_eq!(chart.present, "–", "nothing runs now");
    }

    #[test]
    fn an_idle_service_looks_idle() {
        let chart = drawn(&[(1794, 0.4, 96.0)], Measure::Cpu);
        assert_eq!(chart.grid, ["10 %", "5.0 %", "0"]);
        assert_eq!(
            (chart.present.as_str(), chart.least.as_str(), chart.most.as_str()),
            ("0.4 %", "0.4 %", "0.4 %")
        );
        let chart = drawn(&[(1794, 0.4, 96.0)], Measure::Memory);
        assert_eq!(chart.grid, ["200 MiB", "100 MiB", "0"]);
        let chart = drawn(&[(1794, 180.0, 1500.0)], Measure::Memory);
        assert_eq!(chart.grid, ["2.00 GiB", "1.00 GiB", "0"]);
        assert_eq!(drawn(&[(1794, 180.0, 1.0)], Measure::Cpu).grid[0], "200 %");
    }

    #[test]
    fn nothing_known_is_no_figure() {
        let chart = drawn(&[], Measure::Memory);
        assert!(!chart.has_figures && chart.lines.is_empty());
        assert_eq!((chart.present.as_str(), chart.least.as_str()), ("–", "–"));
    }

    #[test]
    fn the_table_has_the_latest_first() {
        let table =
            table(&made(&[(6, 1.0, 2.0), (12, 3.0, 4.0)]), MetricsRange::HalfHour, NOW, &TimeZone::UTC);
        let cells = |cells: [&str; 3]| cells.map(str::to_owned);
        assert_eq!(table[0], (12, cells(["00:00:12", "3.0 %", "4.0 MiB"])));
        assert_eq!(table[1], (6, cells(["00:00:06", "1.0 %", "2.0 MiB"])));
    }

    #[test]
    fn round_numbers_end_axes() {
        let tops = [0.3, 1.0, 7.0, 10.0, 12.0, 45.0, 99.9, 401.0].map(nice);
        let expected = [0.4, 1.0, 10.0, 10.0, 20.0, 50.0, 100.0, 500.0];
        assert!(tops.iter().zip(expected).all(|(top, expected)| (top - expected).abs() < 1e-9), "{tops:?}");
    }
}
