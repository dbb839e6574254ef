//! The port, and who may come.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::{TcpListener, lookup_host};

use crate::{
    TokenSource,
    events::Door,
    tcp::{is_loopback, owner_of},
};

/// Who may come.
#[derive(Clone, Debug)]
pub struct HttpRules {
    /// `Host` headers besides those of this machine itself.
    pub allowed_hosts: Vec<String>,
    /// Origins of other sites that may ask.
    pub allowed_origins: Vec<String>,
    /// Networks of proxies that are believed when they say whom a request comes from.
    pub trusted_proxies: Vec<String>,
    /// The token that is needed; none = every process of the same user.
    pub token: Option<TokenSource>,
}

/// A bound port, and who may come.
#[derive(Debug)]
pub struct HttpFront {
    pub(super) listener: TcpListener,
    pub(super) address: SocketAddr,
    pub(super) rules: HttpRules,
}

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The name has no address.
    #[error("the host {host:?} has no address")]
    NoAddress {
        /// The name.
        host: String,
    },
    /// Other machines could reach it.
    #[error("{address} can be reached from other machines")]
    Remote {
        /// Where.
        address: IpAddr,
    },
    /// Whoever can reach it could ask.
    #[error("http.auth = \"none\" is for this machine only, not for {address}")]
    Open {
        /// Where.
        address: IpAddr,
    },
    /// The port is taken.
    #[error("port {port} is in use by {owner}")]
    Busy {
        /// Which.
        port: u16,
        /// By whom.
        owner: String,
        /// One that is free now.
        free: Option<u16>,
    },
    /// The system refused.
    #[error("cannot listen at {address}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl HttpError {
    /// How to mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoAddress { .. } => "set http.host = \"127.0.0.1\"".to_owned(),
            Self::Remote { .. } => {
                "set http.host = \"127.0.0.1\"; if others shall reach it, start the engine with --allow-remote".to_owned()
            }
            Self::Open { .. } => "set http.auth = \"token\", or http.host = \"127.0.0.1\"".to_owned(),
            Self::Busy { free: Some(free), .. } => {
                format!("stop that process, or set http.port = {free}, which is free; it is tried again")
            }
            Self::Busy { free: None, .. } => {
                "stop that process, or set another http.port; it is tried again".to_owned()
            }
            Self::Bind { .. } => "set another http.host or http.port".to_owned(),
        }
    }
}

impl HttpFront {
    /// Binds a port.
    ///
    /// # Errors
    /// The host is no address of this machine, can be reached from others without `allow_remote`, or is taken.
    pub async fn bind(
        host: &str,
        port: u16,
        allow_remote: bool,
        rules: HttpRules,
    ) -> Result<Self, HttpError> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found = lookup_host((bare, port)).await.map(Iterator::collect::<Vec<_>>).unwrap_or_default();
        let first = found.iter().min_by_key(|address| address.is_ipv6());
        let Some(address) = first.copied() else {
            return Err(HttpError::NoAddress { host: host.to_owned() });
        };
        if !is_loopback(address.ip()) {
            if rules.token.is_none() {
                return Err(HttpError::Open { address: address.ip() });
            }
            if !allow_remote {
                return Err(HttpError::Remote { address: address.ip() });
            }
        }
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let (owner, free) = owner_of(port).await;
                return Err(HttpError::Busy { port, owner, free });
            }
            Err(source) => return Err(HttpError::Bind { address, source }),
        };
        let address = listener.local_addr().unwrap_or(address);
        Ok(Self { listener, address, rules })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the events are.
    pub fn events_address(&self) -> Door {
        Door { url: url(self.address), token: self.rules.token.clone() }
    }

    /// Whether other machines can reach it.
    pub fn is_remote(&self) -> bool {
        !is_loopback(self.address.ip())
    }
}

/// Where one on this machine reaches it.
fn url(mut address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    format!("http://{address}")
}
