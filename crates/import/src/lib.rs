//! What other process managers are told, as Ostler's services: text and file name in, services and notes out.
//!
//! # Theory of operation
//!
//! ```text
//! bytes ─ limits, UTF-8 ─► kind (by name, else by content, or as told)
//!                            ▼
//!       YAML, JSON, TOML, INI ─► one tree in which every value knows its line
//!                            ▼
//!       from::KIND takes the keys it can map; each key nobody took becomes a note
//!                            ▼
//!       tidy: dependencies that do not exist, ports claimed twice, what the configuration refuses
//!                            ▼
//!       services and notes ─ render ─► TOML that `ostler_config::check` accepts
//! ```
//!
//! No key of the file is lost in silence: it is mapped, or a note names it with its line and what to do instead.
//! Notes tell keys, never values, because values may be secrets.
//!
//! Deliberately absent: reading and writing files, running anything (a PM2 file in JavaScript comes here as the JSON
//! that `node` made of it), and the engine.

mod error;
mod from;
mod kind;
mod names;
mod note;
mod read;
mod render;
mod service;
mod text;
mod tidy;

pub use error::ImportError;
pub use kind::Kind;
pub use note::{NOTES_MAX, Note, Weight};
pub use read::{BYTES_MAX, Import, Source, read};
pub use render::{addition, render};
pub use service::{
    Ask, Condition, DependencyLoss, Probe, Restart, RestartWhen, Run, Schedule, Service, Stdio, Stop,
};
