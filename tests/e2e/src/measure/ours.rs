//! Our own programs, over the real socket.

use std::collections::BTreeSet;
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use ostler_api::{EventKind, InstanceStatus};
use rustix::process::{Pid, Signal};
use serde_json::json;

use crate::{Daemon, Place, Process, ProcessTable, Service, Wire, tool, wait_for, wait_until};

use super::{Row, Unit, bare, usage};

/// How long any single answer may take before a measurement is given up.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// How long after the last start the idle cost is looked at, and for how long.
const SETTLE: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(30);

/// From the spawn of the daemon to its first answer.
///
/// # Errors
///
/// When something cannot be started or does not answer.
pub fn cold_start(rounds: usize) -> io::Result<Row> {
    let place = Place::with_services(&sleepers(1));
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let started = Instant::now();
        let mut child = Daemon::spawn(&place);
        let answered = spin(LIMIT, || place.wire().ok()?.status().ok());
        ours.push(started.elapsed());
        let _ = child.kill();
        let _ = child.wait();
        place.sweep();
        limit.push(bare::spawn_and_wait()?);
        answered.ok_or_else(|| io::Error::other(format!("no answer:\n{}", place.daemon_output())))?;
    }
    Ok(Row::new("cold start to first answer", Unit::Ms, median(ours)).limit(median(limit)).goal(40.0))
}

/// From the request to the pid of the last of `count` services.
///
/// # Errors
///
/// As [`cold_start`].
pub fn start_many(count: usize, rounds: usize) -> io::Result<Row> {
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let place = Place::with_services(&down(sleepers(count)));
        let daemon = place.start();
        let (mut watch, mut wire) = (watching(&place)?, daemon.wire(&place));
        let started = Instant::now();
        wire.call("start", json!({"all": true})).map_err(failed)?;
        let mut pids = BTreeSet::new();
        while pids.len() < count {
            pids.extend(next_status(&mut watch)?.and_then(|status| status.pid));
        }
        ours.push(started.elapsed());
        limit.push(bare::spawn_many(count)?);
        let live = pids.iter().filter(|pid| Process::read(**pid).is_some()).count();
        if live != count {
            return Err(io::Error::other(format!("{live} of {count} processes live")));
        }
    }
    let row = Row::new(format!("start {count} services"), Unit::Ms, median(ours)).limit(median(limit));
    Ok(if count == 100 { row.goal(300.0) } else { row })
}

/// From the first kill of each of `count` services to the event that names its new pid.
///
/// # Errors
///
/// As [`cold_start`].
pub fn crash_to_new_pid(count: usize) -> io::Result<Row> {
    let place = Place::with_services(&sleepers(count));
    let _daemon = place.start();
    let mut wire = place.wire()?;
    let statuses = all_running(&mut wire, count)?;
    let mut watch = watching(&place)?;
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for (id, old) in statuses {
        let pid = i32::try_from(old).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other(format!("{id} has the pid {old}")))?;
        let started = Instant::now();
        rustix::process::kill_process(pid, Signal::KILL)?;
        loop {
            let status = next_status(&mut watch)?.filter(|status| status.id == id);
            if status.and_then(|status| status.pid).is_some_and(|pid| pid != old) {
                break;
            }
        }
        ours.push(started.elapsed());
        limit.push(bare::crash_to_new_pid()?);
    }
    let what = format!("first crash → new pid, median of {count}");
    Ok(Row::new(what, Unit::Ms, median(ours)).limit(median(limit)).goal(3.0))
}

/// A status request on a fresh connection, and the whole `ostler status`.
///
/// # Errors
///
/// As [`cold_start`].
pub fn status_latency(count: usize, rounds: usize) -> io::Result<Vec<Row>> {
    let place = Place::with_services(&sleepers(count));
    let _daemon = place.start();
    all_running(&mut place.wire()?, count)?;
    let (mut wire, mut cli, mut limit) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let started = Instant::now();
        place.wire()?.status().map_err(failed)?;
        wire.push(started.elapsed());
        let started = Instant::now();
        let output = place.cli(&["status"]);
        cli.push(started.elapsed());
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        limit.push(bare::spawn_and_wait()?);
    }
    Ok(vec![
        Row::new(format!("status over the socket, {count} services"), Unit::Ms, median(wire)),
        Row::new(format!("`ostler status`, {count} services"), Unit::Ms, median(cli))
            .limit(median(limit))
            .goal(5.0),
    ])
}

