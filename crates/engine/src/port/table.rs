//! The system's table of TCP sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) use super::os::sockets;

/// What a socket does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It listens.
    Listening,
    /// It is one end of a connection, or bound.
    Other,
}

/// A socket that some process has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Socket {
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) state: State,
    pub(super) user: u32,
    pub(super) inode: u64,
}

impl Socket {
    /// How exactly a listener stands for connections to `target`: 2 = by address, 1 = by wildcard, 0 = not.
    pub(super) fn fit(&self, target: IpAddr) -> u8 {
        let own = self.address.to_canonical();
        let target = target.to_canonical();
        if own == target {
            2
        } else if self.address == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
            || (self.address == IpAddr::V4(Ipv4Addr::UNSPECIFIED) && target.is_ipv4())
        {
            1
        } else {
            0
        }
    }
}

/// The listeners on these ports.
pub(super) fn listeners(ports: &[u16]) -> Vec<Socket> {
    sockets(ports).into_iter().filter(|socket| socket.state == State::Listening).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_stands_for_its_address_or_for_all() {
        let fit = |own: &str, target: &str| {
            let address = own.parse().expect("an address");
            Socket { address, port: 1, state: State::Listening, user: 0, inode: 1 }
                .fit(target.parse().expect("an address"))
        };
        assert_eq!(
            [fit("127.0.0.1", "127.0.0.1"), fit("0.0.0.0", "127.0.0.1"), fit("::", "127.0.0.1")],
            [2, 1, 1]
        );
        assert_eq!(
            [fit("::1", "::1"), fit("::", "::1"), fit("0.0.0.0", "::1"), fit("::1", "127.0.0.1")],
            [2, 1, 0, 0]
        );
        assert_eq!(fit("::ffff:127.0.0.1", "127.0.0.1"), 2);
    }
}
