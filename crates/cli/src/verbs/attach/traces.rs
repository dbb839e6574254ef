//! What a program has done to the terminal, to be undone when somebody leaves it.

/// How much of a piece may be the beginning of a sequence that ends in the next.
const TAIL_MAX: usize = 15;
/// Mouse, focus, pasting, keypad and keyboard as they were; a visible cursor, wrapped lines, no colours.
const PLAIN: &str = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?2004l\x1b[>4;0m\x1b[?1l\x1b>\
    \x1b[?7h\x1b[r\x1b[?25h\x1b(B\x1b[0m";
const LEAVE_ALTERNATE: &str = "\x1b[?1049l";
const ENTERS: [&[u8]; 3] = [b"\x1b[?1049h", b"\x1b[?1047h", b"\x1b[?47h"];
const LEAVES: [&[u8]; 3] = [b"\x1b[?1049l", b"\x1b[?1047l", b"\x1b[?47l"];

/// Follows what a program does to the terminal.
#[derive(Debug, Default)]
pub(super) struct Traces {
    tail: Vec<u8>,
    is_alternate: bool,
    is_touched: bool,
}

impl Traces {
    /// Takes note of output.
    pub(super) fn see(&mut self, output: &[u8]) {
        let mut seen = std::mem::take(&mut self.tail);
        seen.extend_from_slice(output);
        self.is_touched |= seen.contains(&0x1b);
        let last = |needles: &[&[u8]]| needles.iter().filter_map(|needle| rfind(&seen, needle)).max();
        match (last(&ENTERS), last(&LEAVES)) {
            (Some(entered), left) if left.is_none_or(|left| left < entered) => self.is_alternate = true,
            (_, Some(_)) => self.is_alternate = false,
            (_, None) => {}
        }
        self.tail = seen.split_off(seen.len().saturating_sub(TAIL_MAX));
    }

    /// What puts the terminal in order.
    pub(super) fn undo(&self) -> String {
        let leave = if self.is_alternate { LEAVE_ALTERNATE } else { "" };
        let plain = if self.is_touched { PLAIN } else { "" };
        // Margins move the cursor when they are taken away.
        let (save, back) = if self.is_touched { ("\x1b7", "\x1b8") } else { ("", "") };
        format!("{leave}{save}{plain}{back}")
    }
}

fn rfind(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).rposition(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alternate_screen_is_left_if_the_program_is_in_it() {
        let cases: [(&[&str], bool); 5] = [
            (&["plain"], false),
            (&["\x1b[?1049h"], true),
            (&["\x1b[?10", "49h"], true),
            (&["\x1b[?1049hvim\x1b[?1049l$ "], false),
            (&["\x1b[?1049h", "a", "\x1b[?1049l", "b\x1b[?1049h"], true),
        ];
        for (pieces, is_alternate) in cases {
            let mut traces = Traces::default();
            pieces.iter().for_each(|piece| traces.see(piece.as_bytes()));
            assert_eq!(traces.undo().contains(LEAVE_ALTERNATE), is_alternate, "{pieces:?}");
        }
    }

    #[test]
    fn a_terminal_that_was_left_alone_is_left_alone() {
        let mut traces = Traces::default();
        traces.see(b"hello\r\n");
        assert_eq!(traces.undo(), "");
    }
}
