//! Server-sent events by the rules of the WHATWG (HTML, 9.2.6), out of bytes that come in pieces of any size.
//!
//! Stricter in one thing: an id that no header could carry is ignored like one with a NUL. Nothing is held that is
//! longer than an event may be: the rest of such an event is thrown away as it comes.

use std::time::Duration;

use crate::limits::{EVENT_BYTES_MAX, SOURCE_ID_MAX, UPSTREAM_RETRY_MAX};

/// The byte order mark, which may stand before everything.
const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
/// What is kept of a line: the longest event, and the name of its field.
const LINE_MAX: usize = EVENT_BYTES_MAX + 16;
/// Room for lines that is kept from one event to the next.
const ROOM_KEPT: usize = 4 * 1024;

/// What a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// An event.
    Event(Upstream),
    /// An event that is too long.
    Skipped {
        /// Its length.
        bytes: u64,
    },
    /// How long to wait before one connects again.
    Retry(Duration),
    /// A line that says nothing, as against silence.
    Comment,
    /// An id that cannot be used.
    BadId,
}

/// An event as its source says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// Empty if it has none.
    pub(crate) name: String,
    pub(crate) data: String,
    /// Its own id, not that of an event before it.
    pub(crate) id: Option<String>,
}

/// Reads a stream.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// Bytes of the mark that were there, or all if it is not there.
    mark: usize,
    is_after_cr: bool,
    line: Vec<u8>,
    line_bytes: u64,
    name: String,
    data: Vec<u8>,
    has_data: bool,
    id: Option<String>,
    is_too_long: bool,
    block_bytes: u64,
    last_id: Option<String>,
}

impl Parser {
    /// A parser of a stream that goes on after an event.
    pub(crate) fn after(last_id: Option<String>) -> Self {
        Self { last_id, ..Self::default() }
    }

