//! The port, and who may come.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::{
    Tls, TlsError, TlsWish, TokenSource,
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
    /// Where the certificate comes from; none = nothing is encrypted.
    pub tls: Option<TlsWish>,
}

/// A bound port, and who may come.
#[derive(Debug)]
pub struct HttpFront {
    pub(super) listener: TcpListener,
    pub(super) address: SocketAddr,
    pub(super) rules: HttpRules,
    pub(super) tls: Option<Arc<Tls>>,
}

/// Why HTTP is closed.
#[derive(Debug, thiserror::Error)]
pub enum HttpFault {
    /// The port.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl HttpFront {
    /// Binds a port.
    ///
    /// # Errors
    /// The host is no address of this machine, can be reached from others without `allow_remote`, or is taken; there
    /// is no certificate.
    pub async fn bind(
        host: &str,
        port: u16,
        allow_remote: bool,
        rules: HttpRules,
    ) -> Result<Self, HttpFault> {
        let needs_token = rules.token.is_some();
        let (listener, address) =
            bind(&PortRules { host, port, keys: KEYS, needs_token, allow_remote }).await?;
        let tls = match rules.tls.clone() {
            Some(wish) => Some(Arc::new(open_tls(wish, address, rules.allowed_hosts.clone()).await?)),
            None => None,
        };
        Ok(Self { listener, address, rules, tls })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the events are.
    pub fn events_address(&self) -> Door {
        Door { url: self.url(), token: self.rules.token.clone(), tls: self.tls.clone() }
    }

    /// Where one on this machine reaches it; by a name that its certificate is for, if there is one.
    pub fn url(&self) -> String {
        let plain = from_here(self.address);
        let (scheme, port) = (self.scheme(), plain.port());
        let named = self.tls.as_ref().map(|tls| tls.facts()).and_then(|facts| {
            let is_plain_good = facts.is_for(&plain.ip().to_string());
            let local = is_loopback(plain.ip()).then(|| format!("localhost:{port}"));
            let others = self.rules.allowed_hosts.iter().cloned();
            let mut names = local.into_iter().chain(others).filter(|_| !is_plain_good);
            names.find(|name| {
                let host =
                    name.rsplit_once(':').filter(|(_, of)| of.parse() == Ok(port)).map(|(host, _)| host);
                host.is_some_and(|host| facts.is_for(host))
            })
        });
        format!("{scheme}://{}", named.unwrap_or_else(|| plain.to_string()))
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Its certificate.
    pub fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }

    /// Whether other machines can reach it.
    pub fn is_remote(&self) -> bool {
        !is_loopback(self.address.ip())
    }
}

/// Reads or makes the certificate.
async fn open_tls(wish: TlsWish, address: SocketAddr, hosts: Vec<String>) -> Result<Tls, TlsError> {
    let opened =
        tokio::task::spawn_blocking(move || Tls::open(wish, address, &hosts, Timestamp::now())).await;
    opened.unwrap_or_else(|error| Err(TlsError::Make(error.to_string())))
}

/// The address by which one on this machine reaches it.
fn from_here(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    address
}