/// What `count` services cost while nothing happens: all our processes together.
///
/// # Errors
///
/// As [`cold_start`].
pub fn idle(count: usize) -> io::Result<Vec<Row>> {
    let place = Place::with_services(&sleepers(count));
    let daemon = place.start();
    all_running(&mut place.wire()?, count)?;
    let table = ProcessTable::read();
    let keepers: Vec<u32> = table
        .of_place(place.dir())
        .into_iter()
        .filter(|process| process.name == "ostler-keeper")
        .map(|process| process.pid)
        .collect();
    let all: Vec<u32> = keepers.iter().copied().chain([daemon.pid()]).collect();
    // What starting cost is not what idling costs.
    std::thread::sleep(SETTLE);
    let used = usage::over(&all, IDLE);
    let (engine_rss, engine_pss) = usage::memory(&[daemon.pid()]);
    let at = format!("idle, {count} services");
    let mib = 1024.0;
    let is_measured = count == 100;
    let goal = |row: Row, goal: f64| if is_measured { row.goal(goal) } else { row };
    let mut rows = vec![
        goal(Row::new(format!("{at}: processor, all processes"), Unit::Percent, used.cpu_percent), 0.05),
        goal(
            Row::new(format!("{at}: wake-ups, all processes"), Unit::PerSecond, used.wakeups_per_second),
            1.0,
        ),
        goal(Row::new(format!("{at}: engine, resident"), Unit::Mib, engine_rss / mib), 10.0),
        Row::new(format!("{at}: engine, proportional"), Unit::Mib, engine_pss / mib),
        goal(Row::new(format!("{at}: all, proportional"), Unit::Mib, used.pss_kib / mib), 22.0),
        Row::new(format!("{at}: all, resident"), Unit::Mib, used.rss_kib / mib),
    ];
    if !keepers.is_empty() {
        let (_, pss) = usage::memory(&keepers);
        let each =
            Row::new(format!("{at}: each keeper, proportional"), Unit::Kib, pss / keepers.len() as f64);
        rows.push(goal(each, 110.0));
    }
    Ok(rows)
}

/// The output of one service, kept whole.
///
/// # Errors
///
/// As [`cold_start`], and when lines are missing.
pub fn log_throughput(seconds: u64) -> io::Result<Row> {
    let flood = Service::flood("flood", 0, seconds)
        .line("oneshot = true")
        .line("enabled = false")
        .line("logs = { max_size = \"16GiB\", max_files = 2 }");
    let place = Place::with_services(&[flood]);
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    wire.call("start", json!({"service": "flood"})).map_err(failed)?;
    let is_over = wait_until(LIMIT * 2, || {
        let snapshot = wire.status().unwrap_or_default();
        let instance = snapshot.services.get("flood").and_then(|service| service.instances.first().cloned());
        instance.is_some_and(|instance| instance.last_exit.is_some())
    });
    if !is_over {
        return Err(io::Error::other("the service does not end"));
    }
    let reply = wire.call("logs", json!({"services": ["flood"], "lines": 5})).map_err(failed)?;
    let path = reply["paths"][0].as_str().unwrap_or_default().to_owned();
    let (kept, said) = kept(&path)?;
    let field = |name: &str| -> f64 {
        let word = said.split_whitespace().find_map(|word| word.strip_prefix(name));
        word.and_then(|word| word.parse().ok()).unwrap_or(0.0)
    };
    if kept as f64 != field("lines=") {
        return Err(io::Error::other(format!("{kept} lines are kept of: {said}")));
    }
    let mut command = Command::new(tool("flood"));
    command.args(["0", &seconds.to_string()]);
    let limit = bare::copy_output(command, &place.path("work/copy"))?;
    let ours = field("megabytes=") / field("seconds=");
    Ok(Row::new("output of one service, kept whole", Unit::MbPerSecond, ours).limit(limit).goal(250.0))
}

/// Counts the numbered lines of a log and finds what the service said at its end.
fn kept(path: &str) -> io::Result<(u64, String)> {
    use std::io::BufRead;
    let mut count = 0;
    let mut said = String::new();
    for line in io::BufReader::with_capacity(1 << 20, std::fs::File::open(path)?).lines() {
        let line = line?;
        if line.contains(" stdout F line ") {
            count += 1;
        } else if let Some((_, rest)) = line.split_once(" flood ") {
            rest.clone_into(&mut said);
        }
    }
    Ok((count, said))
}

pub(super) fn sleepers(count: usize) -> Vec<Service> {
    (0..count).map(|number| Service::new(format!("sleeper-{number}"), &["sleep", "1000000"])).collect()
}

pub(super) fn down(services: Vec<Service>) -> Vec<Service> {
    services.into_iter().map(|service| service.line("enabled = false")).collect()
}

/// Waits until all run, and returns their names and pids.
pub(super) fn all_running(wire: &mut Wire, count: usize) -> io::Result<Vec<(String, u32)>> {
    let running = wait_for(LIMIT, || {
        let snapshot = wire.status().ok()?;
        let instances = snapshot.services.values().flat_map(|service| &service.instances);
        let running: Vec<_> =
            instances.filter_map(|instance| Some((instance.id.clone(), instance.pid?))).collect();
        (running.len() == count).then_some(running)
    });
    running.ok_or_else(|| io::Error::other("not all services run"))
}

fn watching(place: &Place) -> io::Result<Wire> {
    let mut wire = place.wire()?;
    wire.call("watch", json!({})).map_err(failed)?;
    Ok(wire)
}

/// The instance that the next event speaks of.
fn next_status(watch: &mut Wire) -> io::Result<Option<InstanceStatus>> {
    let event = watch.event(LIMIT).map_err(failed)?.ok_or_else(|| io::Error::other("no event came"))?;
    Ok(match event.kind {
        EventKind::InstancePhase { status, .. } | EventKind::InstanceHealth { status, .. } => Some(status),
        _ => None,
    })
}

/// Waits with the precision of a measurement.
fn spin<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if let Some(found) = look() {
            return Some(found);
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    None
}

pub(super) fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1000.0
}

pub(super) fn failed(refusal: crate::Refusal) -> io::Error {
    io::Error::other(refusal.to_string())
}
