//! What services write, shown on a terminal: nothing but colours may command it, and colours end with the line.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../../crates/cli/src/print/safe.rs"]
mod safe;

fuzz_target!(|line: &str| {
    let shown = safe::safe(line);
    let mut rest: &str = &shown;
    while let Some(c) = rest.chars().next() {
        if c == '\u{1b}' {
            let inside = rest.strip_prefix("\u{1b}[").expect("an escape is a colour");
            let end =
                inside.find(|c: char| !(c.is_ascii_digit() || matches!(c, ';' | ':'))).expect("it ends");
            assert!(inside[end..].starts_with('m'), "an escape is a colour");
            rest = &inside[end + 1..];
            continue;
        }
        assert!(c == '\t' || !c.is_control(), "{c:?} is a control character");
        rest = &rest[c.len_utf8()..];
    }
    assert!(!shown.contains('\u{1b}') || shown.ends_with("\u{1b}[0m"), "colours end with the line");
});
