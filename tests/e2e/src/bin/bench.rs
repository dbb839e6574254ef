//! Measures, and writes the results. Started by `cargo xtask bench`.

use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use ostler_e2e::measure::{self, Row, Supervisord};

/// How often a time is taken; the median counts.
const ROUNDS: usize = 15;

const NAMES: &[&str] = &["cold-start", "start", "crash", "status", "idle", "log"];

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1).map(String::as_str)
    };
    let only = value("--only");
    if only.is_some_and(|only| !NAMES.contains(&only)) {
        eprintln!("measurements: {}", NAMES.join(", "));
        return ExitCode::FAILURE;
    }
    let machine = measure::machine();
    let peer = if words.iter().any(|word| word == "--peers") { peer() } else { Ok(None) };
    let rows = peer.and_then(|peer| rows(only, peer.as_ref()));
    let text = match rows {
        Ok(rows) => report(&machine, &rows),
        Err(error) => {
            eprintln!("bench: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{text}");
    match value("--report").map(|file| std::fs::write(file, &text)) {
        Some(Err(error)) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
        Some(Ok(())) | None => ExitCode::SUCCESS,
    }
}

/// What the peer needs for the same.
struct Peer {
    cold_start: f64,
    start: f64,
    crash: f64,
    status: f64,
    idle: (f64, f64, f64),
}

fn peer() -> io::Result<Option<Peer>> {
    if Supervisord::version().is_none() {
        println!("supervisord is not installed: measured without it");
        return Ok(None);
    }
    println!("… supervisord");
    let many = Supervisord::start(100)?;
    let start = many.start_all()?;
    let idle = many.idle(Duration::from_secs(30));
    let cold_start = many.cold_start();
    drop(many);
    let fifty = Supervisord::start(50)?;
    fifty.start_all()?;
    let crash = fifty.crash_to_new_pid()?;
    let status = fifty.status(ROUNDS)?;
    Ok(Some(Peer { cold_start, start, crash, status, idle }))
}

fn rows(only: Option<&str>, peer: Option<&Peer>) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for name in NAMES.iter().filter(|name| only.is_none_or(|only| only == **name)) {
        println!("… {name}");
        match *name {
            "cold-start" => {
                rows.push(measure::cold_start(ROUNDS)?.supervisord(peer.map(|peer| peer.cold_start)));
            }
            "start" => rows.push(measure::start_many(100, 5)?.supervisord(peer.map(|peer| peer.start))),
            "crash" => rows.push(measure::crash_to_new_pid(50)?.supervisord(peer.map(|peer| peer.crash))),
            "status" => {
                let mut both = measure::status_latency(50, ROUNDS * 2)?;
                if let Some(cli) = both.last_mut() {
                    cli.supervisord = peer.map(|peer| peer.status);
                }
                rows.extend(both);
            }
            "idle" => {
                for count in [0, 50, 100] {
                    let mut idle = measure::idle(count)?;
                    if let (100, Some(peer), [cpu, wakeups, engine, ..]) = (count, peer, &mut idle[..]) {
                        cpu.supervisord = Some(peer.idle.0);
                        wakeups.supervisord = Some(peer.idle.1);
                        engine.supervisord = Some(peer.idle.2);
                    }
                    rows.extend(idle);
                }
            }
            _ => rows.push(measure::log_throughput(5)?),
        }
    }
    Ok(rows)
}

fn report(machine: &[String], rows: &[Row]) -> String {
    let mut text =
        "# Results\n\nWritten by `cargo xtask bench --peers`; release build, static keeper.\n\n".to_owned();
    for line in machine {
        let _ = writeln!(text, "- {line}");
    }
    let _ = writeln!(text, "- Ostler: {}", env!("CARGO_PKG_VERSION"));
    if let Some(version) = Supervisord::version() {
        let _ = writeln!(text, "- supervisord: {version}");
    }
    text.push_str(
        "\nThe bare loop makes only the system calls that the task needs: spawn; kill, wait and spawn; read and \
         write. For cold start and `ostler status` it is the spawn and end of `true`. Times are medians.\n\n",
    );
    text.push_str(&measure::markdown(rows));
    text
}
