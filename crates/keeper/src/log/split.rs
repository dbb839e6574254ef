//! Cuts the byte stream of one pipe into records.

use super::{LINE_MAX, Stream};
use std::time::{Duration, Instant};

/// A line that waits for its end is written in part after this long without a byte.
const IDLE: Duration = Duration::from_millis(250);

/// A line that trickles in is written in part at the latest after this long.
const TRICKLE: Duration = Duration::from_secs(1);

/// A progress bar shows a new state at most this often.
const PROGRESS: Duration = Duration::from_secs(5);

/// Cuts one stream into records; holds at most [`LINE_MAX`] bytes.
#[derive(Debug)]
pub struct Splitter {
    stream: Stream,
    pending: Vec<u8>,
    /// Parts of the current line are out already.
    is_continued: bool,
    /// `pending` ended in a carriage return, so the next byte overwrites it.
    is_returned: bool,
    /// `pending` overwrites the parts that are out.
    is_overwriting: bool,
    /// The current line had a carriage return inside.
    is_progress: bool,
    first_byte: Option<Instant>,
    last_byte: Option<Instant>,
    last_part: Option<Instant>,
}

impl Splitter {
    /// Creates a splitter at the beginning of a line.
    pub fn new(stream: Stream) -> Self {
        Self {
            stream,
            pending: Vec::new(),
            is_continued: false,
            is_returned: false,
            is_overwriting: false,
            is_progress: false,
            first_byte: None,
            last_byte: None,
            last_part: None,
        }
    }

    /// Takes what was read at `now`; gives each record to `sink` as stream, whether partial, and bytes.
    pub fn feed(
        &mut self,
        now: Instant,
        mut input: &[u8],
        sink: &mut (impl FnMut(Stream, bool, &[u8]) + ?Sized),
    ) {
        while let Some(end) = find(b'\n', input) {
            let line = &input[..end];
            input = &input[end + 1..];
            if self.pending.is_empty() && !self.is_continued && line.len() <= LINE_MAX {
                sink(self.stream, false, last_state(line));
                self.begin_line();
            } else {
                self.append(line, sink);
                self.end_line(sink);
            }
        }
        if !input.is_empty() {
            self.first_byte.get_or_insert(now);
            self.last_byte = Some(now);
            self.append(input, sink);
        }
    }

    /// When [`Splitter::flush_due`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        if self.pending.is_empty() {
            return None;
        }
        let (first, last) = (self.first_byte?, self.last_byte?);
        let due = (last + IDLE).min(first + TRICKLE);
        match self.last_part {
            Some(part) if self.is_progress => Some(due.max(part + PROGRESS)),
            Some(_) | None => Some(due),
        }
    }

    /// Writes the waiting part of a line when its time has come.
    pub fn flush_due(&mut self, now: Instant, sink: &mut (impl FnMut(Stream, bool, &[u8]) + ?Sized)) {
        if self.deadline().is_some_and(|due| due <= now) {
            self.emit_part(sink);
            self.last_part = Some(now);
        }
    }

    /// Ends the last line when the stream has ended.
    pub fn finish(&mut self, sink: &mut (impl FnMut(Stream, bool, &[u8]) + ?Sized)) {
        if self.is_continued || !self.pending.is_empty() {
            self.end_line(sink);
        }
        self.pending = Vec::new();
    }

    fn append(&mut self, chunk: &[u8], sink: &mut (impl FnMut(Stream, bool, &[u8]) + ?Sized)) {
        let body = trim_returns(chunk);
        let returns_at_end = body.len() < chunk.len();
        if let Some(last) = rfind(b'\r', body) {
            self.overwrite();
            self.extend(&body[last + 1..], sink);
        } else if !body.is_empty() {
            if self.is_returned {
                self.overwrite();
            }
            self.extend(body, sink);
        }
        self.is_returned = returns_at_end || (self.is_returned && body.is_empty());
    }

    fn overwrite(&mut self) {
        self.pending.clear();
        self.is_progress = true;
        self.is_overwriting = self.is_continued;
    }

    fn extend(&mut self, mut bytes: &[u8], sink: &mut (impl FnMut(Stream, bool, &[u8]) + ?Sized)) {
        loop {
            let room = LINE_MAX - self.pending.len();
            if bytes.len() <= room {
                self.pending.extend_from_slice(bytes);
                return;
            }
            let (now, later) = bytes.split_at(room);
            self.pending.extend_from_slice(now);
            self.emit_part(sink);
            bytes = later;
        }
    }

    fn emit_part(&mut self, sink: &mut (impl FnMut(Stream, bool, &[u8]) + ?Sized)) {
        self.emit(true, sink);
        self.is_continued = true;
        self.is_overwriting = false;
        self.first_byte = None;
    }

    fn end_line(&mut self, sink: &mut (impl FnMut(Stream, bool, &[u8]) + ?Sized)) {
        self.emit(false, sink);
        self.begin_line();
    }

    fn emit(&mut self, is_partial: bool, sink: &mut (impl FnMut(Stream, bool, &[u8]) + ?Sized)) {
        if self.is_overwriting {
            self.pending.insert(0, b'\r');
        }
        sink(self.stream, is_partial, &self.pending);
        self.pending.clear();
    }

    fn begin_line(&mut self) {
        self.is_continued = false;
        self.is_returned = false;
        self.is_overwriting = false;
        self.is_progress = false;
        self.first_byte = None;
        self.last_part = None;
    }
}

/// The line as a terminal would leave it: what follows the last carriage return that is not at the end.
fn last_state(line: &[u8]) -> &[u8] {
    let body = trim_returns(line);
    rfind(b'\r', body).map_or(body, |last| &body[last + 1..])
}