    /// The id of the last event that was whole; none if it has none.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref().filter(|id| !id.is_empty())
    }

    /// Bytes of the event that is not whole yet.
    pub(crate) fn unfinished(&self) -> u64 {
        self.block_bytes + self.line_bytes
    }

    /// Takes in the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8], heard: &mut Vec<Heard>) {
        let mut bytes = self.without_mark(bytes);
        while let Some(first) = bytes.first() {
            if std::mem::take(&mut self.is_after_cr) && *first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.keep(bytes);
                return;
            };
            self.keep(&bytes[..end]);
            self.is_after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line(heard);
        }
    }

    fn without_mark<'b>(&mut self, mut bytes: &'b [u8]) -> &'b [u8] {
        while self.mark < MARK.len() {
            let Some((first, rest)) = bytes.split_first() else { return bytes };
            if *first == MARK[self.mark] {
                self.mark += 1;
                bytes = rest;
            } else {
                let were_there = std::mem::replace(&mut self.mark, MARK.len());
                self.keep(&MARK[..were_there]);
            }
        }
        bytes
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.line_bytes += bytes.len() as u64;
        let room = LINE_MAX - self.line.len().min(LINE_MAX);
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_line(&mut self, heard: &mut Vec<Heard>) {
        let length = std::mem::take(&mut self.line_bytes);
        if length == 0 {
            return self.end_block(heard);
        }
        let mut line = std::mem::take(&mut self.line);
        let is_whole = line.len() as u64 == length;
        if line.first() == Some(&b':') {
            heard.push(Heard::Comment);
        } else {
            self.block_bytes += length + 1;
            self.field(&line, is_whole, heard);
        }
        line.clear();
        self.line = line;
    }

    fn field(&mut self, line: &[u8], is_whole: bool, heard: &mut Vec<Heard>) {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = colon.map_or((line, &[][..]), |colon| (&line[..colon], &line[colon + 1..]));
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" if !is_whole || self.data.len() + value.len() + 1 > EVENT_BYTES_MAX => {
                self.is_too_long = true;
                self.data = Vec::new();
            }
            b"data" if self.is_too_long => {}
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            b"event" if is_whole => self.name = String::from_utf8_lossy(value).into_owned(),
            b"event" => self.is_too_long = true,
            b"id" => match String::from_utf8_lossy(value).into_owned() {
                id if is_whole && id.len() <= SOURCE_ID_MAX && !id.chars().any(char::is_control) => {
                    self.id = Some(id);
                }
                _ => heard.push(Heard::BadId),
            },
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let text = String::from_utf8_lossy(value);
                let wait = text.parse().map_or(UPSTREAM_RETRY_MAX, Duration::from_millis);
                heard.push(Heard::Retry(wait.min(UPSTREAM_RETRY_MAX)));
            }
            _ => {}
        }
    }

    fn end_block(&mut self, heard: &mut Vec<Heard>) {
        let bytes = std::mem::take(&mut self.block_bytes);
        let id = self.id.take();
        if let Some(id) = &id {
            self.last_id = Some(id.clone());
        }
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        let has_data = std::mem::take(&mut self.has_data);
        if std::mem::take(&mut self.is_too_long) {
            heard.push(Heard::Skipped { bytes });
        } else if has_data {
            let data = String::from_utf8_lossy(&data).into_owned();
            heard.push(Heard::Event(Upstream { name, data, id: id.filter(|id| !id.is_empty()) }));
        }
        self.line.shrink_to(ROOM_KEPT);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(bytes: &[u8]) -> (Vec<Heard>, Option<String>) {
        in_pieces(bytes, &[])
    }

    fn in_pieces(bytes: &[u8], cuts: &[usize]) -> (Vec<Heard>, Option<String>) {
        let mut parser = Parser::default();
        let mut heard = Vec::new();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut from = 0;
        for to in cuts.into_iter().chain([bytes.len()]) {
            parser.feed(&bytes[from..to], &mut heard);
            assert!(parser.line.len() <= LINE_MAX && parser.data.len() <= EVENT_BYTES_MAX);
            from = to;
        }
        (heard, parser.last_id().map(str::to_owned))
    }

    /// The events as `NAME|DATA|ID`, and other words for the rest.
    fn check(text: &str, expected: &[&str]) {
        let told = whole(text.as_bytes()).0.into_iter().map(|heard| match heard {
            Heard::Event(Upstream { name, data, id }) => format!("{name}|{data}|{}", id.unwrap_or_default()),
            Heard::Skipped { bytes } => format!("skipped {bytes}"),
            Heard::Retry(wait) => format!("retry {}", wait.as_millis()),
            Heard::Comment => "comment".to_owned(),
            Heard::BadId => "bad id".to_owned(),
        });
        assert_eq!(told.collect::<Vec<_>>(), expected, "{text:?}");
    }

    #[test]
    fn a_stream_is_read_as_the_standard_says() {
        check("data: a\n\n", &["|a|"]);
        check("\u{feff}data: a\r\rdata:b\r\n\r\ndata:  c\n\n", &["|a|", "|b|", "| c|"]);
        check("\u{feff}\u{feff}data: a\n\n", &[]);
        check("data: YHOO\ndata: +2\ndata: 10\n\n", &["|YHOO\n+2\n10|"]);
        check(": x\n\ndata: first\nid: 1\n\ndata:second\nid\n\n", &["comment", "|first|1", "|second|"]);
        check("data\n\ndata\ndata\n\ndata:", &["||", "|\n|"]);
        check("event: add\ndata: 1\n\nevent: none\n\ndata: 2\n\n", &["add|1|", "|2|"]);
        check(
            "retry: 10\nretry: 1x\nretry:\nretry: -1\nretry: 99999999999999999999\n",
            &["retry 10", "retry 300000"],
        );
        check("Data: a\ndata : b\nunknown: c\n\n", &[]);
        check("id: a\u{0}b\nid: c\u{1b}d\ndata: x\n\n", &["bad id", "bad id", "|x|"]);
        check("data: never finished\n", &[]);
    }

    #[test]
    fn the_last_id_is_that_of_the_last_whole_block_with_one() {
        let last = |text: &str| whole(text.as_bytes()).1;
        assert_eq!(last("id: 1\ndata: a\n\nid: 2\n\nid: 3\ndata: b\n").as_deref(), Some("2"));
        assert_eq!(last("id: 1\n\ndata: a\n\n").as_deref(), Some("1"));
        assert_eq!(last("id: 1\n\nid\n\n"), None);
        let mut parser = Parser::after(Some("7".to_owned()));
        parser.feed(b"data: a\n\n", &mut Vec::new());
        assert_eq!(parser.last_id(), Some("7"));
    }

    #[test]
    fn what_is_too_long_is_thrown_away_and_the_rest_goes_on() {
        let mut parser = Parser::default();
        let mut heard = Vec::new();
        let piece = [b'x'; 64 * 1024];
        parser.feed(b"id: 5\ndata: ", &mut heard);
        for _ in 0..160 {
            parser.feed(&piece, &mut heard);
            assert!(parser.line.capacity() <= 4 * LINE_MAX);
        }
        assert!(parser.unfinished() > 10 << 20);
        parser.feed(b"\n\ndata: y\n\n", &mut heard);
        assert_eq!(heard[0], Heard::Skipped { bytes: (160 << 16) + 13 });
        assert!(matches!(&heard[1], Heard::Event(Upstream { data, .. }) if data == "y"));
        assert_eq!((parser.last_id(), parser.unfinished()), (Some("5"), 0), "it is not asked for again");
        let lines = "data: 0123456789\n".repeat(10_000) + "\n";
        assert!(matches!(whole(lines.as_bytes()).0[..], [Heard::Skipped { .. }]));
        let comment = format!(":{}\ndata: a\n\n", "x".repeat(1 << 20));
        assert!(matches!(whole(comment.as_bytes()).0[..], [Heard::Comment, Heard::Event(_)]));
    }

    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let word = proptest::sample::select(vec![
            "data", "id", "event", "retry", ":", " ", "\n", "\r", "\r\n", "\n\n", "a", "7", "\u{e9}",
            "\u{0}", "\u{feff}",
        ]);
        proptest::collection::vec(word, 0..80).prop_map(|words| words.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn the_same_is_heard_however_the_bytes_are_cut(
            bytes in stream(),
            cuts in proptest::collection::vec(0usize..400, 0..40),
        ) {
            prop_assert_eq!(whole(&bytes), in_pieces(&bytes, &cuts));
            let each: Vec<usize> = (0..bytes.len()).collect();
            prop_assert_eq!(whole(&bytes), in_pieces(&bytes, &each));
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            whole(&bytes);
        }

        #[test]
        fn what_was_written_is_read(
            events in proptest::collection::vec(("[a-z]{0,6}", "[^\r]{0,20}", "[a-z0-9]{1,6}"), 0..20),
            end in proptest::sample::select(vec!["\n", "\r", "\r\n"]),
        ) {
            let mut text = String::new();
            for (name, data, id) in &events {
                text += &format!("event: {name}{end}id: {id}{end}");
                data.split('\n').for_each(|line| text += &format!("data: {line}{end}"));
                text += end;
            }
            let expected: Vec<Heard> = events
                .into_iter()
                .map(|(name, data, id)| Heard::Event(Upstream { name, data, id: Some(id) }))
                .collect();
            prop_assert_eq!(whole(text.as_bytes()).0, expected);
        }
    }
}
