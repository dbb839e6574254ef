//! Peers on Unix: the kernel's table of sockets names their users, and the open files of processes say who has them.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, SocketAddr},
};

use super::{
    super::{os, proc_net},
    Ends, places, plain,
};

/// Whose a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holder {
    user: u32,
    inode: u64,
}

/// Whether the other end of a connection between two addresses of this machine belongs to our user, as the kernel says;
/// it does not when nobody has that end any more. Reads the table of sockets: a millisecond or more.
pub fn is_peer_ours(peer: SocketAddr, own: SocketAddr) -> bool {
    user_of_peer(peer, own) == Some(rustix::process::geteuid().as_raw())
}

fn user_of_peer(peer: SocketAddr, own: SocketAddr) -> Option<u32> {
    let meant = places(&[Ends { peer, own }]);
    proc_net::texts().find_map(|text| holders(&text, &meant).first().map(|(_, holder)| holder.user))
}

/// The processes at the other ends of connections on this machine, in their order; `None` for those of whom the
/// system says nothing. Looks at the open files of every process that this user may see: some milliseconds.
pub fn pids_of_peers(connections: &[Ends]) -> Vec<Option<u32>> {
    let meant = places(connections);
    let found: Vec<(usize, Holder)> = proc_net::texts().flat_map(|text| holders(&text, &meant)).collect();
    let inodes: HashSet<u64> = found.iter().map(|(_, holder)| holder.inode).collect();
    let mut pids = vec![None; connections.len()];
    if inodes.is_empty() {
        return pids;
    }
    let processes = os::holders(&inodes);
    for (place, holder) in found {
        let of = processes.get(&holder.inode);
        // The oldest of those that share it: the others are its children.
        pids[place] =
            of.and_then(|all| all.iter().min_by_key(|process| process.start)).map(|process| process.pid);
    }
    pids
}

/// Who holds the peers' ends of these connections, with their places.
fn holders(text: &str, meant: &HashMap<Ends, usize>) -> Vec<(usize, Holder)> {
    text.lines().skip(1).filter_map(|line| holder(line, meant)).collect()
}

fn holder(line: &str, meant: &HashMap<Ends, usize>) -> Option<(usize, Holder)> {
    let mut fields = line.split_ascii_whitespace();
    let ends = Ends { peer: address(fields.nth(1)?)?, own: address(fields.next()?)? };
    let place = *meant.get(&ends)?;
    let user = fields.nth(4)?.parse().ok()?;
    let inode = fields.nth(1)?.parse().ok()?;
    // Without an inode no process has it, and the user means nothing.
    (inode != 0).then_some((place, Holder { user, inode }))
}

fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let address: IpAddr = proc_net::parse_address(address)?;
    Some(plain(SocketAddr::new(address, u16::from_str_radix(port, 16).ok()?)))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn only_the_very_connection_counts() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 35218 1 0 100 0\n\
            1: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000    33        0 35219 1 0\n\
            2: 0100007F:9C41 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0\n\
            3: 0000000000000000FFFF00000100007F:9C42 0000000000000000FFFF00000100007F:1F90 01 0:0 0:0 0 7 0 35220 1\n\
            torn line\n";
        let own = "127.0.0.1:8080".parse().unwrap();
        let user = |peer: &str| {
            let meant = places(&[Ends { peer: peer.parse().unwrap(), own }]);
            holders(text, &meant).first().map(|(_, holder)| holder.user)
        };
        assert_eq!(user("127.0.0.1:40000"), Some(33));
        assert_eq!(user("127.0.0.1:40001"), None, "an orphan belongs to nobody");
        assert_eq!(user("127.0.0.1:40002"), Some(7));
        assert_eq!(user("127.0.0.1:8080"), None);
    }

    #[test]
    fn the_kernel_names_ourselves_over_both_families() {
        for host in ["127.0.0.1:0", "[::1]:0"] {
            // Without IPv6 there is nothing to ask.
            let Ok(listener) = TcpListener::bind(host) else { continue };
            let own = listener.local_addr().unwrap();
            let client = TcpStream::connect(own).unwrap();
            let (_server, peer) = listener.accept().unwrap();
            let us = rustix::process::geteuid().as_raw();
            assert_eq!(user_of_peer(peer, own), Some(us));
            assert!(is_peer_ours(peer, own) && !is_peer_ours("127.0.0.1:1".parse().unwrap(), own));
            let stranger = Ends { peer: "127.0.0.1:1".parse().unwrap(), own };
            let pids = pids_of_peers(&[stranger, Ends { peer, own }]);
            assert_eq!(pids, [None, Some(std::process::id())]);
            drop(client);
        }
    }
}
