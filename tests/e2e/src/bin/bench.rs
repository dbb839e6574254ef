//! Measures, and writes the results. Started by `cargo xtask bench`.

use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use ostler_e2e::measure::{self, Peer, Row, Running};

/// How often a time is taken; the median counts.
const ROUNDS: usize = 15;

const NAMES: &[&str] =
    &["cold-start", "start", "crash", "status", "idle", "log", "reload", "adoption", "commands", "fan-out"];

/// How many services there are.
const HALF: usize = 50;
const MANY: usize = 100;
const THOUSAND: usize = 1000;
const IDLE_COUNTS: [usize; 3] = [0, HALF, MANY];

/// How long events are sent to many.
const FAN_OUT: Duration = Duration::from_secs(10);

/// How long a peer's idle cost is looked at.
const IDLE: Duration = Duration::from_secs(30);

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
    let peers = if words.iter().any(|word| word == "--peers") { peers(only) } else { Vec::new() };
    let text = match rows(only, &peers) {
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

/// What a peer needs for the same; nothing where it did not come to an end.
#[derive(Default)]
struct Figures {
    name: &'static str,
    cold_start: Option<f64>,
    start: Option<f64>,
    crash: Option<f64>,
    status: Option<f64>,
    /// By the number of services: processor, wake-ups, resident memory.
    idle: Vec<(usize, (f64, f64, f64))>,
    log: Option<f64>,
}

fn peers(only: Option<&str>) -> Vec<Figures> {
    let mut all = Vec::new();
    for peer in Peer::ALL {
        if peer.version().is_none() {
            println!("{} is not installed: measured without it", peer.name());
            continue;
        }
        println!("… {}", peer.name());
        let mut figures = Figures { name: peer.name(), ..Figures::default() };
        // One that does not do the work is told, and the others are measured.
        if let Err(error) = measure_peer(peer, only, &mut figures) {
            println!("{error}; measured as far as it went");
        }
        all.push(figures);
    }
    println!("dekit is not measured: there is no driver for it here");
    all
}

fn measure_peer(peer: Peer, only: Option<&str>, figures: &mut Figures) -> io::Result<()> {
    let is_wanted = |name: &str| only.is_none_or(|only| only == name);
    if is_wanted("log") {
        figures.log = Some(measure::peer_log_throughput(peer)?);
    }
    if is_wanted("idle") || is_wanted("start") || is_wanted("cold-start") {
        for count in IDLE_COUNTS {
            let running = Running::start(peer, count)?;
            figures.cold_start = Some(running.cold_start());
            let start = if count > 0 { Some(running.start_all()?) } else { None };
            if count == MANY {
                figures.start = start;
            }
            if is_wanted("idle") {
                figures.idle.push((count, running.idle(IDLE)));
            }
        }
    }
    if is_wanted("status") || is_wanted("crash") {
        let running = Running::start(peer, HALF)?;
        running.start_all()?;
        figures.status = Some(running.status(ROUNDS)?);
        if is_wanted("crash") {
            figures.crash = Some(running.crash_to_new_pid()?);
        }
    }
    Ok(())
}

fn rows(only: Option<&str>, peers: &[Figures]) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let beside = |mut row: Row, figure: fn(&Figures) -> Option<f64>| {
        peers.iter().for_each(|peer| row.peer(peer.name, figure(peer)));
        row
    };
    for name in NAMES.iter().filter(|name| only.is_none_or(|only| only == **name)) {
        println!("… {name}");
        match *name {
            "cold-start" => rows.push(beside(measure::cold_start(ROUNDS)?, |peer| peer.cold_start)),
            "start" => rows.push(beside(measure::start_many(MANY, 5)?, |peer| peer.start)),
            "crash" => rows.push(beside(measure::crash_to_new_pid(HALF)?, |peer| peer.crash)),
            "status" => {
                let mut both = measure::status_latency(HALF, ROUNDS * 2)?;
                if let Some(cli) = both.pop() {
                    both.push(beside(cli, |peer| peer.status));
                }
                rows.extend(both);
            }
            "idle" => {
                for count in IDLE_COUNTS {
                    rows.extend(idle(count, peers)?);
                }
            }
            "reload" => rows.push(measure::reload(THOUSAND, 5)?),
            "adoption" => rows.push(measure::adoption(MANY, 3)?),
            "fan-out" => rows.extend(measure::fan_out(THOUSAND, FAN_OUT)?),
            "commands" => rows.extend(measure::command_latency(THOUSAND, 200)?),
            _ => rows.push(beside(measure::log_throughput(5)?, |peer| peer.log)),
        }
    }
    Ok(rows)
}

fn idle(count: usize, peers: &[Figures]) -> io::Result<Vec<Row>> {
    let mut rows = measure::idle(count)?;
    for peer in peers {
        let found = peer.idle.iter().find(|(of, _)| *of == count);
        if let (Some((_, figures)), [cpu, wakeups, engine, ..]) = (found, &mut rows[..]) {
            cpu.peer(peer.name, Some(figures.0));
            wakeups.peer(peer.name, Some(figures.1));
            engine.peer(peer.name, Some(figures.2));
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
    for peer in Peer::ALL {
        let version = peer.version().unwrap_or_else(|| "not installed".to_owned());
        let _ = writeln!(text, "- {}: {version}", peer.name());
    }
    text.push_str(
        "\nThe bare loop makes only the system calls that the task needs: spawn; kill, wait and spawn; read and \
         write. For cold start and `ostler status` it is the spawn and end of `true`. Times are medians. Peers: cold start \
         is to the first open connection (supervisord) or the first answer to their client; the output of a \
         service is what it could write, which for Ostler is also counted in the log; the memory is that of the \
         supervisor's processes.\n\n",
    );
    text.push_str(&measure::markdown(rows));
    text
}
