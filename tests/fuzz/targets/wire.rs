//! The wire framer: whatever the pieces in which bytes arrive, the lines are those of the whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ostler_server::fuzzing::{Line, lines};

/// The longest line here; small, so that it is reached.
const MAX: usize = 64;

fuzz_target!(|data: &[u8]| {
    let Some((&piece, bytes)) = data.split_first() else { return };
    assert_eq!(lines(bytes, usize::from(piece) + 1, MAX), expected(bytes));
});

fn expected(bytes: &[u8]) -> Vec<Line> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (line, next) = match rest.iter().position(|&byte| byte == b'\n') {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, &rest[rest.len()..]),
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > MAX {
            found.push(Line::TooLong);
            return found;
        }
        found.push(Line::Whole(line.to_vec()));
        rest = next;
    }
    found
}
