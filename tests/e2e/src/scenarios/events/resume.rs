//! Clients of others that lose the stream at every moment and come back.
//!
//! Between each client and the daemon stands a relay that cuts the connection after a random number of bytes, in the
//! middle of an event too. The client comes back by its own means with the last id that it has; in the end the ids
//! that it was given are all there are, in order, none twice. What the daemon cannot replay it has to announce.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::site::{Site, free_port};
use crate::{Random, Report};

/// The clients: a name, the program, its script, and the packages that it needs.
const CLIENTS: [Client; 3] = [
    Client { name: "eventsource", program: "node", script: "events.mjs", packages: &["eventsource@4"] },
    Client {
        name: "httpx-sse",
        program: "python3",
        script: "events_httpx.py",
        packages: &["httpx", "httpx-sse"],
    },
    Client { name: "curl", program: "python3", script: "events_curl.py", packages: &[] },
];
/// Bytes until a cut.
const BYTES_MAX: u64 = 6000;
/// What says to the clients that they have all.
const END: &str = "the end";
/// The reconnection time as the daemon says it, and as the relay says it, so that ten thousand do not take a day.
const RETRY: (&[u8], &[u8]) = (b"retry: 3000", b"retry: 0001");

struct Client {
    name: &'static str,
    program: &'static str,
    script: &'static str,
    packages: &'static [&'static str],
}

/// `cuts` disconnects, shared out among the clients that are named (all if none is), with a ring that holds everything or with the one of the default settings.
pub fn resume(cuts: usize, names: &[&str], is_all_kept: bool, seed: u64) -> Report {
    let ring = if is_all_kept { "everything kept" } else { "the default ring" };
    let mut report = Report::new(format!("{cuts} disconnects of event streams, {ring} (seed {seed})"));
    let events = if is_all_kept { "buffer_size = 100000\nreplay_buffer_size = 100000" } else { "" };
    let clients: Vec<&Client> =
        CLIENTS.iter().filter(|client| names.is_empty() || names.contains(&client.name)).collect();
    let cuts = cuts.div_ceil(clients.len().max(1));
    for (number, client) in clients.into_iter().enumerate() {
        let relay = free_port();
        let site = Site::new(&format!("allowed_hosts = [\"127.0.0.1:{relay}\"]\n[events]\n{events}"));
        let outcome = prepare(client)
            .and_then(|command| run(&site, command, relay, cuts, is_all_kept, seed + number as u64));
        match outcome {
            Ok(found) => judge(client.name, &found, cuts, is_all_kept, &mut report),
            Err(error) => report.failure(format!("{}: {error}", client.name)),
        }
    }
    report
}

/// What a client got, and how often it was cut off.
struct Found {
    said: Vec<Said>,
    cuts: usize,
    first: u64,
}

/// A line of a client: the number of an event, or of a gap with how many it says are missing.
enum Said {
    Event(u64),
    Gap { upto: u64, dropped: Option<u64>, reason: String },
}

fn judge(name: &str, found: &Found, cuts: usize, is_all_kept: bool, report: &mut Report) {
    let (mut last, mut events, mut gaps, mut missing) = (found.first, 0_u64, 0, 0);
    for said in &found.said {
        match said {
            Said::Event(number) => {
                report.expect(*number == last + 1, || format!("{name}: event {number} after {last}"));
                events += 1;
                last = *number;
            }
            Said::Gap { upto, dropped, reason } => {
                let is_exact = *dropped == upto.checked_sub(last);
                report.expect(is_exact, || {
                    format!("{name}: a gap ({reason}) of {dropped:?} after {last} up to {upto}")
                });
                gaps += 1;
                missing += dropped.unwrap_or(0);
                last = *upto;
            }
        }
    }
    report.figure(
        format!("{name}: disconnects, events, gaps, events in them"),
        format!("{}, {events}, {gaps}, {missing}", found.cuts),
    );
    report.expect(found.cuts >= cuts, || format!("{name}: only {} disconnects", found.cuts));
    report.expect(gaps == 0 || !is_all_kept, || format!("{name}: {gaps} gaps though everything is kept"));
}

fn run(
    site: &Site,
    mut command: Command,
    relay: u16,
    cuts: usize,
    is_all_kept: bool,
    seed: u64,
) -> io::Result<Found> {
    let now = site.now()?;
    let first = now.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or(0);
    let urls = site.place.cli(&["--json", "events", "--url"]);
    let urls: Value = serde_json::from_slice(&urls.stdout)?;
    let url = urls["events_url"]
        .as_str()
        .unwrap_or_default()
        .replace(&site.address.to_string(), &format!("127.0.0.1:{relay}"));
    let listener = TcpListener::bind(("127.0.0.1", relay))?;
    listener.set_nonblocking(true)?;
    let output = site.place.path("client.out");
    command.arg(&url).arg(&now).arg(END).stdin(Stdio::null()).stdout(std::fs::File::create(&output)?);
    let cut = AtomicUsize::new(0);
    let is_over = AtomicBool::new(false);
    let to = site.address;
    std::thread::scope(|scope| -> io::Result<()> {
        scope.spawn(|| accept(&listener, to, cuts, seed, &cut, &is_over));
        let mut child = command.spawn()?;
        let told = publish(site, cuts, is_all_kept, &cut, &mut child);
        let status = child.wait();
        is_over.store(true, Ordering::Release);
        told?;
        let status = status?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("the client ended: {status}"))) }
    })?;
    let said = read(&output)?;
    Ok(Found { said, cuts: cut.load(Ordering::Acquire), first })
}

