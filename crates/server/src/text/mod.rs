//! Commands with words, for people with netcat.
//!
//! A line is a [`Command`]; the engine answers it through the same handle as any program; the answer is aligned
//! text that ends with an empty line, and has no other empty line. Nothing a service wrote reaches the terminal
//! unescaped.

mod answer;
mod command;
mod render;
mod table;

pub(crate) use answer::{Spoken, answer, is_command, refusal};
pub(crate) use render::{event_line, log_lines};

/// Reads a line, for the fuzz targets.
#[cfg(feature = "fuzzing")]
pub(crate) fn read(line: &str) {
    if let Err(mistake) = command::Command::parse(line) {
        assert!(!mistake.message.is_empty() && !mistake.hint.is_empty(), "a mistake is told");
    }
}
