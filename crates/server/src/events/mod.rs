//! The hub of events: one ring of frames that are encoded once, and everybody reads it at a pace of their own.
//!
//! # Theory of operation
//!
//! Whoever publishes puts a frame into the ring (`ring`) and wakes those who wait; it never waits for anybody. A
//! subscriber is a cursor: its stream (`stream`) is polled when its connection can take more, and reads on from there.
//! One that the ring has overtaken is told exactly how many events it missed, as is one that comes back with an id that
//! cannot be gone on from (`hub`). What the supervisor itself tells comes from the engine's journal (`pump`); where in
//! the ring each of its events stands is remembered, so that a snapshot can say after which id to go on. Nobody pays for
//! events that nobody ever asked for: the journal is read from the first time that the hub is needed, and what it still
//! knows then is taken in at once. `serve` is what the control plane says of it.
//!
//! `sources` takes in the streams of others.
//!
//! Deliberately absent: who may subscribe (the guard), and a connection that takes nothing (its writes have a deadline).

mod frame;
mod gone;
mod hub;
mod id;
mod publish;
mod pump;
mod ring;
mod seat;
mod serve;
mod sources;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use frame::Draft;
pub use hub::Door;
pub(crate) use hub::Hub;
pub(crate) use publish::{Published, published, published_by};
pub(crate) use pump::pump;
pub(crate) use seat::{Seat, Wanted, Wish};
#[cfg(feature = "fuzzing")]
pub(crate) use sources::{Heard, Parser};
pub(crate) use sources::{ingest, source_of};
pub(crate) use stream::EventStream;

/// Where the events are.
pub(crate) const EVENTS_PATH: &str = "/supervisor/events";
/// Where one publishes besides.
pub(crate) const HOOK_PATH: &str = "/admin/events/hook";
/// Where the heartbeats are.
pub(crate) const HEARTBEAT_PATH: &str = "/supervisor/heartbeat";
/// Where the events are over a WebSocket.
pub(crate) const SOCKET_PATH: &str = "/supervisor/events/ws";
/// What a stream key opens, and a ticket.
pub(crate) const STREAM_PATHS: [&str; 3] = [EVENTS_PATH, HEARTBEAT_PATH, SOCKET_PATH];
/// What the stream key is called in a query.
pub(crate) const KEY: &str = "key";
/// What a ticket is called in a query.
pub(crate) const TICKET: &str = "ticket";
