//! Ports: whether they are free, who has them, and which ones to give out.
//!
//! Whether a port is free is asked of the kernel by binding it, without ever listening, on both loopbacks and both
//! wildcards; remains of closed connections (`TIME_WAIT`) do not count. Who has it is read from the table of
//! sockets and the open files of processes, in one pass for any number of ports, and only when it is asked for.

mod allocator;
mod owner;
mod peer;
#[cfg(unix)]
mod proc_net;
mod table;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as os;
#[cfg(windows)]
use windows as os;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

pub use allocator::*;
pub use owner::*;
pub use peer::*;

/// Where a service may want to listen.
const ADDRESSES: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::UNSPECIFIED),
];

/// Whether nobody has this port, on IPv4 or IPv6. Takes microseconds.
///
/// On Unix a port that this user may not bind (below 1024) is free when no listener is known on it. Windows has no such
/// ports: one that is refused is reserved, or somebody has it for himself alone.
pub fn is_free(port: u16) -> bool {
    ADDRESSES.into_iter().all(|address| match os::try_bind(SocketAddr::new(address, port)) {
        Ok(()) => true,
        Err(error) => match error.kind() {
            io::ErrorKind::AddrInUse => false,
            io::ErrorKind::PermissionDenied => cfg!(unix) && table::listeners(&[port]).is_empty(),
            // No IPv6, or no such address: nobody can have it there.
            _ => true,
        },
    })
}

/// Those of `ports` that somebody has, with their owners where the system says so.
pub fn taken(ports: &[u16]) -> Vec<(u16, Option<Owner>)> {
    let taken: Vec<u16> = ports.iter().copied().filter(|port| !is_free(*port)).collect();
    if taken.is_empty() {
        return Vec::new();
    }
    let mut owners = owners(&taken);
    taken.into_iter().map(|port| (port, owners.remove(&port))).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn listen(address: &str) -> Option<(TcpListener, u16)> {
        let listener = TcpListener::bind(address).ok()?;
        let port = listener.local_addr().ok()?.port();
        Some((listener, port))
    }

    #[test]
    fn a_listener_on_any_of_the_addresses_takes_the_port() {
        for address in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
            // A machine without IPv6 has nothing to test there.
            let Some((listener, port)) = listen(address) else { continue };
            assert!(!is_free(port), "{address}");
            drop(listener);
            wait_until_free(port);
        }
    }

    #[test]
    fn the_remains_of_a_closed_connection_do_not_take_the_port() {
        let (listener, port) = listen("127.0.0.1:0").expect("a listener");
        let client = std::net::TcpStream::connect(("127.0.0.1", port)).expect("connected");
        let (server, _) = listener.accept().expect("accepted");
        // The server's side closes first, so that its port is the one that waits.
        drop(server);
        drop(client);
        drop(listener);
        wait_until_free(port);
    }

    /// A child that another test forks at this moment holds the listener until it becomes its program.
    fn wait_until_free(port: u16) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !is_free(port) {
            assert!(std::time::Instant::now() < deadline, "{port} does not become free");
            std::thread::yield_now();
        }
    }

    #[test]
    fn only_taken_ports_are_named() {
        let (_listener, port) = listen("127.0.0.1:0").expect("a listener");
        let owner = ostler_core::InstanceId::new(ostler_core::ServiceName::new("web").expect("a name"), 0);
        let free = Allocator::default().allocate(&owner).expect("a port");
        let found = taken(&[free, port]);
        assert_eq!(found.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [port]);
    }
}
