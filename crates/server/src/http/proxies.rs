//! Whom requests come from when a proxy passes them on: said beside the socket's own peer, never instead of it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderMap;

/// Where proxies say it, in order of preference.
const HEADERS: [&str; 2] = ["x-forwarded-for", "x-real-ip"];
/// Characters of it that are shown.
const SHOWN_MAX: usize = 64;

/// The proxies that are believed.
#[derive(Debug)]
pub(super) struct Proxies {
    networks: Vec<(Ipv6Addr, u32)>,
}

impl Proxies {
    /// Networks as `10.0.0.0/8`, or single addresses.
    pub(super) fn new(networks: &[String]) -> Self {
        Self { networks: networks.iter().filter_map(|text| network(text)).collect() }
    }

    /// Who asks: the peer, and beside it what a proxy that is believed says of it.
    pub(super) fn shown(&self, from: SocketAddr, headers: &HeaderMap) -> String {
        if self.networks.is_empty() || !self.trusts(from.ip()) {
            return from.to_string();
        }
        let said = HEADERS.iter().find_map(|name| headers.get(*name)?.to_str().ok());
        match said.map(|text| text.chars().take(SHOWN_MAX).collect::<String>()) {
            Some(text) if !text.trim().is_empty() => format!("{from} for {}", text.trim()),
            Some(_) | None => from.to_string(),
        }
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        let ip = as_long(ip).to_bits();
        self.networks.iter().any(|(network, length)| {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            ip & mask == network.to_bits() & mask
        })
    }
}

fn network(text: &str) -> Option<(Ipv6Addr, u32)> {
    let (address, length) = text.split_once('/').map_or((text, None), |(ip, length)| (ip, Some(length)));
    let ip: IpAddr = address.trim().parse().ok()?;
    let bits = if ip.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(bits), |length| length.parse().ok()).filter(|length| *length <= bits)?;
    Some((as_long(ip), length + 128 - bits))
}

/// Both kinds of address in one.
fn as_long(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(networks: &[&str], from: &str, header: &str, expected: &str) {
        let networks: Vec<String> = networks.iter().map(|text| (*text).to_owned()).collect();
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", header.parse().unwrap());
        headers.insert("x-real-ip", "192.0.2.9".parse().unwrap());
        let shown = Proxies::new(&networks).shown(from.parse().unwrap(), &headers);
        assert_eq!(shown, expected, "{networks:?} {from} {header}");
    }

    #[test]
    fn only_a_proxy_that_is_named_is_believed_and_only_beside_its_own_address() {
        check(&[], "127.0.0.1:4", "192.0.2.1", "127.0.0.1:4");
        check(&["10.0.0.0/8"], "127.0.0.1:4", "192.0.2.1", "127.0.0.1:4");
        check(&["10.0.0.0/8"], "10.9.8.7:4", "192.0.2.1, 10.1.1.1", "10.9.8.7:4 for 192.0.2.1, 10.1.1.1");
        check(&["127.0.0.1"], "127.0.0.1:4", "192.0.2.1", "127.0.0.1:4 for 192.0.2.1");
        check(&["127.0.0.1"], "127.0.0.2:4", "192.0.2.1", "127.0.0.2:4");
        check(&["::1/128"], "[::1]:4", "2001:db8::1", "[::1]:4 for 2001:db8::1");
        check(&["0.0.0.0/0"], "203.0.113.7:4", "a", "203.0.113.7:4 for a");
        check(&["0.0.0.0/0"], "[2001:db8::1]:4", "a", "[2001:db8::1]:4");
        check(&["no", "1.2.3.4/99"], "1.2.3.4:4", "a", "1.2.3.4:4");
        let long = "x".repeat(200);
        check(&["127.0.0.1"], "127.0.0.1:4", &long, &format!("127.0.0.1:4 for {}", &long[..64]));
    }
}
