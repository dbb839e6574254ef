//! Many subscribers at once, some of whom read nothing.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::crowd::Crowd;
use crate::measure::memory;
use crate::site::Site;
use crate::{Limits, Report};

use super::super::shared::{median, ms};

/// Events of one request, and the time between two: 1,000 events in a second.
const BATCH: u64 = 20;
const PAUSE: Duration = Duration::from_millis(20);
/// A reader may be behind so long after the last event.
const TAIL: Duration = Duration::from_secs(30);
/// What an event stream may cost, all told; and the ring of the default settings, with room for the allocator.
const SUBSCRIBER_KIB: f64 = 16.0;
const RING_KIB: f64 = 4096.0;

/// A few who listen, and a burst of events.
pub fn burst(clients: usize, events: u64) -> Report {
    let mut report = Report::new(format!("{clients} subscribers, {events} events in a burst"));
    let site = Site::new("");
    let outcome = (|| -> io::Result<()> {
        let (mut crowd, first) = subscribe(&site, clients)?;
        let mut publisher = site.visit()?;
        let mut sent = 0;
        while sent < events {
            let next = (sent + 100).min(events);
            publisher.publish(sent..next)?;
            sent = next;
        }
        let last = settle(&site, &mut crowd, &mut report)?;
        judge(&crowd, first, last, &mut report);
        Ok(())
    })();
    report.expect(outcome.is_ok(), || format!("{outcome:?}"));
    report
}

/// Many subscribers, a thousand events in each second, and a tenth of them reads nothing.
pub fn fan_out(subscribers: usize, seconds: u64, limits: &Limits) -> Report {
    let silent = subscribers / 10;
    let mut report = Report::new(format!(
        "{subscribers} subscribers, {silent} of which do not read, 1,000 events a second for {seconds} s"
    ));
    if let Err(error) = open_files(subscribers as u64 + 1024) {
        report.failure(format!("this program may not open enough files: {error}"));
        return report;
    }
    let site = Site::new("");
    if let Err(error) = fan_out_at(&site, (subscribers - silent, silent), seconds, limits, &mut report) {
        report.failure(format!("{error}; the daemon says:\n{}", site.place.daemon_output()));
    }
    report
}

fn fan_out_at(
    site: &Site,
    (readers, silent): (usize, usize),
    seconds: u64,
    limits: &Limits,
    report: &mut Report,
) -> io::Result<()> {
    let pid = [site.daemon.pid()];
    // One before, so that what is only made when it is needed is there.
    let _one = subscribe(site, 1)?;
    let before = memory(&pid).0;
    let count = (readers + silent) as f64;
    let silent = Crowd::open(site.address, &site.wish("/supervisor/events"), silent, 0)?;
    let (mut crowd, first) = subscribe(site, readers)?;
    let idle = memory(&pid).0;
    report.figure("memory per idle subscriber", format!("{:.1} KiB", (idle - before) / count));
    report.expect((idle - before) / count <= SUBSCRIBER_KIB, || "more than 16 KiB each".to_owned());
    let is_done = AtomicBool::new(false);
    let mut times = Vec::new();
    let mut largest = idle;
    let started = Instant::now();
    let published = std::thread::scope(|scope| -> io::Result<u64> {
        let publisher = scope.spawn(|| {
            let published = publish(site, seconds);
            is_done.store(true, Ordering::Release);
            published
        });
        let watcher = scope.spawn(|| {
            while !is_done.load(Ordering::Acquire) {
                let asked = Instant::now();
                if site.place.wire().is_ok_and(|mut wire| wire.status().is_ok()) {
                    times.push(asked.elapsed());
                }
                largest = largest.max(memory(&pid).0);
                std::thread::park_timeout(Duration::from_millis(100));
            }
        });
        while !is_done.load(Ordering::Acquire) {
            crowd.read(Duration::from_millis(20))?;
        }
        let _ = watcher.join();
        publisher.join().map_err(|_| io::Error::other("the publisher panicked"))?
    })?;
    let took = started.elapsed().as_secs_f64();
    let last = settle(site, &mut crowd, report)?;
    report.figure("events published", published);
    report.figure("events a second", format!("{:.0}", published as f64 / took));
    report.figure("events delivered", crowd.events());
    report.figure("delivered a second", format!("{:.0}", crowd.events() as f64 / took));
    judge(&crowd, first, last, report);
    let slowest = times.iter().max().copied().unwrap_or_default();
    report.figure("status over the socket meanwhile, median", ms(median(&mut times)));
    report.figure("slowest", ms(slowest));
    report.expect(slowest < limits.status.max(limits.lag), || format!("status took {}", ms(slowest)));
    report.figure("engine grew meanwhile by", format!("{:.0} KiB", largest - idle));
    // What is on its way to each is its own buffer of 16 KiB at most, and what waits is the ring.
    let bound = RING_KIB + count * 2.0 * SUBSCRIBER_KIB;
    report.expect(largest - idle <= bound, || format!("more than the ring and the buffers, {bound} KiB"));
    drop(silent);
    Ok(())
}

