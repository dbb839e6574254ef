//! A port of this machine: bound only where it may be, and told who has it if it is taken.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, SocketAddr},
};

use tokio::net::{TcpListener, TcpSocket, lookup_host};

/// Ports after one that is taken that are looked at for a free one.
const NEXT_PORTS_MAX: usize = 100;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Which port, and who may reach it.
#[derive(Clone, Debug)]
pub(crate) struct PortRules<'a> {
    /// A name or an address.
    pub(crate) host: &'a str,
    /// 0 = any that is free.
    pub(crate) port: u16,
    /// Where the configuration speaks of it.
    pub(crate) keys: PortKeys,
    /// Whether who comes needs a token.
    pub(crate) needs_token: bool,
    /// Whether other machines may reach it.
    pub(crate) allow_remote: bool,
}

/// The keys of the configuration that are about a port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PortKeys {
    /// Of the host.
    pub(crate) host: &'static str,
    /// Of the port.
    pub(crate) port: &'static str,
    /// Of what one needs to be let in.
    pub(crate) auth: &'static str,
}

/// Why nothing listens.
#[derive(Debug)]
pub struct PortError {
    keys: PortKeys,
    fault: PortFault,
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl Error for PortError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault.source()
    }
}

#[derive(Debug, thiserror::Error)]
enum PortFault {
    #[error("the host {host:?} has no address")]
    NoAddress { host: String },
    #[error("{address} can be reached from other machines")]
    Remote { address: IpAddr },
    #[error("{auth} = \"none\" is for this machine only, not for {address}")]
    Open { address: IpAddr, auth: &'static str },
    #[error("port {port} is in use by {owner}")]
    Busy { port: u16, owner: String, free: Option<u16> },
    #[error("cannot listen at {address}")]
    Bind { address: SocketAddr, source: io::Error },
}

impl PortError {
    /// How to mend it.
    pub fn hint(&self) -> String {
        let PortKeys { host, port, auth } = self.keys;
        match &self.fault {
            PortFault::NoAddress { .. } => format!("set {host} = \"127.0.0.1\""),
            PortFault::Remote { .. } => format!(
                "set {host} = \"127.0.0.1\"; if others shall reach it, start the engine with --allow-remote"
            ),
            PortFault::Open { .. } => format!("set {auth} = \"token\", or {host} = \"127.0.0.1\""),
            PortFault::Busy { free: Some(free), .. } => {
                format!("stop that process, or set {port} = {free}, which is free; it is tried again")
            }
            PortFault::Busy { free: None, .. } => {
                format!("stop that process, or set another {port}; it is tried again")
            }
            PortFault::Bind { .. } => format!("set another {host} or {port}"),
        }
    }

    /// Whether somebody else has it.
    pub fn is_busy(&self) -> bool {
        matches!(self.fault, PortFault::Busy { .. })
    }
}

/// Binds a port.
///
/// # Errors
/// The host is no address of this machine, can be reached by whom it may not, or the port is taken.
pub(crate) async fn bind(rules: &PortRules<'_>) -> Result<(TcpListener, SocketAddr), PortError> {
    try_bind(rules).await.map_err(|fault| PortError { keys: rules.keys, fault })
}

async fn try_bind(rules: &PortRules<'_>) -> Result<(TcpListener, SocketAddr), PortFault> {
    let (host, port) = (rules.host, rules.port);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = lookup_host((bare, port)).await.map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    // Those who type `127.0.0.1` are the most.
    let first = found.iter().min_by_key(|address| address.is_ipv6());
    let Some(address) = first.copied() else { return Err(PortFault::NoAddress { host: host.to_owned() }) };
    if !is_loopback(address.ip()) {
        if !rules.needs_token {
            return Err(PortFault::Open { address: address.ip(), auth: rules.keys.auth });
        }
        if !rules.allow_remote {
            return Err(PortFault::Remote { address: address.ip() });
        }
    }
    match listen(address) {
        Ok(listener) => {
            let address = listener.local_addr().unwrap_or(address);
            Ok((listener, address))
        }
        Err(error) if is_taken(&error) => {
            let (owner, free) = owner_of(port).await;
            Err(PortFault::Busy { port, owner, free })
        }
        Err(source) => Err(PortFault::Bind { address, source }),
    }
}

/// Listens where nobody else does.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // What is left of closed connections is no obstacle.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Windows lets two listen at one port of different addresses unless one of them objects.
    #[cfg(windows)]
    ostler_windows::net::claim_alone(&socket)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Whether somebody has the port. Windows knows no ports that are for administrators: what is denied is taken by
/// somebody who shares it with nobody, or reserved.
fn is_taken(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::AddrInUse => true,
        io::ErrorKind::PermissionDenied => cfg!(windows),
        _ => false,
    }
}

/// Who has a port, and the next one that is free.
async fn owner_of(port: u16) -> (String, Option<u16>) {
    let look = move || {
        let free = (port.saturating_add(1)..=u16::MAX)
            .take(NEXT_PORTS_MAX)
            .find(|port| ostler_engine::port::is_free(*port));
        (ostler_engine::port::owner(port), free)
    };
    let (owner, free) = tokio::task::spawn_blocking(look).await.unwrap_or_default();
    (owner.map_or_else(|| "another process".to_owned(), |owner| owner.to_string()), free)
}

/// Whether an address is this machine's alone.
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Elsewhere a certain address is another one than all.
    #[cfg(any(target_os = "linux", windows))]
    #[tokio::test]
    async fn a_port_that_another_has_at_all_addresses_is_in_use_at_each() {
        let other = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        let port = other.local_addr().unwrap().port();
        let keys = PortKeys { host: "host", port: "port", auth: "auth" };
        let rules = PortRules { host: "127.0.0.1", port, keys, needs_token: true, allow_remote: false };
        let error = bind(&rules).await.unwrap_err();
        assert!(error.is_busy(), "{error}: {:?}", error.source());
    }
}
