//! Events to many subscribers, beside nginx with nchan at the same work.
//!
//! Each event is a request of its own over one connection, and is sent to all subscribers as a server-sent event; the
//! readers and the publisher are the same program for both.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::crowd::{Crowd, clock};
use crate::scenarios::open_files;
use crate::site::{Site, free_port};
use crate::{ProcessTable, wait_until};

use super::{Row, Unit, usage};

/// Where Debian keeps nchan.
const NCHAN: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";
const NCHAN_NAME: &str = "nginx nchan";
/// Subscribers of the first part, whose memory is what the server itself needs.
const FEW: usize = 100;
/// Events a second: what both can do on two processors, readers included.
const RATE: u32 = 200;
/// What was sent has arrived by then.
const TAIL: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_secs(20);

/// What one server did.
struct Figures {
    subscriber_kib: f64,
    most: f64,
    cpu: f64,
    median: f64,
    slow: f64,
}

/// Measures `subscribers` that get 200 events a second, and then as many as one publisher can say one after the other.
///
/// # Errors
///
/// When a server does not do the work.
pub fn fan_out(subscribers: usize, time: Duration) -> io::Result<Vec<Row>> {
    open_files(subscribers as u64 + 1024)?;
    let ours = ours(subscribers, time)?;
    let nchan = if Path::new(NCHAN).exists() {
        Some(nchan(subscribers, time)?)
    } else {
        println!("nginx with nchan is not installed: measured without it");
        None
    };
    let what = format!("events to {subscribers} subscribers");
    let row = |name: &str, unit, of: fn(&Figures) -> f64| {
        let mut row = Row::new(format!("{what}: {name}"), unit, of(&ours));
        row.peer(NCHAN_NAME, nchan.as_ref().map(of));
        row
    };
    Ok(vec![
        row("memory of an idle subscriber", Unit::Kib, |figures| figures.subscriber_kib).goal(16.0),
        row(&format!("{RATE} a second, processor"), Unit::Percent, |figures| figures.cpu),
        row(&format!("{RATE} a second, delay, median"), Unit::Ms, |figures| figures.median),
        row(&format!("{RATE} a second, delay, 99 of 100"), Unit::Ms, |figures| figures.slow),
        row("delivered, one publisher without a pause", Unit::PerSecond, |figures| figures.most),
    ])
}

fn ours(subscribers: usize, time: Duration) -> io::Result<Figures> {
    let site = Site::new("");
    let mut visit = site.visit()?;
    let publish = |number: u64, sent: u64| {
        let data = json!({"plan_id": number, "sent": sent});
        visit.publish_all(&json!({"event_type": "plan_updated", "source": "load", "data": data}))
    };
    let wish = site.wish("/supervisor/events?source=load");
    let pids = [site.daemon.pid()];
    load(&pids, |count| Crowd::open_elsewhere(site.address, &wish, count), subscribers, time, publish)
}

fn nchan(subscribers: usize, time: Duration) -> io::Result<Figures> {
    let server = Nginx::start()?;
    let address = server.address;
    let mut stream = BufReader::new(TcpStream::connect(address)?);
    let publish = |number: u64, sent: u64| {
        let data = json!({"plan_id": number, "sent": sent, "event_type": "plan_updated"});
        let body = json!({"id": format!("{number:032}-{number}"), "at": "2026-01-01T00:00:00.000Z", "source": "load", "data": data});
        post(&mut stream, address, &body.to_string())
    };
    let wish = format!("GET /sub HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n");
    let pids = server.pids();
    load(&pids, |count| Crowd::open_elsewhere(address, &wish, count), subscribers, time, publish)
}

fn load(
    pids: &[u32],
    open: impl Fn(usize) -> io::Result<Crowd>,
    subscribers: usize,
    time: Duration,
    mut publish: impl FnMut(u64, u64) -> io::Result<()> + Send,
) -> io::Result<Figures> {
    publish(0, 0)?;
    let few = open(FEW)?;
    let before = usage::memory(pids).1;
    let mut crowd = open(subscribers - FEW)?;
    let subscriber_kib = (usage::memory(pids).1 - before) / (subscribers - FEW) as f64;
    // Those of the first part read as well.
    crowd.join(few)?;
    let used = run(pids, &mut crowd, time, Some(RATE), &mut publish)?.1;
    crowd.delays.sort();
    let at = |part: f64| {
        let index = (crowd.delays.len() as f64 * part) as usize;
        crowd.delays.get(index).map_or(0.0, |delay| delay.as_secs_f64() * 1e3)
    };
    let (median, slow) = (at(0.5), at(0.99));
    let most = run(pids, &mut crowd, time / 2, None, &mut publish)?.0;
    Ok(Figures { subscriber_kib, most, cpu: used.cpu_percent, median, slow })
}

