//! One service writes as fast as it can; nobody else notices.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::{Limits, Place, Report, Service, wait_until};

use super::logs;
use super::shared::{instances, median, ms};

/// The bound of the flooding service's log on disk.
const MAX_SIZE_MIB: u64 = 16;
const MAX_FILES: u64 = 4;

/// What a bound on disk may be passed by: one batch that is written before the size is looked at.
const SLACK: u64 = 1 << 20;

/// Writes `rate` MB/s for `seconds`: status stays quick, the others go on, what is lost is counted, and the disk
/// stays in its bound.
pub fn flood(rate: u64, seconds: u64, limits: &Limits) -> Report {
    let mut report = Report::new(format!("a flood of {rate} MB/s for {seconds} s"));
    let flood = Service::flood("flood", rate, seconds)
        .line("oneshot = true")
        .line("enabled = false")
        .line(format!("logs = {{ max_size = \"{MAX_SIZE_MIB}MiB\", max_files = {MAX_FILES} }}"));
    let place = Place::with_services(&[flood, Service::counter("calm", 200)]);
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    if let Err(refusal) = wire.call("start", serde_json::json!({"service": "flood"})) {
        report.failure(format!("start: {refusal}"));
        return report;
    }
    let started = Instant::now();
    let limit = Duration::from_secs(seconds * 2 + 10);
    let (mut times, mut most_on_disk, mut restarts) = (Vec::new(), 0, 0_u32);
    let is_over = wait_until(limit, || {
        let asked = Instant::now();
        let Ok(snapshot) = wire.status() else { return true };
        times.push(asked.elapsed());
        most_on_disk = most_on_disk.max(size_below(&place.path("state"), "flood"));
        if started.elapsed() > Duration::from_secs(u64::from(restarts) * 5 + 2) {
            restarts += 1;
            let asked = Instant::now();
            let outcome = wire.act("restart", &["calm"]);
            report.expect(outcome.is_ok_and(|reply| reply.ok != Some(false)), || {
                "calm did not restart".to_owned()
            });
            report.expect(asked.elapsed() < limits.after_grace, || {
                format!("restart of another service took {}", ms(asked.elapsed()))
            });
        }
        instances(&snapshot).get("flood/0").is_some_and(|flood| flood.last_exit.is_some())
    });
    report.expect(is_over, || "the flood does not end".to_owned());
    let slowest = times.iter().max().copied().unwrap_or_default();
    report.expect(slowest < limits.status, || format!("status took {}", ms(slowest)));
    report.figure("status requests meanwhile", times.len());
    report.figure("median", ms(median(&mut times)));
    report.figure("slowest", ms(slowest));
    report.figure("restarts of another service meanwhile", restarts);
    report.figure("most on disk", format!("{:.1} MiB", most_on_disk as f64 / f64::from(1 << 20)));
    let bound = MAX_FILES * (MAX_SIZE_MIB << 20) + SLACK;
    report.expect(most_on_disk <= bound, || format!("{most_on_disk} bytes on disk, the bound is {bound}"));
    check_log(&mut report, &place, (rate, seconds), limits);
    report
}

fn check_log(report: &mut Report, place: &Place, (rate, seconds): (u64, u64), limits: &Limits) {
    let Some((walk, said)) = read_log(report, place) else { return };
    report.figure("lines that are kept", walk.lines);
    report.figure("lines that markers in the kept files count as dropped", walk.dropped);
    report.expect(walk.last == Some(said.lines), || {
        format!("the log ends with line {:?}, the service wrote {}", walk.last, said.lines)
    });
    let least = rate as f64 * seconds as f64 * limits.flood_share;
    report.expect(said.megabytes > least, || {
        format!("the service was held up: {} MB instead of {least}", said.megabytes)
    });
    report.expect(said.seconds < seconds as f64 + limits.after_grace.as_secs_f64(), || {
        format!("the service was stalled: {} s instead of {seconds}", said.seconds)
    });
}

/// The same flood into a log that may keep all of it: each line is there, or counted as dropped.
pub fn flood_kept(rate: u64, seconds: u64) -> Report {
    let mut report = Report::new(format!("a flood of {rate} MB/s for {seconds} s, kept whole"));
    let flood = Service::flood("flood", rate, seconds)
        .line("oneshot = true")
        .line("enabled = false")
        .line("logs = { max_size = \"1GiB\", max_files = 16 }");
    let place = Place::with_services(&[flood]);
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    if let Err(refusal) = wire.call("start", serde_json::json!({"service": "flood"})) {
        report.failure(format!("start: {refusal}"));
        return report;
    }
    let is_over = wait_until(Duration::from_secs(seconds * 4 + 20), || {
        wire.status().is_ok_and(|snapshot| {
            instances(&snapshot).get("flood/0").is_some_and(|flood| flood.last_exit.is_some())
        })
    });
    report.expect(is_over, || "the flood does not end".to_owned());
    let Some((walk, said)) = read_log(&mut report, &place) else { return report };
    report.figure("lines that the service wrote", said.lines);
    report.figure("lines that are kept", walk.lines);
    report.figure("lines that are counted as dropped", walk.dropped);
    report.expect(walk.first == Some(1) || walk.dropped > 0, || {
        format!("the log begins with line {:?}", walk.first)
    });
    report.expect(walk.lines + walk.dropped == said.lines, || {
        format!("{} kept and {} counted, {} written", walk.lines, walk.dropped, said.lines)
    });
    report
}

/// What the service says of itself: how much it could write and how long it took; a stalled pipe would show here.
#[derive(Default)]
struct Said {
    lines: u64,
    megabytes: f64,
    seconds: f64,
}

fn read_log(report: &mut Report, place: &Place) -> Option<(logs::Numbering, Said)> {
    let files = place
        .wire()
        .map_err(|error| error.to_string())
        .and_then(|mut wire| logs::files(&mut wire, "flood"))
        .map_err(|wrong| report.failure(wrong))
        .ok()?;
    let walk = logs::numbering(&files);
    report.expect(walk.lines > 0, || format!("no lines in {files:?}"));
    for wrong in &walk.wrong {
        report.failure(format!("log: {wrong}"));
    }
    let last =
        files.iter().rev().flat_map(|file| logs::lines(file)).filter(|line| line.contains(" flood lines="));
    let Some(said) = last.last() else {
        report.failure("the service's last words are missing".to_owned());
        return None;
    };
    let said = said.split_once(" flood ").map_or("", |(_, said)| said);
    report.figure("the service says", said);
    let word = |name: &str| said.split(' ').find_map(|word| word.strip_prefix(name));
    let number = |name: &str| -> Option<f64> { word(name)?.parse().ok() };
    Some((
        walk,
        Said {
            lines: word("lines=").and_then(|word| word.parse().ok()).unwrap_or_default(),
            megabytes: number("megabytes=").unwrap_or_default(),
            seconds: number("seconds=").unwrap_or(f64::MAX),
        },
    ))
}

/// The bytes in all files below folders with this name.
fn size_below(dir: &Path, name: &str) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| -> u64 {
        let path = entry.path();
        if path.is_dir() {
            return size_below(&path, name);
        }
        let is_inside = path.components().any(|part| part.as_os_str() == name);
        if is_inside { entry.metadata().map_or(0, |data| data.len()) } else { 0 }
    };
    entries.map(size).sum()
}
