//! Whose the other end of a connection on this machine is.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{collections::HashMap, net::SocketAddr};

#[cfg(unix)]
pub use unix::{is_peer_ours, pids_of_peers};
#[cfg(windows)]
pub use windows::{is_peer_ours, pids_of_peers};

/// The two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ends {
    /// Theirs.
    pub peer: SocketAddr,
    /// Ours.
    pub own: SocketAddr,
}

fn places(connections: &[Ends]) -> HashMap<Ends, usize> {
    let plain = |ends: &Ends| Ends { peer: plain(ends.peer), own: plain(ends.own) };
    connections.iter().enumerate().map(|(place, ends)| (plain(ends), place)).collect()
}

/// IPv4 in IPv6 is IPv4; flow and scope do not matter.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
