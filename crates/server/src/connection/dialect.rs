//! Who wrote a line, and what it asks for.

use crate::request::{self, Call, Incoming};

/// Who writes the lines that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// No line has come yet.
    Nobody,
    /// A person.
    Person,
    /// A program.
    Program,
}

/// What a line asks for.
#[derive(Debug)]
pub(super) enum Asked {
    /// A command with words.
    Words(Vec<u8>),
    /// A JSON-RPC request.
    Call(Call),
    /// Nothing that can be served; the reply says why.
    Refused(Vec<u8>),
}

impl Asked {
    /// Reads a line.
    pub(super) fn read(line: Vec<u8>) -> Self {
        if !request::is_json(&line) {
            return Self::Words(line);
        }
        match request::read(&line) {
            Incoming::Call(call) => Self::Call(call),
            Incoming::Refused(reply) => Self::Refused(reply),
        }
    }

    /// Who wrote it.
    pub(super) fn writer(&self) -> Writer {
        match self {
            Self::Words(_) => Writer::Person,
            Self::Call(_) | Self::Refused(_) => Writer::Program,
        }
    }
}
