//! Control over TCP: whoever can reach the port is a stranger until the first line has shown otherwise.
//!
//! `front` binds and accepts; with `tcp_auth = "none"` the system's table of sockets says whose the other end is before
//! a byte is read. `auth` hears the first line, `greeting` says what it is. After that a connection is like any
//! other, but its wishes are those of a remote actor (`policy`).

mod auth;
mod front;
mod greeting;
mod replay;

pub use auth::{Admission, TokenError, TokenSource};
pub use front::{Draining, TcpFront};
pub(crate) use front::{is_out_of_room, is_own_user, is_same_user};