/// Publishes for a time, at a rate or without a pause; events delivered a second, and what the server used.
fn run(
    pids: &[u32],
    crowd: &mut Crowd,
    time: Duration,
    rate: Option<u32>,
    mut publish: impl FnMut(u64, u64) -> io::Result<()> + Send,
) -> io::Result<(f64, usage::Usage)> {
    let before = crowd.events();
    let is_done = AtomicBool::new(false);
    let started = Instant::now();
    let (used, sent) = std::thread::scope(|scope| -> io::Result<(usage::Usage, u64)> {
        let used = scope.spawn(|| usage::over(pids, time));
        let publisher = scope.spawn(|| {
            let mut number = 0;
            let outcome = loop {
                if started.elapsed() >= time {
                    break Ok(number);
                }
                let stamp = u64::try_from(clock().as_nanos()).unwrap_or(0);
                if let Err(error) = publish(number, stamp) {
                    break Err(error);
                }
                number += 1;
                if let Some(rate) = rate {
                    // One who is late goes on at once.
                    let due = Duration::from_secs(number) / rate;
                    std::thread::sleep(due.saturating_sub(started.elapsed()));
                }
            };
            is_done.store(true, Ordering::Release);
            outcome
        });
        while !is_done.load(Ordering::Acquire) {
            crowd.read(Duration::from_millis(20))?;
        }
        let panicked = |_| io::Error::other("a measurement panicked");
        Ok((used.join().map_err(panicked)?, publisher.join().map_err(panicked)??))
    })?;
    let all = sent * crowd.tallies().count() as u64;
    let end = Instant::now() + TAIL;
    while crowd.events() - before < all && Instant::now() < end {
        crowd.read(Duration::from_millis(50))?;
    }
    let delivered = crowd.events() - before;
    println!("… {delivered} of {all} delivered, {:.0} published a second", sent as f64 / time.as_secs_f64());
    Ok((delivered as f64 / started.elapsed().as_secs_f64(), used))
}

/// nginx with nchan, in a folder of its own.
struct Nginx {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Nginx {
    fn start() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let of = |name: &str| folder.path().join(name).display().to_string();
        let text = format!(
            "daemon off; worker_processes auto; pid {}; error_log {}; load_module {NCHAN};\n\
             events {{ worker_connections 8192; }}\n\
             http {{ access_log off; client_body_temp_path {}; keepalive_requests 1000000000; server {{ listen {address};\n\
             location = /pub {{ nchan_publisher; nchan_channel_id load; nchan_message_buffer_length 256; }}\n\
             location = /sub {{ nchan_subscriber eventsource; nchan_channel_id load; }} }} }}\n",
            of("pid"),
            of("error.log"),
            of("bodies"),
        );
        std::fs::write(folder.path().join("nginx.conf"), text)?;
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-p").arg(folder.path()).arg("-c").arg(folder.path().join("nginx.conf"));
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let server = Self { child, address, _folder: folder };
        if wait_until(LIMIT, || TcpStream::connect(address).is_ok()) {
            Ok(server)
        } else {
            Err(io::Error::other("nginx does not listen"))
        }
    }

    /// Its processes, once there is one that works.
    fn pids(&self) -> Vec<u32> {
        wait_until(LIMIT, || self.family().len() > 1);
        self.family()
    }

    fn family(&self) -> Vec<u32> {
        let table = ProcessTable::read();
        let own = self.child.id();
        table
            .iter()
            .filter(|process| process.pid == own || process.parent == own)
            .map(|process| process.pid)
            .collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with the one that started them, if it may tell them.
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

fn post(stream: &mut BufReader<TcpStream>, to: SocketAddr, body: &str) -> io::Result<()> {
    let head = format!("POST /pub HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\n");
    let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    stream.get_mut().write_all(request.as_bytes())?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.1 20") {
            return Err(io::Error::other(line));
        }
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap_or(0);
        }
        if line == "\r\n" {
            break;
        }
    }
    stream.read_exact(&mut vec![0; length])
}
