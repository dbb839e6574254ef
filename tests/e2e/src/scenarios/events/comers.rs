//! Many who come at once, and many who come one after the other.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use crate::crowd::Crowd;
use crate::measure::memory;
use crate::site::Site;
use crate::{Limits, Report, wait_until};

use super::super::shared::{median, ms};
use super::fan_out::open_files;

/// With more than this the daemon has to turn some away.
const PORT_MAX: usize = 4096;
/// Every so many connections somebody asks how things are.
const LOOK_EVERY: usize = 250;
/// The descriptors of those who left are given back by then.
const LEFT_LIMIT: Duration = Duration::from_secs(10);
/// What a connection that was turned away may leave behind, in the allocator.
const GROWTH_KIB: f64 = 8192.0;

/// `at_once` connections side by side, first silent, then asking; and `in_sequence` requests with a connection each.
/// One who listened before goes on listening, and whoever asks over the socket is answered all the time.
pub fn comers(at_once: usize, in_sequence: usize, limits: &Limits) -> Report {
    let mut report = Report::new(format!("{at_once} connections at once, {in_sequence} in sequence"));
    if let Err(error) = open_files(at_once as u64 + 256) {
        report.failure(format!("this program may not open enough files: {error}"));
        return report;
    }
    let site = Site::new("");
    if let Err(error) = comers_at(&site, at_once, in_sequence, limits, &mut report) {
        report.failure(format!("{error}; the daemon says:\n{}", site.place.daemon_output()));
    }
    report
}

fn comers_at(
    site: &Site,
    at_once: usize,
    in_sequence: usize,
    limits: &Limits,
    report: &mut Report,
) -> io::Result<()> {
    let mut listener = Crowd::open(site.address, &site.wish("/supervisor/events?types=test"), 1, 0)?;
    // Once before, so that what is only made when it is needed is there.
    site.visit()?.ask("GET", "/supervisor/status", None)?;
    let (before, files) = (memory(&[site.daemon.pid()]).0, open_of(site));
    let mut looks = Vec::new();
    let silent = crowd(site, at_once, None, &mut looks)?;
    let (status, _) = site.visit()?.ask("GET", "/supervisor/status", None)?;
    report.expect(status == 200, || format!("one who asks among the silent gets {status}"));
    drop(silent);
    wait_until(LEFT_LIMIT, || open_of(site) <= files);
    // Whoever shows nothing makes room for others; these have the token.
    let known = site.wish("/api/v1/services").replace("text/event-stream", "*/*");
    let mut asking = crowd(site, at_once, Some(&known), &mut looks)?;
    if at_once > PORT_MAX {
        let said = site.place.cli(&["status"]);
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        report.expect(said.contains("turned away"), || format!("`ostler status` does not say it: {said}"));
    }
    report.figure(
        "of those that asked: answered, told to come later, ended without a word",
        answers(&mut asking),
    );
    drop(asking);
    let is_left = wait_until(LEFT_LIMIT, || open_of(site) <= files);
    report.expect(is_left, || format!("{} descriptors are open, {files} were", open_of(site)));
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", site.address);
    let started = Instant::now();
    for number in 0..in_sequence {
        let mut stream = come(site.address, number)?;
        let closing = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        stream.write_all(closing.as_bytes())?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        if !said.starts_with("HTTP/1.1 200 ") {
            report.failure(format!("request {number}: {said:?}"));
            break;
        }
        if number.is_multiple_of(LOOK_EVERY) {
            looks.push(look(site)?);
        }
    }
    let took = started.elapsed().as_secs_f64();
    report.figure("requests a second, a connection each", format!("{:.0}", in_sequence as f64 / took));
    let is_left = wait_until(LEFT_LIMIT, || open_of(site) <= files);
    report.expect(is_left, || format!("{} descriptors are open, {files} were", open_of(site)));
    let growth = memory(&[site.daemon.pid()]).0 - before;
    report.figure("engine grew by", format!("{growth:.0} KiB"));
    report.expect(growth < GROWTH_KIB, || format!("it grew by {growth:.0} KiB"));
    site.visit()?
        .publish_all(&serde_json::json!({"event_type": "test", "data": {"message": "still there"}}))?;
    let is_heard = listener.read_until(LEFT_LIMIT, |tally| tally.events > 0)?;
    report.expect(is_heard, || "the one who listened before hears nothing any more".to_owned());
    let slowest = looks.iter().max().copied().unwrap_or_default();
    report.figure("status over the socket meanwhile, median", ms(median(&mut looks)));
    report.figure("slowest", ms(slowest));
    report.expect(slowest < limits.status.max(limits.lag), || format!("status took {}", ms(slowest)));
    Ok(())
}

/// Connections side by side, each with a request if there is one.
fn crowd(
    site: &Site,
    count: usize,
    request: Option<&str>,
    looks: &mut Vec<Duration>,
) -> io::Result<Vec<TcpStream>> {
    let mut all = Vec::with_capacity(count);
    for number in 0..count {
        let mut stream = come(site.address, number)?;
        if let Some(request) = request {
            // One who is turned away at once may not be able to say it any more.
            let _ = stream.write_all(request.as_bytes());
        }
        all.push(stream);
        if number.is_multiple_of(LOOK_EVERY) {
            looks.push(look(site)?);
        }
    }
    Ok(all)
}

/// What those who asked got.
fn answers(all: &mut [TcpStream]) -> String {
    let (mut answered, mut told, mut without) = (0, 0, 0);
    for stream in all {
        let mut bytes = [0; 1024];
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let length = stream.read(&mut bytes).unwrap_or(0);
        match &bytes[..length] {
            said if said.starts_with(b"HTTP/1.1 200 ") => answered += 1,
            said if said.starts_with(b"HTTP/1.1 503 ") => told += 1,
            _ => without += 1,
        }
    }
    format!("{answered}, {told}, {without}")
}

/// How long the control socket takes.
fn look(site: &Site) -> io::Result<Duration> {
    let asked = Instant::now();
    site.place.wire()?.status().map_err(|refusal| io::Error::other(refusal.to_string()))?;
    Ok(asked.elapsed())
}

/// Comes from one of many addresses of this machine, so that there are ports for all.
fn come(to: SocketAddr, number: usize) -> io::Result<TcpStream> {
    let own = Ipv4Addr::new(127, 0, 1, u8::try_from(number % 200 + 1).unwrap_or(1));
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddrV4::new(own, 0))?;
    connect(&socket, &to)?;
    Ok(TcpStream::from(socket))
}

/// Descriptors that the daemon has open.
fn open_of(site: &Site) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", site.daemon.pid())).map_or(0, Iterator::count)
}
