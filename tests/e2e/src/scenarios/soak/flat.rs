//! Memory and descriptors over time: what an engine needs must not grow with its age, nor with the work done.

use std::fmt;
use std::time::Duration;

use crate::measure::memory;
use crate::{Place, ProcessTable, Report};

use super::super::shared::is_keeper;
use super::census::Engine;

/// Growth that is no growth: this part of the first quarter, and these KiB (caches, rings and allocators fill up).
const MEMORY_PERCENT: f64 = 15.0;
const MEMORY_SLACK_KIB: f64 = 2048.0;
const KEEPER_SLACK_KIB: f64 = 128.0;

/// Descriptors more that are no leak: a connection that is just being closed.
const DESCRIPTORS_SLACK: f64 = 2.0;

/// The age of an engine from which on it counts.
const WARM: Duration = Duration::from_secs(60);

/// Fewer samples of an engine say nothing.
const SAMPLES_MIN: usize = 8;

/// What the engine and the keepers need, at rest.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    at: Duration,
    /// The stretch without kills of the engine.
    stretch: Option<u32>,
    engine: u32,
    age: Duration,
    rss_kib: f64,
    pss_kib: f64,
    descriptors: f64,
    threads: f64,
    keepers: f64,
    keeper_pss_kib: f64,
    keeper_descriptors: f64,
    disk_kib: f64,
}

impl Sample {
    /// Takes one.
    pub(super) fn take(place: &Place, engine: Engine, at: Duration, stretch: Option<u32>) -> Self {
        let table = ProcessTable::read();
        let keepers: Vec<u32> =
            table.of_place(place.dir()).into_iter().filter(|it| is_keeper(it)).map(|it| it.pid).collect();
        let number = keepers.len() as f64;
        let (rss_kib, pss_kib) = memory(&[engine.pid]);
        let keeper_descriptors: f64 = keepers.iter().map(|&pid| entries(pid, "fd")).sum();
        Self {
            at,
            stretch,
            engine: engine.pid,
            age: engine.age,
            rss_kib,
            pss_kib,
            descriptors: entries(engine.pid, "fd"),
            threads: entries(engine.pid, "task"),
            keepers: number,
            keeper_pss_kib: memory(&keepers).1 / number.max(1.0),
            keeper_descriptors: keeper_descriptors / number.max(1.0),
            disk_kib: size_below(&place.path("state")) as f64 / 1024.0,
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "at {} s: engine {} of age {} s: rss {:.0} KiB, pss {:.0} KiB, {} descriptors, {} threads; {} keepers: \
             pss {:.0} KiB, {:.2} descriptors each; state {:.0} KiB",
            self.at.as_secs(),
            self.engine,
            self.age.as_secs(),
            self.rss_kib,
            self.pss_kib,
            self.descriptors,
            self.threads,
            self.keepers,
            self.keeper_pss_kib,
            self.keeper_descriptors,
            self.disk_kib,
        )
    }
}

/// Compares the last quarter with the first: of the life of each engine that was left alone, of those engines with
/// each other, and of the keepers over the whole time.
pub(super) fn judge(report: &mut Report, samples: &[Sample]) {
    let mut lives = Vec::new();
    let last = samples.iter().filter_map(|sample| sample.stretch).max();
    for stretch in 0..=last.unwrap_or_default() {
        let of_stretch = samples.iter().filter(|sample| sample.stretch == Some(stretch));
        let engine = of_stretch.clone().next_back().map(|sample| sample.engine);
        let life: Vec<Sample> =
            of_stretch.filter(|it| Some(it.engine) == engine && it.age >= WARM).copied().collect();
        if life.len() < SAMPLES_MIN {
            continue;
        }
        let name = format!("engine {} alone for {} samples", stretch + 1, life.len());
        engine_quarters(report, &name, &life, &life);
        lives.push(life);
    }
    if let [first, .., last] = &*lives {
        engine_quarters(report, "the last engine against the first", first, last);
    }
    report.figure("most keepers", most(samples, |it| it.keepers));
    report
        .figure("most on disk below the state folder", format!("{:.0} KiB", most(samples, |it| it.disk_kib)));
    let quarter = samples.len() / 4;
    if samples.len() >= SAMPLES_MIN {
        let (first, last) = (&samples[..quarter], &samples[samples.len() - quarter..]);
        let slack = (KEEPER_SLACK_KIB, MEMORY_PERCENT);
        compare(report, "pss of a keeper, KiB", first, last, |it| it.keeper_pss_kib, slack);
        compare(report, "descriptors of a keeper", first, last, |it| it.keeper_descriptors, (0.5, 0.0));
    }
}

