//! One file per section: its keys with their kinds, defaults and documentation, and how it is read.

pub(crate) mod control;
pub(crate) mod desktop;
pub(crate) mod http;
pub(crate) mod later;
pub(crate) mod logs;
pub(crate) mod ports;
pub(crate) mod probe;
pub(crate) mod restart;
pub(crate) mod root;
pub(crate) mod schedule;
pub(crate) mod security;
pub(crate) mod service;
pub(crate) mod sources;
pub(crate) mod stop;
pub(crate) mod supervisor;
pub(crate) mod watch;

use crate::{
    forms,
    keys::{Expand, Kind},
};

const DURATION: Kind = Kind::Duration { may_be_zero: false };
const DURATION_OR_ZERO: Kind = Kind::Duration { may_be_zero: true };
const COUNT: Kind = Kind::Integer { min: 0, max: u32::MAX as i64 };
const COUNT_FROM_ONE: Kind = Kind::Integer { min: 1, max: u32::MAX as i64 };
const PORT: Kind = Kind::Integer { min: 1, max: 65535 };
/// Text that is known when the file is read.
const TEXT: Kind = Kind::Formed(Expand::Load, &forms::NOT_EMPTY);
/// Text that may be empty and has holes until an instance starts.
const OPEN_TEXT: Kind = Kind::Text(Expand::Run);
/// A program and its arguments.
const ARGV: Kind = Kind::List { of: &OPEN_TEXT, min: 0 };
const TEXTS: Kind = Kind::List { of: &TEXT, min: 0 };
const VARIABLES: Kind = Kind::Map { names: &forms::VARIABLE, of: &OPEN_TEXT };