fn trim_returns(mut bytes: &[u8]) -> &[u8] {
    while let Some((b'\r', rest)) = bytes.split_last() {
        bytes = rest;
    }
    bytes
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether one of the eight bytes equals the one repeated in `pattern`.
fn has_byte(word: &[u8; 8], pattern: u64) -> bool {
    let diff = u64::from_le_bytes(*word) ^ pattern;
    diff.wrapping_sub(ONES) & !diff & HIGHS != 0
}

fn find(byte: u8, bytes: &[u8]) -> Option<usize> {
    let pattern = ONES * u64::from(byte);
    let (words, _) = bytes.as_chunks::<8>();
    let skipped = words.iter().position(|word| has_byte(word, pattern)).unwrap_or(words.len()) * 8;
    bytes[skipped..].iter().position(|b| *b == byte).map(|at| skipped + at)
}

fn rfind(byte: u8, bytes: &[u8]) -> Option<usize> {
    let pattern = ONES * u64::from(byte);
    let (_, words) = bytes.as_rchunks::<8>();
    let skipped = words.iter().rev().position(|word| has_byte(word, pattern)).unwrap_or(words.len()) * 8;
    bytes[..bytes.len() - skipped].iter().rposition(|b| *b == byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds chunks 10 ms apart (`~` as a chunk means 300 ms of silence); gives records as `F text`.
    fn check(chunks: &[&str], expected: &[&str]) {
        let mut now = Instant::now();
        let mut splitter = Splitter::new(Stream::Stdout);
        let mut records = Vec::new();
        let mut sink = |_: Stream, partial: bool, bytes: &[u8]| {
            let tag = if partial { 'P' } else { 'F' };
            records.push(format!("{tag} {}", String::from_utf8_lossy(bytes)));
        };
        for chunk in chunks {
            now += Duration::from_millis(if *chunk == "~" { 300 } else { 10 });
            splitter.flush_due(now, &mut sink);
            if *chunk != "~" {
                splitter.feed(now, chunk.as_bytes(), &mut sink);
            }
        }
        splitter.finish(&mut sink);
        assert_eq!(records, expected);
    }

    #[test]
    fn lines_may_arrive_in_any_pieces() {
        check(&["a\nb", "b\n", "\n", "c"], &["F a", "F bb", "F ", "F c"]);
    }

    #[test]
    fn a_prompt_is_shown_while_it_waits() {
        check(&["name? ", "~", "you\n", "x\n"], &["P name? ", "F you", "F x"]);
        check(&["name? ", "~"], &["P name? ", "F "]);
    }

    #[test]
    fn of_a_progress_bar_only_the_last_state_is_kept() {
        check(&["\r1%\r2%\r3%\n"], &["F 3%"]);
        check(&["1%\r", "2%\r", "3%\r", "\n"], &["F 3%"]);
        check(&["1%\r", "~", "2%", "\r3%\r", "\n"], &["P 1%", "F \r3%"]);
        check(&["1%\r", "~", "2%\r", "~", "3%\r", "~", "4%\n"], &["P 1%", "F \r4%"]);
        check(&["dos line\r\n", "dos\r", "\nx\n"], &["F dos line", "F dos", "F x"]);
    }

    #[test]
    fn a_long_line_is_split_and_loses_nothing() {
        let mut splitter = Splitter::new(Stream::Stderr);
        let (mut whole, mut parts) = (Vec::new(), Vec::new());
        let mut sink = |_: Stream, partial: bool, bytes: &[u8]| {
            whole.extend_from_slice(bytes);
            parts.push((partial, bytes.len()));
        };
        let text = vec![b'x'; 3 * LINE_MAX + 10];
        splitter.feed(Instant::now(), &text, &mut sink);
        splitter.feed(Instant::now(), b"end\n", &mut sink);
        assert_eq!(whole.len(), text.len() + 3);
        assert_eq!(parts, [(true, LINE_MAX), (true, LINE_MAX), (true, LINE_MAX), (false, 13)]);
    }

    proptest! {
        #[test]
        fn whatever_the_pieces_the_lines_are_the_same(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(0u8), Just(0xff), any::<u8>()], 0..400),
            cuts in proptest::collection::vec(1usize..40, 1..40),
        ) {
            let text: Vec<u8> = text.into_iter().filter(|byte| *byte != b'\r').collect();
            let mut splitter = Splitter::new(Stream::Stdout);
            let mut joined = Vec::new();
            let mut sink = |_: Stream, partial: bool, bytes: &[u8]| {
                joined.extend_from_slice(bytes);
                if !partial { joined.push(b'\n'); }
            };
            let (mut rest, mut now) = (&text[..], Instant::now());
            for cut in cuts.iter().cycle() {
                let (piece, later) = rest.split_at((*cut).min(rest.len()));
                splitter.feed(now, piece, &mut sink);
                now += Duration::from_millis(*cut as u64 * 20);
                splitter.flush_due(now, &mut sink);
                rest = later;
                if rest.is_empty() { break; }
            }
            splitter.finish(&mut sink);
            let mut expected = text.clone();
            if !expected.is_empty() && expected.last() != Some(&b'\n') { expected.push(b'\n'); }
            prop_assert_eq!(joined, expected);
        }

        #[test]
        fn finding_agrees_with_the_plain_search(bytes in proptest::collection::vec(0u8..4, 0..60)) {
            prop_assert_eq!(find(2, &bytes), bytes.iter().position(|b| *b == 2));
            prop_assert_eq!(rfind(2, &bytes), bytes.iter().rposition(|b| *b == 2));
        }
    }
}