fn publish(site: &Site, seconds: u64) -> io::Result<u64> {
    let mut visit = site.visit()?;
    let started = Instant::now();
    let end = Duration::from_secs(seconds);
    let mut sent = 0;
    while started.elapsed() < end {
        visit.publish(sent..sent + BATCH)?;
        sent += BATCH;
        let due = PAUSE * u32::try_from(sent / BATCH).unwrap_or(u32::MAX);
        // The rate is what is given; one who is late goes on at once.
        std::thread::sleep(due.saturating_sub(started.elapsed()));
    }
    Ok(sent)
}

/// Subscribers that go on after what there is now, and the number of that.
fn subscribe(site: &Site, count: usize) -> io::Result<(Crowd, u64)> {
    let now = site.now()?;
    let first = now.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or(0);
    let wish = site.wish(&format!("/supervisor/events?last_event_id={now}"));
    Ok((Crowd::open(site.address, &wish, count, first)?, first))
}

/// Has all read to the end; the number of the last event.
fn settle(site: &Site, crowd: &mut Crowd, report: &mut Report) -> io::Result<u64> {
    let (_, body) = {
        let mut visit = site.visit()?;
        let event = serde_json::json!({"event_type": "test", "data": {"message": "the end"}});
        visit.ask("POST", "/supervisor/events", Some(&event))?
    };
    let last = body["ids"][0].as_str().and_then(|id| id.rsplit_once('-')?.1.parse::<u64>().ok());
    let last = last.ok_or_else(|| io::Error::other(format!("no id in {body}")))?;
    let is_settled = crowd.read_until(TAIL, |tally| tally.last >= last || tally.is_over)?;
    report.expect(is_settled, || format!("not all have got event {last} within {TAIL:?}"));
    Ok(last)
}

/// Each has got each event once, or was told exactly how many it did not get.
fn judge(crowd: &Crowd, first: u64, last: u64, report: &mut Report) {
    let (mut gaps, mut dropped, mut with_gap) = (0, 0, 0);
    for (index, tally) in crowd.tallies().enumerate() {
        if let Some(wrong) = &tally.wrong {
            report.failure(format!("reader {index}: {wrong}"));
        }
        report.expect(!tally.is_over, || format!("the stream of reader {index} ended"));
        let sum = tally.events + tally.dropped;
        report.expect(tally.is_over || tally.last > last || sum == last - first, || {
            format!(
                "reader {index} got {} and was told of {} missing, of {}",
                tally.events,
                tally.dropped,
                last - first
            )
        });
        gaps += tally.gaps;
        dropped += tally.dropped;
        with_gap += u64::from(tally.gaps > 0);
    }
    report.figure("subscribers with a gap, gaps, events in them", format!("{with_gap}, {gaps}, {dropped}"));
}

/// Lets this program open so many files.
pub(crate) fn open_files(count: u64) -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let current = Some(limit.current.unwrap_or(u64::MAX).max(count));
    if limit.maximum.is_some_and(|maximum| maximum < count) {
        return Err(io::Error::other(format!("the hard limit is {:?}", limit.maximum)));
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum })?)
}
