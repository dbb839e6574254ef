//! The log framer: without carriage returns and pauses no byte is lost, whatever the pieces; and any record is read.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use ostler_keeper::log::{Header, LINE_MAX, Meta, Splitter, Stream, parse_line, parse_time};

fuzz_target!(|data: &[u8]| {
    if let Some(line) = parse_line(data) {
        let _ = (parse_time(line.time), Meta::parse(line.bytes));
    }
    let _ = (Header::of_file(data), Meta::parse(data));
    let Some((&piece, bytes)) = data.split_first() else { return };
    let (piece, pauses) = (usize::from(piece >> 1) + 1, piece & 1 == 1);
    let mut splitter = Splitter::new(Stream::Stdout);
    let mut written = Vec::new();
    let mut sink = |_: Stream, is_partial: bool, record: &[u8]| {
        assert!(record.len() <= LINE_MAX, "a record is bounded");
        assert!(!record.contains(&b'\n'), "a record is one line");
        written.extend_from_slice(record);
        if !is_partial {
            written.push(b'\n');
        }
    };
    let mut now = Instant::now();
    for piece in bytes.chunks(piece) {
        splitter.feed(now, piece, &mut sink);
        if pauses {
            now += Duration::from_secs(1);
            splitter.flush_due(now, &mut sink);
        }
    }
    splitter.finish(&mut sink);
    if !bytes.contains(&b'\r') {
        let mut expected = bytes.to_vec();
        if expected.last().is_some_and(|&last| last != b'\n') {
            expected.push(b'\n');
        }
        assert_eq!(written, expected);
    }
});
