//! The kernel's tables of TCP sockets as text, `/proc/net/tcp`. Where there are none (macOS), nothing is found.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::table::{Socket, State};

/// The sockets with these local ports. Empty where the system does not say.
pub(super) fn sockets(ports: &[u16]) -> Vec<Socket> {
    texts().flat_map(|text| parse(&text, ports)).collect()
}

/// What the kernel says of all sockets.
pub(super) fn texts() -> impl Iterator<Item = String> {
    ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| std::fs::read_to_string(path).ok())
}

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

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

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
}
