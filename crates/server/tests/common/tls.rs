//! What tests of HTTP within TLS share.

use std::{net::SocketAddr, path::Path, sync::Arc};

use ostler_api::Token;
use ostler_server::{HttpRules, TlsWish, TokenSource};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What a server with this certificate allows: `TOKEN`, and these hosts beside its own.
pub(crate) fn rules(hosts: &[&str], tls: Option<TlsWish>) -> HttpRules {
    HttpRules {
        allowed_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        allowed_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        token: Some(TokenSource::Fixed(Token::new(TOKEN).expect("a token"))),
        tls,
    }
}

/// A client that trusts this file, and speaks one of these.
pub(crate) fn trusting(pem: &Path, protocols: &[&[u8]]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(pem).expect("a certificate")).expect("a root");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Arc::new(config)
}

/// A connection to the server at `address`, which must have a certificate for `name`.
pub(crate) async fn connect(
    client: &Arc<ClientConfig>,
    address: SocketAddr,
    name: &str,
) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(address).await.expect("it connects");
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    TlsConnector::from(Arc::clone(client)).connect(name, stream).await.expect("it is trusted")
}
