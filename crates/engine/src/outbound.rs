//! Connections to servers that are no probe's business, with TLS where the URL says so.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use crate::probe::connect::{Loopback, connect, plain};

/// Bytes to and from a server.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

/// Connects to a host, with TLS if wanted. Says nothing of how long that may take.
///
/// # Errors
/// In words, as a lower-case fragment.
pub async fn reach(host: &str, port: u16, is_tls: bool) -> Result<Box<dyn Wire>, String> {
    let stream = connect(host, port, Loopback::ByName).await?;
    if !is_tls {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is no name of a server"))?;
    // Read anew each time: connections are rare, and hundreds of certificates need not stay in memory.
    let connector = tokio::task::spawn_blocking(connector).await.map_err(|error| error.to_string())??;
    match connector.connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(format!("no safe connection to {host}: {}", plain(&error))),
    }
}

/// What trusts the authorities of this machine. Reads files.
///
/// # Errors
/// There are none, in words.
pub(crate) fn connector() -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err("the system has no certificates of authorities (package ca-certificates)".to_owned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
