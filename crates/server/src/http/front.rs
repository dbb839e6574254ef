//! The port, and who may come.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::{
    TokenSource,
    events::Door,
    port::{PortError, PortKeys, PortRules, bind, is_loopback},
};

/// What the configuration says of it.
const KEYS: PortKeys = PortKeys { host: "http.host", port: "http.port", auth: "http.auth" };

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
    ) -> Result<Self, PortError> {
        let needs_token = rules.token.is_some();
        let (listener, address) =
            bind(&PortRules { host, port, keys: KEYS, needs_token, allow_remote }).await?;
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
