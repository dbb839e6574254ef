//! What a terminal showed before, fit to be shown again.
//!
//! Programs ask their terminal things (where is the cursor, who are you, which colour), and it answers as if it had
//! typed. Shown again, an old question would be answered again, into a program that has long stopped listening for
//! it. So questions, bells and whatever writes outside of the picture (titles, clipboard) are left out.

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const ENQ: u8 = 0x05;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;

/// Leaves out what must not happen twice.
pub(super) fn replay(shown: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(shown.len());
    let mut rest = shown;
    while let Some(&first) = rest.first() {
        let (length, is_kept) = match first {
            ESC => sequence(rest),
            BEL | ENQ => (1, false),
            _ => (1, true),
        };
        if is_kept {
            kept.extend_from_slice(&rest[..length]);
        }
        rest = &rest[length..];
    }
    kept
}

/// The length of the sequence that the bytes begin with, and whether it only paints.
fn sequence(bytes: &[u8]) -> (usize, bool) {
    match bytes.get(1) {
        Some(b'[') => control(bytes),
        // Strings: operating system commands, device control, privacy, application, start of string.
        Some(b']' | b'P' | b'^' | b'_' | b'X') => (string_length(bytes), false),
        // `ESC Z` is an old way to ask who the terminal is.
        Some(b'Z') => (2, false),
        // Cut off at the end: what follows would be taken for its rest.
        None => (1, false),
        // With intermediate bytes: character sets, line sizes.
        Some(0x20..=0x2f) => {
            let middle = bytes[1..].iter().take_while(|byte| (0x20..=0x2f).contains(*byte)).count();
            ((2 + middle).min(bytes.len()), bytes.len() >= 2 + middle)
        }
        Some(_) => (2, true),
    }
}

/// A control sequence: `ESC [`, parameters, intermediate bytes, one final byte.
fn control(bytes: &[u8]) -> (usize, bool) {
    let body = &bytes[2..];
    let parameters = body.iter().take_while(|byte| (0x30..=0x3f).contains(*byte)).count();
    let middle = body[parameters..].iter().take_while(|byte| (0x20..=0x2f).contains(*byte)).count();
    let Some(last) = body.get(parameters + middle) else { return (bytes.len(), false) };
    let length = 2 + parameters + middle + usize::from((0x40..=0x7e).contains(last));
    let (prefix, between) = (body.first().copied(), &body[parameters..parameters + middle]);
    let is_question = match last {
        // Who are you; where is the cursor; which window; which parameters.
        b'c' | b'n' | b't' | b'x' => true,
        // Which mode is set; which version.
        b'p' => between == b"$",
        b'q' => prefix == Some(b'>'),
        b'y' => between == b"*",
        // Which keyboard.
        b'u' => prefix == Some(b'?'),
        _ => false,
    };
    (length, (0x40..=0x7e).contains(last) && !is_question)
}

/// A string ends with BEL or `ESC \`, or is broken off by CAN, SUB or another escape.
fn string_length(bytes: &[u8]) -> usize {
    for (at, byte) in bytes.iter().enumerate().skip(2) {
        match *byte {
            BEL | CAN | SUB => return at + 1,
            ESC if bytes.get(at + 1) == Some(&b'\\') => return at + 2,
            ESC => return at,
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_paints_is_shown_again_and_what_asks_is_not() {
        let cases = [
            ("plain text\r\n\tand more", "plain text\r\n\tand more"),
            (
                "\x1b[31mred\x1b[0m \x1b[2J\x1b[H\x1b[?1049h\x1b[?25l",
                "\x1b[31mred\x1b[0m \x1b[2J\x1b[H\x1b[?1049h\x1b[?25l",
            ),
            ("a\x1b[cb\x1b[>cc\x1b[=cd", "abcd"),
            ("a\x1b[6nb\x1b[?6nc\x1b[5n", "abc"),
            ("a\x1b[14tb\x1b[?2026$pc\x1b[>qd\x1b[?ue\x1bZf", "abcdef"),
            ("a\x1b[2 qb\x1b[>4;2mc\x1b[!pd", "a\x1b[2 qb\x1b[>4;2mc\x1b[!pd"),
            ("a\x1b]11;?\x07b\x1b]0;title\x1b\\c\x1b]52;c;aGk=\x07d", "abcd"),
            ("a\x1bP+q544e\x1b\\b\x1b_x\x1b\\c\x1b^y\x07d", "abcd"),
            ("a\x1bPbroken\x18b\x1b]broken\x1b[1mc", "ab\x1b[1mc"),
            ("bell\x07 who\x05", "bell who"),
            ("\x1b(B\x1b)0\x1b#8\x1b7\x1b8\x1b=\x1b>\x1bM", "\x1b(B\x1b)0\x1b#8\x1b7\x1b8\x1b=\x1b>\x1bM"),
            ("cut \x1b", "cut "),
            ("cut \x1b[3", "cut "),
            ("cut \x1b(", "cut "),
            ("cut \x1b]0;tit", "cut "),
            ("bad \x1b[3\x01x", "bad \x01x"),
        ];
        for (shown, kept) in cases {
            let replayed = String::from_utf8(replay(shown.as_bytes())).unwrap();
            assert_eq!(replayed, kept, "{shown:?}");
        }
    }

    #[test]
    fn any_bytes_come_to_an_end() {
        let mut seed = 7u64;
        for _ in 0..2000 {
            let bytes: Vec<u8> = (0..40)
                .map(|_| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    b"\x1b[]PZ?0;$cnq(\\\x07\x18a\xff"[(seed >> 33) as usize % 18]
                })
                .collect();
            assert!(replay(&bytes).len() <= bytes.len());
        }
    }
}
