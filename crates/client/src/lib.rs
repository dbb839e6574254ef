//! A typed control client over any byte stream: the CLI, the desktop app and the tests speak through it.
//!
//! # Theory of operation
//!
//! [`Client`] puts a request with a number into a bounded queue; two tasks that it owns write the queue to the
//! stream and read lines from it. The reader finds who waits for a number and never waits for anybody itself:
//! a [`Watch`] that its owner does not read is cut off and asks again for what follows the last event it has
//! seen, and output that finds no room in a [`Follow`] is counted as missed. So the stream is always read, and
//! the server never has to give up on us.
//!
//! A client one version older or newer than its engine works: what it does not know it ignores or sees as
//! `Unknown`.
//!
//! [`EventStream`] is the one thing beside it: the event stream over HTTP, whose address an engine tells.
//!
//! Deliberately absent: reconnecting (the desktop app does it with its own patience), keeping a snapshot up to
//! date (`ostler_view::fold`), text for people. Named pipes come later.

mod attached;
mod client;
mod endpoint;
mod error;
mod events;
mod follow;
mod inbox;
mod line;
mod methods;
mod trusted;
mod watch;

pub use attached::{Attached, Keyboard, Told};
pub use client::Client;
pub use endpoint::Endpoint;
pub use error::ClientError;
pub use events::{EventStream, EventStreamError, StreamedEvent};
pub use follow::Follow;
pub use watch::{Watch, WatchItem};
