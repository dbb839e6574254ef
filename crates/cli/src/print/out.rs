//! The way to standard output.

use std::{
    borrow::Cow,
    io::{self, BufWriter, Write},
};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

/// Standard output: for people, or JSON.
pub(crate) struct Out {
    stream: BufWriter<AutoStream<io::Stdout>>,
    is_json: bool,
}

impl Out {
    /// Standard output as asked for.
    pub(crate) fn new(is_json: bool) -> Self {
        Self { stream: BufWriter::new(AutoStream::auto(io::stdout())), is_json }
    }

    /// Whether the reader is a program.
    pub(crate) fn is_json(&self) -> bool {
        self.is_json
    }

    /// Writes a text and a line end.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        self.stream.write_all(text.as_ref().as_bytes())?;
        self.stream.write_all(b"\n")
    }

    /// Writes a text as it is.
    pub(crate) fn text(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        self.stream.write_all(text.as_ref().as_bytes())
    }

    /// Draws: where colours are not wanted they are left out, but the cursor still moves. Sends everything off.
    pub(crate) fn picture(&mut self, text: &str) -> io::Result<()> {
        self.stream.flush()?;
        let is_plain = self.stream.get_ref().current_choice() == ColorChoice::Never;
        let text = if is_plain { without_colours(text) } else { Cow::Borrowed(text) };
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// Writes a value over several lines.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.stream, value)?;
        self.stream.write_all(b"\n")
    }

    /// Writes a value on one line and sends it off, for streams of values.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.stream, value)?;
        self.stream.write_all(b"\n")?;
        self.flush()
    }

    /// The value for programs, else the text.
    pub(crate) fn either(&mut self, value: &impl Serialize, text: impl FnOnce() -> String) -> io::Result<()> {
        if self.is_json { self.json(value) } else { self.text(text()) }
    }

    /// Sends everything off.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Writes a text as it is to standard error; nothing depends on it being read.
pub(crate) fn remark_text(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Writes a remark for people to standard error; nothing depends on it being read.
pub(crate) fn remark(text: impl AsRef<str>) {
    let _ = writeln!(anstream::stderr(), "{}", text.as_ref());
}

/// A text without `ESC [ … m`.
fn without_colours(text: &str) -> Cow<'_, str> {
    if !text.contains('\x1b') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split("\x1b[");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(part.len());
        match part[end..].strip_prefix('m') {
            Some(rest) => plain.push_str(rest),
            None => {
                plain.push_str("\x1b[");
                plain.push_str(part);
            }
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_the_cursor_still_moves() {
        let text = "\x1b[H\x1b[1;31mred\x1b[0m\x1b[K\r\n\x1b[?25l\x1b[J";
        assert_eq!(without_colours(text), "\x1b[Hred\x1b[K\r\n\x1b[?25l\x1b[J");
        assert_eq!(without_colours("plain"), "plain");
    }
}