/// Publishes until there were enough cuts, then says that this is all.
fn publish(
    site: &Site,
    cuts: usize,
    is_all_kept: bool,
    cut: &AtomicUsize,
    child: &mut std::process::Child,
) -> io::Result<()> {
    let mut visit = site.visit()?;
    let mut sent = 0;
    // Few enough that a ring for all holds them; else so many that the usual one does not.
    let (batch, pause) = if is_all_kept { (4, 8) } else { (40, 25) };
    while cut.load(Ordering::Acquire) < cuts {
        if let Some(status) = child.try_wait()? {
            return Err(io::Error::other(format!("the client ended early: {status}")));
        }
        visit.publish(sent..sent + batch)?;
        sent += batch;
        // The pace at which there is something new.
        std::thread::sleep(Duration::from_millis(pause));
    }
    visit.publish_all(&serde_json::json!({"event_type": "test", "data": {"message": END}}))
}

/// Lets clients through to the daemon, and cuts them off again.
fn accept(
    listener: &TcpListener,
    to: SocketAddr,
    cuts: usize,
    seed: u64,
    cut: &AtomicUsize,
    is_over: &AtomicBool,
) {
    let mut random = Random::new(seed);
    while !is_over.load(Ordering::Acquire) {
        match listener.accept() {
            Ok((client, _)) => {
                let is_last = cut.load(Ordering::Acquire) >= cuts;
                let most = if is_last { u64::MAX } else { 1 + random.below(BYTES_MAX) };
                // One client at a time, and it has one connection.
                let _ = relay(&client, to, most, is_over);
                let _ = client.shutdown(Shutdown::Both);
                cut.fetch_add(1, Ordering::AcqRel);
            }
            Err(_) => std::thread::park_timeout(Duration::from_millis(1)),
        }
    }
}

/// Passes on the request, and of the answer only so many bytes after its head.
fn relay(mut client: &TcpStream, to: SocketAddr, most: u64, is_over: &AtomicBool) -> io::Result<()> {
    client.set_nonblocking(false)?;
    client.set_nodelay(true)?;
    client.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut server = TcpStream::connect(to)?;
    server.set_nodelay(true)?;
    server.set_read_timeout(Some(Duration::from_millis(500)))?;
    let mut bytes = [0; 2048];
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let length = client.read(&mut bytes)?;
        if length == 0 {
            return Ok(());
        }
        request.extend_from_slice(&bytes[..length]);
    }
    server.write_all(&request)?;
    let mut left = most;
    let mut is_head = true;
    while left > 0 && !is_over.load(Ordering::Acquire) {
        let length = match server.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        let piece = &mut bytes[..length];
        if is_head {
            // The head of the answer and the reconnection time come in its first bytes.
            if let Some(at) = piece.windows(RETRY.0.len()).position(|some| some == RETRY.0) {
                piece[at..at + RETRY.1.len()].copy_from_slice(RETRY.1);
                is_head = false;
            }
            client.write_all(piece)?;
            continue;
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(length);
        client.write_all(&piece[..most])?;
        left -= most as u64;
    }
    Ok(())
}

fn read(file: &Path) -> io::Result<Vec<Said>> {
    let wrong = |line: &str| io::Error::other(format!("the client says {line:?}"));
    let text = std::fs::read_to_string(file)?;
    let mut all = Vec::new();
    for line in text.lines() {
        let number = |id: &str| id.rsplit_once('-').and_then(|(_, number)| number.parse().ok());
        let words: Vec<&str> = line.split(' ').collect();
        let said = match words.as_slice() {
            ["event", id] => Said::Event(number(id).ok_or_else(|| wrong(line))?),
            ["gap", id, dropped, reason] => Said::Gap {
                upto: number(id).ok_or_else(|| wrong(line))?,
                dropped: dropped.parse().ok(),
                reason: (*reason).to_owned(),
            },
            _ => return Err(wrong(line)),
        };
        all.push(said);
    }
    Ok(all)
}

/// The command that starts a client, with its packages in a folder beside the programs of the tests.
fn prepare(client: &Client) -> io::Result<Command> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(client.script);
    if client.packages.is_empty() {
        let mut command = Command::new(client.program);
        command.arg(script);
        return Ok(command);
    }
    let folder = packages_dir(client.name)?;
    let installer = |program: &str, args: &[&str]| -> io::Result<()> {
        let output = Command::new(program).args(args).current_dir(&folder).output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("{program} {args:?}: {said}")))
        }
    };
    let is_there = folder.join("done").exists();
    let mut command = Command::new(client.program);
    if client.program == "node" {
        if !is_there {
            let init = ["init", "--yes"];
            installer("npm", &init)?;
            installer("npm", &[&["install", "--no-audit", "--no-fund"], client.packages].concat())?;
        }
        // A module looks for packages above itself.
        let own = folder.join(client.script);
        std::fs::copy(&script, &own)?;
        command.arg(own);
    } else {
        if !is_there {
            let to = ["-m", "pip", "install", "--quiet", "--target", "."];
            installer(client.program, &[&to, client.packages].concat())?;
        }
        command.arg(script).env("PYTHONPATH", &folder);
    }
    std::fs::write(folder.join("done"), "")?;
    Ok(command)
}

fn packages_dir(name: &str) -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().unwrap_or(Path::new(".")).join("event-clients").join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
