//! Server-sent events of an upstream: whatever the pieces in which bytes arrive, the same is heard.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ostler_server::fuzzing::events;

fuzz_target!(|data: &[u8]| {
    let Some((&piece, bytes)) = data.split_first() else { return };
    assert_eq!(events(bytes, usize::from(piece) + 1), events(bytes, usize::MAX));
});
