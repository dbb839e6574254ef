//! Connections to servers that are no probe's business, with TLS where the URL says so.

use std::{io, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsConnector,
    rustls::{self, CertificateError, ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use crate::probe::connect::{Loopback, connect, plain};

/// Bytes to and from a server.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreached {
    /// What is wrong, as a lower-case fragment.
    pub text: String,
    /// How to mend it.
    pub hint: &'static str,
}

/// Connects to a host, with TLS if wanted. Says nothing of how long that may take.
///
/// # Errors
/// Nobody is there, or not the one who is meant.
pub async fn reach(host: &str, port: u16, is_tls: bool) -> Result<Box<dyn Wire>, Unreached> {
    let away = |text| Unreached { text, hint: "look whether it runs and listens there" };
    let stream = connect(host, port, Loopback::ByName).await.map_err(away)?;
    if !is_tls {
        return Ok(Box::new(stream));
    }
    let unusable = |text| Unreached { text, hint: "write another address" };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| unusable(format!("{host} is no name of a server")))?;
    let inside = |text| Unreached { text, hint: "install the package ca-certificates" };
    // Read anew each time: connections are rare, and hundreds of certificates need not stay in memory.
    let connector =
        tokio::task::spawn_blocking(connector).await.map_err(|error| inside(error.to_string()))?;
    match connector.map_err(inside)?.connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(unsafe_with(host, &error)),
    }
}

/// What is wrong with TLS to a host, and how to mend it.
pub(crate) fn unsafe_with(host: &str, error: &io::Error) -> Unreached {
    use CertificateError as Bad;
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (what, hint) = match inner {
        Some(rustls::Error::InvalidCertificate(
            Bad::NotValidForName | Bad::NotValidForNameContext { .. },
        )) => (format!("its certificate is not for {host}"), "use the name that its certificate is for"),
        Some(rustls::Error::InvalidCertificate(Bad::UnknownIssuer)) => (
            "nobody whom this machine trusts vouches for its certificate".to_owned(),
            "have this machine trust its authority (update-ca-certificates), or start the engine with SSL_CERT_FILE",
        ),
        Some(rustls::Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. })) => {
            ("its certificate has expired".to_owned(), "have it renewed, and check the clock of this machine")
        }
        Some(rustls::Error::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. })) => {
            ("its certificate is not valid yet".to_owned(), "check the clock of this machine")
        }
        Some(rustls::Error::InvalidMessage(_)) => {
            ("it does not speak TLS there".to_owned(), "write http instead of https, or another port")
        }
        Some(_) | None => {
            (plain(error), "look whether its certificate is right, and whether this machine trusts it")
        }
    };
    Unreached { text: format!("no safe connection to {host}: {what}"), hint }
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
