//! Connecting, without proxies.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::{TcpStream, lookup_host};

/// Addresses of a name that are tried at most.
const ADDRESSES_MAX: usize = 4;

/// Which of the two loopbacks stand for a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loopback {
    /// `localhost` is both.
    ByName,
    /// Every loopback address is both.
    Any,
}

/// Connects; of several addresses the first that takes the connection.
pub(crate) async fn connect(host: &str, port: u16, loopback: Loopback) -> Result<TcpStream, String> {
    let mut last = None;
    for address in addresses(host, port, loopback).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            // What the first address says is what people expect to hear.
            Err(error) => last = last.or(Some((address, error))),
        }
    }
    match last {
        Some((address, error)) => Err(format!("{} ({address})", plain(&error))),
        None => Err(format!("{host} has no address")),
    }
}

async fn addresses(host: &str, port: u16, loopback: Loopback) -> Result<Vec<SocketAddr>, String> {
    let both = || {
        let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        addresses.into_iter().map(|address| SocketAddr::new(address, port))
    };
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(both().collect());
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        let mut addresses = vec![SocketAddr::new(address, port)];
        if loopback == Loopback::Any && address.is_loopback() {
            addresses.extend(both().filter(|other| other.ip() != address));
        }
        return Ok(addresses);
    }
    match lookup_host((host, port)).await {
        Ok(found) => Ok(found.take(ADDRESSES_MAX).collect()),
        Err(error) => Err(format!("{host} cannot be resolved: {}", plain(&error))),
    }
}

/// What the system says, as a lower-case fragment without the number.
pub(crate) fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "connection reset".to_owned(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            let mut letters = text.chars();
            letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
        }
    }
}
