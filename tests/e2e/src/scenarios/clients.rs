//! Clients that talk nonsense, clients that say nothing, and clients of other users.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::{Limits, Place, Process, Random, Report, Service, Wire, tool, wait_for};

use super::shared::{median, ms};

/// Malformed lines on one connection, before the next one is opened.
const LINES_PER_CONNECTION: usize = 500;

/// Sends `lines` malformed lines while `silent` clients are silent or slow, and asks for the status all the time.
pub fn hostile_clients(lines: usize, silent: usize, seed: u64, limits: &Limits) -> Report {
    let mut report =
        Report::new(format!("{lines} malformed lines, {silent} silent or slow clients (seed {seed})"));
    let services: Vec<_> =
        (0..5).map(|number| Service::new(format!("s{number}"), &["sleep", "1000"])).collect();
    let place = Place::with_services(&services);
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    let memory_before = resident_kib(daemon.pid());
    let slow: Vec<_> = (0..silent).filter_map(|_| UnixStream::connect(place.socket()).ok()).collect();
    report.figure("silent or slow clients that were let in", slow.len());
    let is_done = AtomicBool::new(false);
    let answers = AtomicU64::new(0);
    let mut times = Vec::new();
    std::thread::scope(|scope| {
        let hostile = scope.spawn(|| {
            let sent = shout(&place.socket(), lines, seed, &answers);
            is_done.store(true, Ordering::Release);
            sent
        });
        scope.spawn(|| dribble(&slow, &is_done));
        while !is_done.load(Ordering::Acquire) || times.len() < 20 {
            let asked = Instant::now();
            if let Err(refusal) = wire.status() {
                report.failure(format!("status: {refusal}"));
                break;
            }
            times.push(asked.elapsed());
        }
        match hostile.join() {
            Ok(Ok(sent)) => report.figure("malformed lines sent", sent),
            Ok(Err(error)) => report.failure(format!("malformed lines: {error}")),
            Err(_) => report.failure("the hostile client panicked"),
        }
    });
    let slowest = times.iter().max().copied().unwrap_or_default();
    report.expect(slowest < limits.status, || format!("status took {}", ms(slowest)));
    report.figure("lines of answer to nonsense", answers.load(Ordering::Relaxed));
    report.figure("status requests meanwhile", times.len());
    report.figure("median", ms(median(&mut times)));
    report.figure("slowest", ms(slowest));
    report.figure(
        "engine grew by",
        format!("{} KiB", resident_kib(daemon.pid()).saturating_sub(memory_before)),
    );
    report.expect(Process::read(daemon.pid()).is_some(), || "the daemon ended".to_owned());
    report
}

/// Sends malformed lines on many connections, reads what comes back, and counts it.
fn shout(socket: &Path, lines: usize, seed: u64, answers: &AtomicU64) -> std::io::Result<usize> {
    let mut random = Random::new(seed);
    let mut sent = 0;
    while sent < lines {
        let mut stream = UnixStream::connect(socket)?;
        let mut reading = stream.try_clone()?;
        reading.set_read_timeout(Some(Duration::from_secs(10)))?;
        std::thread::scope(|scope| -> std::io::Result<()> {
            let reader = scope.spawn(move || drain(&mut reading));
            for _ in 0..LINES_PER_CONNECTION.min(lines - sent) {
                // A closed connection is an answer as well; the rest goes to the next one.
                sent += 1;
                if stream.write_all(&malformed(&mut random)).is_err() {
                    break;
                }
            }
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let count = reader.join().map_err(|_| std::io::Error::other("the reader panicked"))??;
            answers.fetch_add(count, Ordering::Relaxed);
            Ok(())
        })?;
    }
    Ok(sent)
}

fn drain(stream: &mut UnixStream) -> std::io::Result<u64> {
    let mut count = 0;
    let mut bytes = [0; 16 * 1024];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return Ok(count),
            Ok(read) => count += bytes[..read].iter().filter(|byte| **byte == b'\n').count() as u64,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(count),
            Err(error) => return Err(error),
        }
    }
}

