//! The request decoder, in every dialect: a line is understood, or refused with one line that says why.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(refusal) = ostler_server::fuzzing::request(data) else { return };
    let Some((b'\n', line)) = refusal.split_last() else { panic!("a refusal is a line") };
    assert!(!line.contains(&b'\n'), "a refusal is one line");
    assert!(serde_json::from_slice::<serde_json::Value>(line).is_ok(), "a refusal is JSON");
});
