//! Our own engine with many services: reload, adoption, the slowest of many commands.

use std::io;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::{Place, Service, wait_for};

use super::ours::{LIMIT, all_running, down, failed, median, sleepers};
use super::{Row, Unit};

/// From the request to reload to its answer, with `count` services of which one has changed.
///
/// # Errors
///
/// When something cannot be started or does not answer.
pub fn reload(count: usize, rounds: usize) -> io::Result<Row> {
    let services = down(sleepers(count));
    // Only by request, so that nothing is measured twice.
    let config = |text: &str| format!("supervisor.auto_reload = false\n{text}");
    let place = Place::new(&config(&Service::config(&services)));
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    let mut times = Vec::new();
    for round in 0..rounds {
        let mut changed = services.clone();
        let last = changed.pop().ok_or_else(|| io::Error::other("there is no service"))?;
        changed.push(last.line(format!("group = \"round-{round}\"")));
        place.write_config(&config(&Service::config(&changed)));
        let started = Instant::now();
        wire.call("reload_config", json!({})).map_err(failed)?;
        times.push(started.elapsed());
    }
    Ok(Row::new(format!("reload, one of {count} services changed"), Unit::Ms, median(times)))
}

/// From the spawn of a daemon, after the last one was killed, until it has all `count` services again.
///
/// # Errors
///
/// As [`reload`], and when a service has another process afterwards.
pub fn adoption(count: usize, rounds: usize) -> io::Result<Row> {
    let place = Place::with_services(&sleepers(count));
    let mut daemon = place.start();
    let mut before = all_running(&mut place.wire()?, count)?;
    before.sort();
    let mut times = Vec::new();
    for _ in 0..rounds {
        daemon.kill();
        let started = Instant::now();
        daemon = place.start();
        let after = wait_for(LIMIT, || {
            let mut after = all_running(&mut place.wire().ok()?, count).ok()?;
            after.sort();
            Some(after)
        });
        times.push(started.elapsed());
        if after.as_ref() != Some(&before) {
            return Err(io::Error::other("a service has another process after the adoption"));
        }
    }
    Ok(Row::new(format!("adoption of {count} services, daemon's start included"), Unit::Ms, median(times)))
}

/// The time within which 99 of 100 commands are answered, with `count` services running.
///
/// # Errors
///
/// As [`reload`].
pub fn command_latency(count: usize, rounds: usize) -> io::Result<Vec<Row>> {
    let place = Place::with_services(&sleepers(count));
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    all_running(&mut wire, count)?;
    let mut rows = Vec::new();
    let mut every = Vec::new();
    for method in ["status", "why", "metrics", "env", "stop", "start"] {
        let mut times = Vec::new();
        for round in 0..rounds {
            let service = format!("sleeper-{}", (round * 7) % count);
            let params = match method {
                "status" => json!({}),
                // What is measured is the answer, not how long a process takes to end.
                "stop" | "start" => json!({ "service": service, "wait": "accepted" }),
                _ => json!({ "service": service }),
            };
            let started = Instant::now();
            wire.call(method, params).map_err(failed)?;
            times.push(started.elapsed());
        }
        every.extend(times.iter().copied());
        let what = format!("`{method}` with {count} services, 99 of 100");
        rows.push(Row::new(what, Unit::Ms, percentile(times)).goal(50.0));
    }
    let what = format!("all these commands with {count} services, 99 of 100");
    rows.push(Row::new(what, Unit::Ms, percentile(every)).goal(50.0));
    Ok(rows)
}

fn percentile(mut times: Vec<Duration>) -> f64 {
    times.sort();
    let at = (times.len() * 99).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default().as_secs_f64() * 1000.0
}