/// A line that is no request.
fn malformed(random: &mut Random) -> Vec<u8> {
    let mut line = match random.below(10) {
        0 => b"{".to_vec(),
        1 => br#"{"id":1,"method":"status","params":{"#.to_vec(),
        2 => br#"{"id":1,"method":"sttus","params":{}}"#.to_vec(),
        3 => br#"{"id":1,"method":"stop","params":{"servcie":"s0"}}"#.to_vec(),
        4 => br#"{"id":1,"method":"start","params":[1,2]}"#.to_vec(),
        5 => [vec![b'['; 200], vec![b']'; 200]].concat(),
        6 => br#"[{"id":1,"method":"status"},{"id":2,"method":"status"}]"#.to_vec(),
        7 => format!(r#"{{"id":1,"method":"{}"}}"#, "x".repeat(random.below(5000) as usize)).into_bytes(),
        8 => (0..random.below(200)).map(|_| random_byte(random)).collect(),
        _ => br#"{"id":{"a":1},"method":7}"#.to_vec(),
    };
    line.retain(|byte| *byte != b'\n');
    line.push(b'\n');
    line
}

fn random_byte(random: &mut Random) -> u8 {
    // Never a letter that begins a word such as "shutdown".
    let byte = random.below(256) as u8;
    if byte.is_ascii_alphabetic() { byte | 0x80 } else { byte }
}

/// Half of the clients write half a request, a byte at a time; the others say nothing.
fn dribble(clients: &[UnixStream], is_done: &AtomicBool) {
    let request = br#"{"jsonrpc":"2.0","id":1,"method":"status","params":{}}"#;
    for byte in &request[..request.len() - 1] {
        for mut client in clients.iter().step_by(2) {
            let _ = client.set_nonblocking(true);
            let _ = client.write(&[*byte]);
        }
        if wait_for(Duration::from_millis(200), || is_done.load(Ordering::Acquire).then_some(())).is_some() {
            return;
        }
    }
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The user of the engine, and another one.
const OWNER: u32 = 65534;
const STRANGER: u32 = 65533;

/// Another user connects; with the folders as they are, and with the folders opened by mistake. For root only.
pub fn other_users() -> Report {
    let mut report = Report::new("other users");
    if !rustix::process::geteuid().is_root() {
        report.figure("not shown", "only root can be two users");
        return report;
    }
    let place = Place::with_services(&[Service::new("sleeper", &["sleep", "1000"])]);
    for dir in ["", "home", "config", "config/ostler", "config/ostler/ostler.toml", "state", "run", "work"] {
        let given = chown(place.path(dir), Some(OWNER), Some(OWNER));
        report.expect(given.is_ok(), || format!("cannot give away {dir:?}: {given:?}"));
    }
    let mut command = place.command("ostler");
    command.arg("daemon").uid(OWNER).gid(OWNER).stdout(std::process::Stdio::null());
    let Ok(mut child) = command.spawn() else {
        report.failure("the daemon cannot be started as another user");
        return report;
    };
    let is_up =
        wait_for(Duration::from_secs(15), || poke(&place, OWNER).filter(|said| said.contains("answered")));
    report.expect(is_up.is_some(), || "the owner gets no answer".to_owned());
    let closed = poke(&place, STRANGER).unwrap_or_default();
    report.expect(closed.contains("no connection"), || format!("through closed folders: {closed}"));
    report.figure("a stranger, folders closed", closed);
    for (name, mode) in
        [("", 0o755), ("run", 0o755), ("run/ostler", 0o755), ("run/ostler/default.sock", 0o666)]
    {
        let opened = std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(mode));
        report.expect(opened.is_ok(), || format!("cannot open {name:?}: {opened:?}"));
    }
    let open = poke(&place, STRANGER).unwrap_or_default();
    report.expect(open.contains("closed without a word"), || format!("through open folders: {open}"));
    report.figure("a stranger, folders open", open);
    let root = Wire::connect(&place.socket()).map_err(Into::into).and_then(|mut wire| wire.status());
    report.expect(root.is_ok(), || "root gets no answer".to_owned());
    report.figure("root", if root.is_ok() { "answered" } else { "refused" });
    let _ = child.kill();
    let _ = child.wait();
    report
}

/// Asks for the status as another user, through a program of its own.
fn poke(place: &Place, user: u32) -> Option<String> {
    let mut command = Command::new(tool("poke"));
    command.arg(place.socket()).uid(user).gid(user).current_dir("/");
    let output = command.output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
