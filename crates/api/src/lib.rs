//! The one vocabulary of commands, replies, events, snapshots and errors that every front end speaks.
//!
//! # Theory of operation
//!
//! Plain values with explicit names on the wire, and a JSON Schema for each, nothing else. Commands are strict
//! (an unknown field is an error); what clients read is open (unknown fields are ignored, and every enum has an
//! `unknown` variant), so that a front end one version newer or older than its engine works.
//!
//! Deliberately absent: sockets, framing, the engine. How domain values become these is the engine's business
//! (`ostler_engine::wire`); how lines become requests is the server's.

mod attach;
mod base64;
mod commands;
mod config;
mod connections;
mod error;
mod event;
mod events;
mod incident;
mod level;
mod logs;
mod method;
mod params;
mod proof;
mod rpc;
mod saving;
mod schema;
mod snapshot;
mod tls;

pub use attach::*;
pub use base64::*;
pub use commands::*;
pub use config::*;
pub use connections::*;
pub use error::*;
pub use event::*;
pub use events::*;
pub use incident::*;
pub use level::*;
pub use logs::*;
pub use method::*;
pub use params::*;
pub use proof::*;
pub use rpc::*;
pub use saving::*;
pub use schema::*;
pub use snapshot::*;
pub use tls::*;

/// The version of the control protocol that this build speaks.
pub const PROTOCOL_VERSION: u32 = 1;
