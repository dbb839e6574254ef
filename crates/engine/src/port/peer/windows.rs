//! Peers on Windows: the system's table of sockets names their processes, and a process says whose it is.

use std::net::SocketAddr;

use ostler_windows::{net, user};

use super::{Ends, places, plain};

/// Whether the other end of a connection between two addresses of this machine belongs to a process of our user, as the
/// system says; it does not when nobody has that end any more, or whoever has it hides from us. Reads the table of
/// sockets: a millisecond or more.
pub fn is_peer_ours(peer: SocketAddr, own: SocketAddr) -> bool {
    let [Some(pid)] = pids_of_peers(&[Ends { peer, own }])[..] else { return false };
    matches!((user::of_process(pid), user::own()), (Ok(theirs), Ok(ours)) if theirs == ours)
}

/// The processes at the other ends of connections on this machine, in their order; `None` for those of whom the
/// system says nothing. Reads the table of sockets: a millisecond or more.
pub fn pids_of_peers(connections: &[Ends]) -> Vec<Option<u32>> {
    let meant = places(connections);
    let mut pids = vec![None; connections.len()];
    for socket in net::sockets() {
        // What is one end for them is the other for us.
        let ends =
            Ends { peer: plain(SocketAddr::new(socket.address, socket.port)), own: plain(socket.peer) };
        let place = meant.get(&ends).filter(|_| !socket.is_listening && socket.pid != 0);
        if let Some(place) = place {
            pids[*place] = Some(socket.pid);
        }
    }
    pids
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_other_end_of_a_connection_is_ours_over_both_families() {
        for host in ["127.0.0.1:0", "[::1]:0"] {
            // Without IPv6 there is nothing to ask.
            let Ok(listener) = TcpListener::bind(host) else { continue };
            let own = listener.local_addr().unwrap();
            let client = TcpStream::connect(own).unwrap();
            let (_server, peer) = listener.accept().unwrap();
            let stranger: SocketAddr = "127.0.0.1:1".parse().unwrap();
            assert_eq!(pids_of_peers(&[Ends { peer: stranger, own }]), [None]);
            assert!(!is_peer_ours(stranger, own));
            // Only this very connection counts: not one between the same machines at another port.
            assert!(!is_peer_ours(peer, stranger));
            assert_eq!(pids_of_peers(&[Ends { peer, own }]), [Some(std::process::id())]);
            assert!(is_peer_ours(peer, own));
            drop(client);
        }
    }
}
