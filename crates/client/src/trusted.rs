//! TLS to our own engine: it is trusted for the certificates that one file names, and for nothing else.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
        client::{
            WebPkiServerVerifier,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        },
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    },
};

/// The longest file of certificates.
const FILE_MAX: u64 = 256 * 1024;

/// Agrees on TLS with one who shows a certificate of the file, or one that a certificate of the file vouches for.
///
/// # Errors
/// The file cannot be read, or the other end is somebody else.
pub(crate) async fn connect(
    stream: TcpStream,
    host: &str,
    file: Option<&Path>,
) -> io::Result<TlsStream<TcpStream>> {
    let Some(file) = file.map(Path::to_owned) else {
        return Err(io::Error::other("the engine did not say which certificate to trust"));
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    let config = tokio::task::spawn_blocking(move || config(file)).await.map_err(io::Error::other)??;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

fn config(file: PathBuf) -> io::Result<ClientConfig> {
    let mut text = Vec::new();
    let shown = file.display().to_string();
    let opened = std::fs::File::open(&file).map_err(|error| named(&shown, &error))?;
    opened.take(FILE_MAX).read_to_end(&mut text).map_err(|error| named(&shown, &error))?;
    let pinned: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| named(&shown, &error))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(pinned.iter().cloned());
    let provider = Arc::new(ring::default_provider());
    // Without a root, only what is named itself is trusted.
    let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let only = Only { pinned, authorities: authorities.build().ok(), provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(only))
        .with_no_client_auth();
    Ok(config)
}

fn named(file: &str, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("{file}: {error}"))
}

/// Trusts only these.
#[derive(Debug)]
struct Only {
    pinned: Vec<CertificateDer<'static>>,
    authorities: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Only {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // The very certificate of our engine is right under every name, also when its time is over: the engine itself
        // has named the file, and that it has the key is shown below.
        if self.pinned.iter().any(|one| one == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.authorities {
            Some(authorities) => {
                authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
