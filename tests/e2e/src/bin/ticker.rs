//! A service for tests: writes numbered lines, slowly or as fast as it is told.

use std::io::{self, BufWriter, Write};
use std::time::{Duration, Instant};

/// The length of a line of a flood, with its end.
const FLOOD_LINE: usize = 100;

fn main() -> io::Result<()> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let number = |name: &str| -> Option<u64> {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1)?.parse().ok()
    };
    match (number("--pause-ms"), number("--flood-mb"), number("--seconds")) {
        (Some(pause), None, None) => tick(Duration::from_millis(pause)),
        (None, Some(rate), Some(seconds)) => flood(rate * 1_000_000, Duration::from_secs(seconds)),
        _ => Err(io::Error::other("usage: ticker --pause-ms N | --flood-mb MB_PER_SECOND --seconds N")),
    }
}

fn tick(pause: Duration) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for number in 0_u64.. {
        out.write_all(format!("tick {number}\n").as_bytes())?;
        out.flush()?;
        std::thread::sleep(pause);
    }
    Ok(())
}

/// Writes at a rate (as fast as possible when it is 0), then says on standard error how long it took.
fn flood(bytes_per_second: u64, length: Duration) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let started = Instant::now();
    let mut number = 0_u64;
    while started.elapsed() < length {
        let due = started.elapsed().as_secs_f64() * bytes_per_second as f64;
        if bytes_per_second > 0 && (number * FLOOD_LINE as u64) as f64 > due {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        for _ in 0..500 {
            let head = format!("tick {number} ");
            out.write_all(head.as_bytes())?;
            out.write_all(&[b'.'; FLOOD_LINE][..FLOOD_LINE - 1 - head.len()])?;
            out.write_all(b"\n")?;
            number += 1;
        }
    }
    out.flush()?;
    let took = started.elapsed().as_secs_f64();
    let megabytes = (number * FLOOD_LINE as u64) as f64 / 1e6;
    writeln!(io::stderr(), "flood lines={number} megabytes={megabytes:.0} seconds={took:.3}")
}
