//! Who wrote a line, and what it asks for.

use crate::{
    dialect::{Dialect, Turn},
    request::{self, Call, Incoming},
};

/// Who writes the lines that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// No line has come yet.
    Nobody,
    /// A person.
    Person,
    /// A program that speaks JSON-RPC.
    Program,
    /// A program that speaks a dialect.
    Foreign(Dialect),
}

/// What a line asks for.
#[derive(Debug)]
pub(super) enum Asked {
    /// A command with words.
    Words(Vec<u8>),
    /// A JSON-RPC request.
    Call(Call),
    /// A line of a dialect.
    Turn(Turn),
    /// Nothing that can be served; the reply says why.
    Refused(Writer, Vec<u8>),
}

impl Asked {
    /// Reads a line of one who wrote such lines before.
    pub(super) fn read(line: Vec<u8>, before: Writer) -> Self {
        if !request::is_json(&line) {
            return Self::Words(line);
        }
        let before = match before {
            Writer::Foreign(dialect) => Some(dialect),
            Writer::Nobody | Writer::Person | Writer::Program => None,
        };
        match request::read(&line, before) {
            Incoming::Call(call) => Self::Call(call),
            Incoming::Turn(turn) => Self::Turn(turn),
            Incoming::Refused(None, reply) => Self::Refused(Writer::Program, reply),
            Incoming::Refused(Some(dialect), reply) => Self::Refused(Writer::Foreign(dialect), reply),
        }
    }

    /// Who wrote it.
    pub(super) fn writer(&self) -> Writer {
        match self {
            Self::Words(_) => Writer::Person,
            Self::Call(_) => Writer::Program,
            Self::Turn(turn) => Writer::Foreign(turn.dialect()),
            Self::Refused(writer, _) => *writer,
        }
    }
}
