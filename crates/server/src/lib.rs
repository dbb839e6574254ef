//! The control plane: lines from a local socket become wishes of the engine, and its answers become lines.
//!
//! # Theory of operation
//!
//! [`ControlServer::run`] accepts connections and gives each a task; the operating system says who the peer is
//! before a byte of it is read. A connection reads one line at a time (`frame`), decides by its first character
//! whether a program or a person wrote it, and either checks and parses it as JSON-RPC (`json`, `request`) or as a
//! command with words (`text`). What clients of other supervisors send is translated to the same handlers
//! (`dialect`). `dispatch` is the one place where a method meets the engine. JSON requests run side by side and are
//! matched by id; commands with words run one after the other. Everything that goes out passes one bounded queue
//! per connection (`outbox`), so that a slow reader stalls only itself: its watches fall behind in the engine's
//! journal and are told of the gap, and a write that does not move for [`limits::WRITE_DEADLINE`] ends the
//! connection.
//!
//! Over TCP everybody is a stranger until the first line has shown otherwise (`tcp`), and afterwards a remote actor,
//! who may do what the settings allow (`policy`).
//!
//! Over HTTP (`http`) everybody is a remote actor too; a guard stands before every route. What happens is told there as a stream
//! (`events`).
//!
//! Every bound has a name in [`limits`].
//!
//! Deliberately absent: what the methods do (the engine), the shapes of messages (`ostler_api`), the instance lock
//! that makes it safe to remove a stale socket (the caller holds it). Named pipes are not there yet
//! and say so.

mod clients;
mod connection;
mod connections;
mod control;
mod dialect;
mod dispatch;
mod encode;
mod events;
mod filter;
mod frame;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod json;
pub mod limits;
mod listen;
mod operations;
mod outbox;
mod passes;
mod peer;
mod policy;
mod port;
mod quoted;
mod registry;
mod request;
mod subscription;
mod tally;
mod tcp;
mod terminal;
mod text;
mod tls;

pub use control::{ControlServer, ServerOptions};
pub use events::Door;
pub use http::{HttpFault, HttpFront, HttpRules};
pub use listen::{ListenError, Listener};
pub use peer::{Greeting, Peer};
pub use port::PortError;
pub use tcp::{Admission, Draining, TcpFront, TokenError, TokenSource};
pub use tls::{Facts, Looked, Tls, TlsError, TlsWish, Validity};
