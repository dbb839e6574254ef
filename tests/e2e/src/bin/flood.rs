//! A service for tests: writes numbered lines of 100 bytes at a rate, and says at the end how long it took.

use std::io::{self, BufWriter, Write};
use std::time::{Duration, Instant};

/// The length of a line with its end.
const LINE: usize = 100;

/// Lines between two looks at the clock.
const BATCH: usize = 500;

fn main() -> io::Result<()> {
    let mut words = std::env::args().skip(1).map(|word| word.parse::<u64>().ok());
    match (words.next().flatten(), words.next().flatten()) {
        (Some(rate), Some(seconds)) => flood(rate * 1_000_000, Duration::from_secs(seconds)),
        _ => Err(io::Error::other("usage: flood MB_PER_SECOND SECONDS; 0 MB is as fast as can be")),
    }
}

fn flood(bytes_per_second: u64, length: Duration) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let started = Instant::now();
    let mut number = 0_u64;
    while started.elapsed() < length {
        let due = started.elapsed().as_secs_f64() * bytes_per_second as f64;
        if bytes_per_second > 0 && (number * LINE as u64) as f64 > due {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        for _ in 0..BATCH {
            number += 1;
            let head = format!("line {number} ");
            out.write_all(head.as_bytes())?;
            out.write_all(&[b'.'; LINE][..LINE - 1 - head.len()])?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    let took = started.elapsed().as_secs_f64();
    let megabytes = (number * LINE as u64) as f64 / 1e6;
    writeln!(io::stderr(), "flood lines={number} megabytes={megabytes:.0} seconds={took:.3}")
}
