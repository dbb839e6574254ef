//! Writing in every unpleasant way.

use std::io::{BufRead, Read, Write, stdin, stdout};
use std::time::{Duration, Instant};

/// Writes all of it; a reader that is gone ends the process like any other program.
fn put(bytes: &[u8]) {
    let mut out = stdout().lock();
    if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
        std::process::exit(74);
    }
}

/// `line 1`, `line 2`, …, padded to `length`; at most `per_second` (0: as fast as can be).
pub(crate) fn count(total: u64, per_second: u64, length: usize) {
    let begin = Instant::now();
    let mut batch = Vec::new();
    for number in 1..=total {
        let line = format!("line {number} ");
        batch.extend_from_slice(line.as_bytes());
        batch.resize(batch.len() + length.saturating_sub(line.len() + 1), b'.');
        batch.push(b'\n');
        if let Some(pause) = 1_000_000_000u64.checked_div(per_second) {
            put(&batch);
            batch.clear();
            let due = begin + Duration::from_nanos(pause * number);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        } else if batch.len() >= 64 * 1024 {
            put(&batch);
            batch.clear();
        }
    }
    put(&batch);
}

/// Writes lines of 100 bytes, at a rate and up to a total in megabytes; then says how long it took.
pub(crate) fn flood(mb_per_second: u64, total_mb: u64) {
    let piece = "a line of a flood, ninety-nine letters long and its end, so that a hundred bytes are sent.........\n";
    let block = piece.repeat(64 * 1024 / piece.len());
    let total = total_mb.saturating_mul(1_000_000);
    let rate = mb_per_second.saturating_mul(1_000_000);
    let begin = Instant::now();
    let mut sent = 0;
    while sent < total {
        put(block.as_bytes());
        sent += block.len() as u64;
        let due = Duration::from_secs_f64(sent as f64 / rate as f64);
        std::thread::sleep(due.saturating_sub(begin.elapsed()));
    }
    put(format!("flooded {sent} bytes in {} ms\n", begin.elapsed().as_millis()).as_bytes());
    std::process::exit(0);
}

pub(crate) fn long_line(bytes: usize) {
    let block = vec![b'x'; 64 * 1024];
    let mut left = bytes;
    while left > 0 {
        let count = left.min(block.len());
        put(&block[..count]);
        left -= count;
    }
    put(b"\nthe end\n");
}

pub(crate) fn no_newline(text: &str) {
    put(text.as_bytes());
}

/// Every byte, broken UTF-8, zero bytes.
pub(crate) fn binary() {
    let all: Vec<u8> = (0..=255).collect();
    put(&all);
    put(b"\n\xff\xfe\xc3\x28\xe2\x82\n\0\0\0\n");
}

/// Colours, titles, clipboard and links, as a hostile service would write them.
pub(crate) fn ansi() {
    put(b"\x1b[31mred\x1b[0m \x1b]0;a title\x07 \x1b]52;c;ZXZpbA==\x07 \x1b]8;;http://evil/\x1b\\link\x1b]8;;\x1b\\\n");
    put("\x1b[2J\x1b[H\u{202e}desrever\u{202c} \u{9b}1m\n".as_bytes());
}

/// A progress bar of `steps` states, then a line of its own.
pub(crate) fn progress(steps: u64) {
    for step in 0..=steps {
        put(format!("\r{step}/{steps}").as_bytes());
    }
    put(b"\ndone\n");
}

pub(crate) fn print(text: &str) {
    put(text.as_bytes());
    put(b"\n");
}

/// Numbered lines, and out, without waiting for anybody.
pub(crate) fn lines_then_exit(lines: u64, code: i32) -> ! {
    count(lines, 0, 0);
    std::process::exit(code);
}

/// Gives back each line of its input, until that ends.
pub(crate) fn echo() {
    let mut input = stdin().lock();
    let mut line = Vec::new();
    while matches!(input.by_ref().take(1 << 20).read_until(b'\n', &mut line), Ok(1..)) {
        put(&line);
        line.clear();
    }
    std::process::exit(0);
}
