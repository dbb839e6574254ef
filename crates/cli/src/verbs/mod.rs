//! The verbs: one file each, with what can be said and what is done.

pub(crate) mod attach;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod custom_restart;
pub(crate) mod daemon;
pub(crate) mod demo_service;
pub(crate) mod doctor;
pub(crate) mod env;
pub(crate) mod exec;
pub(crate) mod health;
pub(crate) mod help;
pub(crate) mod import;
pub(crate) mod logs;
pub(crate) mod man;
pub(crate) mod mode;
pub(crate) mod reload;
pub(crate) mod restart;
pub(crate) mod run;
pub(crate) mod scale;
pub(crate) mod shutdown;
pub(crate) mod signal;
pub(crate) mod socket;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod top;
pub(crate) mod up;
pub(crate) mod version;
pub(crate) mod why;

mod act;
mod edit;
mod engine_flags;
mod live;
mod targets;
mod trust;
mod waiting;