/// The first quarter of one against the last quarter of the other.
fn engine_quarters(report: &mut Report, name: &str, first: &[Sample], last: &[Sample]) {
    let first = &first[..first.len() / 4];
    let last = &last[last.len() - last.len() / 4..];
    let slack = (MEMORY_SLACK_KIB, MEMORY_PERCENT);
    compare(report, &format!("{name}: rss, KiB"), first, last, |it| it.rss_kib, slack);
    compare(report, &format!("{name}: pss, KiB"), first, last, |it| it.pss_kib, slack);
    let slack = (DESCRIPTORS_SLACK, 0.0);
    compare(report, &format!("{name}: descriptors"), first, last, |it| it.descriptors, slack);
    compare(report, &format!("{name}: threads"), first, last, |it| it.threads, slack);
}

fn compare(
    report: &mut Report,
    what: &str,
    first: &[Sample],
    last: &[Sample],
    of: fn(&Sample) -> f64,
    (slack, percent): (f64, f64),
) {
    let (before, after) = (median(first, of), median(last, of));
    report.figure(what, format!("{before:.1} in the first quarter, {after:.1} in the last"));
    report.expect(is_flat(before, after, slack, percent), || {
        format!("{what} grew from {before:.1} to {after:.1}")
    });
}

fn is_flat(before: f64, after: f64, slack: f64, percent: f64) -> bool {
    after <= before * (1.0 + percent / 100.0) + slack
}

fn median(samples: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn most(samples: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    samples.iter().map(of).fold(0.0, f64::max)
}

fn entries(pid: u32, folder: &str) -> f64 {
    std::fs::read_dir(format!("/proc/{pid}/{folder}")).map_or(0, Iterator::count) as f64
}

fn size_below(dir: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let size = |path: std::path::PathBuf| match path.symlink_metadata() {
        Ok(data) if data.is_dir() => size_below(&path),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.map(|entry| size(entry.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(stretch: u32, pss: impl Fn(f64) -> f64, descriptors: impl Fn(f64) -> f64) -> Vec<Sample> {
        let sample = |second: u32| Sample {
            stretch: Some(stretch),
            engine: stretch + 1,
            age: WARM + Duration::from_secs(second.into()),
            pss_kib: pss(second.into()),
            descriptors: descriptors(second.into()),
            ..Sample::default()
        };
        (0..360).step_by(10).map(sample).collect()
    }

    #[track_caller]
    fn check(samples: &[Sample], wrong: &str) {
        let mut report = Report::new("flat");
        judge(&mut report, samples);
        assert_eq!(report.to_string().contains("wrong:"), !wrong.is_empty(), "{report}");
        assert!(report.to_string().contains(wrong), "{report}");
    }

    #[test]
    fn growth_within_a_life_or_from_life_to_life_is_found() {
        check(&life(0, |_| 9000.0, |_| 60.0), "");
        check(&life(0, |age| 9000.0 + age, |_| 60.0), "");
        check(&life(0, |age| 9000.0 + age * 20.0, |_| 60.0), "pss, KiB grew");
        check(&life(0, |_| 9000.0, |age| 60.0 + age / 30.0), "descriptors grew");
        let lives = [life(0, |_| 9000.0, |_| 60.0), life(1, |_| 16000.0, |_| 60.0)].concat();
        check(&lives, "the last engine against the first: pss, KiB grew");
    }
}
