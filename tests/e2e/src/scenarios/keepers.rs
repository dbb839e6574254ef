//! Keepers are killed; their leftovers end, and the service runs once.

use std::time::Instant;

use rustix::process::Signal;

use crate::{Place, ProcessTable, Random, Report, SLOT, Service, wait_until};

use super::shared::{RECOVERY_LIMIT, await_all_running, keepers, median, ms};

/// Services beside each other.
const SERVICES: usize = 10;

/// Kills a keeper `count` times: what it left ends, and the service runs exactly once within five seconds.
pub fn keeper_kills(count: usize, seed: u64) -> Report {
    let mut report = Report::new(format!("{count} × kill -9 of a keeper (seed {seed})"));
    // A child in a group of its own, which does not die with its parent.
    let script = "setsid sleep 1000 & while :; do sleep 1; done";
    let service = |number| {
        Service::script(format!("kept-{number}"), script)
            .line("stop.grace = \"500ms\"")
            .line("restart = { max_restarts = 0, delay = \"100ms\", max_delay = \"200ms\" }")
    };
    let place = Place::with_services(&(0..SERVICES).map(service).collect::<Vec<_>>());
    let slots: Vec<_> = (0..SERVICES).map(|number| format!("kept-{number}/0")).collect();
    let mut random = Random::new(seed);
    let _daemon = place.start();
    if let Err(wrong) = await_all_running(&place, &slots, RECOVERY_LIMIT) {
        report.failure(wrong);
        return report;
    }
    let mut times = Vec::new();
    for round in 0..count {
        let table = ProcessTable::read();
        let Some(slot) = random.pick(&slots) else { break };
        let Some(keeper) = keepers(&table, &place).remove(slot) else {
            report.failure(format!("round {round}: {slot} has no keeper"));
            break;
        };
        let leftovers: Vec<_> =
            table.with_env(SLOT, slot).filter(|run| run.pid != keeper.pid).cloned().collect();
        let killed_at = Instant::now();
        keeper.signal(Signal::KILL);
        let are_ended = wait_until(RECOVERY_LIMIT, || leftovers.iter().all(|process| !process.is_alive()));
        report.expect(are_ended, || {
            let left: Vec<_> = leftovers.iter().filter(|process| process.is_alive()).collect();
            format!("round {round}: leftovers of {slot}: {left:?}")
        });
        let left = RECOVERY_LIMIT.saturating_sub(killed_at.elapsed());
        match await_all_running(&place, &slots, left) {
            Ok(_) => times.push(killed_at.elapsed()),
            Err(wrong) => report.failure(format!("round {round}: {wrong}")),
        }
        if !report.is_good() {
            report.failure(place.daemon_output());
            break;
        }
    }
    report.figure("kills", times.len());
    report.figure("median from kill to running again", ms(median(&mut times)));
    report.figure("slowest", ms(times.iter().max().copied().unwrap_or_default()));
    report
}
