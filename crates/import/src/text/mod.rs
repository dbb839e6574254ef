//! Text to one tree in which every value knows its line; and the small languages inside of texts.

mod ini;
mod json;
mod node;
mod toml;
mod words;
mod yaml;

pub(crate) use ini::{Section, Setting, parse as ini};
pub(crate) use json::parse as json;
pub(crate) use node::{Entry, Fields, Node, Value, flag};
pub(crate) use toml::parse as toml;
pub(crate) use words::{
    duration, escape, escape_env, escape_pattern, from_compose, interpolated_number, quote_words, seconds,
    size, split,
};
pub(crate) use yaml::parse as yaml;

/// What is wrong with a text, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// From 1.
    pub(crate) line: usize,
    /// From 1; 0 when unknown.
    pub(crate) column: usize,
    pub(crate) message: String,
}

impl Syntax {
    pub(crate) fn new(line: usize, column: usize, message: impl Into<String>) -> Self {
        Self { line, column, message: message.into() }
    }
}

/// The deepest nesting.
pub(crate) const DEPTH_MAX: usize = 64;
/// The most values of one file, with what aliases repeat.
pub(crate) const NODES_MAX: usize = 100_000;

/// Line and column of an offset, from 1.
pub(crate) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    (line, String::from_utf8_lossy(&before[start..]).chars().count() + 1)
}
