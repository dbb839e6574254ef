//! Output for people and for programs.
//!
//! Everything for people is made as text with colours in it; the stream takes them out when it is no terminal or
//! `NO_COLOR` is set. What comes from services is shown through [`safe`], so that it cannot command the terminal.

mod action;
mod command;
mod diagnostics;
mod failure;
mod incident;
mod logs;
mod out;
mod plan;
mod safe;
mod screen;
mod status;
mod style;
mod table;
mod why;

pub(crate) use action::*;
pub(crate) use command::*;
pub(crate) use diagnostics::*;
pub(crate) use failure::*;
pub(crate) use incident::*;
pub(crate) use logs::*;
pub(crate) use out::*;
pub(crate) use plan::*;
pub(crate) use safe::*;
pub(crate) use screen::*;
pub(crate) use status::*;
pub(crate) use style::*;
pub(crate) use table::*;
pub(crate) use why::*;

#[cfg(test)]
pub(crate) mod samples;
