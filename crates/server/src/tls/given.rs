//! Files that the user names.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use tokio_rustls::rustls::{
    self,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};

use super::{Facts, TlsError};

/// The longest file of certificates or of a key.
pub(super) const FILE_MAX: u64 = 256 * 1024;
const CERTIFICATE: &str = "certificate";
const KEY: &str = "key";

/// A certificate with its key and what it says.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) certified: CertifiedKey,
    pub(super) facts: Facts,
}

/// What tells a file from the one that was read.
pub(super) type Mark = Option<(u64, SystemTime, u64)>;

/// Reads a certificate, those that vouch for it, and its key.
///
/// # Errors
/// One of them is missing, cannot be read, or does not belong to the other.
pub(super) fn read(cert: &Path, key: &Path) -> Result<Material, TlsError> {
    let (chain, secret) = (bytes(CERTIFICATE, cert)?, bytes(KEY, key)?);
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
    let certificates = certificates.unwrap_or_default();
    let Some(first) = certificates.first() else {
        return Err(TlsError::NotPem { what: CERTIFICATE, path: cert.to_owned() });
    };
    let facts = Facts::of(first).map_err(|reason| TlsError::Certificate { path: cert.to_owned(), reason })?;
    let secret = PrivateKeyDer::from_pem_slice(&secret).map_err(|_| {
        let is_locked = secret.windows(9).any(|word| word == b"ENCRYPTED");
        if is_locked {
            TlsError::Locked { path: key.to_owned() }
        } else {
            TlsError::NotPem { what: KEY, path: key.to_owned() }
        }
    })?;
    let certified = CertifiedKey::from_der(certificates, secret, &ring::default_provider());
    let certified = certified.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            TlsError::Mismatch { cert: cert.to_owned(), key: key.to_owned() }
        }
        rustls::Error::InvalidCertificate(error) => {
            TlsError::Certificate { path: cert.to_owned(), reason: error.to_string() }
        }
        source => TlsError::Key { path: key.to_owned(), source },
    })?;
    Ok(Material { certified, facts })
}

fn bytes(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    let failed = |source| TlsError::Read { what, path: path.to_owned(), source };
    // What is no file, such as a pipe that nobody writes to, would make us wait.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("it is no file")));
    }
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(TlsError::TooLong { what, path: path.to_owned() });
    }
    Ok(bytes)
}

/// What the files are now, links followed: those who renew certificates often turn a link.
pub(super) fn marks(files: [&PathBuf; 2]) -> [Mark; 2] {
    files.map(|file| {
        let found = std::fs::metadata(file).ok()?;
        Some((found.len(), found.modified().ok()?, super::os::number(&found)))
    })
}
