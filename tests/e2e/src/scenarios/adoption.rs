//! The supervisor is killed; the services go on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::{Daemon, Holder, Place, Process, ProcessTable, Random, Report, Service, wait_for, wait_until};

use super::logs;
use super::shared::{RECOVERY_LIMIT, await_all_running, median, ms, runs};

/// Services beside each other.
const SERVICES: usize = 20;

/// How long the keepers wait before they bring an engine back, and how long that may take.
const REVIVAL_LIMIT: Duration = Duration::from_secs(3 + 5);

/// Kills the daemon `count` times at random moments, a service too now and then: afterwards each service runs
/// exactly once, is supervised within five seconds, has its old pid unless it crashed, and its whole log.
pub fn daemon_kills(count: usize, seed: u64) -> Report {
    kills(Holder::Daemon, Report::new(format!("{count} × kill -9 of the daemon (seed {seed})")), count, seed)
}

/// The same with the desktop app, whose engine dies with it.
pub fn app_kills(count: usize, seed: u64) -> Report {
    kills(
        Holder::App,
        Report::new(format!("{count} × kill -9 of the desktop app (seed {seed})")),
        count,
        seed,
    )
}

fn kills(holder: Holder, mut report: Report, count: usize, seed: u64) -> Report {
    let place = Place::with_services(&counters());
    let slots: Vec<_> = (0..SERVICES).map(|number| format!("count-{number}/0")).collect();
    let mut random = Random::new(seed);
    let mut daemon = Daemon::start_in(&place, holder);
    let mut times = Vec::new();
    let mut crashes = 0;
    let mut before = match await_all_running(&place, &slots, RECOVERY_LIMIT) {
        Ok((_, runs)) => runs,
        Err(wrong) => {
            report.failure(wrong);
            return report;
        }
    };
    for round in 0..count {
        let crashed = (random.below(4) == 0).then(|| random.pick(&slots).cloned()).flatten();
        if let Some(run) = crashed.as_ref().and_then(|slot| before.get(slot)) {
            crashes += 1;
            run.signal(Signal::KILL);
        }
        // A moment at random: the pause is the experiment, nothing waits for it.
        std::thread::sleep(Duration::from_millis(random.below(150)));
        daemon.kill();
        let killed_at = Instant::now();
        daemon = Daemon::start_in(&place, holder);
        match await_all_running(&place, &slots, RECOVERY_LIMIT) {
            Ok((_, after)) => {
                times.push(killed_at.elapsed());
                compare(&mut report, round, &before, &after, crashed.as_deref());
                before = after;
            }
            Err(wrong) => report.failure(format!("round {round}: {wrong}")),
        }
        if !report.is_good() {
            report.failure(place.daemon_output());
            break;
        }
    }
    let slowest = times.iter().max().copied().unwrap_or_default();
    report.expect(slowest <= RECOVERY_LIMIT, || format!("the slowest recovery took {}", ms(slowest)));
    report.figure("kills", times.len());
    report.figure("services that were killed as well", crashes);
    report.figure("median from kill to all supervised", ms(median(&mut times)));
    report.figure("slowest", ms(slowest));
    check_logs(&mut report, &place);
    report
}

/// Kills the daemon and lets nobody start another: the keepers bring one back.
pub fn revival(count: usize) -> Report {
    let mut report = Report::new(format!("{count} × kill -9 of the daemon with nobody to start it again"));
    let place = Place::with_services(&counters());
    let slots: Vec<_> = (0..SERVICES).map(|number| format!("count-{number}/0")).collect();
    let daemon = place.start();
    let mut times = Vec::new();
    let first = await_all_running(&place, &slots, RECOVERY_LIMIT);
    daemon.kill();
    let mut before = match first {
        Ok((_, runs)) => runs,
        Err(wrong) => {
            report.failure(wrong);
            return report;
        }
    };
    let mut killed_at = Instant::now();
    for round in 0..count {
        match await_all_running(&place, &slots, REVIVAL_LIMIT) {
            Ok((_, after)) => {
                times.push(killed_at.elapsed());
                compare(&mut report, round, &before, &after, None);
                before = after;
            }
            Err(wrong) => {
                report.failure(format!("round {round}: {wrong}"));
                break;
            }
        }
        if round + 1 < count {
            killed_at = Instant::now();
            kill_engine(&mut report, &place);
        }
    }
    report.figure("revivals", times.len());
    report.figure("median from kill to all supervised", ms(median(&mut times)));
    report.figure("slowest", ms(times.iter().max().copied().unwrap_or_default()));
    check_logs(&mut report, &place);
    report
}

fn counters() -> Vec<Service> {
    (0..SERVICES).map(|number| Service::counter(format!("count-{number}"), 100)).collect()
}

/// Kills whichever engine serves the place.
fn kill_engine(report: &mut Report, place: &Place) {
    let pid =
        place.wire().ok().and_then(|mut wire| wire.status().ok()).map(|snapshot| snapshot.supervisor.pid);
    let Some(engine) = pid.and_then(Process::read) else {
        report.failure("there is no engine to kill");
        return;
    };
    engine.signal(Signal::KILL);
    report.expect(wait_until(RECOVERY_LIMIT, || !engine.is_alive()), || {
        "the engine outlived SIGKILL".to_owned()
    });
}

fn compare(
    report: &mut Report,
    round: usize,
    before: &BTreeMap<String, Process>,
    after: &BTreeMap<String, Process>,
    crashed: Option<&str>,
) {
    for (slot, old) in before {
        let is_same = after.get(slot).is_some_and(|new| new.pid == old.pid && new.started == old.started);
        let did_crash = crashed == Some(slot);
        report.expect(is_same != did_crash, || {
            let what = if did_crash { "was killed and has the same pid" } else { "has another pid" };
            format!(
                "round {round}: {slot} {what} (was {}, is {:?})",
                old.pid,
                after.get(slot).map(|new| new.pid)
            )
        });
    }
}

/// Stops everything, so that the logs are complete, and walks through them.
fn check_logs(report: &mut Report, place: &Place) {
    let Ok(mut wire) = place.wire() else {
        report.failure("nobody answers at the end");
        return;
    };
    let files: Vec<_> =
        (0..SERVICES).map(|number| logs::files(&mut wire, &format!("count-{number}"))).collect();
    if let Err(refusal) = wire.call("stop", serde_json::json!({"all": true, "wait": "settled"})) {
        report.failure(format!("stop: {refusal}"));
    }
    let left = wait_for(RECOVERY_LIMIT, || runs(&ProcessTable::read(), place).is_empty().then_some(()));
    report.expect(left.is_some(), || "services are left after stop".to_owned());
    let mut lines = 0;
    for (number, files) in files.into_iter().enumerate() {
        match files {
            Ok(files) => {
                let walk = logs::numbering(&files);
                lines += walk.lines;
                report.expect(walk.lines > 0, || format!("count-{number} has no log in {files:?}"));
                for wrong in walk.wrong {
                    report.failure(format!("log of count-{number}: {wrong}"));
                }
            }
            Err(wrong) => report.failure(wrong),
        }
    }
    report.figure("log lines without gap or double", lines);
}
