//! The way to standard output.

use std::io::{self, BufWriter, Write};

use anstream::AutoStream;
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
