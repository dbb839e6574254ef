//! The kernel's table of TCP sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

/// The sockets with these local ports; a process stands for its user and its sockets.
#[cfg(windows)]
pub(super) fn sockets(ports: &[u16]) -> Vec<Socket> {
    let all = ostler_windows::net::sockets().into_iter();
    all.filter(|socket| ports.contains(&socket.port))
        .map(|socket| Socket {
            address: socket.address,
            port: socket.port,
            state: if socket.is_listening { State::Listening } else { State::Other },
            user: socket.pid,
            inode: socket.pid.into(),
        })
        .collect()
}

/// The sockets with these local ports. Empty where the system does not say.
#[cfg(unix)]
pub(super) fn sockets(ports: &[u16]) -> Vec<Socket> {
    texts().flat_map(|text| parse(&text, ports)).collect()
}

/// What the kernel says of all sockets.
pub(super) fn texts() -> impl Iterator<Item = String> {
    ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| std::fs::read_to_string(path).ok())
}

#[cfg_attr(windows, expect(dead_code, reason = "the system gives numbers there"))]
fn parse(text: &str, ports: &[u16]) -> Vec<Socket> {
    text.lines().skip(1).filter_map(|line| parse_line(line, ports)).collect()
}

fn parse_line(line: &str, ports: &[u16]) -> Option<Socket> {
    let mut fields = line.split_ascii_whitespace();
    let (address, port) = fields.nth(1)?.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    if !ports.contains(&port) {
        return None;
    }
    let state = match fields.nth(1)? {
        "0A" => State::Listening,
        // Nobody has these any more.
        "06" => return None,
        _ => State::Other,
    };
    let user = fields.nth(3)?.parse().ok()?;
    let inode = fields.nth(1)?.parse().ok()?;
    (inode != 0).then_some(Socket { address: parse_address(address)?, port, state, user, inode })
}

/// Four or sixteen bytes in groups of four, each group in the machine's own order.
pub(super) fn parse_address(text: &str) -> Option<IpAddr> {
    let mut bytes = [0; 16];
    let groups = text.len() / 8;
    if !text.is_ascii() || !text.len().is_multiple_of(8) {
        return None;
    }
    for (group, place) in bytes.chunks_exact_mut(4).take(groups).enumerate() {
        let number = u32::from_str_radix(&text[group * 8..group * 8 + 8], 16).ok()?;
        place.copy_from_slice(&number.to_ne_bytes());
    }
    match groups {
        1 => Some(IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))),
        4 => Some(IpAddr::V6(Ipv6Addr::from(bytes))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn the_kernels_lines_are_read() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 35218 1 0 100 0\n\
            1: 0100007F:1F90 0100007F:9C40 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0\n\
            2: 0100007F:1F91 0100007F:9C40 01 00000000:00000000 00:00000000 00000000    33        0 35219 1 0\n\
            3: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 7 0 35220 1\n\
            torn line\n";
        let sockets = parse(text, &[8080, 8081]);
        let shown: Vec<String> = sockets
            .iter()
            .map(|s| format!("{}:{} {:?} {} {}", s.address, s.port, s.state, s.user, s.inode))
            .collect();
        assert_eq!(
            shown,
            [
                "127.0.0.1:8080 Listening 1000 35218",
                "127.0.0.1:8081 Other 33 35219",
                "::1:8080 Listening 7 35220"
            ]
        );
        assert_eq!(parse(text, &[9]), []);
    }

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
